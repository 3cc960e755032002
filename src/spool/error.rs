//! Errors of the disk: each names its operation and path.

use std::io;
use std::path::{Path, PathBuf};

use super::lease::Holder;
use super::shard::Shard;

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
    /// Runs of shards hold the lock.
    #[error("runs of shards hold the lock (shard {shard}{}); wait for them to end", and_who(.holder))]
    Dealt {
        /// One of them.
        shard: Shard,
        /// Who that is.
        holder: Option<Holder>,
    },
    /// Runs of shards of another count are at work.
    #[error(
        "runs are at work that deal the sessions out to {} shards (shard {theirs}), and this one would be shard {ours}; wait for them to end, and have one count wherever runs are started",
        theirs.count()
    )]
    OtherCount {
        /// The shard that was asked for.
        ours: Shard,
        /// One that is taken.
        theirs: Shard,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl LeaseError {
    /// Whether somebody else is at work, so that it may go later.
    pub fn is_held(&self) -> bool {
        match self {
            Self::Locked(_) | Self::Dealt { .. } | Self::OtherCount { .. } => true,
            Self::Spool(_) => false,
        }
    }
}

fn and_who(holder: &Option<Holder>) -> String {
    match holder {
        Some(holder) => format!(", pid {}, since {}", holder.pid, holder.started_at),
        None => String::new(),
    }
}

fn holder_text(holder: &Option<Holder>) -> String {
    match holder {
        Some(holder) => format!(" (pid {}, since {})", holder.pid, holder.started_at),
        None => String::new(),
    }
}
