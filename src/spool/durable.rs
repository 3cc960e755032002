//! Durable changes: the one way in which state is written.
//!
//! A file is written under a temporary name in its directory, synced, renamed, and the directory
//! is synced. A sync that fails is never tried again: the kernel may have dropped the pages, so
//! the run ends and the old file stands.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::disk::{Access, Disk, Kind, Stat};
use super::error::SpoolError;
use super::names::numbered;
use super::temporary::Temporary;

/// What a rewritten document keeps of the old file.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) modified: Option<SystemTime>,
}

impl Attributes {
    /// The attributes of a file that is there.
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            mode: stat.mode,
            owner: stat.owner,
            modified: stat.modified,
        }
    }
}

/// Writes a file in place of the one of that name, or as a new one (mode 0600).
pub(super) fn replace(
    disk: &dyn Disk,
    dir: &Path,
    name: &OsStr,
    bytes: &[u8],
    attributes: Option<&Attributes>,
) -> Result<(), SpoolError> {
    let temporary = Temporary::write(disk, dir, bytes, attributes)?;
    let target = dir.join(name);
    disk.rename_over(&temporary.path, &target)
        .map_err(SpoolError::of("replace", &target))?;
    temporary.disarm();
    sync_dir(disk, dir)
}

/// Writes a new file without ever overwriting one: `x.json`, else `x.1.json`, `x.2.json`, …
/// Returns the name that it got.
pub(super) fn create(
    disk: &dyn Disk,
    dir: &Path,
    name: &OsStr,
    bytes: &[u8],
    attributes: Option<&Attributes>,
) -> Result<OsString, SpoolError> {
    let temporary = Temporary::write(disk, dir, bytes, attributes)?;
    let name = move_to_free_name(disk, &temporary.path, dir, name)?;
    temporary.disarm();
    sync_dir(disk, dir)?;
    Ok(name)
}

/// Writes a new file for a group, under the lock of those who add to a spool: under that name, else
/// under the first of the [`numbered`] ones after it that is free. Returns the name that it got.
pub(super) fn deposit(
    disk: &dyn Disk,
    dir: &Path,
    name: &OsStr,
    bytes: &[u8],
) -> Result<OsString, SpoolError> {
    let temporary = Temporary::write_alone(disk, dir, bytes)?;
    let name = move_to_free_name(disk, &temporary.path, dir, name)?;
    temporary.disarm();
    sync_dir(disk, dir)?;
    Ok(name)
}

/// Moves a file into a directory without ever overwriting one. Returns the name that it got.
/// Both directories are synced.
pub(super) fn move_new(
    disk: &dyn Disk,
    from: &Path,
    dir: &Path,
    name: &OsStr,
) -> Result<OsString, SpoolError> {
    let name = move_to_free_name(disk, from, dir, name)?;
    sync_dir(disk, dir)?;
    if let Some(parent) = from.parent() {
        sync_dir(disk, parent)?;
    }
    Ok(name)
}

/// Moves a file as [`move_new`] does and then writes other bytes in its place. What may fail for
/// want of space comes first; a crash in between leaves the file moved, with its old bytes.
pub(super) fn move_rewritten(
    disk: &dyn Disk,
    from: &Path,
    dir: &Path,
    name: &OsStr,
    bytes: &[u8],
    attributes: Option<&Attributes>,
) -> Result<OsString, SpoolError> {
    let temporary = Temporary::write(disk, dir, bytes, attributes)?;
    let name = move_new(disk, from, dir, name)?;
    let target = dir.join(&name);
    disk.rename_over(&temporary.path, &target)
        .map_err(SpoolError::of("replace", &target))?;
    temporary.disarm();
    sync_dir(disk, dir)?;
    Ok(name)
}

