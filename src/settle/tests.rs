//! What a failure costs a session, and what is given up when its attempts are used up.

mod filing;
pub(crate) mod scratch;

use self::scratch::now;
use super::*;

/// A session that was tried twice, its parts in these states, with these attempts already counted.
fn document(recording: (PartState, u32), call_data: (PartState, u32)) -> Document {
    let mut document = Document::parse(br#"{"session_id":"s","upload_attempts":2}"#).unwrap();
    let record = &mut document.record;
    (record.recording.state, record.recording.attempts) = recording;
    (record.call_data.state, record.call_data.attempts) = call_data;
    document
}

fn charge_parts(document: &mut Document, policy: &Policy, parts: &[Part]) {
    let charges: Vec<Charge> = parts
        .iter()
        .map(|part| Charge {
            part: *part,
            retry_after: None,
        })
        .collect();
    charge(document, &charges, policy, now()).unwrap();
}

fn states(document: &Document) -> (PartState, PartState) {
    let record = &document.record;
    (record.recording.state, record.call_data.state)
}

fn attempts(document: &Document) -> (u32, u32, u64) {
    let record = &document.record;
    (
        record.recording.attempts,
        record.call_data.attempts,
        document.upload_attempts(),
    )
}

const BOTH: [Part; 2] = [Part::Recording, Part::CallData];

#[test]
fn only_a_failure_that_may_be_the_sessions_own_costs_an_attempt() {
    use FailureKind::*;
    for kind in FailureKind::ALL {
        let expected = matches!(
            kind,
            Server
                | Forbidden
                | Network
                | Ambiguous
                | Protocol
                | Changed
                | Crashed
                | MissingTranscript
                | Rejected
        );
        let mut failure = Failure::local(kind, "why");
        assert_eq!(costs_attempt(&failure), expected, "{kind}");
        failure.connected = true;
        let expected = expected || kind == Unavailable;
        assert_eq!(costs_attempt(&failure), expected, "{kind}");
    }
}

#[test]
fn without_a_charge_nothing_changes() {
    let mut uncharged = document((PartState::Pending, 19), (PartState::Pending, 19));
    uncharged.record.next_attempt_at = Some(now());
    let before = uncharged.record.clone();
    charge_parts(&mut uncharged, &Policy::defaults(), &[]);
    assert_eq!(uncharged.record, before);
    assert_eq!(uncharged.upload_attempts(), 2);
}

#[test]
fn a_session_is_charged_once_however_many_parts_failed() {
    let policy = Policy::defaults();
    for (parts, expected) in [
        (&BOTH[..], (4, 8, 3)),
        (&[Part::Recording], (4, 7, 3)),
        (&[Part::CallData], (3, 8, 3)),
    ] {
        let mut document = document((PartState::Pending, 3), (PartState::Pending, 7));
        charge_parts(&mut document, &policy, parts);
        assert_eq!(attempts(&document), expected);
        assert_eq!(
            states(&document),
            (PartState::Pending, PartState::Pending),
            "{parts:?}"
        );
    }
}

#[test]
fn the_longest_wait_of_the_parts_is_the_sessions() {
    let policy = Policy::defaults();
    for (recording, call_data) in [(0, 6), (6, 0)] {
        let mut document = document(
            (PartState::Pending, recording),
            (PartState::Pending, call_data),
        );
        charge_parts(&mut document, &policy, &BOTH);
        let wait = delay(&policy, "s", 7, None);
        assert_eq!(document.record.next_attempt_at, Some(now() + wait));
    }
}

#[test]
fn a_wait_that_the_api_asked_for_is_kept() {
    let policy = Policy::defaults();
    let mut document = document((PartState::Pending, 0), (PartState::Pending, 0));
    let asked = Duration::from_secs(7 * 3600);
    let charges = [Charge {
        part: Part::Recording,
        retry_after: Some(asked),
    }];
    charge(&mut document, &charges, &policy, now()).unwrap();
    assert_eq!(document.record.next_attempt_at, Some(now() + asked));
}

#[test]
fn a_part_is_given_up_at_its_last_attempt_and_not_before() {
    let policy = Policy::defaults();
    for (spent, state) in [
        (policy.max_attempts - 2, PartState::Pending),
        (policy.max_attempts - 1, PartState::Abandoned),
    ] {
        let mut document = document((PartState::Pending, 0), (PartState::Pending, spent));
        charge_parts(&mut document, &policy, &[Part::CallData]);
        assert_eq!(states(&document), (PartState::Pending, state));
        assert_eq!(
            document.record.next_attempt_at.is_some(),
            state == PartState::Pending
        );
    }
}

#[test]
fn call_data_of_which_the_recording_was_given_up_is_due_at_once() {
    let policy = Policy::defaults();
    let mut document = document(
        (PartState::Pending, policy.max_attempts - 1),
        (PartState::Pending, 0),
    );
    charge_parts(&mut document, &policy, &[Part::Recording]);
    assert_eq!(
        states(&document),
        (PartState::Abandoned, PartState::Pending)
    );
    assert_eq!(document.record.next_attempt_at, None);
}

#[test]
fn a_session_that_is_over_waits_for_nothing() {
    let policy = Policy::defaults();
    let mut document = document(
        (PartState::Pending, 0),
        (PartState::Pending, policy.max_attempts - 1),
    );
    charge_parts(&mut document, &policy, &BOTH);
    assert_eq!(
        states(&document),
        (PartState::Pending, PartState::Abandoned)
    );
    assert_eq!(document.record.next_attempt_at, None);
}

#[test]
fn a_complement_that_used_up_its_attempts_gives_up_the_recording_that_it_was_sent_for() {
    let policy = Policy::defaults();
    for (recording, expected) in [
        (PartState::Pending, PartState::Abandoned),
        (PartState::Missing, PartState::Missing),
        (PartState::Absent, PartState::Absent),
        (PartState::Uploaded, PartState::Uploaded),
    ] {
        let spent = (PartState::Uploaded, policy.max_attempts - 1);
        let mut document = document((recording, 0), spent);
        charge_parts(&mut document, &policy, &[Part::CallData]);
        assert_eq!(states(&document), (expected, PartState::Uploaded));
    }
}

#[test]
fn a_failure_is_noted_as_the_parts_error_and_in_the_history() {
    let mut document = document((PartState::Pending, 0), (PartState::Pending, 0));
    let failure = Failure {
        status: Some(500),
        ..Failure::local(FailureKind::Server, "the API failed")
    };
    let took = Some(Duration::from_millis(1234));
    note_failure(&mut document, Part::CallData, &failure, took, now());
    let record = &document.record;
    assert_eq!(record.recording.error, None);
    let error = record.call_data.error.as_ref().unwrap();
    assert_eq!(
        (error.kind.as_str(), error.status, error.message.as_str()),
        ("server", Some(500), "the API failed")
    );
    assert_eq!(
        record.history,
        [HistoryEntry {
            at: Some(now()),
            part: "call_data".to_owned(),
            outcome: "server".to_owned(),
            status: Some(500),
            ms: Some(1234),
        }]
    );
}

#[test]
fn a_document_that_is_no_json_is_an_error_that_names_it() {
    let name = OsStr::new("metadata_s.json");
    assert!(set(Ok(()), name).is_ok());
    let wrong = serde_json::from_str::<u8>("x").map(|_| ());
    let error = set(wrong, name).unwrap_err();
    assert_eq!(error.operation, "write as JSON");
    assert_eq!(error.path, Path::new(name));
}
