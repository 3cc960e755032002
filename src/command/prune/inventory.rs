//! What there is before anything is removed: every document, which files each names, and what
//! cannot be told.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use chrono::{DateTime, TimeDelta, Utc};

use crate::plan::{self, Archived};
use crate::spool::{Belonging, DocumentReading, FileStamp, Spool, SpoolError, State};

/// What tells a file from every other one.
pub(super) type Identity = (u64, u64);

/// A document in processed_metadata/.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) stamp: FileStamp,
    pub(super) session_id: String,
    pub(super) archived: Archived,
    pub(super) delivered_at: DateTime<Utc>,
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// The documents in processed_metadata/, the oldest delivery first.
    pub(super) candidates: Vec<Candidate>,
    /// Documents in other states, by their sessions.
    pub(super) elsewhere: Vec<(State, String, OsString)>,
    /// How many documents name a file.
    namers: BTreeMap<Identity, usize>,
    /// What there is in the place of documents and is none: whatever it speaks of stays.
    pub(super) rubble: Vec<(State, OsString, String)>,
    /// What cannot be read.
    pub(super) unreadable: Vec<(State, OsString)>,
    /// Pending documents that were looked at.
    pending: BTreeSet<OsString>,
    /// When that was begun.
    taken_at: DateTime<Utc>,
}

impl Inventory {
    /// Looks at all documents, and where files are to go, at those that they name.
    pub(super) fn take(
        spool: &Spool,
        with_files: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, SpoolError> {
        let mut inventory = Self {
            taken_at: now,
            ..Self::default()
        };
        // A requeue would need the lease. A deposit does not: what is new is looked at later.
        for state in State::ALL {
            for stamp in spool.list_documents(state)? {
                inventory.add(spool, state, stamp, with_files);
            }
        }
        inventory.candidates.sort_by(|first, second| {
            let key = |it: &Candidate| (it.delivered_at, it.stamp.name.clone());
            key(first).cmp(&key(second))
        });
        Ok(inventory)
    }

    fn add(&mut self, spool: &Spool, state: State, stamp: FileStamp, with_files: bool) {
        if state == State::Pending {
            self.pending.insert(stamp.name.clone());
        }
        let document = match spool.read_document(state, &stamp.name) {
            DocumentReading::Document(document) => document,
            DocumentReading::Vanished => return,
            DocumentReading::Unreadable(_) => return self.unreadable.push((state, stamp.name)),
            DocumentReading::Unparsable(_) => match spool.read_bytes(state, &stamp.name) {
                Ok(Some(bytes)) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    return self.rubble.push((state, stamp.name, text));
                }
                _ => return self.unreadable.push((state, stamp.name)),
            },
        };
        if with_files {
            for identity in identities(&spool.belongings(&document)) {
                *self.namers.entry(identity).or_default() += 1;
            }
        }
        let session_id = document.session_id().to_owned();
        if state != State::Processed {
            return self.elsewhere.push((state, session_id, stamp.name));
        }
        self.candidates.push(Candidate {
            session_id,
            archived: plan::archived(&document),
            delivered_at: plan::delivered_at(&document, stamp.modified),
            stamp,
        });
    }

    /// Whether a document other than the one in question names a file, or bytes that are no document
    /// speak of it.
    pub(super) fn is_wanted(&self, session_id: &str, belonging: &Belonging) -> bool {
        let count = belonging.identity.and_then(|it| self.namers.get(&it));
        let own = usize::from(belonging.role.is_named());
        count.is_some_and(|count| *count > own) || self.is_spoken_of(session_id, belonging)
    }

    fn is_spoken_of(&self, session_id: &str, belonging: &Belonging) -> bool {
        let Some(file) = belonging.found.here() else {
            return false;
        };
        let name = file.file_name();
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        let id = stem.strip_prefix("EG_").unwrap_or(stem);
        self.rubble
            .iter()
            .any(|(_, _, text)| text.contains(id) || text.contains(session_id))
    }

    /// A document goes: what it names is no longer named by it.
    pub(super) fn forget(&mut self, belongings: &[Belonging]) {
        let named = belongings.iter().filter(|it| it.role.is_named());
        let named: BTreeSet<Identity> = named.filter_map(|it| it.identity).collect();
        for identity in named {
            if let Some(count) = self.namers.get_mut(&identity) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// The files that pending documents name which were not there before.
    pub(super) fn named_since(&self, spool: &Spool) -> Result<BTreeSet<Identity>, SpoolError> {
        let mut named = BTreeSet::new();
        // What is told of a directory may be older than it is by a tick of the clock.
        let changed = spool.pending_changed();
        if changed.is_some_and(|at| at < self.taken_at - TimeDelta::seconds(2)) {
            return Ok(named);
        }
        for stamp in spool.list_documents(State::Pending)? {
            if self.pending.contains(&stamp.name) {
                continue;
            }
            if let DocumentReading::Document(document) =
                spool.read_document(State::Pending, &stamp.name)
            {
                named.extend(identities(&spool.belongings(&document)));
            }
        }
        Ok(named)
    }
}

/// What tells the files apart that are there.
pub(super) fn identities(belongings: &[Belonging]) -> BTreeSet<Identity> {
    belongings.iter().filter_map(|it| it.identity).collect()
}
