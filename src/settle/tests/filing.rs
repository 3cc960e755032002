//! Where a session goes, and what is written of it, on a real disk.

use super::scratch::{NAME, Scratch, impossible_name, name, now};
use super::{attempts, states};
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::Policy;
use crate::report::Fate;
use crate::session::{PartState, Status};
use crate::settle::{charge_crash, fail, file, put_back};
use crate::spool::{Filed, State};

#[test]
fn a_session_is_filed_where_its_verdict_says() {
    for (recording, call_data, fate, state, status) in [
        (
            "uploaded",
            "uploaded",
            Fate::Uploaded,
            State::Processed,
            Status::Uploaded,
        ),
        (
            "missing",
            "uploaded",
            Fate::Partial,
            State::Processed,
            Status::Uploaded,
        ),
        (
            "absent",
            "rejected",
            Fate::Failed,
            State::Failed,
            Status::Failed,
        ),
        (
            "uploaded",
            "pending",
            Fate::Deferred,
            State::Pending,
            Status::ReadyForUpload,
        ),
    ] {
        let (scratch, mut document) = Scratch::with(&format!(
            r#","upload":{{"recording":{{"state":"{recording}"}},"call_data":{{"state":"{call_data}"}},"next_attempt_at":"2025-10-29T15:00:00.000Z"}}"#
        ));
        let lease = scratch.lease();
        assert_eq!(file(&lease, name(), &mut document).unwrap(), fate);
        let (filed_in, filed) = scratch.filed().unwrap();
        assert_eq!((filed_in, filed.status()), (state, status));
        assert_eq!(filed.record, document.record);
        let still_waits = filed.record.next_attempt_at.is_some();
        assert_eq!(still_waits, state == State::Pending);
    }
}

#[test]
fn a_session_that_somebody_removed_stays_removed() {
    for state in ["pending", "uploaded"] {
        let (scratch, mut document) = Scratch::with(&format!(
            r#","upload":{{"recording":{{"state":"absent"}},"call_data":{{"state":"{state}"}}}}"#
        ));
        let lease = scratch.lease();
        scratch.remove();
        let fate = file(&lease, name(), &mut document).unwrap();
        assert_eq!(fate, Fate::Vanished);
        assert!(scratch.filed().is_none());
    }
}

#[test]
fn a_session_that_cannot_be_written_is_an_error() {
    let (scratch, mut document) = Scratch::with("");
    let lease = scratch.lease();
    file(&lease, &impossible_name(), &mut document).unwrap_err();
}

#[test]
fn a_session_that_fails_for_good_sends_nothing_of_its_other_part() {
    use PartState::{Pending, Rejected};
    for (part, recording, state) in [
        (Part::Recording, Rejected, State::Failed),
        (Part::CallData, Pending, State::Failed),
    ] {
        let (scratch, mut document) = Scratch::with("");
        let lease = scratch.lease();
        let failure = Failure::local(FailureKind::UnsafePath, "why");
        let fate = fail(&lease, name(), &mut document, part, &failure, now()).unwrap();
        assert_eq!(fate, Fate::Failed);
        let (filed_in, filed) = scratch.filed().unwrap();
        assert_eq!(filed_in, state);
        assert_eq!(states(&filed), (recording, Rejected));
        assert_eq!(filed.last_upload_attempt(), Some(now()));
        let (at_fault, error) = filed.record.last_error().unwrap();
        assert_eq!((at_fault, error.kind.as_str()), (part, "unsafe_path"));
        assert_eq!(filed.record.history.len(), 1);
    }
}

