//! Settling: what a try came to, written back to the spool in the safe order.
//!
//! Nothing in here decides what to send. A delivered part is recorded before anything else is
//! sent; a session is filed only by its verdict.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{Policy, delay};
use crate::report::Fate;
use crate::session::{Document, HistoryEntry, PartState, Status, Verdict, verdict};
use crate::spool::{Filed, LeasedSpool, SpoolError, State};

/// An attempt that a part has cost by failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The part.
    pub part: Part,
    /// How long the API asked to wait.
    pub retry_after: Option<Duration>,
}

/// Whether a failure costs the session an attempt: only where the session may be to blame.
pub fn costs_attempt(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Unavailable => failure.connected,
        FailureKind::Server
        | FailureKind::Forbidden
        | FailureKind::Network
        | FailureKind::Ambiguous
        | FailureKind::Protocol
        | FailureKind::Changed
        | FailureKind::Crashed
        | FailureKind::MissingTranscript
        | FailureKind::Rejected => true,
        FailureKind::Misdirected
        | FailureKind::Auth
        | FailureKind::Throttled
        | FailureKind::Certificate
        | FailureKind::Cancelled
        | FailureKind::InvalidTranscript
        | FailureKind::InvalidLead
        | FailureKind::UnsafePath
        | FailureKind::MissingCampaign => false,
    }
}

/// Charges failed attempts: counts them, gives up parts whose attempts are exhausted, and sets
/// when the session is tried again. A session is charged once, however many parts failed.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn charge(
    document: &mut Document,
    charges: &[Charge],
    policy: &Policy,
    now: DateTime<Utc>,
) -> serde_json::Result<()> {
    if charges.is_empty() {
        return Ok(());
    }
    let mut wait = Duration::ZERO;
    for charge in charges {
        document.record.count_attempt(charge.part);
        let attempts = document.record.attempts(charge.part);
        if attempts >= policy.max_attempts {
            give_up(document, charge.part, PartState::Abandoned, now);
            // The history also tells what is filed from what a crash left of it.
            remember(document, charge.part, "abandoned", None, None, now);
        } else {
            wait = wait.max(delay(
                policy,
                document.session_id(),
                attempts,
                charge.retry_after,
            ));
        }
    }
    let is_pending = verdict(&document.record) == Verdict::Pending;
    let next =
        now.checked_add_signed(chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::MAX));
    document.record.next_attempt_at = next.filter(|_| is_pending && wait > Duration::ZERO);
    document.set_upload_attempts(document.upload_attempts().saturating_add(1))
}

/// Files a session where its verdict says that it belongs, or writes it back when it is pending.
///
/// # Errors
/// When it cannot be written durably; the old document stands.
pub fn file(
    spool: &LeasedSpool<'_>,
    name: &OsStr,
    document: &mut Document,
) -> Result<Fate, SpoolError> {
    let (status, state, fate) = match verdict(&document.record) {
        Verdict::Pending => {
            let filed = spool.rewrite(State::Pending, name, document)?;
            return Ok(unless_vanished(&filed, Fate::Deferred));
        }
        Verdict::Delivered => (Status::Uploaded, State::Processed, Fate::Uploaded),
        Verdict::Partial => (Status::Uploaded, State::Processed, Fate::Partial),
        Verdict::Failed => (Status::Failed, State::Failed, Fate::Failed),
    };
    document.record.next_attempt_at = None;
    set(document.set_status(&status), name)?;
    let filed = spool.file_away(name, document, state)?;
    Ok(unless_vanished(&filed, fate))
}

/// Fails a session that can never be delivered as it is. One whose recording was delivered before
/// is archived as partial instead.
///
/// # Errors
/// When it cannot be written durably; the old document stands.
pub fn fail(
    spool: &LeasedSpool<'_>,
    name: &OsStr,
    document: &mut Document,
    part: Part,
    failure: &Failure,
    now: DateTime<Utc>,
) -> Result<Fate, SpoolError> {
    note_failure(document, part, failure, None, now);
    set(document.set_last_upload_attempt(now), name)?;
    give_up(document, part, PartState::Rejected, now);
    if part == Part::Recording {
        // Nothing of this session may be sent: the call data is given up with its recording.
        give_up(document, Part::CallData, PartState::Rejected, now);
    }
    file(spool, name, document)
}

