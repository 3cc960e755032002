//! The machine's file system.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, MetadataExt as _, OpenOptions as ConfinedOptions, OpenOptionsExt as _, PermissionsExt as _,
};
use rustix::fs::{CWD, OFlags, RenameFlags};
use rustix::io::Errno;
use walkdir::WalkDir;

use super::{Access, ConfinedDir, Disk, Kind, LockFile, NewFile, OpenFile, Stat};

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn open_dir(&self, dir: &Path) -> io::Result<()> {
        fs::read_dir(dir).map(drop)
    }

    fn list(&self, dir: &Path, visit: &mut dyn FnMut(OsString, Kind)) -> io::Result<()> {
        for entry in WalkDir::new(dir).min_depth(1).max_depth(1) {
            match entry {
                Ok(entry) => visit(entry.file_name().to_owned(), kind(entry.file_type())),
                // Without a path it is the directory that could not be read on.
                Err(error) if error.depth() == 0 || error.path().is_none() => {
                    let error = error.into_io_error();
                    return Err(error.unwrap_or_else(|| io::ErrorKind::Other.into()));
                }
                Err(error) => log::debug!(error:% = error; "passed over while listing"),
            }
        }
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::metadata(path).map(|metadata| to_stat(&metadata))
    }

    fn lstat(&self, path: &Path) -> io::Result<Stat> {
        fs::symlink_metadata(path).map(|metadata| to_stat(&metadata))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn OpenFile>> {
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags.bits().cast_signed());
        Ok(Box::new(options.open(path)?))
    }

    fn open_confined(&self, dir: &Path) -> io::Result<Box<dyn ConfinedDir>> {
        Ok(Box::new(Dir::open_ambient_dir(dir, ambient_authority())?))
    }

    fn create_new(&self, path: &Path, access: Access) -> io::Result<Box<dyn NewFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(file_mode(access));
        Ok(Box::new(options.open(path)?))
    }

    fn open_lock(&self, path: &Path, access: Access) -> io::Result<Box<dyn LockFile>> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags);
        let mut writable = options.clone();
        writable.write(true).create(true).truncate(false);
        let mode = file_mode(access);
        let file = match writable.mode(mode).open(path) {
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied && access == Access::Group =>
            {
                // What stood in the way first says more.
                options.open(path).map_err(|_| error)?
            }
            file => file?,
        };
        if access == Access::Group && file.metadata()?.mode() & 0o777 != mode {
            // Under whatever umask the first one came: the others of the group must be able to take
            // it. Only its owner can see to that.
            let _ = file.set_permissions(Permissions::from_mode(mode));
        }
        Ok(Box::new(file))
    }

    fn lock_holders(&self, inode: u64) -> Vec<(u64, u32)> {
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
        locks
            .lines()
            .filter_map(|line| holder(line, inode))
            .collect()
    }

    fn create_dir(&self, dir: &Path, access: Access) -> io::Result<()> {
        let mode = match access {
            Access::User => 0o700,
            Access::Group => 0o770,
        };
        fs::DirBuilder::new().mode(mode).create(dir)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a file takes another's name"
    )]
    fn rename_over(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                Err(io::ErrorKind::Unsupported.into())
            }
            result => Ok(result?),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

impl OpenFile for File {
    fn stat(&self) -> io::Result<Stat> {
        self.metadata().map(|metadata| to_stat(&metadata))
    }
}

impl ConfinedDir for Dir {
    fn stat(&self, relative: &Path) -> io::Result<Stat> {
        let metadata = self.metadata(relative)?;
        Ok(Stat {
            kind: if metadata.is_file() {
                Kind::File
            } else if metadata.is_dir() {
                Kind::Directory
            } else {
                Kind::Other
            },
            len_bytes: metadata.len(),
            mode: metadata.permissions().mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            modified: metadata.modified().ok().map(|time| time.into_std()),
            changed: time(metadata.ctime(), metadata.ctime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    fn open(&self, relative: &Path) -> io::Result<Box<dyn OpenFile>> {
        let mut options = ConfinedOptions::new();
        options
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        Ok(Box::new(self.open_with(relative, &options)?.into_std()))
    }
}

impl NewFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn set_owner(&self, (user, group): (u32, u32)) -> io::Result<()> {
        fchown(self, Some(user), Some(group))
    }

    fn set_mode(&self, mode: u32) -> io::Result<()> {
        self.set_permissions(Permissions::from_mode(mode))
    }

    fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time))
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

impl LockFile for File {
    fn try_lock(&self) -> Result<(), TryLockError> {
        File::try_lock(self)
    }

    fn lock(&self) -> io::Result<()> {
        File::lock(self)
    }

    fn stat(&self) -> io::Result<Stat> {
        OpenFile::stat(self)
    }

    fn read(&self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.take(limit_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_over(&self, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, 0)
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        File::set_len(self, len_bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The device and the process of a line of /proc/locks, if it is of a held lock on a file of that
/// number: `1: FLOCK  ADVISORY  WRITE 812 08:01:1835032 0 EOF`. See proc_locks(5).
fn holder(line: &str, inode: u64) -> Option<(u64, u32)> {
    let mut words = line.split_whitespace().skip(1);
    // Those that wait for a lock have an arrow there.
    (words.next()? == "FLOCK").then_some(())?;
    let mut words = words.skip(2);
    let pid = words.next()?.parse().ok()?;
    let mut file = words.next()?.split(':');
    let mut number = || u32::from_str_radix(file.next()?, 16).ok();
    let (major, minor) = (number()?, number()?);
    (file.next()?.parse() == Ok(inode)).then_some(())?;
    Some((rustix::fs::makedev(major, minor), pid))
}

fn file_mode(access: Access) -> u32 {
    match access {
        Access::User => 0o600,
        Access::Group => 0o660,
    }
}

fn kind(file_type: fs::FileType) -> Kind {
    if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Directory
    } else {
        Kind::Other
    }
}

/// A time that the system gives as seconds since the epoch and the rest in nanoseconds.
fn time(seconds: i64, nanos: i64) -> Option<SystemTime> {
    let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
    let nanos = Duration::from_nanos(u64::try_from(nanos).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds + nanos)
}

fn to_stat(metadata: &Metadata) -> Stat {
    Stat {
        kind: kind(metadata.file_type()),
        len_bytes: metadata.len(),
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        modified: metadata.modified().ok(),
        changed: time(metadata.ctime(), metadata.ctime_nsec()),
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernels_list_of_locks_is_understood() {
        let line = "1: FLOCK  ADVISORY  WRITE 812 08:1f:1835032 0 EOF";
        let device = rustix::fs::makedev(8, 0x1f);
        assert_eq!(holder(line, 1_835_032), Some((device, 812)));
        for (line, inode) in [
            (line, 1),
            ("2: POSIX  ADVISORY  WRITE 812 08:1f:7 0 EOF", 7),
            ("2: -> FLOCK  ADVISORY  WRITE 812 08:1f:7 0 EOF", 7),
            ("2: FLOCK  ADVISORY  WRITE 812", 7),
            ("", 7),
        ] {
            assert_eq!(holder(line, inode), None, "{line}");
        }
    }
}
