//! Documents of every age and spelling.

use serde_json::{Value, json};
use test_support::{Dir, Session, Site};

use crate::{OLD, site};

/// The call details that arrived of a session.
#[track_caller]
fn details(site: &Site, id: &str) -> Value {
    let call_id = format!("CALL-{id}");
    let calls = site.api().calls();
    let call = calls.iter().find(|call| call.call_id == call_id);
    call.unwrap_or_else(|| panic!("{id} did not arrive")).body["callDetails"].clone()
}

#[test]
fn documents_of_older_agents_are_delivered() {
    let site = site();
    // Neither status nor attempts nor times.
    Session::new("bare")
        .never_recorded()
        .edit(|document| {
            let members = document.as_object_mut().unwrap();
            for name in [
                "timestamps",
                "status",
                "upload_attempts",
                "last_upload_attempt",
                "dialed_number",
            ] {
                members.remove(name);
            }
        })
        .write(&site);
    // All of them null.
    Session::new("null")
        .edit(|document| {
            for name in ["timestamps", "status", "upload_attempts", "dialed_number"] {
                document[name] = Value::Null;
            }
        })
        .write(&site);
    // No files: everything goes by its usual name.
    Session::new("nofiles")
        .edit(|document| {
            document.as_object_mut().unwrap().remove("files");
        })
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);

    assert_eq!(site.document(Dir::Processed, "bare")["status"], "uploaded");
    assert_eq!(site.document(Dir::Processed, "bare")["upload_attempts"], 1);
    assert_eq!(details(&site, "bare")["callerNumber"], Value::Null);
    assert_eq!(site.document(Dir::Processed, "null")["upload_attempts"], 1);
    assert_eq!(
        site.document(Dir::Processed, "nofiles")["files"],
        json!({"recording": "recordings/nofiles.ogg"})
    );
    assert_eq!(details(&site, "nofiles")["recordingSize"], 16);
    for call in site.api().calls() {
        assert_eq!(call.body["transcription"]["total_items"], 2);
    }
}

#[test]
fn every_spelling_of_a_time_arrives_as_rfc_3339_in_utc() {
    let site = site();
    let spellings = [
        (
            "2025-10-29T13:50:57.987953+00:00Z",
            "2025-10-29T13:50:57.987953Z",
        ),
        (
            "2025-10-29 10:16:19.574407+00:00",
            "2025-10-29T10:16:19.574407Z",
        ),
        ("2025-10-29T13:51:31.540340Z", "2025-10-29T13:51:31.540340Z"),
        ("2025-09-29T13:32:27.825310", "2025-09-29T13:32:27.825310Z"),
        ("2025-09-29 13:32:27", "2025-09-29T13:32:27Z"),
        ("2025-10-29T10:16:54+05:30", "2025-10-29T04:46:54Z"),
    ];
    for (index, (written, _)) in spellings.iter().enumerate() {
        // By the document, and by the transcript.
        for by_document in [true, false] {
            let id = format!("t{index}-{by_document}");
            let transcript = json!({
                "start_time": (!by_document).then_some(*written),
                "items": [{"role": "user", "content": "hi", "timestamp": *written}],
            });
            Session::new(&id)
                .transcript(transcript.to_string())
                .edit(|document| {
                    document["timestamps"]["call_start"] = json!(by_document.then_some(*written));
                    document["timestamps"]["call_end"] = Value::Null;
                })
                .write(&site);
        }
    }
    let count = 2 * spellings.len() as u64;
    site.run(&[]).expect(0).counts(&[("uploaded", count)]);
    for (index, (written, sent)) in spellings.iter().enumerate() {
        for by_document in [true, false] {
            let id = format!("t{index}-{by_document}");
            assert_eq!(details(&site, &id)["startTime"], *sent, "{written}");
        }
    }
    for call in site.api().calls() {
        let time = &call.body["transcription"]["conversation_items"][0]["timestamp"];
        assert!(
            spellings.iter().any(|(_, sent)| time == sent),
            "{}",
            call.raw_body
        );
        assert!(!call.raw_body.contains("+0"), "{}", call.raw_body);
    }
}

