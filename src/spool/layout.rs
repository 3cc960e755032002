//! Which directories make up a spool.

use std::path::{Path, PathBuf};

/// A state of a document: the directory that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// call_metadata/: to be delivered.
    Pending,
    /// processed_metadata/: delivered.
    Processed,
    /// failed_metadata/: needs a person.
    Failed,
    /// corrupt_metadata/: bytes that are no document.
    Corrupt,
}

impl State {
    /// All states, pending first.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Processed, Self::Failed, Self::Corrupt];

    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::Corrupt => "corrupt",
        }
    }
}

/// Where everything is. All paths are absolute.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The root, against which relative paths in documents are read.
    pub root: PathBuf,
    /// Pending documents.
    pub metadata: PathBuf,
    /// Delivered documents.
    pub processed: PathBuf,
    /// Documents that need a person.
    pub failed: PathBuf,
    /// Bytes that are no documents.
    pub corrupt: PathBuf,
    /// Transcripts.
    pub conversations: PathBuf,
    /// Recordings and egress manifests.
    pub recordings: PathBuf,
    /// Lead files.
    pub leads: PathBuf,
}

impl Layout {
    /// A spool whose directories all have their usual names.
    pub fn below(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            metadata: root.join("call_metadata"),
            processed: root.join("processed_metadata"),
            failed: root.join("failed_metadata"),
            corrupt: root.join("corrupt_metadata"),
            conversations: root.join("conversations"),
            recordings: root.join("recordings"),
            leads: root.join("leads"),
        }
    }

    /// The directory of a state.
    pub fn dir(&self, state: State) -> &Path {
        match state {
            State::Pending => &self.metadata,
            State::Processed => &self.processed,
            State::Failed => &self.failed,
            State::Corrupt => &self.corrupt,
        }
    }
}