/// Removes a file; one that is gone already is fine.
pub(super) fn remove(disk: &dyn Disk, path: &Path) -> Result<(), SpoolError> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(SpoolError::new("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Makes a directory when it is missing, durably.
pub(super) fn ensure_dir(disk: &dyn Disk, dir: &Path, access: Access) -> Result<(), SpoolError> {
    let is_dir = || {
        let stat = disk.stat(dir);
        stat.is_ok_and(|stat| stat.kind == Kind::Directory)
    };
    if is_dir() {
        return Ok(());
    }
    let failed = SpoolError::of("create the directory", dir);
    match disk.create_dir(dir, access) {
        Ok(()) => dir.parent().map_or(Ok(()), |parent| sync_dir(disk, parent)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_dir() => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Makes directories last that a run may have made which died before it had come to that. Where
/// somebody else's directory may not be opened, they are somebody else's as well.
pub(super) fn keep_dirs<'a>(
    disk: &dyn Disk,
    dirs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), SpoolError> {
    let parents: BTreeSet<&Path> = dirs.into_iter().filter_map(Path::parent).collect();
    for parent in parents {
        let opened = disk.open_dir(parent);
        let is_closed = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        if !opened.is_err_and(is_closed) {
            sync_dir(disk, parent)?;
        }
    }
    Ok(())
}

/// Proves that a directory can be written to: a small file, written, synced and removed.
pub(super) fn probe(disk: &dyn Disk, dir: &Path) -> Result<(), SpoolError> {
    // Dropping the temporary file removes it.
    Temporary::write(
        disk,
        dir,
        b"callspool checks that it can write here before it sends anything\n",
        None,
    )
    .map(drop)
}

/// Syncs a directory, so that names made or removed in it last.
pub(super) fn sync_dir(disk: &dyn Disk, dir: &Path) -> Result<(), SpoolError> {
    disk.sync_dir(dir)
        .map_err(SpoolError::of("sync the directory", dir))
}

fn move_to_free_name(
    disk: &dyn Disk,
    from: &Path,
    dir: &Path,
    name: &OsStr,
) -> Result<OsString, SpoolError> {
    for copy in 0..=u32::MAX {
        let name = numbered(name, copy);
        let target = dir.join(&name);
        match rename_new(disk, from, &target) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if is_one_file(disk, from, &target) {
                    // A move that was interrupted between its two steps.
                    sync_dir(disk, dir)?;
                    remove(disk, from)?;
                    return Ok(name);
                }
            }
            Err(error) => return Err(SpoolError::new("move a document to", target, error)),
        }
    }
    Err(SpoolError::new(
        "find a free name in",
        dir,
        io::ErrorKind::AlreadyExists.into(),
    ))
}

/// Whether two names stand for one file.
pub(super) fn is_one_file(disk: &dyn Disk, first: &Path, second: &Path) -> bool {
    let identity = |path| disk.lstat(path).map(|stat| stat.identity());
    matches!((identity(first), identity(second)), (Ok(first), Ok(second)) if first == second)
}

/// Renames without overwriting: in one step where the file system can, else by a second link.
fn rename_new(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    match disk.rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            disk.link(from, to)?;
            // The old name goes once the new one is sure to last.
            if let Some(dir) = to.parent() {
                disk.sync_dir(dir)?;
            }
            disk.remove(from)
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::time::Duration;

    use super::*;
    use crate::spool::disk::SystemDisk;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_replaced_file_keeps_mode_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        File::create(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_times(FileTimes::new().set_modified(old))
            .unwrap();
        let attributes = Attributes::of(&SystemDisk.stat(&path).unwrap());
        let name = OsStr::new("a.json");
        replace(&SystemDisk, dir.path(), name, b"new", Some(&attributes)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(metadata.mode() & 0o7777, 0o664);
        assert_eq!(metadata.modified().unwrap(), old);
        assert_eq!(names(dir.path()), ["a.json"]);
    }

    #[test]
    fn nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let name = OsStr::new("metadata_x.json");
        for expected in ["metadata_x.json", "metadata_x.1.json", "metadata_x.2.json"] {
            assert_eq!(
                create(&SystemDisk, dir.path(), name, expected.as_bytes(), None).unwrap(),
                expected
            );
        }
        let other = tempfile::tempdir_in(dir.path()).unwrap();
        let moved = move_new(
            &SystemDisk,
            &dir.path().join("metadata_x.1.json"),
            other.path(),
            name,
        )
        .unwrap();
        assert_eq!(moved, "metadata_x.json");
        let moved = move_new(&SystemDisk, &dir.path().join(name), other.path(), name).unwrap();
        assert_eq!(moved, "metadata_x.1.json");
        assert_eq!(
            fs::read(other.path().join("metadata_x.1.json")).unwrap(),
            b"metadata_x.json"
        );
    }

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        probe(&SystemDisk, dir.path()).unwrap();
        assert!(names(dir.path()).is_empty());
    }
}
