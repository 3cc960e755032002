//! The ledger of a run: what became of each session, and what failures will have cost them.
//!
//! Charges are held back: whether a failure is the session's or the service's is known only when
//! something is delivered, or when the breaker trips.

use std::ffi::{OsStr, OsString};

use chrono::{DateTime, Utc};

use super::attempt::Attempted;
use super::judgement::Candidate;
use crate::outcome::Part;
use crate::plan::Policy;
use crate::report::{Fate, RunSummary, SessionError, Stop};
use crate::session::{Document, Lacking, PartState, Verdict, verdict};
use crate::settle::{self, Charge};
use crate::spool::{Filed, LeasedSpool, SpoolError, State};

/// A session that failed, as it is on disk, and what that will have cost it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) name: OsString,
    pub(super) document: Document,
    pub(super) charges: Vec<Charge>,
}

/// The ledger of a run.
pub(super) struct Ledger<'a> {
    spool: &'a LeasedSpool<'a>,
    policy: &'a Policy,
    held: Vec<Held>,
    pub(super) summary: RunSummary,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(spool: &'a LeasedSpool<'a>, policy: &'a Policy, now: DateTime<Utc>) -> Self {
        Self {
            spool,
            policy,
            held: Vec::new(),
            summary: RunSummary::new(now),
        }
    }

    /// Counts a session of which there is nothing more to say.
    pub(super) fn count(&mut self, fate: Fate) -> Result<(), SpoolError> {
        self.summary.sessions.count(fate);
        Ok(())
    }

    /// Leaves a session for a later run.
    pub(super) fn leave(&mut self, candidate: &Candidate) {
        self.summary.sessions.count(Fate::Left);
        self.summary.retrying += u64::from(candidate.failed_before);
    }

    /// Leaves documents for a later run that were not even read.
    pub(super) fn leave_unread(&mut self, count: u64) {
        self.summary.sessions.left += count;
        self.summary.sessions.unread += count;
    }

    /// Notes since when a document has been there whose recording is awaited.
    pub(super) fn awaiting_since(&mut self, time: DateTime<Utc>) {
        let oldest = &mut self.summary.oldest_waiting;
        *oldest = Some(oldest.map_or(time, |oldest| oldest.min(time)));
    }

    /// Counts a session and lists it among the errors when something is wrong with it.
    pub(super) fn settled(&mut self, document: &Document, fate: Fate) {
        self.summary.sessions.count(fate);
        // It was due in this run: a time later than its start is a new one, and still to come.
        let next = document.record.next_attempt_at;
        let is_put_off = next.is_some_and(|next| next > self.summary.started_at);
        if is_put_off && matches!(fate, Fate::Deferred | Fate::Left) {
            self.summary.put_off += 1;
        }
        if matches!(fate, Fate::Failed | Fate::Partial) {
            self.summary.needs_attention.new += 1;
        }
        if matches!(fate, Fate::Failed | Fate::Partial | Fate::Deferred) {
            self.summary.errors.extend(session_error(document));
        }
    }

    /// Counts a session as deferred when it could not be written: it is still where it was.
    pub(super) fn or_deferred<T>(
        &mut self,
        result: Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        if result.is_err() {
            self.summary.sessions.count(Fate::Deferred);
        }
        result
    }

    /// Writes down what happened to a session and leaves it pending, without a charge.
    pub(super) fn put_aside(
        &mut self,
        name: &OsStr,
        document: &Document,
        fate: Fate,
    ) -> Result<(), SpoolError> {
        match self.or_deferred(self.spool.rewrite(State::Pending, name, document))? {
            Filed::As(_) => {
                self.summary.retrying += u64::from(fate == Fate::Left && document.is_retry());
                self.settled(document, fate);
            }
            Filed::Vanished => self.summary.sessions.count(Fate::Vanished),
        }
        Ok(())
    }

    /// Writes down what happened to a session, without what it costs until that is known.
    pub(super) fn hold(&mut self, held: Held) -> Result<(), SpoolError> {
        match self.or_deferred(
            self.spool
                .rewrite(State::Pending, &held.name, &held.document),
        )? {
            Filed::As(_) => self.held.push(held),
            Filed::Vanished => self.summary.sessions.count(Fate::Vanished),
        }
        Ok(())
    }

    /// Takes out what is held back, to be charged.
    pub(super) fn take_held(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Holds back again what was taken out and could not be charged.
    pub(super) fn hold_again(&mut self, held: Vec<Held>) {
        self.held.splice(0..0, held);
    }

    /// Charges what was held back: the service works. What is left after an error stays held.
    pub(super) fn charge_all(
        &mut self,
        held: Vec<Held>,
        now: DateTime<Utc>,
    ) -> Result<(), SpoolError> {
        let mut held = held.into_iter();
        while let Some(next) = held.next() {
            if let Err(error) = self.charge_and_file(now, next) {
                self.held.extend(held);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Charges a session and files it by its verdict.
    pub(super) fn charge_and_file(
        &mut self,
        now: DateTime<Utc>,
        held: Held,
    ) -> Result<(), SpoolError> {
        let Held {
            name,
            mut document,
            charges,
        } = held;
        let charged = settle::charge(&mut document, &charges, self.policy, now);
        let filed = settle::set(charged, &name).and_then(|()| {
            if charges.is_empty() && verdict(&document.record) != Verdict::Pending {
                // The successful try counts too.
                let attempts = document.upload_attempts().saturating_add(1);
                settle::set(document.set_upload_attempts(attempts), &name)?;
            }
            settle::file(self.spool, &name, &mut document)
        });
        let fate = self.or_deferred(filed)?;
        self.settled(&document, fate);
        Ok(())
    }

    /// Adds what was sent in a try.
    pub(super) fn add_parts(&mut self, attempted: &Attempted) {
        let (sum, parts) = (&mut self.summary.parts, &attempted.parts);
        sum.recordings_uploaded += parts.recordings_uploaded;
        sum.recordings_remote += parts.recordings_remote;
        sum.call_data_uploaded += parts.call_data_uploaded;
        sum.duplicates += parts.duplicates;
        sum.leads_uploaded += parts.leads_uploaded;
    }

    /// Ends the run when something could not be recorded.
    pub(super) fn stop_on_error(&mut self, result: Result<(), SpoolError>) {
        if let Err(error) = result {
            self.summary.note_unrecorded(&error);
        }
    }

    /// Ends the run, unless something else has.
    pub(super) fn stop(&mut self, stop: Stop, message: Option<String>) {
        if self.summary.stopped_by.is_some() {
            return;
        }
        self.summary.stopped_by = Some(stop);
        self.summary.stop_message = message.filter(|message| !message.is_empty());
    }

    /// At the end: charges what is still held back, unless the run stopped for a reason that costs
    /// nobody an attempt. A run that never reached the service ended because it is away.
    pub(super) fn close(&mut self, never_connected: bool, now: DateTime<Utc>) {
        let came_to_its_end = matches!(
            self.summary.stopped_by,
            None | Some(Stop::Deadline | Stop::BatchSize | Stop::Rate)
        );
        if never_connected && came_to_its_end {
            let last = self
                .held
                .last()
                .and_then(|held| held.document.record.last_error());
            let reason = last.map(|(_, error)| error.message.clone());
            self.summary.stopped_by = None;
            self.stop(Stop::Unavailable, reason);
        }
        for held in self.take_held() {
            match self.summary.stopped_by {
                // As it is on disk: not charged.
                _ if self.summary.is_unrecorded => {
                    self.settled(&held.document, Fate::Deferred);
                }
                Some(Stop::Unavailable | Stop::Throttled | Stop::Auth | Stop::Misdirected) => {
                    self.settled(&held.document, Fate::Deferred);
                }
                _ => {
                    let result = self.charge_and_file(now, held);
                    self.stop_on_error(result);
                }
            }
        }
    }
}

/// What is wrong with a session, for the report.
fn session_error(document: &Document) -> Option<SessionError> {
    let record = &document.record;
    let base = |part: Part, kind: &str, status, message: &str| SessionError {
        session_id: document.session_id().to_owned(),
        part,
        kind: kind.to_owned(),
        status,
        attempts: record.attempts(part),
        next_attempt_at: record.next_attempt_at,
        message: message.to_owned(),
    };
    if let Some((part, error)) = record.last_error() {
        return Some(base(part, &error.kind, error.status, &error.message));
    }
    if record.recording.state == PartState::Missing {
        let reason = record.recording.reason.as_deref().unwrap_or("not_found");
        let message = format!("the recording is missing: {reason}");
        return Some(base(Part::Recording, "missing", None, &message));
    }
    if record.recording.size_mismatch {
        return Some(base(
            Part::Recording,
            "size_mismatch",
            None,
            "the recording's size is not the manifest's",
        ));
    }
    if record.call_data.unlinked {
        let message = "sent again complete, but the API kept the incomplete call that it had";
        return Some(base(Part::CallData, "unlinked", None, message));
    }
    let lacking = record.call_data.without.first()?;
    let message = match lacking {
        Lacking::Recording => "the call went without its recording",
        Lacking::Lead => "the call went without its lead: the file is not there",
        Lacking::Transcript => "the call went without a transcript: none is named or there",
    };
    Some(base(Part::CallData, "incomplete", None, message))
}

#[cfg(test)]
mod tests;
