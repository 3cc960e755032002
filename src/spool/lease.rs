//! The lease: an advisory lock on `.callspool.lock` in the metadata directory.
//!
//! The kernel releases it when the process dies. The file is never removed; what stands in it
//! names the run that holds it and the sessions that it works on, so that the next run knows what
//! a killed one was doing. A run that ends in an orderly way empties it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{Disk, LockFile};
use super::durable;
use super::error::{LeaseError, SpoolError};
use super::lock_file::{Acquired, Hold, acquire};

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

/// A session that is worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InWork {
    /// The file name of its document.
    pub document: String,
    /// Its id, for people.
    #[serde(default)]
    pub session_id: Option<String>,
    /// It is not worked on yet: a run before this one died at it, and it has been charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_charged: bool,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When its run started, RFC 3339.
    pub started_at: String,
    /// The sessions that it works on.
    pub in_work: Vec<InWork>,
}

/// A [`Holder`] as it is written: the first session stands for itself, as it always has.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    pid: u32,
    started_at: String,
    #[serde(default)]
    document: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_charged: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<InWork>,
}

impl From<Stored> for Holder {
    fn from(stored: Stored) -> Self {
        let first = stored.document.map(|document| InWork {
            document,
            session_id: stored.session_id,
            is_charged: stored.is_charged,
        });
        Self {
            pid: stored.pid,
            started_at: stored.started_at,
            in_work: first.into_iter().chain(stored.also).collect(),
        }
    }
}

impl From<Holder> for Stored {
    fn from(holder: Holder) -> Self {
        let mut in_work = holder.in_work.into_iter();
        let first = in_work.next();
        Self {
            pid: holder.pid,
            started_at: holder.started_at,
            is_charged: first.as_ref().is_some_and(|first| first.is_charged),
            session_id: first.as_ref().and_then(|first| first.session_id.clone()),
            document: first.map(|first| first.document),
            also: in_work.collect(),
        }
    }
}

/// What a run that died has left in the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interrupted {
    /// The sessions that it was working on.
    pub in_work: Vec<InWork>,
}

/// The held lock.
#[derive(Debug)]
pub(super) struct Lock {
    file: Box<dyn LockFile>,
    path: PathBuf,
    holder: Holder,
    has_lasting_name: bool,
    /// A session of this run's was marked. Until then what stands in `holder` are those at which the
    /// run before this one died.
    was_marked: bool,
    /// How many bytes stand in the file at least; 0 before anything was written.
    written_bytes: usize,
}

impl Lock {
    /// Takes the lock, or says who holds it. Also tells what a run that died was doing.
    pub(super) fn take(
        disk: &dyn Disk,
        path: PathBuf,
        started_at: &str,
    ) -> Result<(Self, Option<Interrupted>), LeaseError> {
        let file = match acquire(disk, &path, Hold::Alone)? {
            Acquired::Ours(file) => file,
            Acquired::Anothers(file) => return Err(LeaseError::Locked(read_holder(&*file))),
        };
        let died = read_interrupted(&*file).map_err(SpoolError::of("read", &path))?;
        let holder = Holder {
            pid: std::process::id(),
            started_at: started_at.to_owned(),
            in_work: died.iter().flat_map(|died| died.in_work.clone()).collect(),
        };
        let lock = Self {
            file,
            path,
            holder,
            has_lasting_name: false,
            was_marked: false,
            written_bytes: 0,
        };
        Ok((lock, died))
    }

    /// Writes down that a session is worked on, beside those that are by now.
    pub(super) fn begin_work(
        &mut self,
        document: &str,
        session_id: &str,
    ) -> Result<(), SpoolError> {
        if !self.was_marked {
            // Those at which an earlier run died have been charged or noted elsewhere.
            self.holder.in_work.clear();
            self.was_marked = true;
        }
        self.holder.in_work.push(InWork {
            document: document.to_owned(),
            session_id: Some(shortened(session_id)),
            is_charged: false,
        });
        self.write()
    }

    /// Writes down that a session is not worked on any more.
    pub(super) fn end_work(&mut self, document: &str) -> Result<(), SpoolError> {
        self.holder
            .in_work
            .retain(|in_work| in_work.document != document);
        self.write()
    }

