//! Where the cron that ran before lost calls, sent them twice or never sent them, and the spool's
//! own fault.

use reference_api::Target;
use serde_json::{Value, json};
use test_support::{Dir, Session, sha256};

use crate::disk::{from_now, modify};
use crate::{OLD, site};

#[test]
fn sessions_that_cannot_go_do_not_stand_in_front_of_those_that_can() {
    let site = site();
    for index in 0..10 {
        Session::new(&format!("bad{index}"))
            .without_transcript_file()
            .age(3 * OLD)
            .write(&site);
    }
    for index in 0..5 {
        Session::new(&format!("good{index}")).write(&site);
    }
    let batch = ["--batch-size", "10"];
    let outcome = site
        .run(&batch)
        .expect(3)
        .counts(&[("deferred", 10), ("left", 5)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("batch_size"));
    // Even if all of them are due again at once, the others have their turn.
    site.lift_backoffs();
    site.run(&batch)
        .expect(3)
        .counts(&[("uploaded", 5), ("deferred", 5), ("left", 5)]);
    assert_eq!(site.api().calls().len(), 5);
    assert_eq!(site.api().recordings().len(), 5);
}

#[test]
fn what_broke_the_cron_is_delivered_at_the_first_run() {
    let site = site();
    let turn = json!({"role": "user", "content": "hello"});
    Session::new("duration")
        .transcript(json!({"duration_seconds": null, "items": [turn]}).to_string())
        .write(&site);
    Session::new("item")
        .transcript(json!({"duration_seconds": 5, "items": ["no object", turn, null]}).to_string())
        .write(&site);
    Session::new("files")
        .edit(|document| {
            document.as_object_mut().unwrap().remove("files");
        })
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(site.api().hits(Target::Upload), 3);
    assert_eq!(site.api().hits(Target::CallData), 3);
    for call in site.api().calls() {
        let items = &call.body["transcription"]["conversation_items"];
        let count = if call.call_id == "CALL-files" { 2 } else { 1 };
        assert_eq!(items.as_array().unwrap().len(), count, "{}", call.call_id);
    }
}

#[test]
fn text_that_is_only_in_raw_is_sent() {
    let site = site();
    let raw = r"id='item_1' type='message' role='user' content=['It\'s me', 'caf\xe9'] interrupted=False transcript_confidence=None created_at=1761732980.5";
    let transcript = json!({"items": [
        {"role": "unknown", "content": "", "source": "session_history", "raw": raw},
    ]});
    Session::new("s1")
        .transcript(transcript.to_string())
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(
        site.api().calls()[0].body["transcription"]["conversation_items"],
        json!([{"role": "user", "content": "It's me\ncafé", "timestamp": "2025-10-29T10:16:20.500Z",
            "source": "session_history", "transcript_confidence": null, "interrupted": false}])
    );
}

#[test]
fn an_offset_with_a_z_is_sent_as_a_valid_time_and_a_missing_time_as_null() {
    let site = site();
    let transcript = r#"{"items": [{"role": "user", "content": "hi", "timestamp": "2025-10-29T13:51:00.5+00:00Z"}]}"#;
    Session::new("offset").transcript(transcript).write(&site);
    Session::new("missing")
        .transcript(transcript)
        .edit(|document| {
            document["timestamps"]
                .as_object_mut()
                .unwrap()
                .remove("call_start");
        })
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    for call in site.api().calls() {
        let expected = if call.call_id == "CALL-offset" {
            json!("2025-10-29T13:50:57.987953Z")
        } else {
            Value::Null
        };
        assert_eq!(call.body["callDetails"]["startTime"], expected);
        assert_eq!(
            call.body["transcription"]["conversation_items"][0]["timestamp"],
            "2025-10-29T13:51:00.500Z"
        );
        assert!(!call.raw_body.contains("+00:00Z"));
    }
}

#[test]
fn a_manifest_or_recording_that_is_late_or_half_there_loses_nothing() {
    let site = site();
    let whole = b"the whole recording".to_vec();
    let just_ended = |id: &str| {
        Session::new(id)
            .recording(whole.clone())
            .edit(|document| document["timestamps"]["call_end"] = json!(from_now(-20)))
    };
    just_ended("manifest").without_manifest().write(&site);
    just_ended("file").without_recording_file().write(&site);
    just_ended("half").recording(&whole[..9]).write(&site);
    modify(&site.dir(Dir::Recordings).join("half.ogg"), -1);
    site.run(&[])
        .expect(0)
        .counts(&[("waiting", 2), ("settling", 1)]);
    assert!(site.api().requests().is_empty());

    for id in ["manifest", "file", "half"] {
        just_ended(id).write(&site);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    assert_eq!(site.api().hits(Target::Upload), 3);
    for recording in site.api().recordings() {
        assert_eq!(recording.sha256, sha256(&whole));
    }
    for call in site.api().calls() {
        assert_eq!(call.body["callDetails"]["recordingSize"], whole.len());
    }
}

#[test]
fn a_torn_document_is_not_ignored_for_ever() {
    let site = site();
    let path = site.put(Dir::Pending, "metadata_s1.json", "{\"session_id\":", OLD);
    modify(&path, -5);
    site.run(&[]).expect(0).counts(&[("settling", 1)]);
    modify(&path, -61);
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
}
