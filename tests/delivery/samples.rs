//! The customer's real shapes, from disk to the API, to the letter.

use serde_json::{Value, json};
use test_support::{Dir, Session, Site, sha256};

use crate::disk::{assets, sample};
use crate::{OLD, site};

/// Delivers a session with that transcript and gives the body that arrived.
fn deliver_transcript(name: &str) -> (Value, String) {
    let site = site();
    Session::new("s1").transcript(sample(name)).write(&site);
    let before = assets(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(assets(&site), before);
    let mut calls = site.api().calls();
    assert_eq!(calls.len(), 1);
    let call = calls.remove(0);
    (call.body, call.raw_body)
}

#[test]
fn a_complete_session_arrives_whole() {
    let site = site();
    let session = Session::new("s1")
        .recording("OggS sound")
        .lead(r#"{"name": "Test Person"}"#);
    session.write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);

    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(b"OggS sound"));
    assert_eq!(recordings[0].original_name, "s1.ogg");
    assert_eq!(recordings[0].media_type.as_deref(), Some("audio/ogg"));
    let calls = site.api().calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls[0].body["callDetails"]["recordingUrl"],
        recordings[0].url.as_str()
    );
    assert_eq!(calls[0].body["lead"]["name"], "Test Person");
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
    assert!(site.names(Dir::Pending).is_empty());

    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(site.api().requests().len(), 2);
}

#[test]
fn the_turns_of_a_plain_session_arrive_to_the_letter() {
    let (body, raw) = deliver_transcript("transcript_session_plain.json");
    let transcription = &body["transcription"];
    assert_eq!(
        transcription["conversation_items"],
        json!([
            {"role": "assistant", "content": "Hello, this is Asha.", "timestamp": "2025-10-29T10:16:25.608060Z", "source": "agent", "transcript_confidence": null},
            {"role": "user", "content": "I need\na demo", "timestamp": "2025-10-29T10:16:31.240518Z", "source": "transcription_node", "transcript_confidence": 0.95},
        ])
    );
    // The document's session, not the transcript's.
    assert_eq!(transcription["session_id"], "s1");
    assert_eq!(transcription["total_items"], 2);
    assert_eq!(transcription["start_time"], "2025-10-29T10:16:19.574407Z");
    assert_eq!(transcription["end_time"], "2025-10-29T10:16:52.652193Z");
    assert!(raw.contains("\"duration_seconds\":33.077786"), "{raw}");
    assert_eq!(transcription["lead_generated"], false);
    let own: Value = serde_json::from_str(&sample("transcript_session_plain.json")).unwrap();
    assert_eq!(transcription["metadata"], own["metadata"]);
    let details = &body["callDetails"];
    assert_eq!(details["callId"], "CALL-s1");
    assert_eq!(details["startTime"], "2025-10-29T10:16:19.574407Z");
    assert_eq!(details["endTime"], "2025-10-29T10:16:52.652193Z");
    assert_eq!(details["duration"], 33);
    assert_eq!(
        (&details["direction"], &details["status"]),
        (&json!("inbound"), &json!("completed"))
    );
    assert_eq!(body["lead"], json!({}));
}

/// The turns of the conversation that two of the samples hold.
fn conversation(turns: [(&str, &str); 4], source: &Value) -> Value {
    let [first, second, third, fourth] = turns;
    let turn =
        |(role, timestamp): (&str, &str), content: &str, confidence: Value, interrupted: bool| {
            json!({
                "role": role, "content": content, "timestamp": timestamp, "source": source,
                "transcript_confidence": confidence, "interrupted": interrupted,
            })
        };
    json!([
        turn(
            first,
            "Hi, I'm \"Asha\" — नमस्ते\nHow can I help?",
            Value::Null,
            false
        ),
        turn(
            second,
            "Hello?\nit's me, C:\\temp\\new",
            json!(0.940_673_8),
            false
        ),
        turn(third, "Of course.", Value::Null, true),
        turn(fourth, "Thank you… 'bye'\t🙂", json!(0.940_673_8), false),
    ])
}

#[test]
fn turns_that_are_only_in_printed_objects_arrive_to_the_letter() {
    let (body, raw) = deliver_transcript("transcript_session_raw_history.json");
    let turns = [
        ("assistant", "2025-10-29T10:16:28.608060Z"),
        ("user", "2025-10-29T10:16:31.608060Z"),
        ("assistant", "2025-10-29T10:16:34.608060Z"),
        ("user", "2025-10-29T10:16:43.608060Z"),
    ];
    let transcription = &body["transcription"];
    assert_eq!(
        transcription["conversation_items"],
        conversation(turns, &json!("session_history"))
    );
    assert!(
        raw.contains("\"transcript_confidence\":0.9406738,"),
        "{raw}"
    );
    assert_eq!(transcription["total_items"], 4);
    // A function call says that there was a lead, whatever the transcript's own word.
    assert_eq!(transcription["lead_generated"], true);
    assert_eq!(body["lead"], json!({}));
    assert!(
        !raw.contains("You are Asha"),
        "a system prompt was sent: {raw}"
    );
}

