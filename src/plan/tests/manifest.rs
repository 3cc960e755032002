//! What an egress manifest says, in every form and at every status.

use super::situation::*;
use crate::outcome::{FailureKind, Part};
use crate::plan::{Action, RecordingStep};
use crate::session::Lookup;

/// The manifest that egress writes, of a call of 57 seconds.
const PLAIN: &str = r#"{"egress_id":"EG_x","room_id":"RM_x","room_name":"r",
    "started_at":1000000000,"ended_at":58000000000,
    "files":[{"filename":"recordings/call.ogg","location":"/recordings/call.ogg"}]}"#;

#[test]
fn every_form_leads_to_its_file_and_length() {
    for (text, duration) in [
        (PLAIN, seconds(57)),
        (
            r#"{"egressId":"EG_x","status":"EGRESS_COMPLETE","startedAt":"1000000000",
                "endedAt":"60000000000","fileResults":[{"filename":"/recordings/call.ogg",
                "location":"/recordings/call.ogg","size":"1000","duration":"57000000000"}]}"#,
            seconds(57),
        ),
        (
            r#"{"egress_id":"EG_x","status":3,"started_at":1000000000,"ended_at":60000000000,
                "file_results":[{"filename":"call.ogg","size":1000}]}"#,
            seconds(59),
        ),
        (r#"{"file_path":"recordings/call.ogg"}"#, None),
        (r#"{"filename":"call.ogg"}"#, None),
    ] {
        let situation = session()
            .call_ended(1)
            .manifest(text)
            .found(vec![Lookup::Here(file("call.ogg"))]);
        let sent = situation.sent();
        assert_eq!(sent.file, file("call.ogg"), "{text}");
        assert_eq!(sent.duration, duration, "{text}");
        assert!(!sent.size_mismatch, "{text}");
    }
}

#[test]
fn the_end_of_an_egress_decides_at_once() {
    let with_file = r#""files":[{"filename":"call.ogg"}]"#;
    for (status, reason) in [
        ("EGRESS_COMPLETE", None),
        ("EGRESS_LIMIT_REACHED", None),
        ("EGRESS_FAILED", Some("EGRESS_FAILED")),
        ("EGRESS_ABORTED", Some("EGRESS_ABORTED")),
    ] {
        let text = format!(r#"{{"status":"{status}",{with_file}}}"#);
        let step = session()
            .call_ended(1)
            .manifest(&text)
            .found(vec![Lookup::Here(file("call.ogg"))])
            .recording();
        match reason {
            Some(reason) => assert_eq!(step, missing(reason), "{status}"),
            None => assert!(matches!(step, RecordingStep::Upload(_)), "{status}"),
        }
    }
    for (text, reason) in [
        (
            r#"{"status":"EGRESS_LIMIT_REACHED"}"#,
            "EGRESS_LIMIT_REACHED",
        ),
        (r#"{"status":"EGRESS_COMPLETE","files":[]}"#, "no_files"),
        (
            r#"{"egressId":"EG_x","fileResults":[],"endedAt":"2"}"#,
            "no_files",
        ),
        (
            r#"{"egress_id":"EG_x","ended_at":2,"files":[]}"#,
            "no_files",
        ),
        (r#"{"egress_id":"EG_x","error":"no room"}"#, "EGRESS_FAILED"),
    ] {
        let delivery = session().call_ended(1).manifest(text).delivery();
        assert_eq!(delivery.recording, missing(reason), "{text}");
        assert!(delivery.warnings.is_empty(), "{text}");
    }
}

#[test]
fn a_failed_egress_is_not_mended_by_the_documents_own_path() {
    let step = session()
        .manifest(r#"{"status":"EGRESS_FAILED"}"#)
        .named(Lookup::Here(file("named.ogg")))
        .recording();
    assert_eq!(step, missing("EGRESS_FAILED"));
}

#[test]
fn an_egress_in_progress_is_as_no_manifest() {
    for status in ["EGRESS_STARTING", "EGRESS_ACTIVE", "EGRESS_ENDING"] {
        let text = format!(
            r#"{{"status":"{status}","fileResults":[{{"filename":"call.ogg",
                "location":"https://store.example.com/call.ogg"}}]}}"#
        );
        let at = |age| {
            session()
                .call_ended(age)
                .manifest(&text)
                .found(vec![Lookup::Here(file("call.ogg"))])
        };
        assert_eq!(at(GRACE - 1).action(), wait(1), "{status}");
        assert_eq!(at(GRACE).recording(), missing("not_found"), "{status}");
        let named = |age| at(age).named(Lookup::Here(file("named.ogg")));
        assert_eq!(named(GRACE - 1).action(), wait(1), "{status}");
        assert_eq!(named(GRACE).sent_name(), "named.ogg", "{status}");
    }
}

