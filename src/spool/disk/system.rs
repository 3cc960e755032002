//! The machine's file system.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown,
};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, MetadataExt as _, OpenOptions as ConfinedOptions, OpenOptionsExt as _, PermissionsExt as _,
};
use rustix::fs::{AtFlags, CWD, FileType, OFlags, RenameFlags};
use rustix::io::Errno;
use walkdir::WalkDir;

use super::listed::SystemDir;
use super::{
    Access, ConfinedDir, Disk, Kind, ListedDir, LockFile, NewFile, OpenFile, Right, Space, Stat,
};

/// Where Linux lists the locks that are held (proc_locks(5)).
const LOCK_TABLE: &str = "/proc/locks";

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn open_dir(&self, dir: &Path) -> io::Result<()> {
        fs::read_dir(dir).map(drop)
    }

    fn list(&self, dir: &Path, visit: &mut dyn FnMut(&OsStr, Kind)) -> io::Result<()> {
        for entry in WalkDir::new(dir).min_depth(1).max_depth(1) {
            match entry {
                Ok(entry) => visit(entry.file_name(), kind(entry.file_type())),
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

    fn open_listed(&self, dir: &Path) -> io::Result<Box<dyn ListedDir>> {
        Ok(Box::new(SystemDir::open(dir)?))
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

    fn may(&self, path: &Path, right: Right) -> io::Result<()> {
        let right = match right {
            Right::Read => rustix::fs::Access::READ_OK,
            Right::Write => rustix::fs::Access::WRITE_OK,
            Right::Enter => rustix::fs::Access::EXEC_OK,
        };
        Ok(rustix::fs::accessat(CWD, path, right, AtFlags::EACCESS)?)
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let facts = rustix::fs::statvfs(path)?;
        Ok(Space {
            free_bytes: facts.f_bavail.saturating_mul(facts.f_frsize),
            total_bytes: facts.f_blocks.saturating_mul(facts.f_frsize),
            files: (facts.f_files > 0).then_some((facts.f_favail, facts.f_files)),
        })
    }

    fn lock_owner(&self, path: &Path, noted: Option<u32>) -> io::Result<Option<u32>> {
        let metadata = fs::symlink_metadata(path)?;
        let table = fs::read_to_string(LOCK_TABLE)?;
        Ok(flock_owner(&table, metadata.dev(), metadata.ino(), noted))
    }
}

/// The process that holds a lock of flock(2), by the system's table (proc_locks(5)):
/// `1: FLOCK  ADVISORY  WRITE 812 08:01:1835032 0 EOF`.
fn flock_owner(table: &str, device: u64, inode: u64, noted: Option<u32>) -> Option<u32> {
    let device = format!(
        "{:02x}:{:02x}",
        rustix::fs::major(device),
        rustix::fs::minor(device)
    );
    table.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // A line with an arrow is of one that waits.
        let [_, "FLOCK", _, _, pid, file, ..] = words.as_slice() else {
            return None;
        };
        let (on, number) = file.rsplit_once(':')?;
        let pid = pid.parse().ok()?;
        let is_file = number.parse() == Ok(inode) && (on == device || Some(pid) == noted);
        is_file.then_some(pid)
    })
}

impl OpenFile for File {
    fn stat(&self) -> io::Result<Stat> {
        self.metadata().map(|metadata| to_stat(&metadata))
    }
}

impl ConfinedDir for Dir {
    fn stat(&self, relative: &Path) -> io::Result<Stat> {
        // Nothing leads out on the way to a name in the directory itself, so that one step tells
        // what it is, unless it is a link.
        let mut components = relative.components();
        if let (Some(Component::Normal(name)), None) = (components.next(), components.next()) {
            let found = rustix::fs::statat(self, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
                return Ok(of_system(&found));
            }
        }
        self.metadata(relative).map(|metadata| confined(&metadata))
    }

    fn lstat(&self, relative: &Path) -> io::Result<Stat> {
        let metadata = self.symlink_metadata(relative)?;
        Ok(confined(&metadata))
    }

    fn remove(&self, relative: &Path) -> io::Result<()> {
        self.remove_file(relative)
    }

    fn sync_around(&self, relative: &Path) -> io::Result<()> {
        let parent = relative.parent().unwrap_or(relative);
        let dir = match parent.as_os_str().is_empty() {
            true => Path::new("."),
            false => parent,
        };
        // A directory's own descriptor may be one that can only be looked up from.
        Dir::open(self, dir)?.sync_all()
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

    fn try_lock_shared(&self) -> Result<(), TryLockError> {
        File::try_lock_shared(self)
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

/// A time that the system gives as seconds since the epoch, or before it, and the rest in
/// nanoseconds.
fn time(seconds: i64, nanos: i64) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let nanos = Duration::from_nanos(u64::try_from(nanos).ok()?);
    let time = match seconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(whole),
        false => SystemTime::UNIX_EPOCH.checked_add(whole),
    };
    time?.checked_add(nanos)
}

/// What the system says of a file.
pub(super) fn of_system(found: &rustix::fs::Stat) -> Stat {
    // How wide these numbers are differs between machines.
    #[allow(
        clippy::allow_attributes,
        clippy::unnecessary_cast,
        clippy::useless_conversion
    )]
    Stat {
        kind: kind_of_system(FileType::from_raw_mode(found.st_mode)),
        len_bytes: u64::try_from(found.st_size).unwrap_or_default(),
        mode: found.st_mode & 0o7777,
        owner: (found.st_uid, found.st_gid),
        modified: time(
            found.st_mtime as i64,
            i64::try_from(found.st_mtime_nsec).unwrap_or_default(),
        ),
        changed: time(
            found.st_ctime as i64,
            i64::try_from(found.st_ctime_nsec).unwrap_or_default(),
        ),
        device: found.st_dev,
        inode: found.st_ino,
    }
}

