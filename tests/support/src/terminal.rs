//! The program on a terminal, as a person sees it.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::running::PATIENCE;

/// What has been drawn so far, and whether more may come.
type Drawn = Arc<(Mutex<(Vec<u8>, bool)>, Condvar)>;

/// A program whose stdout and stderr are a terminal. Killed when it is dropped.
pub struct Terminal {
    child: Child,
    drawn: Drawn,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts it on a terminal of that many columns, under `TERM=xterm-256color`.
    pub fn start(command: &mut Command, columns: u16) -> Self {
        Self::start_as_told(command.env("TERM", "xterm-256color"), columns)
    }

    /// Starts it on a terminal of that many columns, 0 for one that does not know its size, with
    /// nothing in the environment but what the command says.
    pub fn start_as_told(command: &mut Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let size = Winsize {
            ws_row: 40,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).unwrap();
        // What is read is what was written: no carriage returns are added.
        let mut modes = tcgetattr(&slave).unwrap();
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
        let end = |slave: &OwnedFd| Stdio::from(slave.try_clone().unwrap());
        let child = command
            .stdout(end(&slave))
            .stderr(end(&slave))
            .spawn()
            .unwrap();
        // The command holds copies of its own, which would keep the terminal open.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        drop(slave);
        let drawn = Drawn::default();
        let reader = thread::spawn({
            let drawn = Arc::clone(&drawn);
            move || read(File::from(master), &drawn)
        });
        Self {
            child,
            drawn,
            reader: Some(reader),
        }
    }

    /// Waits until that text has been drawn.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let (drawn, changed) = &*self.drawn;
        let is_there = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
        let (drawn, _) = changed
            .wait_timeout_while(drawn.lock().unwrap(), PATIENCE, |(bytes, ended)| {
                !is_there(bytes) && !*ended
            })
            .unwrap();
        let is_found = is_there(&drawn.0);
        // The latest of what was drawn; of bars there is much.
        let latest = drawn.0.len().saturating_sub(2000);
        let latest = String::from_utf8_lossy(&drawn.0[latest..]).into_owned();
        drop(drawn);
        assert!(is_found, "no {text:?} at the end of:\n{latest}");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its exit code, -1 when a signal ended it, and all that was drawn, escape sequences included.
    pub fn finish(mut self) -> (i32, String) {
        self.reader.take().unwrap().join().unwrap();
        let status = self.child.wait().unwrap();
        let drawn = self.drawn.0.lock().unwrap();
        let text = String::from_utf8_lossy(&drawn.0).into_owned();
        (status.code().unwrap_or(-1), text)
    }
}

fn read(mut master: File, drawn: &Drawn) {
    let mut buffer = [0; 4096];
    // When the last one who writes has gone, reading fails.
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        drawn.0.lock().unwrap().0.extend(&buffer[..count]);
        drawn.1.notify_all();
    }
    drawn.0.lock().unwrap().1 = true;
    drawn.1.notify_all();
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
