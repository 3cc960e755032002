//! Transcripts: torn, late, absent, odd.

use serde_json::{Value, json};
use test_support::{Dir, Session};

use crate::disk::{document_path, modify, padded, transcript_path, tree};
use crate::{OLD, YOUNG, site};

const TORN: &str = r#"{"session_id": "s1", "items": [{"role": "user", "conte"#;

#[test]
fn a_torn_transcript_settles_while_it_is_young_and_costs_nothing() {
    let site = site();
    Session::new("s1").transcript(TORN).write(&site);
    modify(&transcript_path(&site, "s1"), -10);
    let before = tree(&site.dir(Dir::Pending));
    site.run(&[]).expect(0).counts(&[("settling", 1)]);
    assert_eq!(tree(&site.dir(Dir::Pending)), before);
    assert!(site.api().requests().is_empty());

    // It was being written: now it is whole.
    Session::new("s1").write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_transcript_that_makes_no_sense_for_good_fails_the_session_and_sends_nothing() {
    let site = site();
    let texts = [
        TORN,
        "",
        "[]",
        "null",
        r#"{"messages": []}"#,
        r#"{"items": "none"}"#,
    ];
    for (index, text) in texts.iter().enumerate() {
        Session::new(&format!("s{index}"))
            .transcript(*text)
            .write(&site);
    }
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("failed", texts.len() as u64)]);
    for error in outcome.report()["errors"].as_array().unwrap() {
        assert_eq!(error["kind"], "invalid_transcript");
    }
    assert!(site.api().requests().is_empty());
    assert_eq!(site.names(Dir::Failed).len(), texts.len());
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn a_transcript_of_64_mib_is_read_and_a_larger_one_is_not() {
    let site = site();
    for (id, len) in [("fits", 64 << 20), ("large", (64 << 20) + 1)] {
        let text = padded(r#"{"items": [{"role": "user", "content": "hi"}]}"#, len);
        Session::new(id).transcript(text).write(&site);
    }
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("uploaded", 1), ("failed", 1)]);
    assert_eq!(outcome.report()["errors"][0]["session_id"], "large");
    assert_eq!(outcome.report()["errors"][0]["kind"], "invalid_transcript");
    assert_eq!(site.api().calls()[0].call_id, "CALL-fits");
}