pub(super) fn kind_of_system(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        _ => Kind::Other,
    }
}

fn confined(metadata: &cap_std::fs::Metadata) -> Stat {
    Stat {
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
    }
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
    fn the_owner_of_a_lock_is_found_by_the_file() {
        let table = "1: POSIX  ADVISORY  WRITE 11 fe:00:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 12 fe:01:77 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 13 fe:01:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 14 fe:00:77 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE 15 00:1b:78 0 EOF\nnonsense\n";
        let device = rustix::fs::makedev(0xfe, 0);
        let owner = |inode, noted| flock_owner(table, device, inode, noted);
        assert_eq!(owner(77, None), Some(14));
        // On another device by the system's account, but it is the one that the file names.
        assert_eq!(owner(78, Some(15)), Some(15));
        assert_eq!(owner(78, Some(16)), None);
        assert_eq!(owner(79, None), None);
    }

    #[test]
    fn a_name_is_looked_at_as_what_it_leads_to_is_once_open() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("old.ogg");
        let file = File::create(&path).unwrap();
        let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
        file.set_times(FileTimes::new().set_modified(before_1970))
            .unwrap();
        std::os::unix::fs::symlink("old.ogg", root.path().join("link.ogg")).unwrap();
        let dir = SystemDisk.open_confined(root.path()).unwrap();
        for name in ["old.ogg", "link.ogg", "./old.ogg"] {
            let seen = dir.stat(Path::new(name)).unwrap();
            assert_eq!(seen, dir.open(Path::new(name)).unwrap().stat().unwrap());
            assert_eq!(seen.modified, Some(before_1970), "{name}");
        }
        let missing = dir.stat(Path::new("gone.ogg")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_lock_that_is_held_is_seen_and_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(SystemDisk.lock_owner(&path, None).is_err());
        let lock = SystemDisk.open_lock(&path, Access::User).unwrap();
        assert_eq!(SystemDisk.lock_owner(&path, None).unwrap(), None);
        lock.try_lock().unwrap();
        let own = Some(std::process::id());
        assert_eq!(SystemDisk.lock_owner(&path, None).unwrap(), own);
    }
}
