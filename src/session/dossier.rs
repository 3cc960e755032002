//! What is on disk for one session, gathered before anything is decided.

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::document::Document;
use super::record::Lacking;
use crate::manifest::Manifest;
use crate::transcript::Transcript;

/// What became of looking for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// Nothing names one.
    NotNamed,
    /// One is named and is not there.
    Missing,
    /// The name leads out of its directory, or to something that is no regular file.
    Unsafe(String),
    /// It is there and cannot be read.
    Unreadable(String),
    /// It is there.
    Here(T),
}

impl<T> Lookup<T> {
    /// What was found, if anything.
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Here(found) => Some(found),
            _ => None,
        }
    }
}

/// A file inside one of the spool's asset directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Where it is, below its directory.
    pub relative: PathBuf,
    /// Its size in bytes.
    pub len_bytes: u64,
    /// When it was last modified.
    pub modified: DateTime<Utc>,
}

impl FileFacts {
    /// The file's own name.
    pub fn file_name(&self) -> String {
        self.relative
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

/// A file that was read: what it is, or why it makes no sense.
#[derive(Debug, Clone)]
pub struct Reading<T> {
    /// The file.
    pub file: FileFacts,
    /// Its content, or why it cannot be understood.
    pub content: Result<T, String>,
}

/// Everything on disk about one session at one moment.
#[derive(Debug)]
pub struct Dossier {
    /// The document's file name in its state directory.
    pub name: OsString,
    /// The document.
    pub document: Document,
    /// When the document was last modified.
    pub modified: DateTime<Utc>,
    /// The egress manifest, when the document has an egress id.
    pub manifest: Lookup<Reading<Manifest>>,
    /// The manifest's files in their order, looked up in recordings/.
    pub manifest_files: Vec<Lookup<FileFacts>>,
    /// The recording that the document names.
    pub named_recording: Lookup<FileFacts>,
    /// The transcript; `NotNamed` when none is named and none has the session's name.
    pub transcript: Lookup<Reading<Transcript>>,
    /// The lead file.
    pub lead: Lookup<Reading<Box<RawValue>>>,
}

impl Dossier {
    /// Whether something that call data went without is there now. `has_recording` says whether
    /// the recording is delivered, or will be before the call data is sent.
    pub fn supplies(&self, lacking: Lacking, has_recording: bool) -> bool {
        match lacking {
            Lacking::Recording => has_recording,
            Lacking::Lead => self.lead.here().is_some(),
            Lacking::Transcript => self.transcript.here().is_some_and(|reading| {
                let transcript = reading.content.as_ref();
                transcript.map_or(true, |transcript| !transcript.is_blank())
            }),
        }
    }
}
