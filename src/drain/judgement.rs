//! What a document of the snapshot says of its session, by itself.
//!
//! Reads only; `run` acts on it, `dry-run` prints it.

use chrono::{DateTime, Utc};

use crate::plan::{Policy, Standing, Turns, is_far_ahead, is_young, standing, wrong_clock};
use crate::redact::Redactor;
use crate::session::Document;
use crate::spool::{DocumentReading, Entry, Spool, State};

/// A session that is due.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its document.
    pub entry: Entry,
    /// Whether no run has tried it.
    pub is_untried: bool,
    /// Whether it failed before.
    pub failed_before: bool,
}

/// Gives a session that is due its place in the turns: last when an earlier run stopped or died at
/// it.
pub fn enqueue(turns: &mut Turns<Candidate>, candidate: Candidate, is_last: bool) {
    if is_last {
        turns.push_last(candidate);
    } else if candidate.is_untried {
        turns.push_untried(candidate);
    } else {
        turns.push_retry(candidate);
    }
}

/// What a document says of its session.
#[derive(Debug)]
pub enum Judgement {
    /// It was filed there already; a crash left this copy behind.
    Residue(State),
    /// It is done and belongs there; a crash kept it from being moved.
    Unmoved(State, Box<Document>),
    /// The bytes are no document.
    Corrupt(String),
    /// The bytes are no document yet.
    Settling,
    /// Not ours to act on, or unreadable now.
    Skip(String),
    /// To be tried again, but not before this time.
    BackOff(Box<Document>, DateTime<Utc>),
    /// Due.
    Due(Candidate),
    /// Gone.
    Vanished,
}

/// Judges one document of the snapshot.
pub fn judge(spool: &Spool, entry: Entry, policy: &Policy, now: DateTime<Utc>) -> Judgement {
    let document = match spool.read_document(State::Pending, &entry.name) {
        DocumentReading::Document(document) => document,
        DocumentReading::Vanished => return Judgement::Vanished,
        DocumentReading::Unreadable(reason) => return Judgement::Skip(reason),
        DocumentReading::Unparsable(_) if is_young(entry.modified, now, policy.settle) => {
            return Judgement::Settling;
        }
        DocumentReading::Unparsable(reason) if is_far_ahead(entry.modified, now, policy.settle) => {
            return Judgement::Corrupt(format!("{reason}; {}", wrong_clock("document")));
        }
        DocumentReading::Unparsable(reason) => return Judgement::Corrupt(reason),
    };
    match spool.filed_before(&entry.name, &document) {
        Ok(None) => {}
        Ok(Some((state, _))) => return Judgement::Residue(state),
        Err(reason) => return Judgement::Skip(reason),
    }
    let failed_before = document.is_retry();
    match standing(&document, policy, now) {
        Standing::Delivered => Judgement::Unmoved(State::Processed, document),
        Standing::Failed => Judgement::Unmoved(State::Failed, document),
        Standing::Foreign(word) => Judgement::Skip(format!(
            "its status is \"{}\", which is not callspool's to act on",
            Redactor::new().scrub(&word, 60).escape_debug()
        )),
        Standing::BackOff(until) => Judgement::BackOff(document, until),
        standing @ (Standing::Untried | Standing::Retry) => Judgement::Due(Candidate {
            entry,
            is_untried: standing == Standing::Untried,
            failed_before,
        }),
    }
}