#[test]
fn a_transcript_that_comes_late_costs_an_attempt_and_is_delivered() {
    let site = site();
    let path = Session::new("s1").without_transcript_file().write(&site);
    let modified = || std::fs::metadata(&path).unwrap().modified().unwrap();
    let before = modified();
    let outcome = site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(modified(), before, "a rewrite keeps the time");
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["kind"], "missing_transcript");
    assert_eq!(
        (&error["part"], &error["attempts"]),
        (&json!("call_data"), &json!(1))
    );
    assert!(site.api().requests().is_empty());
    let document = site.document(Dir::Pending, "s1");
    assert_eq!(document["upload_attempts"], 1);
    assert!(document["last_upload_attempt"].is_string());
    assert!(document["upload"]["next_attempt_at"].is_string());

    site.run(&[]).expect(3).counts(&[("backoff", 1)]);
    Session::new("s1").write(&site);
    let mut document = document;
    document["upload"]["next_attempt_at"] = Value::Null;
    site.put(Dir::Pending, "metadata_s1.json", document.to_string(), OLD);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload_attempts"], 2);
    assert_eq!(site.api().recordings().len(), 1);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_transcript_that_never_comes_fails_the_session_after_its_attempts() {
    let site = site();
    Session::new("s1").without_transcript_file().write(&site);
    let arguments = ["--max-attempts", "3"];
    for attempt in 1..=2 {
        site.run(&arguments).expect(3).counts(&[("deferred", 1)]);
        let document = site.document(Dir::Pending, "s1");
        assert_eq!(document["upload"]["call_data"]["attempts"], attempt);
        site.lift_backoffs();
    }
    let outcome = site.run(&arguments).expect(4).counts(&[("failed", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "missing_transcript");
    assert!(site.api().requests().is_empty(), "nothing is sent half");
    assert_eq!(site.document(Dir::Failed, "s1")["status"], "failed");
    assert_eq!(site.document(Dir::Failed, "s1")["upload_attempts"], 3);
}

#[test]
fn a_document_that_names_no_transcript_gets_the_one_of_its_session() {
    let site = site();
    for (id, conversation) in [("s1", Value::Null), ("s2", json!("")), ("s3", json!("  "))] {
        Session::new(id)
            .edit(|document| document["files"]["conversation"] = conversation)
            .write(&site);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    for call in site.api().calls() {
        assert_eq!(call.body["transcription"]["total_items"], 2);
    }
}

#[test]
fn a_call_without_any_transcript_goes_without_items_as_a_partial() {
    let site = site();
    Session::new("s1")
        .without_transcript_file()
        .edit(|document| document["files"]["conversation"] = Value::Null)
        .write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let call = &site.api().calls()[0].body;
    assert_eq!(call["transcription"]["conversation_items"], json!([]));
    assert_eq!(call["transcription"]["total_items"], 0);
    // The document's times stand in.
    assert_eq!(call["callDetails"]["duration"], 31);
    assert_eq!(site.api().recordings().len(), 1);
    assert_eq!(site.document(Dir::Processed, "s1")["status"], "uploaded");
}

#[test]
fn items_that_make_no_sense_do_not_keep_the_others_back() {
    let site = site();
    let transcript = json!({
        "duration_seconds": null, "items": [
            7, null, "text", [], {}, {"role": "user"}, {"role": "system", "content": "secret prompt"},
            {"type": "persona_applied", "content": "x", "role": "assistant"},
            {"role": "user", "content": ["a", 7, {"text": "b"}, "c"], "timestamp": "nonsense", "created_at": 1_761_732_980},
            {"role": "agent", "content": "ok", "interrupted": false},
        ],
        "lead_generated": "yes", "metadata": [1],
    });
    Session::new("s1")
        .transcript(transcript.to_string())
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let call = &site.api().calls()[0];
    let transcription = &call.body["transcription"];
    assert_eq!(
        transcription["conversation_items"],
        json!([
            {"role": "user", "content": "a\nc", "timestamp": "2025-10-29T10:16:20Z", "source": null, "transcript_confidence": null},
            {"role": "assistant", "content": "ok", "timestamp": null, "source": null, "transcript_confidence": null, "interrupted": false},
        ])
    );
    assert_eq!(transcription["lead_generated"], false);
    assert_eq!(transcription["metadata"], json!([1]));
    assert!(!call.raw_body.contains("secret prompt"));
}

#[test]
fn a_negative_duration_is_null_and_whole_seconds_are_cut_off() {
    let site = site();
    let items = json!([{"role": "user", "content": "hi"}]);
    for (id, transcript) in [
        ("cut", json!({"duration_seconds": 33.999, "items": items})),
        (
            "backwards",
            json!({"start_time": "2025-10-29T10:00:09Z", "end_time": "2025-10-29T10:00:00Z", "items": items}),
        ),
        (
            "times",
            json!({"start_time": "2025-10-29T10:00:00Z", "end_time": "2025-10-29T10:00:09.9Z", "items": items}),
        ),
    ] {
        Session::new(id)
            .never_recorded()
            .transcript(transcript.to_string())
            .edit(|document| document["timestamps"] = json!({}))
            .write(&site);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    for call in site.api().calls() {
        let expected = match call.call_id.as_str() {
            "CALL-cut" => json!(33),
            "CALL-times" => json!(9),
            _ => Value::Null,
        };
        assert_eq!(
            call.body["callDetails"]["duration"], expected,
            "{}",
            call.call_id
        );
    }
}

#[test]
fn a_young_session_that_is_whole_need_not_wait() {
    let site = site();
    Session::new("s1").never_recorded().age(YOUNG).write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert!(!document_path(&site, Dir::Pending, "s1").exists());
}

#[test]
fn a_transcript_of_which_nothing_can_be_read_makes_the_call_a_partial() {
    let site = site();
    let item = json!({"role": "unknown", "content": "", "raw": "id='item_1' type='message' role='user' content=['cut"});
    Session::new("s1")
        .transcript(json!({"items": [item]}).to_string())
        .write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(
        document["upload"]["call_data"]["without"],
        json!(["transcript"])
    );

    // It still cannot be read: a requeue sends nothing, and above all not the same under a new key.
    site.call(["requeue", "--partial"]).expect(0);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(site.api().requests().len(), 2);

    // A whole one is sent; this API keeps the incomplete call that it has.
    site.put(
        Dir::Conversations,
        "transcript_s1.json",
        test_support::plain_transcript("s1"),
        OLD,
    );
    site.call(["requeue", "--partial"]).expect(0);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(site.api().requests().len(), 3);
    let call_data = &site.document(Dir::Processed, "s1")["upload"]["call_data"];
    assert_eq!(call_data["unlinked"], true);
}
