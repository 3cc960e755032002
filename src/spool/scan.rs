//! Listing state directories and reading the documents in them.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rustix::io::Errno;

use super::confine::read_bounded;
use super::disk::{Disk, Kind};
use super::error::SpoolError;
use super::shard::Shard;
use super::temporary::is_temporary;
use crate::session::Document;

/// The largest document that is read, in bytes.
pub(super) const DOCUMENT_LIMIT: u64 = 16 << 20;

/// A file in a state directory that has a document's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its file name.
    pub name: OsString,
    /// When it was last modified.
    pub modified: DateTime<Utc>,
    /// When it came to be what it is where it is: its last change of any kind. A document that is
    /// filed keeps the time of its modification, not this one.
    pub changed: DateTime<Utc>,
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

/// Lists a state directory: the documents of that shard, or all. Directories, links and foreign
/// names are passed over.
pub(super) fn list(
    disk: &dyn Disk,
    dir: &Path,
    shard: Option<Shard>,
) -> Result<Listed, SpoolError> {
    let is_ours = |name: &OsStr| shard.is_none_or(|shard| shard.has(name));
    let mut names = Vec::new();
    let mut has_temporaries = false;
    disk.list(dir, &mut |name, kind| {
        has_temporaries |= is_temporary(&name);
        if kind == Kind::File && is_document_name(&name) && is_ours(&name) {
            names.push(name);
        }
    })
    .map_err(SpoolError::of("list", dir))?;
    let mut entries = Vec::with_capacity(names.len());
    for name in names {
        // One that is there and cannot be looked at is found unreadable when its turn comes.
        let (modified, changed) = match disk.lstat(&dir.join(&name)) {
            Ok(stat) => (stat.modified, stat.changed),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => (None, None),
        };
        let modified = DateTime::<Utc>::from(modified.unwrap_or(SystemTime::UNIX_EPOCH));
        entries.push(Entry {
            name,
            modified,
            changed: changed.map_or(modified, DateTime::<Utc>::from),
        });
    }
    entries.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    Ok(Listed {
        entries,
        has_temporaries,
    })
}

/// Reads a document.
pub(super) fn read_document(disk: &dyn Disk, path: &Path) -> DocumentReading {
    match read_file(disk, path) {
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
        // ELOOP: a link has taken the file's place; ENXIO: a socket has.
        Err(error)
            if [Errno::LOOP, Errno::NXIO]
                .iter()
                .any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) =>
        {
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

/// Reads a regular file, not through a link, and without waiting for whatever stands in its place;
/// `None` when it is larger than a document may be.
pub(super) fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = disk.open(path)?;
    let stat = file.stat()?;
    if !stat.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    read_bounded(file, stat.len_bytes, DOCUMENT_LIMIT)
}
