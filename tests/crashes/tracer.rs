//! A process under strace, which makes its system calls fail or kills it at one of them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::Site;

/// System calls by which a spool is read and changed.
const TRACED: &str = "openat,read,pread64,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,\
                      link,linkat,unlink,unlinkat,mkdir,mkdirat,ftruncate,fchown,fchmod,utimensat,\
                      getdents64,flock,statx,newfstatat,close,connect,sendto,recvfrom,exit_group";

/// One system call of the main thread.
#[derive(Debug, Clone)]
pub(crate) struct SystemCall {
    /// Its name.
    pub(crate) name: String,
    /// Its number among the calls of that name, from 1.
    pub(crate) nth: usize,
    /// What strace tells of it.
    pub(crate) line: String,
}

impl SystemCall {
    /// The path that the call was about, with the numbers of a process taken out, so that it is
    /// the same in another one.
    pub(crate) fn place(&self) -> String {
        let path = self.path().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let dir = path.rsplit('/').nth(1).unwrap_or_default();
        let name = if name.starts_with(".callspool.") && name.ends_with(".tmp") {
            ".tmp"
        } else {
            name
        };
        format!("{} {dir}/{name}", self.name)
    }

    /// The first path in the line.
    pub(crate) fn path(&self) -> Option<&str> {
        let (_, arguments) = self.line.split_once('(')?;
        let start = arguments.find("/spool/")?;
        let begin = arguments.get(..start)?.rfind(['<', '"'])?;
        let rest = arguments.get(begin + 1..)?;
        rest.split(['>', '"']).next()
    }
}

/// What is done to a system call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tamper<'a> {
    /// It fails with this error, and its later ones too when `forever`.
    Error { errno: &'a str, forever: bool },
    /// The process is killed instead of it.
    Kill,
}

/// A tracer with its log beside a spool.
pub(crate) struct Tracer {
    log: PathBuf,
}

impl Tracer {
    pub(crate) fn beside(site: &Site) -> Self {
        Self {
            log: site.home().join("system-calls"),
        }
    }

    /// The command under strace.
    pub(crate) fn watch(&self, command: &Command) -> Command {
        self.wrap(command, None)
    }

    /// The command under strace, with one of its system calls tampered with.
    pub(crate) fn tamper(&self, command: &Command, call: &SystemCall, tamper: Tamper) -> Command {
        let SystemCall { name, nth, .. } = call;
        let how = match tamper {
            Tamper::Error { errno, forever } => {
                let forever = if forever { "+" } else { "" };
                format!("inject={name}:error={errno}:when={nth}{forever}")
            }
            Tamper::Kill => format!("inject={name}:signal=SIGKILL:when={nth}"),
        };
        self.wrap(command, Some(&how))
    }

    fn wrap(&self, command: &Command, how: Option<&str>) -> Command {
        demand_strace();
        let mut traced = Command::new("strace");
        traced
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .args(["-y", "-s", "256", "-e", "signal=none", "-o"])
            .arg(&self.log)
            .args(["-e", &format!("trace={TRACED}")]);
        if let Some(how) = how {
            traced.args(["-e", how]);
        }
        traced.arg(command.get_program()).args(command.get_args());
        traced
    }

    /// The system calls of the command that was run last.
    pub(crate) fn calls(&self) -> Vec<SystemCall> {
        let text = fs::read(&self.log).unwrap();
        let text = String::from_utf8_lossy(&text);
        let mut calls: Vec<SystemCall> = Vec::new();
        for line in text.lines() {
            let Some((name, _)) = line.split_once('(') else {
                continue;
            };
            let before = calls.iter().filter(|call| call.name == name).count();
            calls.push(SystemCall {
                name: name.to_owned(),
                nth: before + 1,
                line: line.to_owned(),
            });
        }
        assert!(!calls.is_empty(), "strace saw nothing: may it trace here?");
        calls
    }

    /// Those that are about the spool in `root`.
    pub(crate) fn calls_on(&self, root: &Path) -> Vec<SystemCall> {
        let root = root.to_str().unwrap();
        let mut calls = self.calls();
        calls.retain(|call| call.line.contains(root));
        calls
    }
}

/// These tests cannot be done without strace, and must not pass without it.
fn demand_strace() {
    if let Err(error) = Command::new("strace").arg("-V").output() {
        assert_ne!(
            error.kind(),
            ErrorKind::NotFound,
            "this test makes system calls fail with strace, which is not installed: apt-get install strace"
        );
        panic!("strace cannot be started: {error}");
    }
}
