//! A file that other programs read: whole at every moment, for whoever may enter its directory.
//!
//! It is written under another name in the same directory and then takes its own, so that a reader
//! meets the old file or the new one and nothing in between. It is not synced: after a loss of power
//! the next run writes it again. What is in it must be fit for every user of the machine.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::spool::disk::{Access, Disk, NewFile, Stat};

/// Everybody reads it, its owner writes it, whatever the umask.
const MODE: u32 = 0o644;

/// What the temporary names end with. Programs that read a whole directory go by endings of their
/// own, such as `.prom`.
const TEMPORARY_SUFFIX: &str = ".callspool.tmp";

/// How old a temporary file is that a run must have died over.
const TEMPORARY_MAX_AGE: Duration = Duration::from_secs(3600);

/// Why a file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Something else than a file goes by its name.
    #[error("{} is no regular file; name a file", path.display())]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was done.
        operation: &'static str,
        /// To which path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl PublishError {
    fn of(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}

/// Writes a file with mode 0644, or puts it in the place of the one that is there. A link stays, and
/// what it leads to is replaced. The directory must be there.
///
/// # Errors
/// When it cannot be written; then the old one stands.
pub fn write(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    now: SystemTime,
) -> Result<(), PublishError> {
    put(disk, path, bytes, now, None)
}

/// [`write()`], except that a file that is there keeps its mode, and its owner and group as far as this
/// process may give it to them: who may read it has been somebody's decision.
///
/// # Errors
/// As [`write()`].
pub fn replace(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    now: SystemTime,
) -> Result<(), PublishError> {
    put(disk, path, bytes, now, disk.stat(path).ok())
}

fn put(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    now: SystemTime,
    model: Option<Stat>,
) -> Result<(), PublishError> {
    let target = resolve(disk, path)?;
    let (Some(name), Some(dir)) = (target.file_name(), target.parent()) else {
        return Err(PublishError::NoFile { path: target });
    };
    // A bare name is one in the working directory.
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let prefix = prefix(name);
    remove_stale(disk, dir, &prefix, now);
    let (temporary, mut file) = create(disk, dir, &prefix)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| {
            if let Some(model) = model {
                // Only root may give a file away; a group of its own it may be given.
                let _ = file.set_owner(model.owner);
            }
            // After the owner: giving a file away may take bits from its mode.
            file.set_mode(model.map_or(MODE, |model| model.mode & 0o777))
        })
        .map_err(PublishError::of("write", &temporary))
        .and_then(|()| {
            disk.rename_over(&temporary, &target)
                .map_err(PublishError::of("replace", &target))
        });
    if written.is_err() {
        // Best effort: what stays is removed by a later run.
        let _ = disk.remove(&temporary);
    }
    written
}

