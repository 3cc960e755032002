//! Adding to a spool: transcripts, leads and new documents.
//!
//! Beside [`super::LeasedSpool`] the only thing that writes, and it only ever adds: no file that is
//! there is changed, moved or removed. It takes no lease, so that the end of a call never waits for
//! a run; those who add take turns by a lock of their own, which is held for milliseconds.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::confine::{is_plain, read_bounded};
use super::disk::{Access, Disk, LockFile, SystemDisk};
use super::durable;
use super::error::{DepositError, OpenError, SpoolError};
use super::layout::{Layout, State};
use super::lock_file::is_still_there;
use super::names::numbered;
use super::scan::{self, DocumentReading};

/// The lock of those who add, in the metadata directory.
const LOCK_NAME: &str = ".callspool.record.lock";

/// The longest part of a file name that is made from an id, in bytes: there is room for what
/// stands before and after it, and for a number.
const NAME_LIMIT: usize = 160;

/// What belongs to a session beside its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asset {
    /// A transcript, in conversations/.
    Transcript,
    /// A lead, in leads/.
    Lead,
}

impl Asset {
    /// What its file names begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Lead => "lead",
        }
    }

    pub(super) fn dir(self, layout: &Layout) -> &Path {
        match self {
            Self::Transcript => &layout.conversations,
            Self::Lead => &layout.leads,
        }
    }
}

/// A document that a session has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: State,
    /// Its file name.
    pub name: OsString,
    /// Where it is.
    pub path: PathBuf,
}

/// A file that belongs to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it is.
    pub path: PathBuf,
    /// How a document names it: relative to the root when it is inside, else absolute.
    pub name: String,
    /// Whether a file with these very bytes was there.
    pub was_there: bool,
}

/// The right to add to a spool, until it is dropped.
#[derive(Debug)]
pub struct Deposit {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) layout: Layout,
    _lock: Box<dyn LockFile>,
}

impl Deposit {
    /// Waits for its turn to add to a spool on the machine's disk. Directories that are missing
    /// below the root are made.
    ///
    /// # Errors
    /// When the root is missing, or when a directory or the lock cannot be made or used.
    pub fn open(layout: &Layout) -> Result<Self, DepositError> {
        Self::open_on(Arc::new(SystemDisk), layout)
    }

