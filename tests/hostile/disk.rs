//! What tests lay out on disk, and how they run the program within limits.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, Mode, makedev, mkfifoat, mknodat};
use test_support::{Outcome, Site};

use crate::OLD;

/// A tebibyte, of which a sparse file takes nothing.
pub(crate) const TEBIBYTE: u64 = 1 << 40;

/// Something in a file's place that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trap {
    Fifo,
    Socket,
    Directory,
    /// A device that never ends; only where the user may make one.
    Device,
    /// A link to such a device.
    LinkToDevice,
    /// A link to a file outside, by its absolute and by its relative path, and over another link.
    LinkOut,
    RelativeLinkOut,
    ChainOut,
    LinkInACircle,
    DanglingLink,
}

impl Trap {
    pub(crate) const ALL: [Self; 10] = [
        Self::Fifo,
        Self::Socket,
        Self::Directory,
        Self::Device,
        Self::LinkToDevice,
        Self::LinkOut,
        Self::RelativeLinkOut,
        Self::ChainOut,
        Self::LinkInACircle,
        Self::DanglingLink,
    ];

    /// Those that can be laid here.
    pub(crate) fn possible() -> impl Iterator<Item = Self> {
        let may_make_devices = rustix::process::geteuid().is_root();
        Self::ALL
            .into_iter()
            .filter(move |trap| may_make_devices || *trap != Self::Device)
    }

    /// Lays it in a directory two levels below the home of a site; `outside` is what its links
    /// lead to, in the home's directory `outside`.
    pub(crate) fn lay(self, path: &Path, outside: &Path) {
        match self {
            Self::Fifo => mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap(),
            // Its name stays when it is closed.
            Self::Socket => drop(bind(path)),
            Self::Directory => fs::create_dir(path).unwrap(),
            Self::Device => {
                let (kind, mode) = (FileType::CharacterDevice, Mode::RUSR | Mode::WUSR);
                mknodat(CWD, path, kind, mode, makedev(1, 5)).unwrap();
            }
            Self::LinkToDevice => symlink("/dev/zero", path).unwrap(),
            Self::LinkOut => symlink(outside, path).unwrap(),
            Self::RelativeLinkOut => {
                let name = outside.file_name().unwrap();
                symlink(Path::new("../../outside").join(name), path).unwrap();
            }
            Self::ChainOut => {
                let next = path.with_extension("next");
                symlink(outside, &next).unwrap();
                symlink(next.file_name().unwrap(), path).unwrap();
            }
            Self::LinkInACircle => symlink(path.file_name().unwrap(), path).unwrap(),
            Self::DanglingLink => symlink("nowhere", path).unwrap(),
        }
    }
}

/// Binds a socket; its address is short whatever the path.
fn bind(path: &Path) -> UnixListener {
    let dir = File::open(path.parent().unwrap()).unwrap();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&dir);
    let name = path.file_name().unwrap().to_str().unwrap();
    UnixListener::bind(format!("/proc/self/fd/{fd}/{name}")).unwrap()
}

/// Writes an old file anywhere, with the directories above it.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    make_old(&file);
}

/// Makes an old file of that size that takes no room.
pub(crate) fn sparse(path: &Path, len: u64) {
    let file = File::create(path).unwrap();
    file.set_len(len).unwrap();
    make_old(&file);
}

fn make_old(file: &File) {
    let modified = SystemTime::now() - OLD;
    file.set_times(FileTimes::new().set_modified(modified))
        .unwrap();
}

/// The permissions of a file, without its kind.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// The program in a shell that first does something else. It is killed when it hangs.
pub(crate) fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args([
            "-c",
            &format!("{preparation} && exec timeout -s KILL 300 \"$@\""),
            "sh",
        ])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .current_dir("/");
    shell
}

/// Runs the program with so many MiB of address space, and not for ever.
pub(crate) fn within(site: &Site, mebibytes: u64, arguments: &[&str]) -> Outcome {
    let limit = format!("ulimit -v {}", mebibytes << 10);
    Outcome::of(after(&limit, &site.command(arguments)).output().unwrap())
}

/// Runs the program, and not for ever.
pub(crate) fn call(site: &Site, arguments: &[&str]) -> Outcome {
    Outcome::of(after("true", &site.command(arguments)).output().unwrap())
}