#[test]
fn a_session_whose_recording_is_delivered_fails_as_a_partial() {
    let (scratch, mut document) = Scratch::with(r#","upload":{"recording":{"state":"uploaded"}}"#);
    let lease = scratch.lease();
    let failure = Failure::local(FailureKind::InvalidTranscript, "why");
    let fate = fail(
        &lease,
        name(),
        &mut document,
        Part::CallData,
        &failure,
        now(),
    )
    .unwrap();
    assert_eq!(fate, Fate::Partial);
    assert_eq!(scratch.filed().unwrap().0, State::Processed);
}

const EGRESS: &str = r#","campaign_metadata":{"egressId":"EG_x"}"#;
const PATH: &str = r#","files":{"recording":"recordings/a.ogg"}"#;

#[test]
fn a_crash_is_charged_to_the_recording_while_that_is_to_come_and_else_to_the_call_data() {
    let uploaded = r#","upload":{"recording":{"state":"uploaded"}}"#;
    for (members, expected) in [
        (EGRESS.to_owned(), (1, 0, 1)),
        (PATH.to_owned(), (1, 0, 1)),
        (format!("{EGRESS}{PATH}"), (1, 0, 1)),
        (String::new(), (0, 1, 1)),
        (format!("{EGRESS}{uploaded}"), (0, 1, 1)),
    ] {
        let (scratch, mut document) = Scratch::with(&members);
        let lease = scratch.lease();
        let fate = charge_crash(&lease, name(), &mut document, &Policy::defaults(), now());
        assert_eq!(fate.unwrap(), Fate::Deferred);
        let (state, filed) = scratch.filed().unwrap();
        assert_eq!(state, State::Pending);
        assert_eq!(attempts(&filed), expected, "{members}");
        assert!(filed.record.call_data.unconfirmed);
        assert_eq!(filed.record.next_attempt_at, None);
        assert_eq!(filed.last_upload_attempt(), Some(now()));
        let outcomes: Vec<&str> = filed
            .record
            .history
            .iter()
            .map(|entry| entry.outcome.as_str())
            .collect();
        assert_eq!(outcomes, ["crashed"]);
    }
}

#[test]
fn call_data_that_is_delivered_is_not_asked_for_after_a_crash() {
    let (scratch, mut document) = Scratch::with(
        r#","upload":{"recording":{"state":"absent"},"call_data":{"state":"uploaded"}}"#,
    );
    let lease = scratch.lease();
    charge_crash(&lease, name(), &mut document, &Policy::defaults(), now()).unwrap();
    assert!(!scratch.filed().unwrap().1.record.call_data.unconfirmed);
}

#[test]
fn a_crash_costs_nothing_where_nothing_is_left_to_send() {
    let policy = Policy {
        max_attempts: 1,
        ..Policy::defaults()
    };
    let (scratch, mut document) = Scratch::with(
        r#","upload":{"recording":{"state":"pending"},"call_data":{"state":"uploaded"}}"#,
    );
    let lease = scratch.lease();
    let fate = charge_crash(&lease, name(), &mut document, &policy, now());
    assert_eq!(fate.unwrap(), Fate::Deferred);
    let (state, filed) = scratch.filed().unwrap();
    assert_eq!((state, attempts(&filed)), (State::Pending, (0, 0, 0)));
    assert_eq!(filed.record.recording.state, PartState::Pending);
}

#[test]
fn a_session_that_kills_every_run_is_given_up() {
    let policy = Policy::defaults();
    let (scratch, mut document) = Scratch::with("");
    document.record.call_data.attempts = policy.max_attempts - 1;
    let lease = scratch.lease();
    let fate = charge_crash(&lease, name(), &mut document, &policy, now());
    assert_eq!(fate.unwrap(), Fate::Failed);
    assert_eq!(scratch.filed().unwrap().0, State::Failed);
}

#[test]
fn a_session_that_is_put_back_is_pending_with_its_attempts_at_zero() {
    for from in [State::Failed, State::Processed, State::Pending] {
        let (scratch, mut document) =
            Scratch::with(r#","status":"failed","upload_attempts":7,"upload":{}"#);
        let lease = scratch.lease();
        if from != State::Pending {
            lease.move_document(State::Pending, name(), from).unwrap();
        }
        let filed = put_back(&lease, from, name(), &mut document, now()).unwrap();
        assert_eq!(filed, Filed::As(NAME.into()));
        let (state, filed) = scratch.filed().unwrap();
        assert_eq!(
            (state, filed.status()),
            (State::Pending, Status::ReadyForUpload)
        );
        assert_eq!(filed.upload_attempts(), 0);
        let entry = filed.record.history.first().unwrap();
        assert_eq!(
            (entry.part.as_str(), entry.outcome.as_str()),
            ("session", "requeued")
        );
    }
}

#[test]
fn a_session_that_is_gone_is_not_put_back() {
    for from in [State::Failed, State::Pending] {
        let (scratch, mut document) = Scratch::with("");
        let lease = scratch.lease();
        scratch.remove();
        let filed = put_back(&lease, from, name(), &mut document, now()).unwrap();
        assert_eq!(filed, Filed::Vanished);
        assert!(scratch.filed().is_none());
    }
}
