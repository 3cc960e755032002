//! The body of the call-data post.
//!
//! Owns the shape that the API wants, in types of its own: what is read from disk and what is sent
//! change for different reasons. The same input gives the same bytes, on any day and in any try,
//! because the idempotency key is made from them. Nothing is read or sent here.

use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json;
use crate::timestamp;
use crate::transcript::{Transcript, Turn};

/// The direction of a call whose document does not tell.
const DEFAULT_DIRECTION: &str = "inbound";
/// The status of a call whose document does not tell.
const DEFAULT_STATUS: &str = "completed";
/// The longest length that is believed, in seconds: some thirty thousand years.
const MAX_LENGTH_SECS: u64 = 1_000_000_000_000;

/// Everything that goes into the body. It has no `Debug`: a lead and a telephone number belong in
/// no log.
#[derive(Clone, Copy)]
pub struct CallDataInput<'a> {
    /// The session's id.
    pub session_id: &'a str,
    /// The campaign's id.
    pub campaign_id: &'a str,
    /// The voice agent's id.
    pub voice_agent_id: &'a str,
    /// The client's id.
    pub client_id: &'a str,
    /// The other party's number.
    pub dialed_number: Option<&'a str>,
    /// The direction, else `inbound`.
    pub direction: Option<&'a str>,
    /// The call's status, else `completed`.
    pub call_status: Option<&'a str>,
    /// When the call began, by the document.
    pub call_start: Option<DateTime<Utc>>,
    /// When the call ended, by the document.
    pub call_end: Option<DateTime<Utc>>,
    /// What was said.
    pub transcript: Option<&'a Transcript>,
    /// The lead's object, sent byte for byte.
    pub lead: Option<&'a RawValue>,
    /// The recording, when the API or the cloud has it.
    pub recording: Option<RecordingReference<'a>>,
    /// The recording's length by the manifest.
    pub recording_duration: Option<Duration>,
}

/// A recording that is somewhere on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingReference<'a> {
    /// Where it is.
    pub url: &'a str,
    /// Its size in bytes.
    pub size_bytes: Option<u64>,
}

/// The id under which the API knows the call of a session.
pub fn call_id(session_id: &str) -> String {
    format!("CALL-{session_id}")
}

/// Builds the body: compact JSON, but for the lead and the transcript's metadata, whose bytes stay
/// as they are.
///
/// # Errors
/// Never in practice: nothing in the input has a form that JSON lacks.
pub fn build(input: &CallDataInput<'_>) -> serde_json::Result<Vec<u8>> {
    let empty = RawValue::from_string("{}".to_owned())?;
    let times = Times::of(input);
    let length = input.transcript.and_then(length);
    serde_json::to_vec(&Body {
        campaign_id: input.campaign_id,
        voice_agent_id: input.voice_agent_id,
        client: input.client_id,
        call_details: call_details(input, &times, length.as_ref()),
        caller: Caller {
            phone_number: input.dialed_number,
        },
        transcription: transcription(input, &times, length.as_ref(), &empty),
        lead: input.lead.unwrap_or(&empty),
    })
}

fn call_details<'a>(
    input: &CallDataInput<'a>,
    times: &'a Times,
    length: Option<&Length<'_>>,
) -> CallDetails<'a> {
    let by_document = elapsed(input.call_start, input.call_end);
    let duration = length
        .or(by_document.as_ref())
        .and_then(Length::whole_seconds);
    let recorded = input.recording_duration.map(|length| length.as_secs());
    CallDetails {
        call_id: call_id(input.session_id),
        direction: input.direction.unwrap_or(DEFAULT_DIRECTION),
        start_time: times.start.as_deref(),
        end_time: times.end.as_deref(),
        duration,
        status: input.call_status.unwrap_or(DEFAULT_STATUS),
        caller_number: input.dialed_number,
        recording_url: input.recording.map(|recording| recording.url),
        recording_duration: recorded.or(duration),
        recording_size: input.recording.and_then(|recording| recording.size_bytes),
    }
}

fn transcription<'a>(
    input: &CallDataInput<'a>,
    times: &'a Times,
    length: Option<&Length<'a>>,
    empty: &'a RawValue,
) -> Transcription<'a> {
    let turns = input.transcript.map_or(&[][..], |t| &t.turns);
    let metadata = input.transcript.and_then(|t| t.metadata.as_deref());
    Transcription {
        session_id: input.session_id,
        start_time: times.start.as_deref(),
        end_time: times.end.as_deref(),
        duration_seconds: length.and_then(Length::seconds),
        total_items: turns.len(),
        conversation_items: turns.iter().map(ConversationItem::from).collect(),
        lead_generated: input.lead.is_some() || input.transcript.is_some_and(|t| t.lead_generated),
        metadata: metadata.unwrap_or(empty),
    }
}

