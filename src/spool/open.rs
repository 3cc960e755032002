//! The spool as everybody may see it: reading only.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::confine::AssetDir;
use super::disk::{Disk, SystemDisk};
use super::error::{OpenError, SpoolError};
use super::gather;
use super::layout::{Layout, State};
use super::listed::Listed;
use super::names;
use super::recording::{OpenRecording, OpenRecordingError};
use super::run_state::RunState;
use super::scan::{self, DocumentReading};
use super::shard::Shard;
use super::shards::ShardsDir;
use crate::session::{Document, Dossier, FileFacts, PrunedDocuments, Status, is_same_document};
use crate::timestamp;

/// An opened spool. It cannot change anything; see [`super::LeasedSpool`].
#[derive(Debug)]
pub struct Spool {
    layout: Layout,
    disk: Arc<dyn Disk>,
    shard: Option<Shard>,
    pub(super) conversations: AssetDir,
    pub(super) recordings: AssetDir,
    pub(super) leads: AssetDir,
    /// What was removed, read when it is asked for first.
    pub(super) pruned: OnceLock<PrunedDocuments>,
}

impl Spool {
    /// Opens a spool on the machine's disk.
    ///
    /// # Errors
    /// When the root or the metadata directory is missing or unreadable, or when state directories
    /// lie on different file systems.
    pub fn open(layout: Layout) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(SystemDisk), layout)
    }

    /// Opens a spool on a disk of the caller's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(disk: Arc<dyn Disk>, layout: Layout) -> Result<Self, OpenError> {
        for dir in [&layout.root, &layout.metadata] {
            disk.open_dir(dir).map_err(|source| OpenError::NoSpool {
                root: layout.root.clone(),
                source: SpoolError::new("read", dir, source),
            })?;
        }
        check_one_file_system(&*disk, &layout)?;
        let asset = |path: &PathBuf| AssetDir::open(Arc::clone(&disk), &layout.root, path);
        Ok(Self {
            conversations: asset(&layout.conversations),
            recordings: asset(&layout.recordings),
            leads: asset(&layout.leads),
            pruned: OnceLock::new(),
            layout,
            disk,
            shard: None,
        })
    }

    /// The same spool as a run sees it that takes one shard of it: the documents of all others are
    /// not listed, and its lease keeps no run of another shard away.
    #[must_use]
    pub fn dealt(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// The shard that is seen; `None` for the whole spool.
    pub fn shard(&self) -> Option<Shard> {
        self.shard
    }

    /// Which documents are seen, by their names.
    fn ours(&self) -> impl Fn(&OsStr) -> bool {
        let shard = self.shard;
        move |name| shard.is_none_or(|shard| shard.has(name))
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Where everything is.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Lists the documents in a state directory, the oldest first. One that is not there is empty.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn list(&self, state: State) -> Result<Listed, SpoolError> {
        self.list_those(state, &|_| true)
    }

    /// Lists those documents in a state directory whose file names are wanted; no other one is
    /// looked at.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn list_those(
        &self,
        state: State,
        is_wanted: &dyn Fn(&OsStr) -> bool,
    ) -> Result<Listed, SpoolError> {
        let is_ours = self.ours();
        let listed = scan::list(self.disk(), self.layout.dir(state), &|name| {
            is_ours(name) && is_wanted(name)
        });
        or_nothing(state, listed)
    }

    /// Counts the documents in a state directory.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn count(&self, state: State) -> Result<u64, SpoolError> {
        or_nothing(
            state,
            scan::count(self.disk(), self.layout.dir(state), &self.ours()),
        )
    }

    /// Reads a document.
    pub fn read_document(&self, state: State, name: &OsStr) -> DocumentReading {
        scan::read_document(self.disk(), &self.layout.dir(state).join(name))
    }

    /// When a name was last made or removed among the pending documents; `None` when that cannot be
    /// told.
    pub fn pending_changed(&self) -> Option<DateTime<Utc>> {
        let stat = self.disk().stat(&self.layout.metadata).ok()?;
        stat.modified.map(timestamp::of_file)
    }

    /// The bytes of what has a document's name, whatever they are; `None` when they are too many.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_bytes(&self, state: State, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
        scan::read_file(self.disk(), &self.layout.dir(state).join(name))
    }

    /// Gathers everything that is on disk about a session.
    pub fn gather(&self, name: &OsStr, document: Document, modified: DateTime<Utc>) -> Dossier {
        gather::gather(self, name, document, modified)
    }

    /// Opens a recording that was looked up.
    ///
    /// # Errors
    /// When it is gone, is no regular file inside recordings/ any more, or cannot be read.
    pub fn open_recording(
        &self,
        file: &FileFacts,
    ) -> Result<OpenRecording<'_>, OpenRecordingError> {
        OpenRecording::open(&self.recordings, file)
    }

    /// Where a pending document was filed before, if a crash left it in two places: the same
    /// document, and complete over there, or delivered and removed since.
    ///
    /// # Errors
    /// Why that cannot be told, in words: a file of that name is there and cannot be read.
    pub fn filed_before(
        &self,
        name: &OsStr,
        document: &Document,
    ) -> Result<Option<(State, OsString)>, String> {
        let states = [
            (State::Processed, Status::Uploaded),
            (State::Failed, Status::Failed),
        ];
        for (state, status) in states {
            let found = self.copy_in(state, name, |copy| {
                copy.status() == status
                    && is_same_document(copy, document)
                    // A person's copy of a failed document has the same history; what a crash
                    // left behind knows less than what was filed, or has been filed itself.
                    && (state == State::Processed
                        || document.status() == status
                        || copy.record.history.last() != document.record.history.last())
            })?;
            if let Some(name) = found {
                return Ok(Some((state, name)));
            }
        }
        // What was filed may have been removed since; a copy from elsewhere brings it back.
        if self.was_pruned(document) {
            return Ok(Some((State::Processed, name.to_owned())));
        }
        Ok(None)
    }

    fn copy_in(
        &self,
        state: State,
        name: &OsStr,
        is_same: impl Fn(&Document) -> bool,
    ) -> Result<Option<OsString>, String> {
        for copy in 0..=u32::MAX {
            let name = names::numbered(name, copy);
            // Most were never filed: that takes one look.
            let there = self.disk().lstat(&self.layout.dir(state).join(&name));
            if matches!(&there, Err(error) if error.kind() == ErrorKind::NotFound) {
                break;
            }
            match self.read_document(state, &name) {
                // A name that something else has taken is not the last one.
                DocumentReading::Vanished if there.is_ok() => {}
                DocumentReading::Vanished => break,
                DocumentReading::Document(document) if is_same(&document) => return Ok(Some(name)),
                DocumentReading::Document(_) | DocumentReading::Unparsable(_) => {}
                DocumentReading::Unreadable(reason) => {
                    let place = state.as_str();
                    return Err(format!(
                        "what was {place} under its name cannot be read: {reason}"
                    ));
                }
            }
        }
        Ok(None)
    }

    /// What earlier runs have left for later ones; nothing when there is none or it makes no sense.
    pub fn run_state(&self) -> RunState {
        ShardsDir::of(&self.layout.metadata).run_state(self.disk(), self.shard)
    }
}

/// A state directory that is not there has nothing in it, but for the pending documents'.
fn or_nothing<T: Default>(state: State, listed: Result<T, SpoolError>) -> Result<T, SpoolError> {
    match listed {
        Err(error) if error.source.kind() == ErrorKind::NotFound && state != State::Pending => {
            Ok(T::default())
        }
        listed => listed,
    }
}

/// Checks that documents can be moved between the state directories by rename. One that is yet to
/// be made counts as where it will be.
fn check_one_file_system(disk: &dyn Disk, layout: &Layout) -> Result<(), OpenError> {
    let device = |state: State| {
        for place in layout.dir(state).ancestors() {
            match disk.stat(place) {
                Ok(stat) => return Some(stat.device),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // It cannot be told: whoever uses the directory meets the error.
                Err(_) => return None,
            }
        }
        None
    };
    let pending = device(State::Pending);
    for state in [State::Processed, State::Failed, State::Corrupt] {
        let is_other = |device| pending.is_some_and(|pending| pending != device);
        if device(state).is_some_and(is_other) {
            return Err(OpenError::FileSystems {
                first: layout.metadata.clone(),
                second: layout.dir(state).to_owned(),
            });
        }
    }
    Ok(())
}
