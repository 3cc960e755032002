//! Listing state directories and reading the documents in them.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::io::Errno;

use super::confine::read_bounded;
use super::disk::{Disk, Kind};
use super::error::SpoolError;
use super::listed::{Listed, PREFIX, SUFFIX, Times};
use super::temporary::is_temporary;
use crate::session::Document;

/// The largest document that is read, in bytes.
pub(super) const DOCUMENT_LIMIT: u64 = 16 << 20;

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

/// Lists those documents of a state directory whose names are wanted. Directories, links and foreign
/// names are passed over.
pub(super) fn list(
    disk: &dyn Disk,
    dir: &Path,
    is_wanted: &dyn Fn(&OsStr) -> bool,
) -> Result<Listed, SpoolError> {
    let open = disk.open_listed(dir).map_err(SpoolError::of("list", dir))?;
    let mut listed = Listed::default();
    open.names(&mut |name, kind| {
        if is_temporary(name) {
            listed.note_temporary();
        }
        if kind == Kind::File && is_document_name(name) && is_wanted(name) {
            listed.push(name);
        }
    })
    .map_err(SpoolError::of("list", dir))?;
    listed.look_at_each(|name| match open.lstat(name) {
        Ok(stat) => Some(Times::of(&stat)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        // One that is there and cannot be looked at is found unreadable when its turn comes.
        Err(_) => Some(Times::UNKNOWN),
    });
    Ok(listed)
}

/// Counts those documents in a state directory whose names are wanted, without looking at any.
pub(super) fn count(
    disk: &dyn Disk,
    dir: &Path,
    is_wanted: &dyn Fn(&OsStr) -> bool,
) -> Result<u64, SpoolError> {
    let mut count = 0;
    disk.list(dir, &mut |name, kind| {
        let is_counted = kind == Kind::File && is_document_name(name) && is_wanted(name);
        count += u64::from(is_counted);
    })
    .map_err(SpoolError::of("list", dir))?;
    Ok(count)
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
    bytes.starts_with(PREFIX) && bytes.ends_with(SUFFIX)
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