#[test]
fn a_time_that_nobody_knows_is_null() {
    let site = site();
    Session::new("none")
        .never_recorded()
        .transcript(r#"{"items": [{"role": "user", "content": "hi"}]}"#)
        .edit(|document| document["timestamps"] = json!({}))
        .write(&site);
    Session::new("odd")
        .never_recorded()
        .transcript(r#"{"start_time": "soon", "end_time": 5e99, "items": [{"role": "user", "content": "hi", "timestamp": "later"}]}"#)
        .edit(|document| {
            document["timestamps"] = json!({"call_start": "yesterday", "call_end": 7});
        })
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    for call in site.api().calls() {
        for pointer in [
            "/callDetails/startTime",
            "/callDetails/endTime",
            "/callDetails/duration",
            "/callDetails/recordingDuration",
            "/callDetails/recordingUrl",
            "/transcription/start_time",
            "/transcription/duration_seconds",
            "/transcription/conversation_items/0/timestamp",
            "/transcription/conversation_items/0/source",
        ] {
            assert_eq!(call.body.pointer(pointer), Some(&Value::Null), "{pointer}");
        }
    }
}

#[test]
fn the_campaign_may_say_what_kind_of_call_it_was() {
    let site = site();
    Session::new("s1")
        .edit(|document| {
            document["campaign_metadata"]["direction"] = json!("outbound");
            document["campaign_metadata"]["callStatus"] = json!("no-answer");
        })
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let details = details(&site, "s1");
    assert_eq!(details["direction"], "outbound");
    assert_eq!(details["status"], "no-answer");
}

#[test]
fn a_session_without_campaign_ids_fails_and_sends_nothing_unless_there_are_defaults() {
    let site = site();
    Session::new("s1")
        .edit(|document| document["campaign_metadata"] = json!({"egressId": "EG_s1"}))
        .write(&site);
    let outcome = site.run(&[]).expect(4).counts(&[("failed", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "missing_campaign");
    assert!(site.api().requests().is_empty());
    assert_eq!(site.document(Dir::Failed, "s1")["status"], "failed");

    site.call(["requeue", "s1"]).expect(0);
    let defaults = [
        "--default-campaign-id=c",
        "--default-voice-agent-id=v",
        "--default-client-id=k",
    ];
    site.run(&defaults).expect(0).counts(&[("uploaded", 1)]);
    let call = &site.api().calls()[0];
    assert_eq!(
        (&call.body["campaignId"], &call.body["client"]),
        (&json!("c"), &json!("k"))
    );
}

#[test]
fn a_session_id_is_sent_as_it_is_and_names_no_file_of_ours() {
    let site = site();
    let id = "../../sub dir/é\"\u{1f642}";
    let document = json!({
        "session_id": id,
        "campaign_metadata": {"campaignId": "c", "voiceAgentId": "v", "clientId": "k"},
        "files": {"conversation": "transcript_x.json"},
    });
    site.put(
        Dir::Conversations,
        "transcript_x.json",
        r#"{"items": []}"#,
        OLD,
    );
    site.put(Dir::Pending, "metadata_odd.json", document.to_string(), OLD);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls()[0].call_id, format!("CALL-{id}"));
    assert_eq!(site.names(Dir::Processed), ["metadata_odd.json"]);
}

#[test]
fn odd_but_legal_documents_are_delivered() {
    let site = site();
    let campaign =
        r#""campaign_metadata": {"campaignId": 7, "voiceAgentId": "v", "clientId": "k"}"#;
    for (id, text) in [
        (
            "bom",
            format!("\u{feff}{{\"session_id\": \"bom\", {campaign}}}"),
        ),
        (
            "crlf",
            format!("{{\r\n\"session_id\": \"crlf\",\r\n{campaign},\r\n\"files\": null}}\r\n"),
        ),
        (
            "kinds",
            format!(
                "{{\"session_id\": \"kinds\", {campaign}, \"dialed_number\": [], \"timestamps\": 7, \"upload\": null}}"
            ),
        ),
        (
            "twice",
            format!("{{\"session_id\": \"first\", {campaign}, \"session_id\": \"twice\"}}"),
        ),
    ] {
        site.put(
            Dir::Conversations,
            &format!("transcript_{id}.json"),
            r#"{"items": []}"#,
            OLD,
        );
        site.put(Dir::Pending, &format!("metadata_{id}.json"), text, OLD);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 4)]);
    for id in ["bom", "crlf", "kinds", "twice"] {
        assert_eq!(details(&site, id)["callerNumber"], Value::Null);
        assert_eq!(site.document(Dir::Processed, id)["status"], "uploaded");
    }
    for call in site.api().calls() {
        assert_eq!(call.body["campaignId"], "7");
    }
}
