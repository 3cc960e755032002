//! A session: the document that stands for one call, our record in it, and what is on disk for it.
//!
//! Plain data and pure functions; no file is opened here.

mod document;
mod dossier;
mod draft;
mod likeness;
mod pruned;
mod record;
mod short_id;
mod tombstone;
mod verdict;

pub use document::{Document, DocumentError, Status};
pub use dossier::{Dossier, FileFacts, Lookup, Reading};
pub use draft::{Adopted, Draft};
pub use likeness::is_same_document;
pub use pruned::PrunedDocuments;
pub use record::{
    CallDataRecord, ErrorRecord, HISTORY_LIMIT, HistoryEntry, Lacking, PartState, RecordingRecord,
    UploadRecord,
};
pub use short_id::{is_short_for, may_be_short};
pub use tombstone::{FileKind, Tombstone, TombstoneError, Tombstones, text_names_session};
pub use verdict::{Verdict, verdict};
