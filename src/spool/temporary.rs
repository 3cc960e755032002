//! Temporary files: written and synced before they take their names, and cleared away when a run
//! that died has left them.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::disk::{Access, Disk, NewFile, Stat};
use super::durable::{Attributes, remove};
use super::error::SpoolError;

/// What the names of our temporary files begin and end with.
const TEMPORARY_PREFIX: &str = ".callspool.";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// How old a temporary file of a dead run is before it is removed.
const TEMPORARY_MAX_AGE: Duration = Duration::from_secs(3600);

/// A synced file under a temporary name; removed again unless it was renamed.
pub(super) struct Temporary<'a> {
    disk: &'a dyn Disk,
    pub(super) path: PathBuf,
    armed: std::cell::Cell<bool>,
}

impl<'a> Temporary<'a> {
    pub(super) fn write(
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

    /// Writes a file for a group under the name that one writer at a time may use: what a dead one
    /// has left there is no use to anybody.
    pub(super) fn write_alone(
        disk: &'a dyn Disk,
        dir: &Path,
        bytes: &[u8],
    ) -> Result<Self, SpoolError> {
        let path = dir.join(format!("{TEMPORARY_PREFIX}record{TEMPORARY_SUFFIX}"));
        remove(disk, &path)?;
        let mut file = disk
            .create_new(&path, Access::Group)
            .map_err(SpoolError::of("create", &path))?;
        let armed = true.into();
        let temporary = Self { disk, path, armed };
        fill(&mut *file, bytes, None).map_err(SpoolError::of("write", &temporary.path))?;
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
            match disk.create_new(&path, Access::User) {
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

    pub(super) fn disarm(&self) {
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
        if is_temporary(name) {
            names.push(name.to_owned());
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

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
        let written = fs::metadata(dir.path().join(".callspool.1.0.tmp"))
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
}
