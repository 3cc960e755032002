//! Sessions of which something was delivered or given up before.

use super::situation::*;
use crate::plan::{Action, CallDataStep, RecordingStep};
use crate::session::{Lacking, Lookup};

/// The record of a session whose parts are in these states.
fn record(recording: &str, call_data: &str, without: &str) -> String {
    format!(
        r#"{{"recording":{{"state":"{recording}"}},
            "call_data":{{"state":"{call_data}","without":[{without}]}}}}"#
    )
}

/// What the complement goes without; panics when the call data is not sent as one.
fn complement(step: &CallDataStep) -> &[Lacking] {
    match step {
        CallDataStep::Post {
            lacking,
            is_complement: true,
            ..
        } => lacking,
        other => panic!("no complement: {other:?}"),
    }
}

const DELIVERED: [&str; 2] = ["uploaded", "duplicate"];
const EVERY_END: [&str; 7] = [
    "uploaded",
    "duplicate",
    "remote",
    "absent",
    "missing",
    "rejected",
    "abandoned",
];

#[test]
fn a_session_of_which_everything_is_delivered_is_filed() {
    for recording in EVERY_END {
        for call_data in DELIVERED {
            let action = session().upload(&record(recording, call_data, "")).action();
            assert_eq!(action, Action::File, "{recording} {call_data}");
        }
    }
}

#[test]
fn what_was_given_up_is_filed_and_not_sent_again() {
    for call_data in ["rejected", "abandoned"] {
        for recording in EVERY_END {
            for without in ["", r#""recording""#, r#""transcript""#] {
                let upload = record(recording, call_data, without);
                assert_eq!(session().upload(&upload).action(), Action::File, "{upload}");
            }
        }
    }
}

