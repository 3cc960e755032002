//! Files that a caller offers for a session: named where they are, or read to be copied in.

use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::confine::read_bounded;
use super::deposit::{Asset, Deposit, Known, Stored};
use super::disk::Stat;
use super::durable;
use super::error::SpoolError;
use super::gather::{SMALL_LIMIT, TRANSCRIPT_LIMIT};
use super::scan::{self, DOCUMENT_LIMIT, DocumentReading};
use crate::session::Document;

/// The number by which an open says that a name is a link.
const IS_A_LINK: i32 = rustix::io::Errno::LOOP.raw_os_error();

/// A file that was offered.
#[derive(Debug, Clone)]
pub struct Offered {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// How a document can name it, when it is where the session's own would be.
    pub in_place: Option<Stored>,
}

/// Why an offered file cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum OfferedError {
    /// There is none.
    #[error("is not there")]
    NotThere,
    /// It is a link, a directory, a FIFO or the like.
    #[error("is no regular file")]
    NotAFile,
    /// It is larger than a run would read.
    #[error("is larger than {limit_mib} MiB")]
    TooLarge {
        /// The most that is read.
        limit_mib: u64,
    },
    /// It may not be read, or the disk fails.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

impl Asset {
    /// The most that is read of such a file, in bytes.
    pub fn limit_bytes(self) -> u64 {
        match self {
            Self::Transcript => TRANSCRIPT_LIMIT,
            Self::Lead => SMALL_LIMIT,
        }
    }
}

impl Deposit {
    /// The most that is read of a document, in bytes.
    pub const DOCUMENT_LIMIT: u64 = DOCUMENT_LIMIT;

    /// Reads a file that a caller names, by a path from the working directory or else from the root.
    ///
    /// # Errors
    /// When it is not there, no regular file, too large, or cannot be read.
    pub fn offered(&self, asset: Asset, path: &Path) -> Result<Offered, OfferedError> {
        let from_here = std::path::absolute(path).map_err(OfferedError::Unreadable)?;
        match self.read_offered(asset, &from_here) {
            Err(OfferedError::NotThere) => self.read_offered(asset, &self.layout.root.join(path)),
            read => read,
        }
    }

    /// Makes a file's name last over a loss of power: whoever wrote it may have died before it had come
    /// to that.
    ///
    /// # Errors
    /// When the name may not have lasted.
    pub fn keep(&self, path: &Path) -> Result<(), SpoolError> {
        let dir = path.parent().unwrap_or(path);
        durable::sync_dir(&*self.disk, dir)
    }

    /// The document of a session, as it is now.
    pub fn document(&self, known: &Known) -> Option<Box<Document>> {
        match scan::read_document(&*self.disk, &known.path) {
            DocumentReading::Document(document) => Some(document),
            _ => None,
        }
    }

    fn read_offered(&self, asset: Asset, path: &Path) -> Result<Offered, OfferedError> {
        let limit = asset.limit_bytes();
        let file = self.disk.open(path).map_err(refused)?;
        let stat = file.stat().map_err(OfferedError::Unreadable)?;
        if !stat.is_file() {
            return Err(OfferedError::NotAFile);
        }
        match read_bounded(file, stat.len_bytes, limit).map_err(OfferedError::Unreadable)? {
            Some(bytes) => Ok(Offered {
                in_place: self.in_place(asset, path, &stat),
                bytes,
            }),
            None => Err(OfferedError::TooLarge {
                limit_mib: limit >> 20,
            }),
        }
    }

    /// How a document can name a file that was opened at a path; `None` when that is outside the
    /// directory, or when a run would not find it by its name.
    fn in_place(&self, asset: Asset, path: &Path, opened: &Stat) -> Option<Stored> {
        let dir = asset.dir(&self.layout);
        let real_dir = self.disk.canonicalize(dir).ok()?;
        let real = self.disk.canonicalize(path).ok()?;
        let inside = real.strip_prefix(real_dir).ok()?;
        let is_findable = |component: Component<'_>| {
            let name = component.as_os_str().to_str();
            name.is_some_and(|name| !name.contains('\\') && name == name.trim())
        };
        let stored: PathBuf = dir.join(inside);
        let is_same = self.disk.lstat(&stored).ok()?.identity() == opened.identity();
        (is_same && inside.components().all(is_findable))
            .then(|| self.stored(dir, inside.as_os_str(), true))
    }
}

fn refused(error: io::Error) -> OfferedError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
            OfferedError::NotThere
        }
        _ if error.raw_os_error() == Some(IS_A_LINK) => OfferedError::NotAFile,
        _ => OfferedError::Unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::spool::Layout;

    #[test]
    fn only_what_a_run_would_find_is_named_where_it_is() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::below(root.path());
        let deposit = Deposit::open(&layout).unwrap();
        fs::create_dir(layout.conversations.join("sub")).unwrap();
        for (path, expected) in [
            ("conversations/a.json", Some("conversations/a.json")),
            ("conversations/sub/b.json", Some("conversations/sub/b.json")),
            ("conversations/c\\d.json", None),
            ("conversations/ e.json", None),
            ("leads/f.json", None),
            ("g.json", None),
        ] {
            File::create(root.path().join(path)).unwrap();
            for given in [PathBuf::from(path), root.path().join(path)] {
                let offered = deposit.offered(Asset::Transcript, &given).unwrap();
                let name = offered.in_place.map(|stored| stored.name);
                assert_eq!(name.as_deref(), expected, "{}", given.display());
            }
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::below(root.path());
        let deposit = Deposit::open(&layout).unwrap();
        File::create(root.path().join("a.json")).unwrap();
        symlink("a.json", root.path().join("link.json")).unwrap();
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, root.path().join("fifo.json"), mode).unwrap();
        let large = File::create(root.path().join("large.json")).unwrap();
        large.set_len((4 << 20) + 1).unwrap();
        for (path, expected) in [
            ("link.json", "is no regular file"),
            ("fifo.json", "is no regular file"),
            ("leads", "is no regular file"),
            ("gone.json", "is not there"),
            ("a.json/b", "is not there"),
            ("large.json", "is larger than 4 MiB"),
        ] {
            let error = deposit
                .offered(Asset::Lead, &root.path().join(path))
                .unwrap_err();
            assert_eq!(error.to_string(), expected, "{path}");
        }
    }
}
