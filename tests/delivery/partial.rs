//! Calls that went without a part, and what a requeue makes of them when it turns up.

use serde_json::{Value, json};
use test_support::{Dir, Session, Site, sha256};

use crate::{BINARY, OLD, site};

/// A spool whose API keeps every call that it is sent.
fn site_without_dedupe() -> Site {
    Site::with_api(BINARY, |api| api.dedupe(false))
}

fn requeue(site: &Site, arguments: &[&str]) -> String {
    let arguments = ["requeue"].iter().chain(arguments);
    site.call(arguments).expect(0).stdout
}

/// Delivers a call without its recording, which turns up then.
fn deliver_without_recording(site: &Site) {
    let session = Session::new("s1").without_recording_file().lead("{}");
    session.write(site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(
        site.api().calls()[0].body["callDetails"]["recordingUrl"],
        Value::Null
    );
    site.put(Dir::Recordings, "s1.ogg", "late sound", OLD);
    // Nothing happens by itself.
    site.run(&[]).expect(0).counts(&[]);
}

#[test]
fn a_recording_that_turns_up_is_sent_once_and_the_call_again_complete() {
    let site = site_without_dedupe();
    deliver_without_recording(&site);
    for selection in ["s1", "--partial"] {
        requeue(&site, &[selection]);
    }
    assert_eq!(site.place("s1"), Dir::Pending);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["recordings_uploaded"], 1);
    assert_eq!(outcome.report()["parts"]["call_data_uploaded"], 1);

    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(b"late sound"));
    let calls = site.api().calls();
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0].idempotency_key, calls[1].idempotency_key);
    let details = &calls[1].body["callDetails"];
    assert_eq!(details["recordingUrl"], recordings[0].url.as_str());
    assert_eq!(details["recordingSize"], 10);
    // All the rest is the same call.
    assert_eq!(
        calls[1].body["transcription"],
        calls[0].body["transcription"]
    );
    assert_eq!(calls[1].call_id, calls[0].call_id);

    let document = site.document(Dir::Processed, "s1");
    let record = &document["upload"];
    assert_eq!(record["generation"], 1);
    assert_eq!(record["recording"]["state"], "uploaded");
    assert_eq!(record["call_data"]["state"], "uploaded");
    assert_eq!(document["status"], "uploaded");
    // It is whole now: nothing is left.
    requeue(&site, &["s1"]);
    assert_eq!(site.place("s1"), Dir::Processed);
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
}

#[test]
fn an_api_that_keeps_the_incomplete_call_leaves_the_session_partial_with_the_url() {
    let site = site();
    deliver_without_recording(&site);
    requeue(&site, &["s1"]);
    let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(outcome.report()["parts"]["recordings_uploaded"], 1);
    assert_eq!(outcome.report()["parts"]["duplicates"], 1);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(site.api().calls().len(), 1);
    let document = site.document(Dir::Processed, "s1");
    let record = &document["upload"];
    assert_eq!(record["recording"]["state"], "uploaded");
    assert_eq!(record["recording"]["url"], recordings[0].url.as_str());
    assert_eq!(record["call_data"]["unlinked"], true);

    // No run can better that: nothing is sent again.
    let hits = site.api().requests().len();
    requeue(&site, &["--partial"]);
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(site.place("s1"), Dir::Processed);
    assert_eq!(site.api().requests().len(), hits);
}

#[test]
fn a_recording_that_is_still_not_there_leaves_the_session_as_it_was() {
    let site = site();
    Session::new("s1").without_recording_file().write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let before = site.document(Dir::Processed, "s1");
    requeue(&site, &["s1"]);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(site.api().requests().len(), 1);
    let after = site.document(Dir::Processed, "s1");
    for name in ["call_data", "generation"] {
        assert_eq!(after["upload"][name], before["upload"][name], "{name}");
    }
    assert_eq!(after["upload"]["recording"]["state"], "missing");
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
}