    /// [`Self::open`] on a disk of the caller's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(disk: Arc<dyn Disk>, layout: &Layout) -> Result<Self, DepositError> {
        disk.open_dir(&layout.root).map_err(|source| {
            DepositError::NoSpool(OpenError::NoSpool {
                root: layout.root.clone(),
                source: SpoolError::new("read", &layout.root, source),
            })
        })?;
        // The state directories too: those that a run makes are its user's alone, and the user who
        // adds may be another one.
        let dirs = [
            &layout.metadata,
            &layout.processed,
            &layout.failed,
            &layout.corrupt,
            &layout.conversations,
            &layout.leads,
        ];
        for dir in dirs {
            durable::ensure_dir(&*disk, dir, Access::Group)?;
        }
        durable::keep_dirs(&*disk, dirs.map(PathBuf::as_path))?;
        let lock = wait_for_lock(&*disk, &layout.metadata.join(LOCK_NAME))?;
        Ok(Self {
            disk,
            layout: layout.clone(),
            _lock: lock,
        })
    }

    /// Where everything is.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The document that a session got from here, wherever it is by now; where it was, if it was
    /// delivered and removed.
    ///
    /// # Errors
    /// When a file of its name cannot be read: there is no telling then.
    pub fn find(&self, session_id: &str) -> Result<Option<Known>, SpoolError> {
        // A run moves documents meanwhile: out of call_metadata/, or back into it by a requeue.
        // One that is there throughout is met at the latest when it has come back.
        let states = State::ALL.into_iter().chain([State::Pending]);
        for state in states {
            if let Some(known) = self.find_in(state, session_id)? {
                return Ok(Some(known));
            }
        }
        if self.was_pruned(session_id) {
            log::info!("the session was delivered, and its document removed since");
            let (state, name) = (State::Processed, file_name("metadata", session_id));
            let path = self.layout.dir(state).join(&name);
            return Ok(Some(Known { state, name, path }));
        }
        Ok(None)
    }

    fn find_in(&self, state: State, session_id: &str) -> Result<Option<Known>, SpoolError> {
        // Agents that write their documents themselves name them by the bare id.
        let bare = Some(session_id).filter(|id| is_plain(id) && safe_name(id) != **id);
        let bare = bare.map(|id| OsString::from(format!("metadata_{id}.json")));
        for first in [Some(file_name("metadata", session_id)), bare]
            .into_iter()
            .flatten()
        {
            if let Some(known) = self.find_named(state, session_id, &first)? {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    fn find_named(
        &self,
        state: State,
        session_id: &str,
        first: &OsStr,
    ) -> Result<Option<Known>, SpoolError> {
        for copy in 0..=u32::MAX {
            let name = numbered(first, copy);
            let path = self.layout.dir(state).join(&name);
            match scan::read_document(&*self.disk, &path) {
                DocumentReading::Document(document) if document.session_id() == session_id => {
                    return Ok(Some(Known { state, name, path }));
                }
                // Another session's, or bytes that are no document and so nobody's.
                DocumentReading::Document(_) | DocumentReading::Unparsable(_) => {}
                DocumentReading::Vanished => return Ok(None),
                DocumentReading::Unreadable(_) if self.is_closed(state) => {
                    let dir = self.layout.dir(state).display();
                    log::warn!(
                        "cannot look into {dir}, so a session that is in there would be recorded \
                         again; give this user's group the right to read it"
                    );
                    return Ok(None);
                }
                DocumentReading::Unreadable(reason) => {
                    let operation = "tell whether the session has a document already:";
                    let reason = io::Error::other(reason);
                    return Err(SpoolError::new(operation, path, reason));
                }
            }
        }
        Ok(None)
    }

    /// Whether a directory other than that of the pending documents may not be looked into: it is
    /// the user's who makes the runs, and no call is to be lost for that.
    fn is_closed(&self, state: State) -> bool {
        let opened = self.disk.open_dir(self.layout.dir(state));
        state != State::Pending
            && opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    /// Adds a transcript or a lead. What an earlier try has left with the same bytes is taken; a
    /// file with others stays, and the new one gets a number.
    ///
    /// # Errors
    /// When it cannot be written durably; there is nothing then but perhaps a temporary file, which
    /// the next to add removes.
    pub fn add(&self, asset: Asset, session_id: &str, bytes: &[u8]) -> Result<Stored, SpoolError> {
        let dir = asset.dir(&self.layout);
        let first = file_name(asset.prefix(), session_id);
        for copy in 0..=u32::MAX {
            let name = numbered(&first, copy);
            match self.holds(&dir.join(&name), bytes)? {
                Some(true) => {
                    // Whoever wrote it may have died before it was made to last.
                    durable::sync_dir(&*self.disk, dir)?;
                    return Ok(self.stored(dir, &name, true));
                }
                Some(false) => {}
                None => break,
            }
        }
        let name = durable::deposit(&*self.disk, dir, &first, bytes)?;
        Ok(self.stored(dir, &name, false))
    }

    /// The transcripts or leads that a session got from here, the oldest first.
    ///
    /// # Errors
    /// When one cannot be looked at.
    pub fn added(&self, asset: Asset, session_id: &str) -> Result<Vec<Stored>, SpoolError> {
        let dir = asset.dir(&self.layout);
        let names = numbered_files(&*self.disk, asset, &self.layout, session_id)?;
        let stored = names.iter().map(|name| self.stored(dir, name, true));
        Ok(stored.collect())
    }

    /// Adds a pending document under the name that its session's id gets, or a numbered one where
    /// another session has that.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_document(&self, session_id: &str, bytes: &[u8]) -> Result<OsString, SpoolError> {
        let name = file_name("metadata", session_id);
        durable::deposit(&*self.disk, &self.layout.metadata, &name, bytes)
    }

    /// Whether a file holds these bytes; `None` when there is none.
    fn holds(&self, path: &Path, bytes: &[u8]) -> Result<Option<bool>, SpoolError> {
        let compare = || -> io::Result<bool> {
            let stat = self.disk.lstat(path)?;
            let len_bytes = bytes.len() as u64;
            if !stat.is_file() || stat.len_bytes != len_bytes {
                return Ok(false);
            }
            let found = read_bounded(self.disk.open(path)?, len_bytes, len_bytes)?;
            Ok(found.is_some_and(|found| found == bytes))
        };
        match compare() {
            Ok(is_same) => Ok(Some(is_same)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SpoolError::new("read", path, error)),
        }
    }

    pub(super) fn stored(&self, dir: &Path, name: &OsStr, was_there: bool) -> Stored {
        let path = dir.join(name);
        let named = path.strip_prefix(&self.layout.root).unwrap_or(&path);
        Stored {
            name: named.to_string_lossy().into_owned(),
            path,
            was_there,
        }
    }
}

/// The names of the transcripts or leads that a session got by being recorded, the oldest first.
pub(super) fn numbered_files(
    disk: &dyn Disk,
    asset: Asset,
    layout: &Layout,
    session_id: &str,
) -> Result<Vec<OsString>, SpoolError> {
    let dir = asset.dir(layout);
    let first = file_name(asset.prefix(), session_id);
    let mut found = Vec::new();
    for copy in 0..=u32::MAX {
        let name = numbered(&first, copy);
        let path = dir.join(&name);
        match disk.lstat(&path) {
            Ok(stat) if stat.is_file() => found.push(name),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(SpoolError::new("look at", path, error)),
        }
    }
    Ok(found)
}

/// The lock of those who add, held so that nobody adds meanwhile.
#[derive(Debug)]
pub struct Hush(#[expect(dead_code, reason = "held until it is dropped")] Box<dyn LockFile>);

impl super::leased::LeasedSpool<'_> {
    /// Waits until nobody adds to the spool, and keeps others from it until what is returned is
    /// dropped. Agents wait for that: it is for moments only.
    ///
    /// # Errors
    /// When the lock cannot be used.
    pub fn hush(&self) -> Result<Hush, SpoolError> {
        let path = self.layout().metadata.join(LOCK_NAME);
        wait_for_lock(self.disk(), &path).map(Hush)
    }
}

fn wait_for_lock(disk: &dyn Disk, path: &Path) -> Result<Box<dyn LockFile>, SpoolError> {
    loop {
        let file = disk
            .open_lock(path, Access::Group)
            .map_err(SpoolError::of("open the lock file", path))?;
        file.lock().map_err(SpoolError::of("lock", path))?;
        // Somebody may have removed the file between opening and locking it.
        let is_there = is_still_there(disk, &*file, path);
        if is_there.map_err(SpoolError::of("look at", path))? {
            return Ok(file);
        }
    }
}

/// The name of a session's file of a kind.
fn file_name(prefix: &str, session_id: &str) -> OsString {
    format!("{prefix}_{}.json", safe_name(session_id)).into()
}

/// An id as a part of file names: whole, harmless, and another one for every other id.
///
/// Letters, digits, `_` and `-` of ASCII stand for themselves, every other byte is `%` and two hexadecimal
/// digits; so no dot is left, and no name is taken for a numbered copy. A name that would be too
/// long is cut, and ends in `~` and the first half of the id's SHA-256.
///
/// ```
/// use callspool::spool::safe_name;
///
/// assert_eq!(safe_name("session_20251029_135057_99509edf"), "session_20251029_135057_99509edf");
/// assert_eq!(safe_name("../x.1"), "%2E%2E%2Fx%2E1");
/// ```
pub fn safe_name(session_id: &str) -> String {
    let mut name = String::with_capacity(session_id.len());
    for byte in session_id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > NAME_LIMIT {
        let digest = Sha256::digest(session_id.as_bytes());
        let half = digest.iter().take(16);
        let ending: String = half.map(|byte| format!("{byte:02x}")).collect();
        name.truncate(NAME_LIMIT - 1 - ending.len());
        name.push('~');
        name.push_str(&ending);
    }
    name
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn layout(root: &Path) -> Layout {
        Layout::below(root)
    }

    fn document(session_id: &str) -> Vec<u8> {
        format!("{{\"session_id\": {session_id:?}}}").into_bytes()
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_id_gets_a_harmless_name_of_its_own() {
        let long = "x".repeat(161);
        let ids = [
            "a",
            "A",
            "a.1",
            "a/1",
            "a%2F1",
            "a\\1",
            "..",
            ".",
            "a b",
            "ä",
            "a\n",
            "a\0",
            "~",
            "~a",
            &long[..160],
            &long,
            "x~",
        ];
        let mut seen = std::collections::BTreeSet::new();
        for id in ids {
            let name = safe_name(id);
            assert!(name.len() <= NAME_LIMIT, "{id:?}");
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-%~".contains(&byte)),
                "{id:?}"
            );
            assert!(seen.insert(name), "{id:?}");
        }
        assert_eq!(safe_name(&long[..160]), long[..160]);
        assert_ne!(safe_name(&"y".repeat(500)), safe_name(&"y".repeat(501)));
    }

    #[test]
    fn what_was_added_is_found_in_every_state() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let deposit = Deposit::open(&layout).unwrap();
        assert_eq!(deposit.find("s").unwrap(), None);
        let name = deposit.add_document("s", &document("s")).unwrap();
        assert_eq!(name, "metadata_s.json");
        for state in [State::Processed, State::Failed, State::Corrupt] {
            let known = deposit.find("s").unwrap().unwrap();
            let moved = layout.dir(state).join("metadata_s.json");
            durable::move_new(&SystemDisk, &known.path, layout.dir(state), &name).unwrap();
            let known = deposit.find("s").unwrap().unwrap();
            assert_eq!((known.state, known.path), (state, moved));
        }
    }

    #[test]
    fn another_sessions_document_of_the_same_name_is_not_this_ones() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let deposit = Deposit::open(&layout).unwrap();
        deposit.add_document("s", &document("S")).unwrap();
        assert_eq!(deposit.find("s").unwrap(), None);
        let name = deposit.add_document("s", &document("s")).unwrap();
        assert_eq!(name, "metadata_s.1.json");
        assert_eq!(deposit.find("s").unwrap().unwrap().name, name);
    }

    #[test]
    fn the_same_bytes_are_added_once_and_others_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let deposit = Deposit::open(&layout).unwrap();
        let add = |bytes: &[u8]| {
            let stored = deposit.add(Asset::Lead, "s", bytes).unwrap();
            (stored.name, stored.was_there)
        };
        assert_eq!(add(b"one"), ("leads/lead_s.json".to_owned(), false));
        assert_eq!(add(b"one"), ("leads/lead_s.json".to_owned(), true));
        assert_eq!(add(b"two"), ("leads/lead_s.1.json".to_owned(), false));
        assert_eq!(add(b"two"), ("leads/lead_s.1.json".to_owned(), true));
        assert_eq!(fs::read(layout.leads.join("lead_s.json")).unwrap(), b"one");
        let added = deposit.added(Asset::Lead, "s").unwrap();
        let added: Vec<_> = added.iter().map(|stored| &*stored.name).collect();
        assert_eq!(added, ["leads/lead_s.json", "leads/lead_s.1.json"]);
    }

    #[test]
    fn a_dead_writers_temporary_file_goes_when_the_next_one_writes() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let deposit = Deposit::open(&layout).unwrap();
        let left = layout.conversations.join(".callspool.record.tmp");
        fs::File::create_new(&left).unwrap();
        deposit.add(Asset::Transcript, "s", b"{}").unwrap();
        assert_eq!(names(&layout.conversations), ["transcript_s.json"]);
        assert_eq!(
            names(&layout.metadata),
            [LOCK_NAME],
            "the lock is not to be mistaken for a document"
        );
    }

    #[test]
    fn nobody_outside_the_group_may_read_what_was_added() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let deposit = Deposit::open(&layout).unwrap();
        let stored = deposit.add(Asset::Lead, "s", b"{}").unwrap();
        for path in [&stored.path, &layout.leads] {
            let mode = fs::metadata(path).unwrap().mode();
            assert_eq!(mode & 0o007, 0, "{}", path.display());
            assert_eq!(mode & 0o600, 0o600, "{}", path.display());
        }
    }

    #[test]
    fn a_missing_root_is_no_spool() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(&dir.path().join("gone"));
        let error = Deposit::open(&layout).unwrap_err();
        assert!(matches!(error, DepositError::NoSpool(_)));
    }
}
