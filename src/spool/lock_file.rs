//! Locks on files: asked for, or waited for; on the file that goes by the name when the lock is had.

use std::fs::TryLockError;
use std::io;
use std::path::Path;

use super::disk::{Access, Disk, LockFile};
use super::error::SpoolError;

/// With whom a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nobody.
    Alone,
    /// All who hold it so.
    Together,
}

/// What came of asking for a lock.
pub(super) enum Acquired {
    /// It is held as long as this is.
    Ours(Box<dyn LockFile>),
    /// Somebody else holds it; this is what can be read.
    Anothers(Box<dyn LockFile>),
}

/// Asks for the lock on a file, which is made when it is missing.
pub(super) fn acquire(disk: &dyn Disk, path: &Path, hold: Hold) -> Result<Acquired, SpoolError> {
    loop {
        let file = open(disk, path)?;
        let locked = match hold {
            Hold::Alone => file.try_lock(),
            Hold::Together => file.try_lock_shared(),
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Acquired::Anothers(file)),
            Err(TryLockError::Error(source)) => {
                return Err(SpoolError::new("lock", path, source));
            }
        }
        if is_locked_by_name(disk, &*file, path)? {
            return Ok(Acquired::Ours(file));
        }
    }
}

/// Waits for the lock on a file that nobody holds for long.
pub(super) fn wait_for(disk: &dyn Disk, path: &Path) -> Result<Box<dyn LockFile>, SpoolError> {
    loop {
        let file = open(disk, path)?;
        file.lock().map_err(SpoolError::of("lock", path))?;
        if is_locked_by_name(disk, &*file, path)? {
            return Ok(file);
        }
    }
}

fn open(disk: &dyn Disk, path: &Path) -> Result<Box<dyn LockFile>, SpoolError> {
    disk.open_lock(path, Access::User)
        .map_err(SpoolError::of("open the lock file", path))
}

/// Somebody may have removed the file between opening and locking it.
fn is_locked_by_name(
    disk: &dyn Disk,
    file: &dyn LockFile,
    path: &Path,
) -> Result<bool, SpoolError> {
    is_still_there(disk, file, path).map_err(SpoolError::of("look at", path))
}

/// Empties a lock file; what stood in it has been taken over.
pub(super) fn empty(file: &dyn LockFile) -> io::Result<()> {
    file.set_len(0)?;
    file.sync()
}

pub(super) fn is_still_there(
    disk: &dyn Disk,
    file: &dyn LockFile,
    path: &Path,
) -> io::Result<bool> {
    match disk.lstat(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // What is read from a FIFO or a device would be waited for, or have no end.
        Ok(there) if !there.is_file() => Err(io::Error::other("no regular file")),
        there => Ok(there?.identity() == file.stat()?.identity()),
    }
}
