//! The program in the middle of its work.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::outcome::Outcome;
use rustix::process::{Pid, Signal, kill_process};

/// After that long a test is taken to hang.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What the program has logged so far, and whether it has closed its stderr.
type Log = Arc<(Mutex<(String, bool)>, Condvar)>;

/// The program in the middle of its work. Killed when it is dropped.
pub struct Running {
    child: Child,
    log: Log,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it, and takes down what it says.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let log = Log::default();
        Self {
            child,
            stdout: Some(thread::spawn(move || {
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).unwrap();
                bytes
            })),
            stderr: Some(thread::spawn({
                let log = Arc::clone(&log);
                move || {
                    let mut stderr = BufReader::new(stderr);
                    let mut line = String::new();
                    while stderr.read_line(&mut line).unwrap() > 0 {
                        log.0.lock().unwrap().0.push_str(&line);
                        log.1.notify_all();
                        line.clear();
                    }
                    log.0.lock().unwrap().1 = true;
                    log.1.notify_all();
                }
            })),
            log,
        }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the program has logged a line with that text.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        let (log, changed) = &*self.log;
        let (log, _) = changed
            .wait_timeout_while(log.lock().unwrap(), PATIENCE, |(log, ended)| {
                !log.contains(text) && !*ended
            })
            .unwrap();
        assert!(log.0.contains(text), "no {text:?} in:\n{}", log.0);
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Tells it to stop and waits until it has understood.
    #[track_caller]
    pub fn stop(&self, signal: Signal) {
        self.signal(signal);
        self.wait_for_log("told to stop");
    }

    /// What it came to.
    pub fn finish(mut self) -> Outcome {
        let stdout = self.stdout.take().unwrap().join().unwrap();
        self.stderr.take().unwrap().join().unwrap();
        let status: ExitStatus = self.child.wait().unwrap();
        let stderr = self.log.0.lock().unwrap().0.clone().into_bytes();
        Outcome::of(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