#[test]
fn a_recording_that_turns_up_in_the_cloud_completes_the_call_too() {
    let site = site_without_dedupe();
    deliver_without_recording(&site);
    let url = "https://bucket.example.com/s1.ogg";
    let manifest = json!({"ended_at": 5, "files": [{"filename": "s1.ogg", "location": url}]});
    site.put(Dir::Recordings, "EG_s1.json", manifest.to_string(), OLD);
    requeue(&site, &["s1"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert!(site.api().recordings().is_empty());
    let calls = site.api().calls();
    assert_eq!(calls[1].body["callDetails"]["recordingUrl"], url);
    assert_ne!(calls[0].idempotency_key, calls[1].idempotency_key);
}

fn deliver_without_lead(site: &Site) {
    Session::new("s1")
        .edit(|document| document["files"]["lead"] = json!("leads/late.json"))
        .write(site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(site.api().calls()[0].body["lead"], json!({}));
}

#[test]
fn a_lead_that_turns_up_is_sent_with_the_call_again_and_the_recording_is_not() {
    let site = site_without_dedupe();
    deliver_without_lead(&site);
    site.put(Dir::Leads, "late.json", r#"{"name": "Test"}"#, OLD);
    requeue(&site, &["s1"]);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["leads_uploaded"], 1);
    assert_eq!(site.api().recordings().len(), 1);
    let calls = site.api().calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].body["lead"], json!({"name": "Test"}));
    assert_eq!(calls[1].body["transcription"]["lead_generated"], true);
    assert_eq!(
        calls[1].body["callDetails"]["recordingUrl"],
        site.api().recordings()[0].url.as_str()
    );
    assert_ne!(calls[0].idempotency_key, calls[1].idempotency_key);
    assert_eq!(
        site.document(Dir::Processed, "s1")["upload"]["generation"],
        1
    );
}

#[test]
fn a_lead_that_turns_up_at_an_api_that_keeps_the_old_call_stays_unlinked() {
    let site = site();
    deliver_without_lead(&site);
    site.put(Dir::Leads, "late.json", r#"{"name": "Test"}"#, OLD);
    requeue(&site, &["s1"]);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let record = &site.document(Dir::Processed, "s1")["upload"];
    assert_eq!(record["call_data"]["unlinked"], true);
    assert_eq!(site.api().calls().len(), 1);
    assert_eq!(site.api().recordings().len(), 1);
}

#[test]
fn a_lead_that_is_still_not_there_sends_nothing_again() {
    let site = site();
    deliver_without_lead(&site);
    requeue(&site, &["s1"]);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(site.api().requests().len(), 2);
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
}

#[test]
fn a_transcript_that_turns_up_completes_the_call_too() {
    let site = site_without_dedupe();
    Session::new("s1")
        .without_transcript_file()
        .edit(|document| document["files"]["conversation"] = Value::Null)
        .write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let transcript = test_support::plain_transcript("s1");
    site.put(Dir::Conversations, "transcript_s1.json", transcript, OLD);
    requeue(&site, &["s1"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings().len(), 1);
    let calls = site.api().calls();
    assert_eq!(calls[1].body["transcription"]["total_items"], 2);
}

#[test]
fn a_failed_session_that_was_mended_is_delivered_after_a_requeue() {
    let site = site();
    Session::new("s1").transcript("{torn").write(&site);
    site.run(&[]).expect(4).counts(&[("failed", 1)]);
    let transcript = test_support::plain_transcript("s1");
    site.put(Dir::Conversations, "transcript_s1.json", transcript, OLD);
    requeue(&site, &["--failed"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings().len(), 1);
    assert!(site.names(Dir::Failed).is_empty());
}

#[test]
fn quarantined_bytes_that_were_mended_are_delivered_after_a_requeue() {
    let site = site();
    let path = Session::new("s1").write(&site);
    let good = std::fs::read(&path).unwrap();
    site.put(
        Dir::Pending,
        "metadata_s1.json",
        &good[..good.len() / 2],
        OLD,
    );
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    site.put(Dir::Corrupt, "metadata_s1.json", &good, OLD);
    requeue(&site, &["s1"]);
    assert!(site.names(Dir::Corrupt).is_empty());
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
}
