//! The file of tombstones: `.callspool.pruned`, beside the delivered documents.
//!
//! It is written before a document is removed, and read by those who would take its transcript, its
//! call or its own return for something new.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

use super::confine::read_bounded;
use super::deposit::Deposit;
use super::disk::{Disk, OpenFile};
use super::durable::{self, Attributes};
use super::error::SpoolError;
use super::leased::LeasedSpool;
use super::open::Spool;
use crate::session::{Document, PrunedDocuments, TombstoneError, Tombstones, text_names_session};

/// The file's name.
const FILE_NAME: &str = ".callspool.pruned";

/// The most that is read of it, in bytes.
const LIMIT: u64 = 1 << 30;

/// Who may read it: agents that record are other users, and there is nothing of a person in it.
const MODE: u32 = 0o644;

/// Opens the file; `None` when there is none.
fn open(disk: &dyn Disk, processed: &Path) -> io::Result<Option<Box<dyn OpenFile>>> {
    let file = match disk.open(&processed.join(FILE_NAME)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let stat = file.stat()?;
    if !stat.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if stat.len_bytes > LIMIT {
        return Err(io::Error::other("it is larger than 1 GiB"));
    }
    Ok(Some(file))
}

fn read(disk: &dyn Disk, processed: &Path) -> io::Result<String> {
    let Some(file) = open(disk, processed)? else {
        return Ok(String::new());
    };
    let bytes = read_bounded(file, 0, LIMIT)?;
    let bytes = bytes.ok_or_else(|| io::Error::other("it is larger than 1 GiB"))?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text"))
}

impl From<TombstoneError> for io::Error {
    fn from(error: TombstoneError) -> Self {
        Self::other(error)
    }
}

impl Spool {
    /// What is left of sessions whose documents were removed.
    ///
    /// # Errors
    /// When that cannot be read or makes no sense: what is not known must not be delivered again.
    pub fn tombstones(&self) -> Result<Tombstones, SpoolError> {
        let processed = &self.layout().processed;
        read(self.disk(), processed)
            .and_then(|text| Tombstones::parse(&text).map_err(io::Error::other))
            .map_err(SpoolError::of("read", &processed.join(FILE_NAME)))
    }

    fn pruned_documents(&self) -> io::Result<PrunedDocuments> {
        match open(self.disk(), &self.layout().processed)? {
            Some(file) => PrunedDocuments::read(BufReader::new(file).lines()),
            None => Ok(PrunedDocuments::default()),
        }
    }

    /// Whether a pending document is one that was delivered and removed. Where that cannot be told,
    /// it is as if nothing had been removed: a file that is damaged keeps no call from delivery.
    pub(super) fn was_pruned(&self, document: &Document) -> bool {
        let pruned = self.pruned.get_or_init(|| self.pruned_documents().unwrap_or_else(|error| {
            let error = SpoolError::new("read", self.layout().processed.join(FILE_NAME), error);
            let reason = &error.source;
            log::warn!(reason:% = reason; "{error}: documents that come back after prune are delivered again");
            PrunedDocuments::default()
        }));
        // One that a person has brought back and asked to be sent again is not removed.
        let was_requeued = document
            .record
            .history
            .iter()
            .any(|entry| entry.part == "session");
        !was_requeued && pruned.has(document)
    }
}

impl LeasedSpool<'_> {
    /// Keeps tombstones, in place of those that were there.
    ///
    /// # Errors
    /// When they cannot be written durably; the old ones stand.
    pub fn save_tombstones(&self, tombstones: &Tombstones) -> Result<(), SpoolError> {
        let dir = &self.layout().processed;
        let stat = self
            .disk()
            .stat(dir)
            .map_err(SpoolError::of("look at", dir))?;
        let attributes = Attributes {
            mode: MODE,
            owner: stat.owner,
            modified: None,
        };
        let text = tombstones.to_text();
        let name = OsStr::new(FILE_NAME);
        durable::replace(self.disk(), dir, name, text.as_bytes(), Some(&attributes))
    }
}

impl Deposit {
    /// Whether a session was delivered and its document removed. Where that cannot be told the call is
    /// recorded: it is not to be lost for that.
    pub(super) fn was_pruned(&self, session_id: &str) -> bool {
        let processed = &self.layout.processed;
        match read(&*self.disk, processed) {
            Ok(text) => text_names_session(&text, session_id),
            Err(error) => {
                let file = processed.join(FILE_NAME);
                log::warn!(file:% = file.display(), reason:% = error; "cannot tell whether the session was pruned");
                false
            }
        }
    }
}
