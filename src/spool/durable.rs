//! Durable changes: the one way in which state is written.
//!
//! A file is written under a temporary name in its directory, synced, renamed, and the directory
//! is synced. A sync that fails is never tried again: the kernel may have dropped the pages, so
//! the run ends and the old file stands.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::disk::{Disk, Kind, NewFile, Stat};
use super::error::SpoolError;

/// What the names of our temporary files begin and end with.
const TEMPORARY_PREFIX: &str = ".callspool.";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// How old a temporary file of a dead run is before it is removed.
const TEMPORARY_MAX_AGE: Duration = Duration::from_secs(3600);

/// What a rewritten document keeps of the old file.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    mode: u32,
    owner: (u32, u32),
    modified: Option<SystemTime>,
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

/// Makes a directory of ours when it is missing (mode 0700), durably.
pub(super) fn ensure_dir(disk: &dyn Disk, dir: &Path) -> Result<(), SpoolError> {
    let is_dir = || {
        let stat = disk.stat(dir);
        stat.is_ok_and(|stat| stat.kind == Kind::Directory)
    };
    if is_dir() {
        return Ok(());
    }
    let failed = SpoolError::of("create the directory", dir);
    match disk.create_dir(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), |parent| sync_dir(disk, parent)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_dir() => Ok(()),
        Err(error) => Err(failed(error)),
    }
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

/// What became of the temporary files in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Swept {
    /// Files that were removed.
    pub(super) removed: u64,
    /// Files that are still too young.
    pub(super) left: u64,
}

/// Removes temporary files that a dead run left in a directory more than an hour ago.
pub(super) fn remove_stale_temporaries(
    disk: &dyn Disk,
    dir: &Path,
    now: SystemTime,
) -> Result<Swept, SpoolError> {
    let mut names = Vec::new();
    disk.list(dir, &mut |name, _| {
        if is_temporary(&name) {
            names.push(name);
        }
    })
    .map_err(SpoolError::of("list", dir))?;
    let mut swept = Swept::default();
    for name in names {
        let path = dir.join(name);
        if disk.lstat(&path).is_ok_and(|stat| is_stale(&stat, now)) {
            remove(disk, &path)?;
            swept.removed += 1;
        } else {
            swept.left += 1;
        }
    }
    Ok(swept)
}

/// Whether a name is that of a temporary file of ours.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX))
}

fn is_stale(stat: &Stat, now: SystemTime) -> bool {
    let age = stat
        .modified
        .and_then(|modified| now.duration_since(modified).ok());
    stat.is_file() && age.is_some_and(|age| age > TEMPORARY_MAX_AGE)
}

/// Syncs a directory, so that names made or removed in it last.
pub(super) fn sync_dir(disk: &dyn Disk, dir: &Path) -> Result<(), SpoolError> {
    disk.sync_dir(dir)
        .map_err(SpoolError::of("sync the directory", dir))
}

/// The longest file name, in bytes.
const NAME_LIMIT: usize = 255;

/// The names to try in turn: `x.json`, `x.1.json`, `x.2.json`, …
pub(super) fn numbered(name: &OsStr, copy: u32) -> OsString {
    if copy == 0 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let extension = path.extension().map_or_else(OsString::new, |extension| {
        let mut dotted = OsString::from(".");
        dotted.push(extension);
        dotted
    });
    let mut ending = OsString::from(format!(".{copy}"));
    ending.push(extension);
    with_ending(path.file_stem().unwrap_or(name), &ending)
}

/// The name that a [`numbered`] one was made from, if it is one.
pub(super) fn unnumbered(name: &OsStr) -> Option<OsString> {
    let path = Path::new(name);
    let stem = Path::new(path.file_stem()?);
    let number = stem.extension()?.to_str()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let mut plain = stem.file_stem()?.to_owned();
    if let Some(extension) = path.extension() {
        plain.push(".");
        plain.push(extension);
    }
    is_number.then_some(plain)
}

/// A name with an ending, cut in front of it where the two would be too long together.
pub(super) fn with_ending(name: &OsStr, ending: &OsStr) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let room = NAME_LIMIT.saturating_sub(ending.len());
    let mut bytes = name.as_bytes().to_vec();
    bytes.truncate(room);
    bytes.extend_from_slice(ending.as_bytes());
    OsString::from_vec(bytes)
}

