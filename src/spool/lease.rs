//! The lease: an advisory lock on `.callspool.lock` in the metadata directory.
//!
//! The kernel releases it when the process dies. The file is never removed; what stands in it
//! names the run that holds it and the session that it works on, so that the next run knows what
//! a killed one was doing. A run that ends in an orderly way empties it.

use std::fs::TryLockError;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{Access, Disk, LockFile};
use super::durable;
use super::error::{LeaseError, SpoolError};

pub(super) const FILE_NAME: &str = ".callspool.lock";
/// The most that is read of it, in bytes.
const HOLDER_LIMIT: u64 = 64 << 10;

/// How much of a session's id is written down, in characters.
const MAX_ID_CHARS: usize = 200;

/// An id as it is written down. That is for people only; as long as a hostile one may be, the file
/// would hold more than is read of it.
fn shortened(session_id: &str) -> String {
    session_id.chars().take(MAX_ID_CHARS).collect()
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When its run started, RFC 3339.
    pub started_at: String,
    /// The file name of the document that it works on.
    #[serde(default)]
    pub document: Option<String>,
    /// The session that it works on.
    #[serde(default)]
    pub session_id: Option<String>,
    /// It does not work on it yet: a run before it died at that session, and has been charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_charged: bool,
}

/// What a run that died has left in the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The file name of the document that it was working on, if any.
    pub document: Option<String>,
    /// Whether the session was charged for it already, by a run that died later.
    pub is_charged: bool,
}

/// The held lock.
#[derive(Debug)]
pub(super) struct Lock {
    file: Box<dyn LockFile>,
    path: PathBuf,
    holder: Holder,
    has_lasting_name: bool,
    was_marked: bool,
    /// The document at which the run died that held the lock before.
    died_at: Option<String>,
}

impl Lock {
    /// Takes the lock, or says who holds it. Also tells what a run that died was doing.
    pub(super) fn take(
        disk: &dyn Disk,
        dir: &Path,
        started_at: &str,
    ) -> Result<(Self, Option<Interrupted>), LeaseError> {
        let path = dir.join(FILE_NAME);
        let file = loop {
            let file = disk
                .open_lock(&path, Access::User)
                .map_err(SpoolError::of("open the lock file", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(LeaseError::Locked(read_holder(&*file)));
                }
                Err(TryLockError::Error(source)) => {
                    return Err(SpoolError::new("lock", path, source).into());
                }
            }
            // Somebody may have removed the file between opening and locking it.
            let is_there = is_still_there(disk, &*file, &path);
            if is_there.map_err(SpoolError::of("look at", &path))? {
                break file;
            }
        };
        let died = read_interrupted(&*file).map_err(SpoolError::of("read", &path))?;
        let holder = Holder {
            pid: std::process::id(),
            started_at: started_at.to_owned(),
            document: None,
            session_id: None,
            is_charged: false,
        };
        let lock = Self {
            file,
            path,
            holder,
            has_lasting_name: false,
            was_marked: false,
            died_at: died.as_ref().and_then(|died| died.document.clone()),
        };
        Ok((lock, died))
    }

    /// Writes down which session is worked on.
    pub(super) fn mark(&mut self, working_on: Option<(&str, &str)>) -> Result<(), SpoolError> {
        self.was_marked = true;
        self.holder.document = working_on.map(|(document, _)| document.to_owned());
        self.holder.session_id = working_on.map(|(_, session_id)| shortened(session_id));
        self.holder.is_charged = false;
        self.write()
    }

    /// Writes down that the session at which the run before this one died has been charged for that.
    /// Of any other session nothing is written.
    pub(super) fn mark_charged(
        &mut self,
        document: &str,
        session_id: &str,
    ) -> Result<(), SpoolError> {
        if self.died_at.as_deref() != Some(document) {
            // Another one stands there, which is still to be charged.
            return Ok(());
        }
        self.holder.document = Some(document.to_owned());
        self.holder.session_id = Some(shortened(session_id));
        self.holder.is_charged = true;
        self.write()
    }

    fn write(&mut self) -> Result<(), SpoolError> {
        let write = || -> io::Result<()> {
            let bytes = serde_json::to_vec(&self.holder)?;
            // Killed in between, the first JSON value in the file is still the one to go by.
            self.file.write_over(&bytes)?;
            self.file.set_len(bytes.len() as u64)
        };
        write().map_err(SpoolError::of("write", &self.path))
    }

    /// Makes what was marked last over a loss of power; the first time the file's name too, which
    /// may be new.
    pub(super) fn sync(&mut self, disk: &dyn Disk) -> Result<(), SpoolError> {
        let synced = self.file.sync();
        synced.map_err(SpoolError::of("sync", &self.path))?;
        if let Some(dir) = self.path.parent().filter(|_| !self.has_lasting_name) {
            durable::sync_dir(disk, dir)?;
            self.has_lasting_name = true;
        }
        Ok(())
    }

    /// Empties the file: this run ends in an orderly way. Where something was marked, a loss of
    /// power must not bring that back.
    pub(super) fn clear(&self) -> Result<(), SpoolError> {
        let clear = || -> io::Result<()> {
            self.file.set_len(0)?;
            if self.was_marked {
                self.file.sync()?;
            }
            Ok(())
        };
        clear().map_err(SpoolError::of("empty", &self.path))
    }
}

/// What the last holder was doing when it died; `None` when it ended in an orderly way. Bytes that
/// make no sense name no session, but when there may be sense in them and they cannot be read,
/// nothing may be sent.
fn read_interrupted(file: &dyn LockFile) -> io::Result<Option<Interrupted>> {
    let bytes = file.read(HOLDER_LIMIT)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let holder = parse_holder(&bytes);
    Ok(Some(Interrupted {
        is_charged: holder.as_ref().is_some_and(|holder| holder.is_charged),
        document: holder.and_then(|holder| holder.document),
    }))
}

/// Who holds the lock now, as far as the file tells.
fn read_holder(file: &dyn LockFile) -> Option<Holder> {
    parse_holder(&file.read(HOLDER_LIMIT).ok()?)
}

/// What the lock file says of whoever took the lock last; nothing after an orderly end.
pub(super) fn read_note(disk: &dyn Disk, dir: &Path) -> io::Result<Option<Holder>> {
    let mut bytes = Vec::new();
    let file = disk.open(&dir.join(FILE_NAME))?;
    if !file.stat()?.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    file.take(HOLDER_LIMIT).read_to_end(&mut bytes)?;
    Ok(parse_holder(&bytes))
}

fn parse_holder(bytes: &[u8]) -> Option<Holder> {
    serde_json::Deserializer::from_slice(bytes)
        .into_iter()
        .next()?
        .ok()
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