/// Reads a file back; `None` when there is none yet.
///
/// # Errors
/// When it cannot be read, or holds more than the limit.
pub fn read(
    disk: &dyn Disk,
    path: &Path,
    limit_bytes: u64,
) -> Result<Option<Vec<u8>>, PublishError> {
    let target = resolve(disk, path)?;
    let failed = |error| PublishError::of("read", &target)(error);
    let file = match disk.open(&target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(limit_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(bytes))
}

/// The file that a path leads to. A device is none: it would be replaced.
fn resolve(disk: &dyn Disk, path: &Path) -> Result<PathBuf, PublishError> {
    let failed = |error| PublishError::of("look at", path)(error);
    match disk.stat(path) {
        Ok(stat) if !stat.is_file() => Err(PublishError::NoFile {
            path: path.to_owned(),
        }),
        Ok(_) => disk.canonicalize(path).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(failed(error)),
    }
}

/// How the temporary names for a file begin: hidden, and unlike those for its neighbours.
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

fn create(
    disk: &dyn Disk,
    dir: &Path,
    prefix: &OsStr,
) -> Result<(PathBuf, Box<dyn NewFile>), PublishError> {
    let mut count = 0_u64;
    loop {
        let mut name = prefix.to_owned();
        name.push(format!("{}.{count}{TEMPORARY_SUFFIX}", std::process::id()));
        let path = dir.join(name);
        match disk.create_new(&path, Access::User) {
            Ok(file) => return Ok((path, file)),
            // One that died had the same number, or one in another container has it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => count += 1,
            Err(error) => return Err(PublishError::of("create", &path)(error)),
        }
    }
}

/// Removes what runs have left that died over this file. Not worth a word when it fails.
fn remove_stale(disk: &dyn Disk, dir: &Path, prefix: &OsStr, now: SystemTime) {
    let mut stale = Vec::new();
    let _ = disk.list(dir, &mut |name, _| {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(prefix.as_encoded_bytes())
            && bytes.ends_with(TEMPORARY_SUFFIX.as_bytes())
        {
            stale.push(dir.join(name));
        }
    });
    for path in stale {
        let age = disk
            .lstat(&path)
            .ok()
            .and_then(|stat| now.duration_since(stat.modified?).ok());
        if age.is_some_and(|age| age > TEMPORARY_MAX_AGE) {
            let _ = disk.remove(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;
    use crate::spool::disk::SystemDisk;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn publish(path: &Path, text: &str) -> Result<(), PublishError> {
        write(&SystemDisk, path, text.as_bytes(), NOW)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_everybody_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("callspool.prom");
        for text in ["first\n", "2\n"] {
            publish(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
            assert_eq!(names(dir.path()), ["callspool.prom"]);
        }
    }

    #[test]
    fn who_may_read_a_file_stays_as_it_was_where_that_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        let mode = || fs::metadata(&path).unwrap().mode() & 0o7777;
        replace(&SystemDisk, &path, b"first", NOW).unwrap();
        assert_eq!(mode(), 0o644);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&SystemDisk, &path, b"second", NOW).unwrap();
        assert_eq!(mode(), 0o640);
        assert_eq!(fs::read(&path).unwrap(), b"second");
    }

    #[test]
    fn who_has_the_old_file_open_goes_on_reading_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        publish(&path, "old").unwrap();
        let mut reader = File::open(&path).unwrap();
        publish(&path, "new").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "old");
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let target = other.path().join("there.prom");
        publish(&target, "old").unwrap();
        let link = dir.path().join("here.prom");
        symlink(&target, &link).unwrap();
        publish(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        let read = read(&SystemDisk, &link, 3).unwrap();
        assert_eq!(read.as_deref(), Some(b"new".as_slice()));
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for path in [inner.as_path(), Path::new("/dev/null")] {
            let error = publish(path, "x").unwrap_err();
            let expected = format!("{} is no regular file; name a file", path.display());
            assert_eq!(error.to_string(), expected);
            assert!(matches!(
                read(&SystemDisk, path, 10),
                Err(PublishError::NoFile { .. })
            ));
        }
        assert_eq!(names(dir.path()), ["inner"]);
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = publish(&dir.path().join("no/a.prom"), "x").unwrap_err();
        let temporary = format!("no/.a.prom.{}.0.callspool.tmp", std::process::id());
        let expected = format!("cannot create {}", dir.path().join(temporary).display());
        assert_eq!(error.to_string(), expected);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn only_its_own_old_temporary_files_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            ".a.prom.7.0.callspool.tmp",
            ".b.prom.7.0.callspool.tmp",
            ".a.prom.7.0.tmp",
        ] {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_times(FileTimes::new().set_modified(NOW)).unwrap();
        }
        let path = dir.path().join("a.prom");
        write(&SystemDisk, &path, b"x", NOW + TEMPORARY_MAX_AGE).unwrap();
        assert_eq!(names(dir.path()).len(), 4);
        let later = NOW + TEMPORARY_MAX_AGE + Duration::from_secs(1);
        write(&SystemDisk, &path, b"x", later).unwrap();
        assert_eq!(
            names(dir.path()),
            [".a.prom.7.0.tmp", ".b.prom.7.0.callspool.tmp", "a.prom"]
        );
    }

    #[test]
    fn what_is_read_back_has_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.prom");
        assert_eq!(read(&SystemDisk, &path, 3).unwrap(), None);
        publish(&path, "four").unwrap();
        assert!(read(&SystemDisk, &path, 3).is_err());
        let whole = read(&SystemDisk, &path, 4).unwrap();
        assert_eq!(whole.as_deref(), Some(b"four".as_slice()));
    }
}