/// The first of the [`numbered`] names that is free in a directory.
pub(super) fn free_name(disk: &dyn Disk, dir: &Path, name: &OsStr) -> OsString {
    let names = (0..=u32::MAX).map(|copy| numbered(name, copy));
    let mut free = names.skip_while(|name| disk.lstat(&dir.join(name)).is_ok());
    free.next().unwrap_or_else(|| name.to_owned())
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

/// A synced file under a temporary name; removed again unless it was renamed.
struct Temporary<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    armed: std::cell::Cell<bool>,
}

impl<'a> Temporary<'a> {
    fn write(
        disk: &'a dyn Disk,
        dir: &Path,
        bytes: &[u8],
        attributes: Option<&Attributes>,
    ) -> Result<Self, SpoolError> {
        let (temporary, mut file) = Self::create(disk, dir)?;
        let failed = SpoolError::of("write", &temporary.path);
        fill(&mut *file, bytes, attributes).map_err(failed)?;
        Ok(temporary)
    }

    fn create(disk: &'a dyn Disk, dir: &Path) -> Result<(Self, Box<dyn NewFile>), SpoolError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!(
                "{TEMPORARY_PREFIX}{}.{count}{TEMPORARY_SUFFIX}",
                std::process::id()
            );
            let path = dir.join(name);
            match disk.create_new(&path) {
                Ok(file) => {
                    let armed = true.into();
                    return Ok((Self { disk, path, armed }, file));
                }
                // A dead process of the same id left one.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(SpoolError::new("create", path, error)),
            }
        }
    }

    fn disarm(&self) {
        self.armed.set(false);
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if self.armed.get() {
            // Best effort: a leftover is removed by a later run.
            let _ = self.disk.remove(&self.path);
        }
    }
}

fn fill(file: &mut dyn NewFile, bytes: &[u8], attributes: Option<&Attributes>) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Some(attributes) = attributes {
        // Only root may give files away; for everybody else the owner is the same anyway.
        let _ = file.set_owner(attributes.owner);
        file.set_mode(attributes.mode)?;
        if let Some(modified) = attributes.modified {
            file.set_modified(modified)?;
        }
    }
    file.sync()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

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
    fn a_long_name_is_cut_so_that_its_ending_fits() {
        let long = format!("metadata_{}.json", "x".repeat(241));
        assert_eq!(long.len(), 255);
        let name = numbered(OsStr::new(&long), 12);
        assert_eq!(name.len(), 255);
        assert!(name.to_str().unwrap().ends_with("x.12.json"));
        assert_eq!(with_ending(OsStr::new("a"), OsStr::new(".b")), "a.b");
        for (name, plain) in [
            ("metadata_x.12.json", Some("metadata_x.json")),
            ("metadata_x.json", None),
            ("metadata_x.1a.json", None),
            ("metadata_x..json", None),
        ] {
            let found = unnumbered(OsStr::new(name));
            assert_eq!(found.as_deref(), plain.map(OsStr::new), "{name}");
        }
        let dir = tempfile::tempdir().unwrap();
        for expected in [long.clone(), name.to_str().unwrap().replace(".12.", "x.1.")] {
            assert_eq!(
                create(&SystemDisk, dir.path(), OsStr::new(&long), b"", None).unwrap(),
                *expected
            );
        }
    }

    #[test]
    fn only_our_own_old_temporaries_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            ".callspool.1.0.tmp",
            ".callspool.lock",
            "x.tmp",
            ".callspool.2.tmp.bak",
        ] {
            File::create(dir.path().join(name)).unwrap();
        }
        let written = fs::metadata(dir.path().join("x.tmp"))
            .unwrap()
            .modified()
            .unwrap();
        let sweep = |now| remove_stale_temporaries(&SystemDisk, dir.path(), now).unwrap();
        let young = Swept {
            removed: 0,
            left: 1,
        };
        assert_eq!(sweep(written + TEMPORARY_MAX_AGE), young);
        let stale = Swept {
            removed: 1,
            left: 0,
        };
        assert_eq!(
            sweep(written + TEMPORARY_MAX_AGE + Duration::from_secs(5)),
            stale
        );
        assert_eq!(
            names(dir.path()),
            [".callspool.2.tmp.bak", ".callspool.lock", "x.tmp"]
        );
    }

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        probe(&SystemDisk, dir.path()).unwrap();
        assert!(names(dir.path()).is_empty());
    }
}
