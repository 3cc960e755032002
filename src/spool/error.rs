//! Errors of the disk: each names its operation and path.

use std::io;
use std::path::{Path, PathBuf};

use super::lease::Holder;

/// An operation on the spool that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
pub struct SpoolError {
    /// What was tried, as a verb phrase.
    pub operation: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl SpoolError {
    pub(super) fn new(operation: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self {
            operation,
            path: path.as_ref().to_owned(),
            source,
        }
    }

    /// A function that turns an I/O error into one of these, for `map_err`.
    pub(super) fn of(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::new(operation, path, source)
    }
}

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The root or the metadata directory is not there or cannot be read.
    #[error("there is no spool at {}; check --root and --metadata-dir, and that the volume is mounted", root.display())]
    NoSpool {
        /// The root that was asked for.
        root: PathBuf,
        /// What could not be read.
        #[source]
        source: SpoolError,
    },
    /// The state directories are not all on one file system.
    #[error("{} and {} are on different file systems; documents move between them by rename, so put all four state directories on one", first.display(), second.display())]
    FileSystems {
        /// The metadata directory.
        first: PathBuf,
        /// The directory that is elsewhere.
        second: PathBuf,
    },
}

/// Why nothing can be added to a spool.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    /// There is no spool: its root is not there or cannot be read.
    #[error(transparent)]
    NoSpool(OpenError),
    /// It is there and cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Why the lease was not granted.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another run holds the lock.
    #[error("another run holds the lock{}", holder_text(.0))]
    Locked(Option<Holder>),
    /// The lock file cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

fn holder_text(holder: &Option<Holder>) -> String {
    match holder {
        Some(holder) => format!(" (pid {}, since {})", holder.pid, holder.started_at),
        None => String::new(),
    }
}