    /// Writes down that a session at which the run before this one died has been charged for that.
    /// Of any other session nothing is written.
    pub(super) fn mark_charged(
        &mut self,
        document: &str,
        session_id: &str,
    ) -> Result<(), SpoolError> {
        let in_work = &mut self.holder.in_work;
        let died_at = in_work.iter_mut().find(|died| died.document == document);
        let Some(died_at) = died_at.filter(|_| !self.was_marked) else {
            return Ok(());
        };
        died_at.session_id = Some(shortened(session_id));
        died_at.is_charged = true;
        self.write()
    }

    fn write(&mut self) -> Result<(), SpoolError> {
        let mut write = || -> io::Result<()> {
            let mut bytes = serde_json::to_vec(&self.holder)?;
            // Killed in between, the first JSON value in the file is still the one to go by, and
            // blanks behind it are none.
            let is_first = self.written_bytes == 0;
            let len = bytes.len();
            bytes.resize(len.max(self.written_bytes), b' ');
            self.file.write_over(&bytes)?;
            if is_first {
                self.file.set_len(bytes.len() as u64)?;
            }
            self.written_bytes = bytes.len();
            Ok(())
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
pub(super) fn read_interrupted(file: &dyn LockFile) -> io::Result<Option<Interrupted>> {
    let bytes = file.read(HOLDER_LIMIT)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let holder = parse_holder(&bytes);
    Ok(Some(Interrupted {
        in_work: holder.map(|holder| holder.in_work).unwrap_or_default(),
    }))
}

/// Who holds the lock now, as far as the file tells.
pub(super) fn read_holder(file: &dyn LockFile) -> Option<Holder> {
    parse_holder(&file.read(HOLDER_LIMIT).ok()?)
}

/// What the lock file says of whoever took the lock last; nothing after an orderly end.
pub(super) fn read_note(disk: &dyn Disk, path: &Path) -> io::Result<Option<Holder>> {
    let mut bytes = Vec::new();
    let file = disk.open(path)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::disk::SystemDisk;

    fn take(dir: &Path) -> (Lock, Vec<(String, bool)>) {
        let (lock, died) =
            Lock::take(&SystemDisk, dir.join(FILE_NAME), "2026-11-22T12:00:00.000Z").unwrap();
        let died = died.unwrap_or_default().in_work.into_iter();
        let died = died.map(|session| (session.document, session.is_charged));
        (lock, died.collect())
    }

    fn told(documents: &[(&str, bool)]) -> Vec<(String, bool)> {
        let told = documents.iter();
        told.map(|(name, is_charged)| ((*name).to_owned(), *is_charged))
            .collect()
    }

    #[test]
    fn all_sessions_in_work_are_told_to_the_next_run_and_none_that_ended() {
        let dir = tempfile::tempdir().unwrap();
        let (mut lock, died) = take(dir.path());
        assert!(died.is_empty());
        for (document, id) in [("a.json", "a"), ("a-longer-one.json", "b"), ("c.json", "c")] {
            lock.begin_work(document, id).unwrap();
        }
        lock.end_work("a-longer-one.json").unwrap();
        drop(lock);
        let (_lock, died) = take(dir.path());
        assert_eq!(died, told(&[("a.json", false), ("c.json", false)]));
    }

    #[test]
    fn of_several_that_a_run_died_at_those_are_told_again_that_are_not_charged() {
        let dir = tempfile::tempdir().unwrap();
        let (mut lock, _) = take(dir.path());
        for document in ["a.json", "b.json"] {
            lock.begin_work(document, "").unwrap();
        }
        drop(lock);
        let (mut lock, _) = take(dir.path());
        lock.mark_charged("b.json", "").unwrap();
        lock.mark_charged("other.json", "").unwrap();
        drop(lock);
        let (mut lock, died) = take(dir.path());
        assert_eq!(died, told(&[("a.json", false), ("b.json", true)]));
        // What is begun now takes their place.
        lock.begin_work("c.json", "").unwrap();
        drop(lock);
        let (lock, died) = take(dir.path());
        assert_eq!(died, told(&[("c.json", false)]));
        lock.clear().unwrap();
        drop(lock);
        assert!(take(dir.path()).1.is_empty());
    }

    #[test]
    fn a_mark_of_one_session_is_read_as_it_always_was_written() {
        let text = r#"{"pid":7,"started_at":"x","document":"a.json","session_id":"a"}"#;
        let holder: Holder = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&holder).unwrap(), text);
        assert_eq!(holder.in_work.len(), 1);
        assert!(serde_json::from_str::<Holder>(r#"{"pid":7,"started_at":"x"}"#).is_ok());
    }
}
