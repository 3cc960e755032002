//! The call data that is built from each sample transcript, byte for byte.

use std::time::Duration;

use callspool::upload::call_data::{self, CallDataInput, RecordingReference};
use callspool::{lead, manifest, timestamp, transcript};

use crate::samples;

fn input() -> CallDataInput<'static> {
    CallDataInput {
        session_id: "session_20251029_101619_b4ce4c7b",
        campaign_id: "68ff5c0f015cbf44dd9f336c",
        voice_agent_id: "68ff5b90015cbf44dd9f3269",
        client_id: "68ff5a88015cbf44dd9f3006",
        dialed_number: Some("+15550100123"),
        direction: None,
        call_status: None,
        call_start: timestamp::parse("2025-10-29T10:16:19.574407+00:00Z"),
        call_end: timestamp::parse("2025-10-29T10:16:54.749901+00:00Z"),
        transcript: None,
        lead: None,
        recording: None,
        recording_duration: None,
    }
}

/// The body for a transcript; the same one, however often it is built.
fn body(sample: &[u8], input: &CallDataInput<'_>) -> String {
    let transcript = transcript::parse(sample).unwrap();
    let input = CallDataInput {
        transcript: Some(&transcript),
        ..*input
    };
    let body = call_data::build(&input).unwrap();
    let again = transcript::parse(sample).unwrap();
    let input = CallDataInput {
        transcript: Some(&again),
        ..input
    };
    assert_eq!(call_data::build(&input).unwrap(), body);
    String::from_utf8(body).unwrap()
}

#[test]
fn of_a_plain_session_with_recording_and_lead() {
    let lead = lead::parse(samples::LEAD).unwrap();
    let manifest = manifest::parse(include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/samples/EG_egressinfo_camel.json"
    )))
    .unwrap();
    let whole = CallDataInput {
        lead: Some(&lead),
        recording: Some(RecordingReference {
            url: "https://crm.example/uploads/recordings/1.ogg",
            size_bytes: manifest.files[0].size_bytes,
        }),
        recording_duration: manifest.duration,
        ..input()
    };
    insta::assert_snapshot!(body(samples::PLAIN, &whole));
}

#[test]
fn of_a_session_whose_text_is_in_printed_objects() {
    insta::assert_snapshot!(body(samples::RAW_HISTORY, &input()));
}

#[test]
fn of_livekits_own_history() {
    let cloud = CallDataInput {
        recording: Some(RecordingReference {
            url: "s3://bucket/1.ogg",
            size_bytes: None,
        }),
        recording_duration: Some(Duration::from_millis(57_844)),
        direction: Some("outbound"),
        ..input()
    };
    insta::assert_snapshot!(body(samples::LIVEKIT, &cloud));
}

#[test]
fn of_the_oldest_form() {
    insta::assert_snapshot!(body(samples::OLDEST, &input()));
}
