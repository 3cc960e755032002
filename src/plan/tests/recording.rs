//! Where a recording is taken from, and what goes before what.

use super::situation::*;
use crate::outcome::{FailureKind, Part};
use crate::plan::{CallDataStep, RecordingStep};
use crate::session::Lookup;

const ENDED: &str = r#"{"egress_id":"EG_x","started_at":1000000000,"ended_at":58000000000,
    "files":[{"filename":"call.ogg"}]}"#;

#[test]
fn what_is_recorded_goes_before_everything_on_disk() {
    let situation = || {
        session()
            .manifest(ENDED)
            .found(vec![Lookup::Here(file("call.ogg"))])
            .named(Lookup::Unsafe("no regular file".to_owned()))
    };
    for state in [
        "uploaded",
        "duplicate",
        "remote",
        "absent",
        "missing",
        "rejected",
        "abandoned",
    ] {
        let record = format!(r#"{{"recording":{{"state":"{state}"}}}}"#);
        let delivery = situation().upload(&record).delivery();
        assert_eq!(delivery.recording, RecordingStep::Settled, "{state}");
        assert!(
            matches!(delivery.call_data, CallDataStep::Post { .. }),
            "{state}"
        );
    }
    let pending = situation().upload(r#"{"recording":{"state":"pending","attempts":3}}"#);
    assert_eq!(pending.sent_name(), "call.ogg");
}

#[test]
fn the_manifests_file_goes_before_the_documents() {
    let situation = |found| {
        session()
            .call_ended(1)
            .manifest(ENDED)
            .found(vec![found])
            .named(Lookup::Here(file("named.ogg")))
    };
    let here = Lookup::Here(file("call.ogg"));
    assert_eq!(situation(here).sent_name(), "call.ogg");
    let sent = situation(Lookup::Missing).sent();
    assert_eq!(sent.file, file("named.ogg"));
    assert_eq!(sent.duration, seconds(57));
}

#[test]
fn the_documents_file_of_an_egress_is_used_once_the_grace_is_over() {
    let situation = |age| {
        session()
            .egress()
            .call_ended(age)
            .named(Lookup::Here(file("named.ogg")))
    };
    assert_eq!(situation(GRACE - 1).action(), wait(1));
    assert_eq!(situation(GRACE).sent_name(), "named.ogg");
    assert_eq!(situation(GRACE + 1).sent_name(), "named.ogg");
}

#[test]
fn the_documents_file_of_no_egress_is_used_at_once() {
    let sent = session()
        .call_ended(1)
        .named(Lookup::Here(file("named.ogg")))
        .sent();
    assert_eq!(sent.file, file("named.ogg"));
    assert_eq!(sent.duration, None);
}

#[test]
fn a_url_in_the_document_is_where_the_recording_is() {
    for situation in [session(), session().egress()] {
        let mut situation = situation.call_ended(1).named(Lookup::Missing);
        situation.files = r#"{"recording":"https://store.example.com/a.ogg"}"#.to_owned();
        let expected = RecordingStep::Remote {
            url: "https://store.example.com/a.ogg".to_owned(),
            bytes: None,
            duration: None,
        };
        assert_eq!(situation.recording(), expected);
    }
}

#[test]
fn a_recording_that_is_named_or_expected_and_not_there_is_awaited_and_then_missing() {
    let expected: [fn() -> Situation; 4] = [
        || session().egress(),
        || session().named(Lookup::Missing),
        || session().egress().named(Lookup::Missing),
        || session().manifest(ENDED),
    ];
    for situation in expected {
        assert_eq!(situation().call_ended(GRACE - 1).action(), wait(1));
        for age in [GRACE, GRACE + 1] {
            let delivery = situation().call_ended(age).delivery();
            assert_eq!(delivery.recording, missing("not_found"));
            assert!(matches!(delivery.call_data, CallDataStep::Post { .. }));
        }
    }
}

#[test]
fn with_neither_egress_nor_path_there_never_was_one() {
    let blank = r#"{"campaignId":"c","voiceAgentId":"v","clientId":"k","egressId":" EG_ "}"#;
    for situation in [session(), session().campaign(blank)] {
        assert_eq!(situation.call_ended(1).recording(), RecordingStep::Absent);
    }
}

#[test]
fn an_unsafe_path_fails_and_an_unreadable_file_is_skipped() {
    for situation in [session(), session().egress()] {
        let situation = situation.named(Lookup::Unsafe("a path with ..".to_owned()));
        let (part, kind, message) = situation.failure();
        assert_eq!((part, kind), (Part::Recording, FailureKind::UnsafePath));
        assert!(message.contains("a path with .."), "{message}");
    }
    let situation = session().named(Lookup::Unreadable("denied".to_owned()));
    assert_eq!(situation.skipped(), "the recording cannot be read: denied");
}

#[test]
fn a_manifest_goes_before_an_unsafe_path_that_is_not_needed() {
    let situation = session()
        .manifest(ENDED)
        .found(vec![Lookup::Here(file("call.ogg"))])
        .named(Lookup::Unsafe("a path with ..".to_owned()));
    assert_eq!(situation.sent_name(), "call.ogg");
}
