//! The program at a terminal of a certain size.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What a person saw, and how the program ended.
#[derive(Debug)]
pub struct Screen {
    /// The exit code.
    pub code: i32,
    /// Everything that was written to the terminal, with lines that end as in a file.
    pub text: String,
}

/// Runs a program with its stdout and stderr at a terminal of so many columns; 0 for one that does
/// not know its size.
pub fn on_terminal(command: &mut Command, columns: u16) -> Screen {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let mut options = File::options();
    let theirs = options.read(true).write(true);
    let theirs = theirs.open(name.to_str().unwrap()).unwrap();
    let size = Winsize {
        ws_row: 50.min(columns),
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).unwrap();
    command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    // As long as the command has the other end open, it has no end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut bytes = Vec::new();
    if let Err(error) = File::from(ours).read_to_end(&mut bytes) {
        // So ends a terminal that nobody writes to any more.
        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    }
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    Screen { code, text }
}
