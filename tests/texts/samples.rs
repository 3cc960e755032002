//! The sample files, to the letter.

use callspool::timestamp;
use callspool::transcript::{self, Skipped, Transcript, Turn};
use serde_json::value::RawValue;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/samples/",
            $name
        ))
    };
}

pub(crate) const PLAIN: &[u8] = sample!("transcript_session_plain.json");
pub(crate) const RAW_HISTORY: &[u8] = sample!("transcript_session_raw_history.json");
pub(crate) const LIVEKIT: &[u8] = sample!("transcript_livekit_history.json");
pub(crate) const OLDEST: &[u8] = sample!("transcript_oldest.json");
pub(crate) const LEAD: &[u8] = sample!("lead.json");

/// Every sample.
pub(crate) const ALL: [&[u8]; 9] = [
    PLAIN,
    RAW_HISTORY,
    LIVEKIT,
    OLDEST,
    LEAD,
    sample!("EG_manifest.json"),
    sample!("EG_manifest_hls.json"),
    sample!("EG_egressinfo_camel.json"),
    sample!("EG_egressinfo_failed.json"),
];

const GREETING: &str = "Hi, I'm \"Asha\" — नमस्ते\nHow can I help?";
const QUESTION: &str = "Hello?\nit's me, C:\\temp\\new";
const FAREWELL: &str = "Thank you… 'bye'\t🙂";

fn read(bytes: &[u8]) -> Transcript {
    transcript::parse(bytes).unwrap()
}

/// A turn as its role, content, time, source, confidence and whether it was interrupted.
type Flat<'a> = (
    &'a str,
    &'a str,
    Option<String>,
    Option<&'a str>,
    Option<&'a str>,
    Option<bool>,
);

fn flat(turn: &Turn) -> Flat<'_> {
    (
        turn.role.as_str(),
        &turn.content,
        turn.timestamp.map(timestamp::format),
        turn.source.as_deref(),
        turn.transcript_confidence.as_deref().map(RawValue::get),
        turn.interrupted,
    )
}

fn at(time: &str) -> Option<String> {
    Some(time.to_owned())
}

#[test]
fn a_plain_session() {
    let transcript = read(PLAIN);
    let turns: Vec<_> = transcript.turns.iter().map(flat).collect();
    assert_eq!(
        turns,
        [
            (
                "assistant",
                "Hello, this is Asha.",
                at("2025-10-29T10:16:25.608060Z"),
                Some("agent"),
                None,
                None
            ),
            (
                "user",
                "I need\na demo",
                at("2025-10-29T10:16:31.240518Z"),
                Some("transcription_node"),
                Some("0.95"),
                None
            ),
        ]
    );
    assert_eq!(transcript.skipped, Skipped::default());
    assert_eq!(
        transcript.start_time.map(timestamp::format),
        at("2025-10-29T10:16:19.574407Z")
    );
    assert_eq!(
        transcript.end_time.map(timestamp::format),
        at("2025-10-29T10:16:52.652193Z")
    );
    assert_eq!(transcript.duration_seconds.unwrap().get(), "33.077786");
    assert!(!transcript.lead_generated);
    assert!(
        transcript
            .metadata
            .unwrap()
            .get()
            .contains("\"auto_saved\": true")
    );
}

#[test]
fn a_session_whose_text_is_in_printed_objects() {
    let transcript = read(RAW_HISTORY);
    let source = Some("session_history");
    let turns: Vec<_> = transcript.turns.iter().map(flat).collect();
    assert_eq!(
        turns,
        [
            (
                "assistant",
                GREETING,
                at("2025-10-29T10:16:28.608060Z"),
                source,
                None,
                Some(false)
            ),
            (
                "user",
                QUESTION,
                at("2025-10-29T10:16:31.608060Z"),
                source,
                Some("0.9406738"),
                Some(false)
            ),
            (
                "assistant",
                "Of course.",
                at("2025-10-29T10:16:34.608060Z"),
                source,
                None,
                Some(true)
            ),
            (
                "user",
                FAREWELL,
                at("2025-10-29T10:16:43.608060Z"),
                source,
                Some("0.9406738"),
                Some(false)
            ),
        ]
    );
    assert_eq!(
        transcript.skipped,
        Skipped {
            other_roles: 1,
            function_calls: 2,
            events: 1,
            ..Skipped::default()
        }
    );
    assert!(
        transcript.lead_generated,
        "a create_lead call is among the items"
    );
}

#[test]
fn livekits_own_history() {
    let transcript = read(LIVEKIT);
    let turns: Vec<_> = transcript.turns.iter().map(flat).collect();
    assert_eq!(
        turns,
        [
            (
                "assistant",
                GREETING,
                at("2025-10-29T10:16:21.602370Z"),
                None,
                None,
                Some(false)
            ),
            (
                "user",
                QUESTION,
                at("2025-10-29T10:16:29.602370Z"),
                None,
                Some("0.9406738"),
                Some(false)
            ),
            (
                "assistant",
                "Of course.",
                at("2025-10-29T10:16:32.602370Z"),
                None,
                None,
                Some(true)
            ),
            (
                "user",
                FAREWELL,
                at("2025-10-29T10:16:40.602370Z"),
                None,
                Some("0.9406738"),
                Some(false)
            ),
        ]
    );
    assert_eq!(
        transcript.skipped,
        Skipped {
            other_roles: 1,
            function_calls: 2,
            ..Skipped::default()
        }
    );
    assert!(transcript.lead_generated);
    assert_eq!((transcript.start_time, transcript.end_time), (None, None));
}

#[test]
fn the_oldest_form() {
    let transcript = read(OLDEST);
    let turns: Vec<_> = transcript.turns.iter().map(flat).collect();
    assert_eq!(
        turns,
        [
            (
                "user",
                "Hello.",
                at("2025-10-08T15:49:29.552417Z"),
                Some("google_llm"),
                None,
                None
            ),
            (
                "assistant",
                "Hello! How can I help?",
                at("2025-10-08T15:49:31.060124Z"),
                Some("cartesia_tts"),
                None,
                None
            ),
        ]
    );
    assert!(!transcript.lead_generated);
}