/// When the call began and ended, as it is sent: by the transcript, else by the document.
struct Times {
    start: Option<String>,
    end: Option<String>,
}

impl Times {
    fn of(input: &CallDataInput<'_>) -> Self {
        let start = input.transcript.and_then(|t| t.start_time);
        let end = input.transcript.and_then(|t| t.end_time);
        Self {
            start: start.or(input.call_start).and_then(rfc3339),
            end: end.or(input.call_end).and_then(rfc3339),
        }
    }
}

/// The call's length, from the first source that gives one.
enum Length<'a> {
    /// The transcript's own digits, neither negative nor too large.
    Stated { digits: &'a RawValue, seconds: f64 },
    /// From a start to an end.
    Computed(Duration),
    /// Negative, or longer than is believed: it is sent as null, and no other source is asked.
    Impossible,
}

impl<'a> Length<'a> {
    /// Whole seconds, the fraction cut off.
    fn whole_seconds(&self) -> Option<u64> {
        match self {
            // The cast cuts off the fraction; the number is neither negative nor too large.
            Self::Stated { seconds, .. } => Some(*seconds as u64),
            Self::Computed(duration) => Some(duration.as_secs()),
            Self::Impossible => None,
        }
    }

    /// Seconds as they are sent.
    fn seconds(&self) -> Option<Seconds<'a>> {
        match self {
            Self::Stated { digits, .. } => Some(Seconds::Digits(digits)),
            // One division of whole microseconds gives the number that prints without noise.
            Self::Computed(duration) => Some(Seconds::Number(duration.as_micros() as f64 / 1e6)),
            Self::Impossible => None,
        }
    }
}

/// The length of the call: what the transcript states, else what its times come to.
fn length(transcript: &Transcript) -> Option<Length<'_>> {
    let Some(digits) = transcript.duration_seconds.as_deref() else {
        return elapsed(transcript.start_time, transcript.end_time);
    };
    // A number that no float can hold is too large as well.
    Some(match json::number(digits) {
        Some(seconds) if (0.0..=MAX_LENGTH_SECS as f64).contains(&seconds) => {
            Length::Stated { digits, seconds }
        }
        _ => Length::Impossible,
    })
}

/// From start to end; `None` when either is not known.
fn elapsed(start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Option<Length<'static>> {
    Some(match end?.signed_duration_since(start?).to_std() {
        Ok(duration) if duration.as_secs() <= MAX_LENGTH_SECS => Length::Computed(duration),
        _ => Length::Impossible,
    })
}

/// A time as it is sent; `None` for years that RFC 3339 cannot say.
fn rfc3339(time: DateTime<Utc>) -> Option<String> {
    (0..=9999)
        .contains(&time.year())
        .then(|| timestamp::format(time))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    campaign_id: &'a str,
    voice_agent_id: &'a str,
    client: &'a str,
    call_details: CallDetails<'a>,
    caller: Caller<'a>,
    transcription: Transcription<'a>,
    lead: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallDetails<'a> {
    call_id: String,
    direction: &'a str,
    start_time: Option<&'a str>,
    end_time: Option<&'a str>,
    duration: Option<u64>,
    status: &'a str,
    caller_number: Option<&'a str>,
    recording_url: Option<&'a str>,
    recording_duration: Option<u64>,
    recording_size: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Caller<'a> {
    phone_number: Option<&'a str>,
}

#[derive(Serialize)]
struct Transcription<'a> {
    session_id: &'a str,
    start_time: Option<&'a str>,
    end_time: Option<&'a str>,
    duration_seconds: Option<Seconds<'a>>,
    total_items: usize,
    conversation_items: Vec<ConversationItem<'a>>,
    lead_generated: bool,
    metadata: &'a RawValue,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Seconds<'a> {
    Digits(&'a RawValue),
    Number(f64),
}

#[derive(Serialize)]
struct ConversationItem<'a> {
    role: &'static str,
    content: &'a str,
    timestamp: Option<String>,
    source: Option<&'a str>,
    transcript_confidence: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<bool>,
}

impl<'a> From<&'a Turn> for ConversationItem<'a> {
    fn from(turn: &'a Turn) -> Self {
        Self {
            role: turn.role.as_str(),
            content: &turn.content,
            timestamp: turn.timestamp.and_then(rfc3339),
            source: turn.source.as_deref(),
            transcript_confidence: turn.transcript_confidence.as_deref(),
            interrupted: turn.interrupted,
        }
    }
}

#[cfg(test)]
mod tests;
