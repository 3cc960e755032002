//! What was received, on disk: `recordings/` and `received.sqlite` in one directory.
//!
//! Everything that an answer acknowledged is here, and is here again after a restart. Also knows
//! what came before: idempotency keys and call ids. Knows nothing of HTTP.

mod calls;
mod database;
mod recordings;

use std::io;
use std::path::{Path, PathBuf};

use calls::CallStore;
pub(crate) use calls::{NewCall, Posted};
pub(crate) use database::Database;
use recordings::RecordingStore;
pub(crate) use recordings::{Kept, NewRecording};

/// Name of the database in the store's directory.
const DATABASE: &str = "received.sqlite";

/// Name of the directory of the recordings.
const RECORDINGS: &str = "recordings";

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {operation} {}: {source}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot {operation} in {}: {source}", path.display())]
    Database {
        /// What was tried.
        operation: &'static str,
        /// In which database.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        Self::other(error)
    }
}

/// A recording that was received whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecording {
    /// Its place in the order of arrival, from 1.
    pub seq: u64,
    /// The name that the API gave it.
    pub stored_name: String,
    /// The name that the client gave it.
    pub original_name: String,
    /// The media type that the client gave it.
    pub media_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// The Idempotency-Key without quotes.
    pub idempotency_key: Option<String>,
    /// The X-Request-Id.
    pub request_id: Option<String>,
    /// RFC 3339, UTC.
    pub received_at: String,
    /// The `url` of the answer.
    pub url: String,
    /// Where the bytes are.
    pub path: PathBuf,
}

/// Call data that was received.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// Its place in the order of arrival, from 1.
    pub seq: u64,
    /// `callDetails.callId`.
    pub call_id: String,
    /// The body, parsed; numbers are rounded as `serde_json` does.
    pub body: serde_json::Value,
    /// The body as it came.
    pub raw_body: String,
    /// `callDetails.recordingUrl`, when it is a string.
    pub recording_url: Option<String>,
    /// The Idempotency-Key without quotes.
    pub idempotency_key: Option<String>,
    /// The X-Request-Id.
    pub request_id: Option<String>,
    /// RFC 3339, UTC.
    pub received_at: String,
}

/// Everything in a store.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Recordings in the order of arrival.
    pub recordings: Vec<StoredRecording>,
    /// Call data in the order of arrival.
    pub calls: Vec<StoredCall>,
}

/// Reads a store, also while a server writes to it.
///
/// # Errors
/// When there is no store in the directory, or it cannot be read.
pub fn read_store(directory: &Path) -> Result<Received, StoreError> {
    let database = Database::open_existing(&directory.join(DATABASE))?;
    Ok(Received {
        recordings: database.load_recordings(&directory.join(RECORDINGS))?,
        calls: database.load_calls()?,
    })
}

/// The parts of an open store.
pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) recordings: RecordingStore,
    pub(crate) calls: CallStore,
}

impl Store {
    /// Opens the store in a directory, and makes what is not there.
    ///
    /// # Errors
    /// When a directory or the database cannot be made or read.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        let recordings = directory.join(RECORDINGS);
        std::fs::create_dir_all(&recordings).map_err(|source| StoreError::File {
            operation: "create",
            path: recordings.clone(),
            source,
        })?;
        let database = Database::open(&directory.join(DATABASE))?;
        Ok(Self {
            recordings: RecordingStore::new(
                recordings.clone(),
                database.load_recordings(&recordings)?,
            ),
            calls: CallStore::new(database.load_calls()?),
            database,
        })
    }
}