#[test]
fn a_failed_session_is_filed_whatever_has_come_since() {
    for call_data in ["rejected", "abandoned"] {
        let situation = || session().upload(&record("pending", call_data, r#""recording""#));
        let here = situation().named(Lookup::Here(file("named.ogg")));
        assert_eq!(here.action(), Action::File);
        assert_eq!(situation().egress().action(), Action::File);
        let unsafe_path = situation().named(Lookup::Unsafe("no regular file".to_owned()));
        assert_eq!(unsafe_path.action(), Action::File);
    }
}

#[test]
fn a_recording_that_is_there_now_completes_the_call_data() {
    for call_data in DELIVERED {
        let situation = || session().upload(&record("pending", call_data, r#""recording""#));
        let delivery = situation()
            .named(Lookup::Here(file("named.ogg")))
            .delivery();
        assert!(matches!(delivery.recording, RecordingStep::Upload(_)));
        assert_eq!(complement(&delivery.call_data), []);

        let text = r#"{"files":[{"location":"s3://bucket/a.ogg"}]}"#;
        let delivery = situation()
            .manifest(text)
            .found(vec![Lookup::NotNamed])
            .delivery();
        assert!(matches!(delivery.recording, RecordingStep::Remote { .. }));
        assert_eq!(complement(&delivery.call_data), []);
    }
    // Recorded already; a run died before the call data followed.
    for recording in ["uploaded", "duplicate", "remote"] {
        let upload = record(recording, "uploaded", r#""recording""#);
        let delivery = session().upload(&upload).delivery();
        assert_eq!(delivery.recording, RecordingStep::Settled);
        assert_eq!(complement(&delivery.call_data), []);
    }
}

#[test]
fn a_recording_that_is_not_there_completes_nothing() {
    let upload = record("pending", "uploaded", r#""recording""#);
    let situation = |age| session().egress().call_ended(age).upload(&upload);
    assert_eq!(situation(GRACE - 1).action(), wait(1));
    let delivery = situation(GRACE).delivery();
    assert_eq!(delivery.recording, missing("not_found"));
    assert_eq!(delivery.call_data, CallDataStep::Settled);
    for recording in ["absent", "missing", "rejected", "abandoned"] {
        let upload = record(recording, "uploaded", r#""recording""#);
        assert_eq!(session().upload(&upload).action(), Action::File);
    }
}

#[test]
fn a_lead_that_is_there_now_completes_the_call_data() {
    let situation = || session().upload(&record("uploaded", "uploaded", r#""lead""#));
    let delivery = situation().lead(lead_of("{}", 0)).delivery();
    assert_eq!(delivery.recording, RecordingStep::Settled);
    assert_eq!(complement(&delivery.call_data), []);
    for age in [0, SETTLE] {
        let gone = situation().lead(Lookup::Missing).document_aged(age);
        assert_eq!(gone.action(), Action::File, "{age}");
    }
    assert_eq!(situation().lead(Lookup::NotNamed).action(), Action::File);
    let half_written = situation().lead(lead_of("{", SETTLE - 1)).action();
    assert_eq!(half_written, Action::Settle { what: "lead file" });
}

#[test]
fn a_transcript_that_is_there_now_completes_the_call_data() {
    let situation = || session().upload(&record("remote", "duplicate", r#""transcript""#));
    assert_eq!(complement(&situation().call_data()), []);
    for transcript in [Lookup::Missing, Lookup::NotNamed] {
        let action = situation().transcript(transcript).action();
        assert_eq!(action, Action::File);
    }
}

#[test]
fn a_complement_says_what_is_still_lacking() {
    let upload = record("uploaded", "uploaded", r#""recording","lead","transcript""#);
    let situation = || session().upload(&upload).transcript(Lookup::NotNamed);
    let delivery = situation().lead(Lookup::Missing).delivery();
    assert_eq!(
        complement(&delivery.call_data),
        [Lacking::Transcript, Lacking::Lead]
    );
    let delivery = situation().lead(lead_of("{}", 0)).delivery();
    assert_eq!(complement(&delivery.call_data), [Lacking::Transcript]);
}

#[test]
fn only_what_was_lacking_makes_a_complement() {
    let upload = record("uploaded", "uploaded", r#""lead""#);
    assert_eq!(session().upload(&upload).action(), Action::File);
    let upload = record("uploaded", "uploaded", r#""recording""#);
    let situation = session().upload(&upload).lead(lead_of("{}", 0));
    assert_eq!(complement(&situation.call_data()), []);
    let upload = record("missing", "uploaded", r#""recording""#);
    let situation = session().upload(&upload).lead(lead_of("{}", 0));
    assert_eq!(situation.action(), Action::File);
}

#[test]
fn reopened_call_data_stays_a_complement() {
    for without in [r#""recording""#, r#""lead""#, r#""transcript""#] {
        for recording in ["uploaded", "remote", "absent"] {
            let upload = record(recording, "pending", without);
            let step = session().upload(&upload).call_data();
            assert_eq!(complement(&step), [], "{upload}");
        }
    }
    let fresh = session().upload(&record("uploaded", "pending", ""));
    assert!(matches!(
        fresh.call_data(),
        CallDataStep::Post {
            is_complement: false,
            ..
        }
    ));
}

#[test]
fn delivered_call_data_lets_its_recording_go_alone() {
    let upload = record("pending", "uploaded", "");
    let situation = || session().upload(&upload);
    // What the call data would need is not asked for any more.
    let delivery = situation()
        .named(Lookup::Here(file("named.ogg")))
        .campaign("{}")
        .transcript(Lookup::Unsafe("no regular file".to_owned()))
        .lead(Lookup::Missing)
        .document_aged(0)
        .delivery();
    assert!(matches!(delivery.recording, RecordingStep::Upload(_)));
    assert_eq!(delivery.call_data, CallDataStep::Settled);
    // That there never was a recording is still to be recorded.
    let delivery = situation().delivery();
    assert_eq!(delivery.recording, RecordingStep::Absent);
    assert_eq!(delivery.call_data, CallDataStep::Settled);
}