#[test]
fn an_unparsable_manifest_settles_while_young_and_is_as_none_when_old() {
    let settling = Action::Settle {
        what: "egress manifest",
    };
    for text in ["", "{\"egress_id\": \"EG_x\", \"fi", "[]", r#"{"a": 1}"#] {
        for age in [0, SETTLE - 1, -SETTLE] {
            for call_ended in [1, GRACE] {
                let action = session()
                    .call_ended(call_ended)
                    .manifest_aged(text, age)
                    .action();
                assert_eq!(action, settling, "{text} {age} {call_ended}");
            }
        }
        for age in [SETTLE, SETTLE + 1, -SETTLE - 1] {
            let at = |call_ended| session().call_ended(call_ended).manifest_aged(text, age);
            assert_eq!(at(GRACE - 1).action(), wait(1), "{text} {age}");
            assert_eq!(at(GRACE).recording(), missing("not_found"), "{text} {age}");
            let named = at(GRACE).named(Lookup::Here(file("named.ogg")));
            assert_eq!(named.sent_name(), "named.ogg", "{text} {age}");
        }
    }
}

#[test]
fn a_manifest_that_can_be_read_is_used_however_young() {
    let sent = session()
        .manifest_aged(PLAIN, 0)
        .found(vec![Lookup::Here(file("call.ogg"))])
        .sent_name();
    assert_eq!(sent, "call.ogg");
}

#[test]
fn what_is_in_cloud_storage_is_not_sent() {
    for url in [
        "https://store.example.com/call.ogg",
        "http://store.example.com/call.ogg",
        "s3://bucket/call.ogg",
        "gs://bucket/call.ogg",
    ] {
        let text = format!(
            r#"{{"egressId":"EG_x","startedAt":"1","fileResults":[{{"filename":"call.ogg",
                "location":"{url}","size":"5","duration":"57000000000"}}]}}"#
        );
        for found in [Lookup::Missing, Lookup::Here(file("call.ogg"))] {
            let situation = session().call_ended(1).manifest(&text).found(vec![found]);
            let expected = RecordingStep::Remote {
                url: url.to_owned(),
                bytes: Some(5),
                duration: seconds(57),
            };
            assert_eq!(situation.recording(), expected);
        }
    }
    for place in ["/recordings/call.ogg", "file:///recordings/call.ogg"] {
        let text = format!(r#"{{"files":[{{"filename":"call.ogg","location":"{place}"}}]}}"#);
        let situation = session()
            .manifest(&text)
            .found(vec![Lookup::Here(file("call.ogg"))]);
        assert_eq!(situation.sent_name(), "call.ogg", "{place}");
    }
}

#[test]
fn local_playlists_are_missing_and_remote_ones_remote() {
    let local = r#"{"egress_id":"EG_x","started_at":1000000000,"ended_at":2000000000,"files":[],
        "playlists":[{"location":"/recordings/a.m3u8","segments":[{},{},{}]},{"segments":[{}]}]}"#;
    let delivery = session().call_ended(1).manifest(local).delivery();
    assert_eq!(delivery.recording, missing("hls"));
    assert_eq!(delivery.warnings.len(), 1, "{:?}", delivery.warnings);
    assert!(
        delivery.warnings[0].contains(" 4 segments"),
        "{:?}",
        delivery.warnings
    );

    let remote = local.replace("/recordings/", "s3://bucket/");
    let delivery = session().call_ended(1).manifest(&remote).delivery();
    let expected = RecordingStep::Remote {
        url: "s3://bucket/a.m3u8".to_owned(),
        bytes: None,
        duration: seconds(1),
    };
    assert_eq!(delivery.recording, expected);
    assert!(delivery.warnings.is_empty(), "{:?}", delivery.warnings);
}