/// Gives a part up. Where that is call data that was delivered before and only was to be sent
/// again with its recording, the recording is what is given up.
fn give_up(document: &mut Document, part: Part, state: PartState, now: DateTime<Utc>) {
    let record = &mut document.record;
    let is_complement = part == Part::CallData && record.call_data.state.is_delivered();
    record.give_up(part, state, now);
    if is_complement && record.recording.state == PartState::Pending {
        record.give_up(Part::Recording, state, now);
    }
}

/// Charges the session that a dead run was working on: one attempt of kind `crashed`, no backoff,
/// and the API is asked before anything is posted again.
///
/// # Errors
/// When it cannot be written durably.
pub fn charge_crash(
    spool: &LeasedSpool<'_>,
    name: &OsStr,
    document: &mut Document,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<Fate, SpoolError> {
    let has_recording = document.egress_id().is_some() || document.recording_path().is_some();
    let record = &document.record;
    let is_recording = has_recording && record.recording.state == PartState::Pending;
    // A recording that was asked for again and was never there leaves nothing to send.
    let is_complete = record.call_data.state.is_delivered() && record.call_data.without.is_empty();
    let part = if is_recording {
        Part::Recording
    } else {
        Part::CallData
    };
    let charges: &[Charge] = if is_complete && !is_recording {
        &[]
    } else {
        &[Charge {
            part,
            retry_after: None,
        }]
    };
    let failure = Failure::local(
        FailureKind::Crashed,
        "an earlier run died while it worked on this session",
    );
    note_failure(document, part, &failure, None, now);
    set(document.set_last_upload_attempt(now), name)?;
    if document.record.call_data.state == PartState::Pending {
        document.record.call_data.unconfirmed = true;
    }
    set(charge(document, charges, policy, now), name)?;
    document.record.next_attempt_at = None;
    file(spool, name, document)
}

/// Puts a session that was reopened back to pending: it is moved as it is and written there, so
/// that it is in one place at any time. With a crash in between, the next run takes it for one that
/// was not moved yet and files it again: the requeue is done, or it is not.
///
/// # Errors
/// When it cannot be moved or written durably.
pub fn put_back(
    spool: &LeasedSpool<'_>,
    from: State,
    name: &OsStr,
    document: &mut Document,
    now: DateTime<Utc>,
) -> Result<Filed, SpoolError> {
    document.record.remember(HistoryEntry {
        at: Some(now),
        part: "session".to_owned(),
        outcome: "requeued".to_owned(),
        status: None,
        ms: None,
    });
    set(document.set_status(&Status::ReadyForUpload), name)?;
    set(document.set_upload_attempts(0), name)?;
    // What a crash left behind of it is no session of its own.
    let was_left_behind = spool.clear_residue(name)?;
    match from {
        State::Pending if was_left_behind => Ok(Filed::Vanished),
        State::Pending => spool.rewrite(State::Pending, name, document),
        from => spool.move_rewritten(from, name, State::Pending, document),
    }
}

/// Writes a failure into the record: the part's error and the history.
pub fn note_failure(
    document: &mut Document,
    part: Part,
    failure: &Failure,
    took: Option<Duration>,
    now: DateTime<Utc>,
) {
    document.record.set_error(part, failure, now);
    remember(
        document,
        part,
        failure.kind.as_str(),
        failure.status,
        took,
        now,
    );
}

/// Adds what one request came to to the history.
pub fn remember(
    document: &mut Document,
    part: Part,
    outcome: &str,
    status: Option<u16>,
    took: Option<Duration>,
    now: DateTime<Utc>,
) {
    document.record.remember(HistoryEntry {
        at: Some(now),
        part: part.as_str().to_owned(),
        outcome: outcome.to_owned(),
        status,
        ms: took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
    });
}

/// Turns a document that cannot be written as JSON into an error of the disk.
pub(crate) fn set(result: serde_json::Result<()>, name: &OsStr) -> Result<(), SpoolError> {
    result.map_err(|error| SpoolError {
        operation: "write as JSON",
        path: Path::new(name).to_owned(),
        source: error.into(),
    })
}

fn unless_vanished(filed: &Filed, fate: Fate) -> Fate {
    match filed {
        Filed::As(_) => fate,
        Filed::Vanished => Fate::Vanished,
    }
}

#[cfg(test)]
pub(crate) mod tests;
