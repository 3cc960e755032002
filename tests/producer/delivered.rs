//! What was recorded is what arrives.

use std::fs;

use serde_json::{Value, json};
use test_support::{Dir, manifest, sha256};

use crate::{call, campaign, feed, lead, record, record_lead, site};

#[test]
fn a_recorded_call_arrives_whole() {
    let site = site();
    // Egress ends on its own time; that its file is old enough is not what is tested here.
    fs::write(site.dir(Dir::Recordings).join("x.ogg"), "OggS sound").unwrap();
    fs::write(site.dir(Dir::Recordings).join("EG_x.json"), manifest("x")).unwrap();
    record_lead(&site, &lead("x")).expect(0);
    let mut input = call("x");
    input["egress_id"] = json!("EG_x");
    input["metadata"] = json!({"agent": "asha-7"});
    let line = record(&site, &input).expect(0).json_lines().remove(0);
    assert_eq!(
        (&line["created"], &line["state"], &line["warnings"]),
        (&json!(true), &json!("pending"), &json!([]))
    );
    let at = |dir, name: &str| json!(site.dir(dir).join(name).to_str().unwrap());
    assert_eq!(line["document"], at(Dir::Pending, "metadata_x.json"));
    assert_eq!(
        line["transcript"],
        at(Dir::Conversations, "transcript_x.json")
    );
    assert_eq!(line["lead"], at(Dir::Leads, "lead_x.json"));

    site.run(&["--settle", "0s"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(b"OggS sound"));
    let calls = site.api().calls();
    assert_eq!(calls.len(), 1);
    let body = &calls[0].body;
    assert_eq!(body["callDetails"]["callId"], "CALL-x");
    assert_eq!(body["callDetails"]["callerNumber"], "+15550100123");
    assert_eq!(
        body["callDetails"]["recordingUrl"],
        recordings[0].url.as_str()
    );
    assert_eq!(
        body["callDetails"]["startTime"],
        "2025-10-29T10:16:25.608060Z"
    );
    assert_eq!(body["callDetails"]["endTime"], "2025-10-29T10:16:31.500Z");
    assert_eq!(body["callDetails"]["duration"], 5);
    assert_eq!(
        body["transcription"]["conversation_items"],
        json!([
            {"role": "assistant", "content": "Hello, this is Asha.", "timestamp": "2025-10-29T10:16:25.608060Z", "source": "agent", "transcript_confidence": null},
            {"role": "user", "content": "I need\na demo", "timestamp": "2025-10-29T10:16:31.500Z", "source": null, "transcript_confidence": null},
        ])
    );
    assert_eq!(body["transcription"]["lead_generated"], true);
    assert_eq!(body["transcription"]["metadata"]["agent"], "asha-7");
    assert_eq!(
        body["transcription"]["metadata"]["campaign_metadata"]["egressId"],
        "EG_x"
    );
    let lead_file = fs::read_to_string(site.dir(Dir::Leads).join("lead_x.json")).unwrap();
    let lead_file: Value = serde_json::from_str(&lead_file).unwrap();
    assert_eq!(body["lead"], lead_file);
    assert_eq!(body["lead"]["email"], "t@example.com");
    assert_eq!(body["lead"]["name"], "Test Person");
}

#[test]
fn items_are_kept_byte_for_byte_whatever_they_are() {
    let site = site();
    let items = [
        r#"{"role" : "user","content":"\u00e9\/ \ud83d\ude42 \ud800", "n": 12345678901234567890123}"#,
        r#"{"odd": 1E+2, "x": 5.697564, "x": 0.10}"#,
        r#"{"role":"unknown","content":"","raw":"nothing known"}"#,
        "{}",
        r#"{"type":"function_call","name":"create_lead","arguments":"{}"}"#,
    ];
    let campaign = r#"{"campaignId":"c","voiceAgentId":"v","clientId":"k","score": 1E+2,"id":12345678901234567890123}"#;
    let input = format!(
        r#"{{"session_id":"x","campaign_metadata":{campaign},"items":[{}]}}"#,
        items.join(" , ")
    );
    let mut command = site.command(["record", "--format", "json"]);
    let line = feed(&mut command, input.as_bytes())
        .expect(0)
        .json_lines()
        .remove(0);
    assert_eq!(line["unreadable_items"], 1);
    let transcript = site.dir(Dir::Conversations).join("transcript_x.json");
    let transcript = fs::read_to_string(transcript).unwrap();
    for item in items {
        assert!(transcript.contains(item), "{item} in {transcript}");
    }
    let document = fs::read_to_string(site.dir(Dir::Pending).join("metadata_x.json")).unwrap();
    assert!(document.contains("\"score\": 1E+2"), "{document}");
    assert!(
        document.contains("\"id\": 12345678901234567890123"),
        "{document}"
    );

    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let calls = site.api().calls();
    let turns = &calls[0].body["transcription"]["conversation_items"];
    assert_eq!(turns.as_array().unwrap().len(), 1);
    assert_eq!(calls[0].body["transcription"]["lead_generated"], true);
}

#[test]
fn a_call_in_which_nothing_was_said_is_a_call() {
    let site = site();
    let mut input = call("x");
    input["items"] = json!([]);
    record(&site, &input).expect(0);
    let document = site.document(Dir::Pending, "x");
    assert_eq!(
        document["timestamps"]["call_start"],
        Value::Null,
        "never now for a time that is not known"
    );
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(
        site.api().calls()[0].body["transcription"]["total_items"],
        0
    );
}

#[test]
fn times_that_are_given_count() {
    let site = site();
    let mut input = call("x");
    input["started_at"] = json!("2025-10-29 10:16:00+00:00");
    input["ended_at"] = json!(1_761_733_060.25);
    record(&site, &input).expect(0);
    let document = site.document(Dir::Pending, "x");
    let timestamps = &document["timestamps"];
    assert_eq!(timestamps["call_start"], "2025-10-29T10:16:00Z");
    assert_eq!(timestamps["call_end"], "2025-10-29T10:17:40.250Z");
    site.run(&[]).expect(0);
    assert_eq!(site.api().calls()[0].body["callDetails"]["duration"], 100);
}

#[test]
fn what_the_campaign_says_already_is_not_said_over() {
    let site = site();
    let mut input = call("x");
    input["campaign_metadata"]["egressId"] = json!("EG_first");
    input["campaign_metadata"]["sessionId"] = json!("another");
    input["egress_id"] = json!("EG_second");
    record(&site, &input).expect(0);
    let campaign = &site.document(Dir::Pending, "x")["campaign_metadata"];
    assert_eq!(campaign["egressId"], "EG_first");
    assert_eq!(campaign["sessionId"], "another");
}

#[test]
fn ids_that_the_api_wants_are_asked_for_unless_the_settings_have_them() {
    let site = site();
    let mut input = call("x");
    input["campaign_metadata"] = json!({"campaignId": "c", "clientId": 5});
    let outcome = record(&site, &input).expect(0);
    assert!(
        outcome.stderr.contains("lacks voiceAgentId;"),
        "{}",
        outcome.stderr
    );
    let mut command = site.command(["record", "--default-voice-agent-id", "v"]);
    input["session_id"] = json!("y");
    let outcome = feed(&mut command, input.to_string().as_bytes()).expect(0);
    assert_eq!(outcome.stderr, "");
    site.run(&["--default-voice-agent-id", "v"])
        .expect(0)
        .counts(&[("uploaded", 2)]);
}

#[test]
fn no_api_and_no_working_directory_is_needed() {
    let site = site();
    let mut command = site.bare_command();
    command.args(["record", "--root"]).arg(site.root());
    let input = json!({"session_id": "x", "campaign_metadata": campaign(), "items": []});
    let outcome = feed(&mut command, input.to_string().as_bytes()).expect(0);
    let document = site.dir(Dir::Pending).join("metadata_x.json");
    assert_eq!(outcome.stdout, format!("{}\n", document.display()));
    assert_eq!(outcome.stderr, "");
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn a_recording_takes_no_lease_and_waits_for_no_run() {
    let site = site();
    record(&site, &call("first")).expect(0);
    let locked = fs::File::create(site.dir(Dir::Pending).join(".callspool.lock")).unwrap();
    locked.lock().unwrap();
    site.run(&[]).expect(11);
    record(&site, &call("second")).expect(0);
    drop(locked);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
}