/// A manifest of these files.
fn naming(names: &[&str]) -> String {
    let files: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"filename":"{name}"}}"#))
        .collect();
    format!(r#"{{"files":[{}]}}"#, files.join(","))
}

#[test]
fn of_several_files_the_first_audio_or_video_that_is_there_is_sent() {
    let names = [
        "gone.ogg",
        "/recordings/notes.json",
        "second.MP4",
        "third.ogg",
    ];
    let here = |name: &str| Lookup::Here(file(name));
    let delivery = session()
        .manifest(&naming(&names))
        .found(vec![
            Lookup::Missing,
            here("notes.json"),
            here("second.MP4"),
            here("third.ogg"),
        ])
        .delivery();
    let RecordingStep::Upload(sent) = delivery.recording else {
        panic!("not sent");
    };
    assert_eq!(sent.file.file_name(), "second.MP4");
    let [warning] = delivery.warnings.as_slice() else {
        panic!("{:?}", delivery.warnings);
    };
    assert!(
        warning.ends_with(": gone.ogg, notes.json, third.ogg"),
        "{warning}"
    );
}

#[test]
fn the_size_and_length_are_those_of_the_file_that_is_sent() {
    let text = r#"{"files":[{"filename":"a.ogg","size":5,"duration":3000000000},
        {"filename":"b.ogg","size":1000,"duration":57000000000}]}"#;
    let sent = session()
        .call_ended(1)
        .manifest(text)
        .found(vec![Lookup::Missing, Lookup::Here(file("b.ogg"))])
        .sent();
    assert_eq!(sent.file, file("b.ogg"));
    assert_eq!(sent.duration, seconds(57));
    assert!(!sent.size_mismatch);
}

#[test]
fn a_file_of_no_known_kind_is_better_than_none() {
    let sent = session()
        .manifest(&naming(&["gone.ogg", "first.bin", "second"]))
        .found(vec![
            Lookup::Missing,
            Lookup::Here(file("first.bin")),
            Lookup::Here(file("second")),
        ]);
    assert_eq!(sent.sent_name(), "first.bin");
}

#[test]
fn a_single_file_gives_no_warning() {
    let delivery = session()
        .manifest(PLAIN)
        .found(vec![Lookup::Here(file("call.ogg"))])
        .delivery();
    assert!(delivery.warnings.is_empty(), "{:?}", delivery.warnings);
}

#[test]
fn a_cloud_file_among_several_is_the_recording_unless_a_local_one_comes_first() {
    let text = r#"{"files":[{"filename":"a.ogg"},{"location":"s3://bucket/b.ogg"}]}"#;
    let of = |first| {
        session()
            .manifest(text)
            .found(vec![first, Lookup::NotNamed])
    };
    assert_eq!(of(Lookup::Here(file("a.ogg"))).sent_name(), "a.ogg");
    let delivery = of(Lookup::Missing).delivery();
    assert!(
        matches!(delivery.recording, RecordingStep::Remote { url, .. } if url == "s3://bucket/b.ogg")
    );
    assert_eq!(delivery.warnings.len(), 1);
    assert!(
        delivery.warnings[0].ends_with(": a.ogg"),
        "{:?}",
        delivery.warnings
    );
}

#[test]
fn what_is_unsafe_fails_and_what_is_unreadable_is_skipped() {
    let manifest_files = |lookup| session().manifest(PLAIN).found(vec![lookup]);
    let unsafe_ones = [
        session().manifest_lookup(Lookup::Unsafe("no regular file".to_owned())),
        manifest_files(Lookup::Unsafe("no regular file".to_owned())),
    ];
    for situation in unsafe_ones {
        let (part, kind, message) = situation.failure();
        assert_eq!((part, kind), (Part::Recording, FailureKind::UnsafePath));
        assert!(message.contains("no regular file"), "{message}");
    }
    let manifest = session().manifest_lookup(Lookup::Unreadable("denied".to_owned()));
    assert_eq!(
        manifest.skipped(),
        "the egress manifest cannot be read: denied"
    );
    let recording = manifest_files(Lookup::Unreadable("denied".to_owned()));
    assert_eq!(recording.skipped(), "the recording cannot be read: denied");
}
