//! The simulated disk: the model of a file system behind the program's own seam, with operations
//! that fail and processes that die at them.

pub(crate) mod model;

mod files;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use callspool::spool::disk::{
    Access, ConfinedDir, Disk, Kind, ListedDir, LockFile, NewFile, OpenFile, Stat,
};
use rustix::io::Errno;

use self::files::{Lock, Reader, Writer};
use self::model::Inode;
use crate::world::{Shared, World};

/// The disk as one process sees it.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedDisk {
    world: Shared,
    process: u64,
}

impl SimulatedDisk {
    pub(crate) fn new(world: Shared, process: u64) -> Self {
        Self { world, process }
    }

    /// One operation: counted, perhaps the last one, perhaps failing, perhaps failing although it
    /// was done.
    fn operate<T>(
        &self,
        what: &'static str,
        path: &Path,
        act: impl FnOnce(&mut World) -> io::Result<T>,
    ) -> io::Result<T> {
        let counted = self
            .world
            .count(self.process, || format!("{what} {}", path.display()));
        let Some(mut world) = counted else {
            // Destructors and other threads of a dead process change nothing.
            return Err(Errno::IO.into());
        };
        if let Some(error) = world.disk_failure() {
            let is_done = error.raw_os_error() == Some(Errno::IO.raw_os_error());
            if is_done && world.rng.u8(..4) == 0 {
                world.note(|| "      (and is done all the same)".to_owned());
                act(&mut world)?;
            }
            return Err(error);
        }
        act(&mut world)
    }

    fn sync(&self, path: &Path, act: impl FnOnce(&mut World) -> io::Result<()>) -> io::Result<()> {
        if self.world.get().process == self.process {
            let mut world = self.world.get();
            world.syncs_after_failed += u64::from(world.failed_syncs > 0);
        }
        let result = self.operate("sync", path, act);
        // With any other error the file or directory could not even be opened for it.
        let is_failed_sync = result.as_ref().is_err_and(|error| {
            let lost = [Errno::IO, Errno::NOSPC];
            lost.iter()
                .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
        });
        if is_failed_sync {
            let mut world = self.world.get();
            world.failed_syncs += u64::from(world.process == self.process);
        }
        result
    }
}

fn stat_of(world: &World, inode: Inode) -> io::Result<Stat> {
    let content = world.disk.content(inode)?;
    Ok(Stat {
        kind: Kind::File,
        len_bytes: content.bytes.len() as u64,
        mode: content.mode,
        owner: (0, 0),
        modified: Some(content.modified),
        changed: None,
        device: 1,
        inode,
    })
}

fn stat_at(world: &World, path: &Path) -> io::Result<Stat> {
    if world.disk.is_directory(path) {
        return Ok(Stat {
            kind: Kind::Directory,
            len_bytes: 0,
            mode: 0o700,
            owner: (0, 0),
            modified: None,
            changed: None,
            device: 1,
            inode: 0,
        });
    }
    stat_of(world, world.disk.look_up(path)?)
}

impl Disk for SimulatedDisk {
    fn open_dir(&self, dir: &Path) -> io::Result<()> {
        self.operate("open", dir, |world| world.disk.names(dir).map(drop))
    }

    fn open_listed(&self, dir: &Path) -> io::Result<Box<dyn ListedDir>> {
        Ok(Box::new(Listed {
            disk: self.clone(),
            dir: dir.to_owned(),
        }))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.operate("stat", path, |world| stat_at(world, path))
    }

    fn lstat(&self, path: &Path) -> io::Result<Stat> {
        self.operate("lstat", path, |world| stat_at(world, path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let inode = self.operate("open", path, |world| world.disk.look_up(path))?;
        Ok(Box::new(Reader::new(self.clone(), path, inode)))
    }

    fn open_confined(&self, dir: &Path) -> io::Result<Box<dyn ConfinedDir>> {
        self.operate("open", dir, |world| world.disk.names(dir).map(drop))?;
        Ok(Box::new(Confined {
            disk: self.clone(),
            dir: dir.to_owned(),
        }))
    }

    fn create_new(&self, path: &Path, _: Access) -> io::Result<Box<dyn NewFile>> {
        let inode = self.operate("create", path, |world| {
            let now = world.system_now();
            world.disk.create(path, now)
        })?;
        Ok(Box::new(Writer::new(self.clone(), path, inode)))
    }

    fn open_lock(&self, path: &Path, _: Access) -> io::Result<Box<dyn LockFile>> {
        let (inode, handle) = self.operate("open lock", path, |world| {
            let now = world.system_now();
            let inode = match world.disk.look_up(path) {
                Ok(inode) => inode,
                Err(_) => world.disk.create(path, now)?,
            };
            world.last_handle += 1;
            Ok((inode, world.last_handle))
        })?;
        Ok(Box::new(Lock::new(self.clone(), path, inode, handle)))
    }

    fn create_dir(&self, dir: &Path, _: Access) -> io::Result<()> {
        self.operate("mkdir", dir, |world| world.disk.create_directory(dir))
    }

    fn rename_over(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename to", to, |world| world.disk.rename(from, to))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename to new", to, |world| {
            if !world.can_rename_new {
                return Err(ErrorKind::Unsupported.into());
            }
            if world.disk.look_up(to).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            world.disk.rename(from, to)
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("link", to, |world| {
            if world.disk.look_up(to).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            world.disk.link(from, to)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate("remove", path, |world| world.disk.remove(path))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.sync(dir, |world| world.disk.sync_directory(dir))
    }
}

/// A directory that is listed. That it is opened first is not counted: it fails as the listing does.
#[derive(Debug)]
struct Listed {
    disk: SimulatedDisk,
    dir: PathBuf,
}

impl ListedDir for Listed {
    fn names(&self, visit: &mut dyn FnMut(&OsStr, Kind)) -> io::Result<()> {
        let list = |world: &mut World| world.disk.names(&self.dir);
        for name in self.disk.operate("list", &self.dir, list)? {
            visit(&name, Kind::File);
        }
        Ok(())
    }

    fn lstat(&self, name: &OsStr) -> io::Result<Stat> {
        Disk::lstat(&self.disk, &self.dir.join(name))
    }
}

/// One of the directories with the files that documents name. It holds no links: those are tried
/// on a real file system.
#[derive(Debug)]
struct Confined {
    disk: SimulatedDisk,
    dir: PathBuf,
}

impl ConfinedDir for Confined {
    fn stat(&self, relative: &Path) -> io::Result<Stat> {
        let path = self.dir.join(relative);
        self.disk
            .operate("stat", &path, |world| stat_at(world, &path))
    }

    fn lstat(&self, relative: &Path) -> io::Result<Stat> {
        ConfinedDir::stat(self, relative)
    }

    fn remove(&self, relative: &Path) -> io::Result<()> {
        Disk::remove(&self.disk, &self.dir.join(relative))
    }

    fn sync_around(&self, relative: &Path) -> io::Result<()> {
        let path = self.dir.join(relative);
        Disk::sync_dir(&self.disk, path.parent().unwrap_or(&self.dir))
    }

    fn open(&self, relative: &Path) -> io::Result<Box<dyn OpenFile>> {
        Disk::open(&self.disk, &self.dir.join(relative))
    }
}
