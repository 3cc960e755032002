//! What must outlive a run and belongs to no session: `.callspool.state` in the metadata directory,
//! and a file of each shard's beside it; see [`super::shards`].

use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::scan;
use crate::timestamp;

/// The file's name.
pub(super) const FILE_NAME: &str = ".callspool.state";

/// What earlier runs have left for later ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunState {
    /// The API asked not to be called before this time.
    pub not_before: Option<DateTime<Utc>>,
    /// When requests were sent that still count against the rate, oldest first.
    pub requests: Vec<DateTime<Utc>>,
    /// File names of documents to be tried last: a run stopped or died at them.
    pub last: Vec<String>,
    /// File names of documents at which a run died and that nobody could read since, so that they
    /// are still to be charged and asked about.
    pub died_at: Vec<String>,
    /// A run died and may have left temporary files that were too young to be removed so far.
    pub unswept: bool,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Stored {
    version: u32,
    not_before: Option<String>,
    requests_ms: Vec<i64>,
    last: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    died_at: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unswept: bool,
    #[serde(skip_serializing_if = "is_zero")]
    generation: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What stands in a state file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// What must outlive runs.
    pub(super) state: RunState,
    /// How often the shards' files were put together into the spool's, when this was written.
    pub(super) generation: u64,
}

impl Kept {
    /// Reads a file. A missing one, or one that makes no sense, is as none: it holds nothing that a
    /// session's delivery depends on.
    pub(super) fn load(disk: &dyn Disk, path: &Path) -> Option<Self> {
        let stored = match scan::read_file(disk, path) {
            Ok(Some(bytes)) => serde_json::from_slice::<Stored>(&bytes).ok(),
            Ok(None) => None,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(_) => None,
        };
        if stored.is_none() {
            log::warn!(file:% = path.display(); "ignored a state file that makes no sense");
        }
        let stored = stored?;
        let generation = stored.generation;
        let state = RunState::from(stored);
        Some(Self { state, generation })
    }

    /// The file's content.
    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let Self { state, generation } = self;
        serde_json::to_vec(&Stored {
            version: 1,
            not_before: state.not_before.map(timestamp::format_millis),
            requests_ms: state
                .requests
                .iter()
                .map(DateTime::timestamp_millis)
                .collect(),
            last: state.last.clone(),
            died_at: state.died_at.clone(),
            unswept: state.unswept,
            generation: *generation,
        })
    }
}

impl From<Stored> for RunState {
    fn from(stored: Stored) -> Self {
        Self {
            not_before: stored.not_before.as_deref().and_then(timestamp::parse),
            requests: stored
                .requests_ms
                .into_iter()
                .filter_map(DateTime::from_timestamp_millis)
                .collect(),
            last: stored.last,
            died_at: stored.died_at,
            unswept: stored.unswept,
        }
    }
}
