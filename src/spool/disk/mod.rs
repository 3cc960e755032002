//! What the spool asks of a file system.
//!
//! Everything that this room reads or changes goes through a [`Disk`]. The program has one,
//! [`SystemDisk`]; tests bring their own, on which the n-th operation fails, or which forgets what
//! was not synced. The operations are the system's, one each, so that a test can count them; what
//! they are put together to is the business of the files beside this one.

mod listed;
mod system;

pub use system::SystemDisk;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::TryLockError;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What kind of thing goes by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a FIFO, a socket.
    Other,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub len_bytes: u64,
    /// Its permission bits.
    pub mode: u32,
    /// Its user and group.
    pub owner: (u32, u32),
    /// When it was last modified; `None` where the file system does not say.
    pub modified: Option<SystemTime>,
    /// When anything about it was last changed, its attributes included; `None` where the file
    /// system does not say.
    pub changed: Option<SystemTime>,
    /// Its file system.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl Stat {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    /// What tells a file from every other one.
    pub fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

/// Who may read and write what is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its user: files of mode 0600, directories of mode 0700.
    User,
    /// Its user and group, as far as the process's umask lets them: 0660 and 0770. Nobody else,
    /// whatever the umask.
    Group,
}

/// What a process may do with a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read a file; list a directory.
    Read,
    /// Change a file; add to a directory and remove from it.
    Write,
    /// Reach what is in a directory.
    Enter,
}

/// How full a file system is, as far as it concerns those who are not root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Files that may still be made, and files in all; `None` where the file system has no bound.
    pub files: Option<(u64, u64)>,
}

/// A file system. Errors are the system's own.
pub trait Disk: Debug + Send + Sync {
    /// Tries whether a directory is there and may be listed.
    ///
    /// # Errors
    /// Why not.
    fn open_dir(&self, dir: &Path) -> io::Result<()>;

    /// Opens a directory to list it, and to look at what is in it.
    ///
    /// # Errors
    /// When it is not there or may not be read.
    fn open_listed(&self, dir: &Path) -> io::Result<Box<dyn ListedDir>>;

