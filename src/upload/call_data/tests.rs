//! The body's members, one by one, at their boundaries.

use super::*;
use crate::json::RawObject;
use crate::transcript;

fn input(transcript: Option<&Transcript>) -> CallDataInput<'_> {
    CallDataInput {
        session_id: "session_1",
        campaign_id: "c",
        voice_agent_id: "v",
        client_id: "k",
        dialed_number: Some("+15550100123"),
        direction: None,
        call_status: None,
        call_start: timestamp::parse("2025-10-29T10:00:00Z"),
        call_end: timestamp::parse("2025-10-29T10:00:09.999999Z"),
        transcript,
        lead: None,
        recording: None,
        recording_duration: None,
    }
}

fn transcript(members: &str) -> Transcript {
    transcript::parse(format!("{{\"items\":[]{members}}}").as_bytes()).unwrap()
}

/// The raw value at a path of member names.
fn at(input: &CallDataInput<'_>, path: [&str; 2]) -> String {
    let body = build(input).unwrap();
    let outer = RawObject::from_slice(&body).unwrap();
    let inner = outer.object(path[0]).unwrap();
    inner.get(path[1]).unwrap().get().to_owned()
}

const DURATION: [&str; 2] = ["callDetails", "duration"];
const DURATION_SECONDS: [&str; 2] = ["transcription", "duration_seconds"];

#[test]
fn without_a_transcript_the_document_tells_the_times() {
    let body = build(&input(None)).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        concat!(
            r#"{"campaignId":"c","voiceAgentId":"v","client":"k","callDetails":{"#,
            r#""callId":"CALL-session_1","direction":"inbound","#,
            r#""startTime":"2025-10-29T10:00:00Z","endTime":"2025-10-29T10:00:09.999999Z","#,
            r#""duration":9,"status":"completed","callerNumber":"+15550100123","#,
            r#""recordingUrl":null,"recordingDuration":9,"recordingSize":null},"#,
            r#""caller":{"phoneNumber":"+15550100123"},"transcription":{"#,
            r#""session_id":"session_1","start_time":"2025-10-29T10:00:00Z","#,
            r#""end_time":"2025-10-29T10:00:09.999999Z","duration_seconds":null,"#,
            r#""total_items":0,"conversation_items":[],"lead_generated":false,"metadata":{}},"#,
            r#""lead":{}}"#,
        )
    );
}

#[test]
fn what_is_not_known_is_null() {
    let empty = CallDataInput {
        dialed_number: None,
        call_start: None,
        call_end: None,
        ..input(None)
    };
    for path in [
        ["callDetails", "startTime"],
        ["callDetails", "endTime"],
        DURATION,
        ["callDetails", "callerNumber"],
        ["callDetails", "recordingDuration"],
        ["caller", "phoneNumber"],
        ["transcription", "start_time"],
        DURATION_SECONDS,
    ] {
        assert_eq!(at(&empty, path), "null", "{path:?}");
    }
}