#[test]
fn the_turns_of_livekits_own_history_arrive_to_the_letter() {
    let (body, raw) = deliver_transcript("transcript_livekit_history.json");
    let turns = [
        ("assistant", "2025-10-29T10:16:21.602370Z"),
        ("user", "2025-10-29T10:16:29.602370Z"),
        ("assistant", "2025-10-29T10:16:32.602370Z"),
        ("user", "2025-10-29T10:16:40.602370Z"),
    ];
    assert_eq!(
        body["transcription"]["conversation_items"],
        conversation(turns, &Value::Null)
    );
    assert_eq!(body["transcription"]["lead_generated"], true);
    assert_eq!(body["transcription"]["metadata"], json!({}));
    assert!(
        !raw.contains("You are Asha"),
        "a system prompt was sent: {raw}"
    );
    // The transcript knows no times, the document does.
    let details = &body["callDetails"];
    assert_eq!(details["startTime"], "2025-10-29T13:50:57.987953Z");
    assert_eq!(details["endTime"], "2025-10-29T13:51:29.544211Z");
    assert_eq!(details["duration"], 31);
}

#[test]
fn the_turns_of_the_oldest_form_arrive_to_the_letter() {
    let (body, _) = deliver_transcript("transcript_oldest.json");
    assert_eq!(
        body["transcription"]["conversation_items"],
        json!([
            {"role": "user", "content": "Hello.", "timestamp": "2025-10-08T15:49:29.552417Z", "source": "google_llm", "transcript_confidence": null},
            {"role": "assistant", "content": "Hello! How can I help?", "timestamp": "2025-10-08T15:49:31.060124Z", "source": "cartesia_tts", "transcript_confidence": null},
        ])
    );
    assert_eq!(body["transcription"]["lead_generated"], false);
}

#[test]
fn a_lead_arrives_byte_for_byte() {
    let site = site();
    Session::new("s1").lead(sample("lead.json")).write(&site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["leads_uploaded"], 1);
    let call = &site.api().calls()[0];
    assert!(
        call.raw_body.contains(sample("lead.json").trim()),
        "{}",
        call.raw_body
    );
    assert_eq!(call.body["transcription"]["lead_generated"], true);
}

/// A spool that holds the sample document and every file that it names.
fn site_of_the_sample_document() -> Site {
    let site = site();
    let document = sample("metadata_session.json");
    site.put(
        Dir::Pending,
        "metadata_session_20251029_101619_b4ce4c7b.json",
        &document,
        OLD,
    );
    site.put(
        Dir::Conversations,
        "transcript_session_x.json",
        sample("transcript_session_plain.json"),
        OLD,
    );
    site.put(
        Dir::Leads,
        "lead_20251029_135110.json",
        sample("lead.json"),
        OLD,
    );
    site.put(
        Dir::Recordings,
        "EG_ReBdRj7Lhcr7.json",
        sample("EG_manifest.json"),
        OLD,
    );
    site.put(
        Dir::Recordings,
        "number-_15550100123-1761719171.ogg",
        "OggS sound",
        OLD,
    );
    site
}

#[test]
fn a_document_that_names_everything_in_the_customers_ways_is_delivered() {
    let site = site_of_the_sample_document();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let recording = &site.api().recordings()[0];
    assert_eq!(recording.sha256, sha256(b"OggS sound"));
    assert_eq!(
        recording.original_name,
        "number-_15550100123-1761719171.ogg"
    );
    let body = &site.api().calls()[0].body;
    assert_eq!(body["campaignId"], "68ff5c0f015cbf44dd9f336c");
    assert_eq!(body["voiceAgentId"], "68ff5b90015cbf44dd9f3269");
    assert_eq!(body["client"], "68ff5a88015cbf44dd9f3006");
    let details = &body["callDetails"];
    assert_eq!(details["recordingUrl"], recording.url.as_str());
    assert_eq!(details["recordingDuration"], 57);
    assert_eq!(details["recordingSize"], 10);
    // `dialed_number` is null: the campaign's copy counts.
    assert_eq!(details["callerNumber"], "+15550100123");
    assert_eq!(body["caller"]["phoneNumber"], "+15550100123");
    assert_eq!(body["lead"]["name"], "Test Person");
}

#[test]
fn what_the_document_holds_stays_byte_for_byte_and_in_its_order() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let site = site_of_the_sample_document();
    let name = "metadata_session_20251029_101619_b4ce4c7b.json";
    let pending = site.dir(Dir::Pending).join(name);
    std::fs::set_permissions(&pending, std::fs::Permissions::from_mode(0o640)).unwrap();
    let before = std::fs::metadata(&pending).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);

    let archived = site.dir(Dir::Processed).join(name);
    let text = std::fs::read_to_string(&archived).unwrap();
    let parsed: Value = serde_json::from_str(&text).unwrap();
    let attempt = parsed["last_upload_attempt"].as_str().unwrap();
    let expected = sample("metadata_session.json")
        .replace(
            "\"recording\": null",
            "\"recording\": \"recordings/number-_15550100123-1761719171.ogg\"",
        )
        .replace("\"ready_for_upload\"", "\"uploaded\"")
        .replace("\"upload_attempts\": 0", "\"upload_attempts\": 1")
        .replace(
            "\"last_upload_attempt\": null",
            &format!("\"last_upload_attempt\": \"{attempt}\""),
        );
    let head = expected.trim_end().trim_end_matches('}').trim_end();
    assert_eq!(text.get(..head.len()), Some(head));
    let ours = &text[head.len()..];
    assert!(ours.starts_with(",\n  \"upload\": {"), "{ours}");

    let after = std::fs::metadata(&archived).unwrap();
    assert_eq!(after.mode() & 0o7777, 0o640);
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
}