    /// Names everything that is directly in a directory, as [`ListedDir::names`] does.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self, dir: &Path, visit: &mut dyn FnMut(&OsStr, Kind)) -> io::Result<()> {
        self.open_listed(dir)?.names(visit)
    }

    /// Looks at what goes by a name, through links.
    ///
    /// # Errors
    /// When nothing does, or it cannot be looked at.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Looks at what goes by a name; a link is itself.
    ///
    /// # Errors
    /// As [`Self::stat`].
    fn lstat(&self, path: &Path) -> io::Result<Stat>;

    /// The path without links.
    ///
    /// # Errors
    /// As [`Self::stat`].
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// Opens a file for reading. A link by that name is refused, and a FIFO is not waited for.
    ///
    /// # Errors
    /// When it is not there or may not be read.
    fn open(&self, path: &Path) -> io::Result<Box<dyn OpenFile>>;

    /// Opens a directory below which files are opened that foreign names stand for.
    ///
    /// # Errors
    /// When it is not there or may not be read.
    fn open_confined(&self, dir: &Path) -> io::Result<Box<dyn ConfinedDir>>;

    /// Makes a file; [`io::ErrorKind::AlreadyExists`] when the name is taken.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create_new(&self, path: &Path, access: Access) -> io::Result<Box<dyn NewFile>>;

    /// Opens a lock file, or makes it. One that a group shares may turn out to be readable only;
    /// that is enough to lock it.
    ///
    /// # Errors
    /// When that is not possible.
    fn open_lock(&self, path: &Path, access: Access) -> io::Result<Box<dyn LockFile>>;

    /// Makes a directory; [`io::ErrorKind::AlreadyExists`] when the name is taken.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create_dir(&self, dir: &Path, access: Access) -> io::Result<()>;

    /// Renames a file, over another one if there is one.
    ///
    /// # Errors
    /// When it cannot be renamed.
    fn rename_over(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Renames a file; [`io::ErrorKind::AlreadyExists`] when the name is taken.
    ///
    /// # Errors
    /// When it cannot be renamed; [`io::ErrorKind::Unsupported`] when the file system cannot do
    /// that in one step.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name; [`io::ErrorKind::AlreadyExists`] when that is taken.
    ///
    /// # Errors
    /// When that is not possible.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory last over a loss of power.
    ///
    /// # Errors
    /// When they may not have lasted; trying again proves nothing.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Asks whether this process has a right, without making use of it.
    ///
    /// # Errors
    /// Why it has not, or [`io::ErrorKind::Unsupported`] on a disk that cannot tell.
    fn may(&self, _path: &Path, _right: Right) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// How full the file system is that a path is on.
    ///
    /// # Errors
    /// When it cannot be told.
    fn space(&self, _path: &Path) -> io::Result<Space> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The process that holds the lock on a file, if one does that this process can see: 0 for one
    /// of another container. It does not touch the lock: whoever looks is in nobody's way. `noted`
    /// is the process that the file itself names; it counts even where the system calls the file's
    /// device by another name, as some file systems make it do.
    ///
    /// # Errors
    /// When it cannot be told.
    fn lock_owner(&self, _path: &Path, _noted: Option<u32>) -> io::Result<Option<u32>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A directory that is open, so that many of its files are looked at without finding it anew for
/// each.
pub trait ListedDir: Debug + Sync {
    /// Names everything that is directly in it, in no order. An entry that cannot be looked at is
    /// passed over.
    ///
    /// # Errors
    /// When it cannot be read.
    fn names(&self, visit: &mut dyn FnMut(&OsStr, Kind)) -> io::Result<()>;

    /// Looks at what goes by a name in it; a link is itself.
    ///
    /// # Errors
    /// When nothing does, or it cannot be looked at.
    fn lstat(&self, name: &OsStr) -> io::Result<Stat>;
}

/// A file opened for reading.
pub trait OpenFile: Read + Debug + Send {
    /// Looks at the file that is open, whatever its name stands for by now.
    ///
    /// # Errors
    /// When it cannot be looked at.
    fn stat(&self) -> io::Result<Stat>;
}

/// A directory out of which nothing leads.
pub trait ConfinedDir: Debug + Send + Sync {
    /// Looks at what goes by a relative path, through links that stay inside.
    ///
    /// # Errors
    /// When nothing does, or it cannot be looked at. A path that leads out of the directory is
    /// [`io::ErrorKind::PermissionDenied`] without a number of the system's.
    fn stat(&self, relative: &Path) -> io::Result<Stat>;

    /// Looks at what goes by a relative path; a link is itself.
    ///
    /// # Errors
    /// As [`Self::stat`].
    fn lstat(&self, relative: &Path) -> io::Result<Stat>;

    /// Removes the file that goes by a relative path; a link is itself.
    ///
    /// # Errors
    /// As [`Self::stat`], and when it cannot be removed.
    fn remove(&self, relative: &Path) -> io::Result<()>;

    /// Makes the names last over a loss of power that are in the directory of a relative path.
    ///
    /// # Errors
    /// When they may not have lasted; trying again proves nothing.
    fn sync_around(&self, relative: &Path) -> io::Result<()>;

    /// Opens what goes by a relative path for reading, through links that stay inside. A FIFO is
    /// not waited for.
    ///
    /// # Errors
    /// As [`Self::stat`], and when it may not be read.
    fn open(&self, relative: &Path) -> io::Result<Box<dyn OpenFile>>;
}

/// A file in the making.
pub trait NewFile: Debug {
    /// Appends bytes.
    ///
    /// # Errors
    /// When not all of them were taken.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Gives the file to a user and a group.
    ///
    /// # Errors
    /// When this process may not.
    fn set_owner(&self, owner: (u32, u32)) -> io::Result<()>;

    /// Sets the permission bits.
    ///
    /// # Errors
    /// When they cannot be set.
    fn set_mode(&self, mode: u32) -> io::Result<()>;

    /// Sets the time of the last modification.
    ///
    /// # Errors
    /// When it cannot be set.
    fn set_modified(&self, time: SystemTime) -> io::Result<()>;

    /// Makes content and attributes last over a loss of power.
    ///
    /// # Errors
    /// When they may not have lasted; trying again proves nothing.
    fn sync(&self) -> io::Result<()>;
}

/// The lock file. The lock is released when this is dropped or the process dies.
pub trait LockFile: Debug + Send + Sync {
    /// Takes the lock, if nobody else holds it.
    ///
    /// # Errors
    /// When somebody does, or the file cannot be locked.
    fn try_lock(&self) -> Result<(), TryLockError>;

    /// Takes the lock together with all who take it so, if nobody holds it alone.
    ///
    /// # Errors
    /// When somebody does, or the file cannot be locked.
    fn try_lock_shared(&self) -> Result<(), TryLockError>;

    /// Takes the lock, and waits for whoever holds it.
    ///
    /// # Errors
    /// When the file cannot be locked.
    fn lock(&self) -> io::Result<()>;

    /// Looks at the file that is open.
    ///
    /// # Errors
    /// When it cannot be looked at.
    fn stat(&self) -> io::Result<Stat>;

    /// The file's content, as much of it as the limit allows.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, limit_bytes: u64) -> io::Result<Vec<u8>>;

    /// Writes over the start of the file.
    ///
    /// # Errors
    /// When not all of the bytes were taken.
    fn write_over(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to that length.
    ///
    /// # Errors
    /// When it cannot be cut.
    fn set_len(&self, len_bytes: u64) -> io::Result<()>;

    /// Makes the content last over a loss of power.
    ///
    /// # Errors
    /// When it may not have lasted.
    fn sync(&self) -> io::Result<()>;
}
