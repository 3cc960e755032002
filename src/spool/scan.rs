//! Listing state directories and reading the documents in them.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use walkdir::WalkDir;

use super::confine::read_bounded;
use super::error::SpoolError;
use crate::session::Document;

/// The largest document that is read, in bytes.
const DOCUMENT_LIMIT: u64 = 16 << 20;

/// A file in a state directory that has a document's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its file name.
    pub name: OsString,
    /// When it was last modified.
    pub modified: DateTime<Utc>,
}

/// What a listing found.
#[derive(Debug, Default)]
pub struct Listed {
    /// Documents, the oldest first; of the same age by name.
    pub entries: Vec<Entry>,
    /// Whether temporary files of ours lie about.
    pub has_temporaries: bool,
}

/// What came of reading a document.
#[derive(Debug)]
pub enum DocumentReading {
    /// It is one.
    Document(Box<Document>),
    /// The bytes are no document.
    Unparsable(String),
    /// It is gone, or has become something that is no regular file.
    Vanished,
    /// It is there and cannot be read.
    Unreadable(String),
}

/// Lists a state directory. Directories, links and foreign names are passed over.
pub(super) fn list(dir: &Path) -> Result<Listed, SpoolError> {
    let mut listed = Listed::default();
    for entry in WalkDir::new(dir).min_depth(1).max_depth(1) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.depth() == 0 => return Err(list_error(dir, error)),
            // A file that went away, or one that cannot be looked at, is not in the listing.
            Err(error) => {
                log::debug!(error:% = error; "passed over while listing");
                continue;
            }
        };
        listed.has_temporaries |= super::durable::is_temporary(entry.file_name());
        if !entry.file_type().is_file() || !is_document_name(entry.file_name()) {
            continue;
        }
        // One that is there and cannot be looked at is found unreadable when its turn comes.
        let modified = match entry.metadata() {
            Ok(metadata) => metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            Err(error) if is_gone(&error) => continue,
            Err(_) => SystemTime::UNIX_EPOCH,
        };
        listed.entries.push(Entry {
            name: entry.file_name().to_owned(),
            modified: DateTime::<Utc>::from(modified),
        });
    }
    listed
        .entries
        .sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    Ok(listed)
}

/// Reads a document.
pub(super) fn read_document(path: &Path) -> DocumentReading {
    match read_file(path) {
        Ok(Some(bytes)) => match Document::parse(&bytes) {
            Ok(document) => DocumentReading::Document(Box::new(document)),
            Err(error) => DocumentReading::Unparsable(error.to_string()),
        },
        Ok(None) => DocumentReading::Unparsable("larger than 16 MiB".to_owned()),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::InvalidFilename
            ) =>
        {
            DocumentReading::Vanished
        }
        // ELOOP: a link has taken the file's place.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            DocumentReading::Vanished
        }
        Err(error) => DocumentReading::Unreadable(error.to_string()),
    }
}

/// Whether a file name is a document's.
pub(super) fn is_document_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.starts_with(b"metadata_") && bytes.ends_with(b".json")
}

fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    read_bounded(file, metadata.len(), DOCUMENT_LIMIT)
}

fn is_gone(error: &walkdir::Error) -> bool {
    error
        .io_error()
        .is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn list_error(dir: &Path, error: walkdir::Error) -> SpoolError {
    let source = error
        .into_io_error()
        .unwrap_or_else(|| ErrorKind::Other.into());
    SpoolError::new("list", dir, source)
}
