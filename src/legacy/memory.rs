//! What was read from files that have not changed since, so that they need not be read again.
//!
//! Nothing but an accelerator: decisions are made anew every time, and a memory that is missing,
//! damaged or of another version is as an empty one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::adoption::{DocumentFacts, EgressFacts, LeadFacts, Reading};
use crate::spool::{FileStamp, State};

/// The version of what is remembered; it changes with what is read out of files.
const VERSION: &str = concat!("callspool adoption 1 ", env!("CARGO_PKG_VERSION"));

/// How old a change must be before it is believed that no other follows within the same tick of
/// the file system's clock.
const MIN_AGE: TimeDelta = TimeDelta::seconds(3);

/// What is read again each time may be so small a part of all: one in that many.
const FRESH_SHARE: usize = 50;

/// What is remembered of one file: its stamp and what was read. `None` is no file of the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known<T>(u64, i64, i64, T);

/// What is remembered of the files of one directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shelf<T>(BTreeMap<String, Known<T>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub(super) transcripts: Shelf<Reading>,
    pub(super) egresses: Shelf<Option<EgressFacts>>,
    pub(super) leads: Shelf<Option<LeadFacts>>,
    pub(super) pending: Shelf<Option<DocumentFacts>>,
    pub(super) processed: Shelf<Option<DocumentFacts>>,
    pub(super) failed: Shelf<Option<DocumentFacts>>,
    pub(super) corrupt: Shelf<Option<DocumentFacts>>,
    /// The transcripts that needed a person when they were last decided on.
    pub told: BTreeSet<String>,
}

impl Memory {
    /// Reads a memory; an empty one when the bytes are none.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let read = || {
            let split = bytes.iter().position(|byte| *byte == b'\n')?;
            let (seal, body) = (bytes.get(..split)?, bytes.get(split + 1..)?);
            if seal != seal_of(body).as_bytes() {
                return None;
            }
            serde_json::from_slice(body).ok()
        };
        read().unwrap_or_else(|| {
            log::info!("what adoption remembered is of no use; everything is read again");
            Self::default()
        })
    }

    /// The memory as it is kept.
    ///
    /// # Errors
    /// Never in practice: all of it has a form in JSON.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let body = serde_json::to_vec(self)?;
        let mut bytes = seal_of(&body).into_bytes();
        bytes.push(b'\n');
        bytes.extend(body);
        Ok(bytes)
    }

    /// Whether enough has changed to keep it anew: with every call something does, and all of it is
    /// written each time.
    pub fn is_worth_keeping(&self, fresh: usize) -> bool {
        let shelves = [
            self.transcripts.0.len(),
            self.egresses.0.len(),
            self.leads.0.len(),
            self.pending.0.len(),
            self.processed.0.len(),
            self.failed.0.len(),
            self.corrupt.0.len(),
        ];
        let all: usize = shelves.iter().sum();
        fresh * FRESH_SHARE > all
    }

    /// The shelf of a state's documents.
    pub(super) fn documents(&mut self, state: State) -> &mut Shelf<Option<DocumentFacts>> {
        match state {
            State::Pending => &mut self.pending,
            State::Processed => &mut self.processed,
            State::Failed => &mut self.failed,
            State::Corrupt => &mut self.corrupt,
        }
    }
}

/// The line by which a memory is known to be whole.
fn seal_of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{VERSION} {hex}")
}

impl<T> Shelf<T> {
    /// What is remembered of a file, if it is still the same; it is taken out.
    pub(super) fn take(&mut self, name: &str, stamp: &FileStamp) -> Option<T> {
        let known = self.0.get(name)?;
        if (known.0, known.1, known.2) != parts(stamp) {
            return None;
        }
        self.0.remove(name).map(|known| known.3)
    }

    /// Remembers what was read from a file, unless it may just have been changed.
    pub(super) fn keep(&mut self, name: &str, stamp: &FileStamp, read: T, now: DateTime<Utc>) {
        if now - stamp.changed.max(stamp.modified) < MIN_AGE {
            return;
        }
        let (len, modified, changed) = parts(stamp);
        self.0
            .insert(name.to_owned(), Known(len, modified, changed, read));
    }
}

fn parts(stamp: &FileStamp) -> (u64, i64, i64) {
    let nanos = |time: DateTime<Utc>| {
        time.timestamp_nanos_opt()
            .unwrap_or_else(|| time.timestamp_micros())
    };
    (stamp.len_bytes, nanos(stamp.modified), nanos(stamp.changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seconds: i64) -> FileStamp {
        let time = DateTime::from_timestamp(seconds, 7).unwrap();
        FileStamp {
            name: "x.json".into(),
            len_bytes: 3,
            modified: time,
            changed: time,
        }
    }

    #[test]
    fn a_memory_comes_back_as_it_was_and_a_damaged_one_not_at_all() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let mut memory = Memory::default();
        memory
            .transcripts
            .keep("x.json", &stamp(10), Reading::Foreign, now);
        let bytes = memory.to_bytes().unwrap();
        assert_eq!(Memory::from_bytes(&bytes), memory);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Memory::from_bytes(&damaged), Memory::default(), "{at}");
            assert_eq!(Memory::from_bytes(&bytes[..at]), Memory::default(), "{at}");
        }
    }

    #[test]
    fn only_what_has_not_changed_is_remembered() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let mut shelf = Shelf::default();
        shelf.keep("x.json", &stamp(10), 1, now);
        shelf.keep("young.json", &stamp(998), 2, now);
        assert_eq!(shelf.take("x.json", &stamp(11)), None);
        let longer = FileStamp {
            len_bytes: 4,
            ..stamp(10)
        };
        assert_eq!(shelf.take("x.json", &longer), None);
        assert_eq!(shelf.take("young.json", &stamp(998)), None);
        assert_eq!(shelf.take("x.json", &stamp(10)), Some(1));
    }
}