#[test]
fn a_stated_duration_keeps_its_digits_and_loses_its_fraction_elsewhere() {
    for (stated, digits, whole) in [
        ("33.0777860", "33.0777860", "33"),
        ("33.999999", "33.999999", "33"),
        ("34", "34", "34"),
        ("0", "0", "0"),
        ("0.999", "0.999", "0"),
        ("3.3e1", "3.3e1", "33"),
        ("1000000000000", "1000000000000", "1000000000000"),
        // Negative or beyond belief: it is given, so nothing else steps in.
        ("1000000000000.5", "null", "null"),
        ("1e300", "null", "null"),
        ("1e999", "null", "null"),
        ("-0.001", "null", "null"),
        ("-3.5", "null", "null"),
        ("-33", "null", "null"),
        ("-1e999", "null", "null"),
        // No number: as if there were none; the document's times step in.
        ("\"33\"", "null", "9"),
        ("null", "null", "9"),
        ("[33]", "null", "9"),
    ] {
        let transcript = transcript(&format!(r#","duration_seconds":{stated}"#));
        let input = input(Some(&transcript));
        assert_eq!(at(&input, DURATION_SECONDS), digits, "{stated}");
        assert_eq!(at(&input, DURATION), whole, "{stated}");
    }
}

#[test]
fn a_duration_that_is_not_stated_is_computed_from_the_transcripts_times() {
    for (start, end, seconds, whole) in [
        ("10:16:19.574407Z", "10:16:52.652193Z", "33.077786", "33"),
        ("10:16:19Z", "10:16:20Z", "1.0", "1"),
        ("10:16:19Z", "10:16:19.999999Z", "0.999999", "0"),
        ("10:16:19Z", "10:16:19Z", "0.0", "0"),
        ("10:16:19.000001Z", "10:16:19Z", "null", "null"),
        ("no", "10:16:19Z", "null", "9"),
        ("10:16:19Z", "no", "null", "9"),
    ] {
        let transcript = transcript(&format!(
            r#","start_time":"2025-10-29T{start}","end_time":"2025-10-29T{end}""#
        ));
        let input = input(Some(&transcript));
        assert_eq!(at(&input, DURATION_SECONDS), seconds, "{start} {end}");
        assert_eq!(at(&input, DURATION), whole, "{start} {end}");
    }
}

#[test]
fn a_negative_stated_duration_is_not_replaced_by_the_transcripts_times() {
    let transcript = transcript(
        r#","duration_seconds":-3.5,"start_time":"2025-10-29T10:00:00Z","end_time":"2025-10-29T10:00:07Z""#,
    );
    let mut input = input(Some(&transcript));
    assert_eq!(at(&input, DURATION_SECONDS), "null");
    assert_eq!(at(&input, DURATION), "null");
    assert_eq!(at(&input, ["callDetails", "recordingDuration"]), "null");
    input.recording_duration = Some(Duration::from_secs(5));
    assert_eq!(at(&input, ["callDetails", "recordingDuration"]), "5");
}

#[test]
fn a_document_that_ends_before_it_begins_has_no_duration() {
    let mut input = input(None);
    for (end, expected) in [
        ("2025-10-29T09:59:59.999999Z", "null"),
        ("2025-10-29T10:00:00Z", "0"),
        ("2025-10-29T10:00:00.999999Z", "0"),
        ("2025-10-29T10:00:01Z", "1"),
    ] {
        input.call_end = timestamp::parse(end);
        assert_eq!(at(&input, DURATION), expected, "{end}");
    }
}

#[test]
fn each_time_is_the_transcripts_else_the_documents() {
    let transcript = transcript(r#","start_time":"2025-01-01T00:00:00Z""#);
    let input = input(Some(&transcript));
    for (path, expected) in [
        (["callDetails", "startTime"], "\"2025-01-01T00:00:00Z\""),
        (
            ["callDetails", "endTime"],
            "\"2025-10-29T10:00:09.999999Z\"",
        ),
        (["transcription", "start_time"], "\"2025-01-01T00:00:00Z\""),
        (
            ["transcription", "end_time"],
            "\"2025-10-29T10:00:09.999999Z\"",
        ),
    ] {
        assert_eq!(at(&input, path), expected, "{path:?}");
    }
}

#[test]
fn a_year_that_rfc_3339_cannot_say_is_null() {
    let mut input = input(None);
    for (seconds, expected) in [
        (253_402_300_799, "\"9999-12-31T23:59:59Z\""),
        (253_402_300_800, "null"),
        (-62_167_219_200, "\"0000-01-01T00:00:00Z\""),
        (-62_167_219_201, "null"),
    ] {
        input.call_start = DateTime::from_timestamp(seconds, 0);
        assert_eq!(at(&input, ["callDetails", "startTime"]), expected);
    }
}

#[test]
fn a_recording_brings_its_url_size_and_length() {
    let with = |size_bytes, recording_duration| CallDataInput {
        recording: Some(RecordingReference {
            url: "https://crm.example/x.ogg",
            size_bytes,
        }),
        recording_duration,
        ..input(None)
    };
    let whole = with(Some(1_406_083), Some(Duration::from_nanos(57_999_999_999)));
    assert_eq!(
        at(&whole, ["callDetails", "recordingUrl"]),
        "\"https://crm.example/x.ogg\""
    );
    assert_eq!(at(&whole, ["callDetails", "recordingSize"]), "1406083");
    assert_eq!(at(&whole, ["callDetails", "recordingDuration"]), "57");
    let bare = with(None, None);
    assert_eq!(at(&bare, ["callDetails", "recordingSize"]), "null");
    assert_eq!(at(&bare, ["callDetails", "recordingDuration"]), "9");
}

#[test]
fn the_document_may_tell_direction_and_status() {
    let told = CallDataInput {
        direction: Some("outbound"),
        call_status: Some("no-answer"),
        ..input(None)
    };
    assert_eq!(at(&told, ["callDetails", "direction"]), "\"outbound\"");
    assert_eq!(at(&told, ["callDetails", "status"]), "\"no-answer\"");
}

#[test]
fn a_lead_is_sent_byte_for_byte_and_means_that_there_is_one() {
    let lead = RawValue::from_string("{ \"n\" : 1E+2 }".to_owned()).unwrap();
    let said = transcript(r#","lead_generated":true"#);
    let unsaid = transcript("");
    for (lead, transcript, generated) in [
        (Some(&*lead), None, "true"),
        (Some(&*lead), Some(&unsaid), "true"),
        (None, Some(&said), "true"),
        (None, Some(&unsaid), "false"),
        (None, None, "false"),
    ] {
        let input = CallDataInput {
            lead,
            ..input(transcript)
        };
        assert_eq!(at(&input, ["transcription", "lead_generated"]), generated);
        let body = String::from_utf8(build(&input).unwrap()).unwrap();
        let ending = if lead.is_some() {
            r#""lead":{ "n" : 1E+2 }}"#
        } else {
            r#""lead":{}}"#
        };
        assert!(body.ends_with(ending), "{body}");
    }
}

#[test]
fn interrupted_is_sent_when_it_is_known() {
    let transcript = transcript::parse(
        br#"{"items":[{"role":"user","content":"a","interrupted":false,"transcript_confidence":0.50},
            {"role":"agent","content":"b","source":"x"}]}"#,
    )
    .unwrap();
    assert_eq!(
        at(
            &input(Some(&transcript)),
            ["transcription", "conversation_items"]
        ),
        concat!(
            r#"[{"role":"user","content":"a","timestamp":null,"source":null,"#,
            r#""transcript_confidence":0.50,"interrupted":false},"#,
            r#"{"role":"assistant","content":"b","timestamp":null,"source":"x","#,
            r#""transcript_confidence":null}]"#
        )
    );
    assert_eq!(
        at(&input(Some(&transcript)), ["transcription", "total_items"]),
        "2"
    );
}
