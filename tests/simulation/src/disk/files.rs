//! Open files of the simulated disk.

use std::fs::TryLockError;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use callspool::spool::disk::{LockFile, NewFile, OpenFile, Stat};

use super::{SimulatedDisk, model::Inode, stat_of};

/// How much one read gives, so that a file is not read in one operation.
const READ_BYTES: usize = 1500;

/// A file opened for reading.
#[derive(Debug)]
pub(super) struct Reader {
    disk: SimulatedDisk,
    path: PathBuf,
    inode: Inode,
    position: usize,
}

impl Reader {
    pub(super) fn new(disk: SimulatedDisk, path: &Path, inode: Inode) -> Self {
        Self {
            disk,
            path: path.to_owned(),
            inode,
            position: 0,
        }
    }
}

impl OpenFile for Reader {
    fn stat(&self) -> io::Result<Stat> {
        self.disk
            .operate("fstat", &self.path, |world| stat_of(world, self.inode))
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (inode, position) = (self.inode, self.position);
        let count = self.disk.operate("read", &self.path, |world| {
            let bytes = &world.disk.content(inode)?.bytes;
            let rest = bytes.get(position..).unwrap_or_default();
            let count = rest.len().min(buffer.len()).min(READ_BYTES);
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        })?;
        self.position += count;
        Ok(count)
    }
}

/// A file in the making.
#[derive(Debug)]
pub(super) struct Writer {
    disk: SimulatedDisk,
    path: PathBuf,
    inode: Inode,
}

impl Writer {
    pub(super) fn new(disk: SimulatedDisk, path: &Path, inode: Inode) -> Self {
        Self {
            disk,
            path: path.to_owned(),
            inode,
        }
    }

    /// Writes in two steps, so that a process may die, and a disk be full, between them.
    fn write(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let half = bytes.len() / 2;
        for (start, part) in [(at, &bytes[..half]), (at + half, &bytes[half..])] {
            self.disk.operate("write", &self.path, |world| {
                let now = world.system_now();
                let content = world.disk.content_mut(self.inode)?;
                let end = start + part.len();
                if content.bytes.len() < end {
                    content.bytes.resize(end, 0);
                }
                content.bytes[start..end].copy_from_slice(part);
                content.modified = now;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn sync_file(&self) -> io::Result<()> {
        let inode = self.inode;
        self.disk.sync(&self.path, |world| world.disk.sync(inode))
    }
}

impl NewFile for Writer {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = {
            let world = self.disk.world.get();
            world.disk.content(self.inode)?.bytes.len()
        };
        self.write(end, bytes)
    }

    fn set_owner(&self, _owner: (u32, u32)) -> io::Result<()> {
        self.disk.operate("chown", &self.path, |_| Ok(()))
    }

    fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.disk.operate("chmod", &self.path, |world| {
            world.disk.content_mut(self.inode)?.mode = mode;
            Ok(())
        })
    }

    fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.disk.operate("utimes", &self.path, |world| {
            world.disk.content_mut(self.inode)?.modified = time;
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_file()
    }
}

/// The lock file, opened.
#[derive(Debug)]
pub(super) struct Lock {
    writer: Writer,
    handle: u64,
}

impl Lock {
    pub(super) fn new(disk: SimulatedDisk, path: &Path, inode: Inode, handle: u64) -> Self {
        Self {
            writer: Writer::new(disk, path, inode),
            handle,
        }
    }
}

impl Lock {
    fn take(&self, is_shared: bool) -> Result<(), TryLockError> {
        let Writer { disk, path, inode } = &self.writer;
        let what = if is_shared { "lock together" } else { "lock" };
        let is_free = disk.operate(what, path, |world| {
            let locked = world.locks.entry(*inode).or_default();
            let is_free = locked.handles.is_empty() || is_shared && locked.is_shared;
            if is_free {
                locked.handles.insert(self.handle);
                locked.is_shared = is_shared;
            }
            Ok(is_free)
        });
        match is_free {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryLockError::WouldBlock),
            Err(error) => Err(TryLockError::Error(error)),
        }
    }
}

impl LockFile for Lock {
    fn try_lock(&self) -> Result<(), TryLockError> {
        self.take(false)
    }

    fn try_lock_shared(&self) -> Result<(), TryLockError> {
        self.take(true)
    }

    /// One process at a time lives in a story, so nobody is ever waited for.
    fn lock(&self) -> io::Result<()> {
        self.try_lock().map_err(io::Error::from)
    }

    fn stat(&self) -> io::Result<Stat> {
        let Writer { disk, path, inode } = &self.writer;
        disk.operate("fstat", path, |world| stat_of(world, *inode))
    }

    fn read(&self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let Writer { disk, path, inode } = &self.writer;
        disk.operate("read", path, |world| {
            let mut bytes = world.disk.content(*inode)?.bytes.clone();
            bytes.truncate(usize::try_from(limit_bytes).unwrap_or(usize::MAX));
            Ok(bytes)
        })
    }

    fn write_over(&self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write(0, bytes)
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        let Writer { disk, path, inode } = &self.writer;
        disk.operate("truncate", path, |world| {
            let len = usize::try_from(len_bytes).unwrap_or(usize::MAX);
            world.disk.content_mut(*inode)?.bytes.truncate(len);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.writer.sync_file()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut world = self.writer.disk.world.get();
        if let Some(locked) = world.locks.get_mut(&self.writer.inode) {
            locked.handles.remove(&self.handle);
        }
    }
}
