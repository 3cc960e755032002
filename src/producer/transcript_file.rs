//! The transcript's file. Nothing in it depends on when it is written, so that a second try after a
//! crash finds the first one's file.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::call::Call;
use super::items::Items;
use crate::json::RawObject;
use crate::timestamp;
use crate::transcript::Transcript;

/// The transcript's `metadata` member for the campaign's own.
const CAMPAIGN: &str = "campaign_metadata";

/// A transcript, ready to be written.
pub(super) struct TranscriptFile {
    pub(super) bytes: Vec<u8>,
    pub(super) start: Option<DateTime<Utc>>,
    pub(super) end: Option<DateTime<Utc>>,
    /// What a run will read in it.
    pub(super) survey: Transcript,
}

impl TranscriptFile {
    /// Puts the transcript of a call together. The campaign metadata is the document's.
    pub(super) fn of(
        call: &Call,
        items: &Items,
        campaign: &RawObject,
        has_lead: bool,
    ) -> serde_json::Result<Self> {
        let list = items.to_raw()?;
        let survey = Items::survey(&list);
        let start = call.started_at.or(survey.span.map(|(first, _)| first));
        let end = call.ended_at.or(survey.span.map(|(_, last)| last));
        let duration = start.zip(end).and_then(|(start, end)| seconds(end - start));

        let mut object = RawObject::default();
        object.set("session_id", &call.session_id)?;
        object.set("start_time", &start.map(timestamp::format))?;
        object.set("end_time", &end.map(timestamp::format))?;
        object.set_raw("items", list)?;
        object.set("total_items", &items.len())?;
        object.set("duration_seconds", &duration)?;
        object.set("lead_generated", &(has_lead || survey.lead_generated))?;
        object.set_raw("metadata", metadata(&call.metadata, campaign)?)?;
        let mut text = object.to_pretty(0);
        text.push('\n');
        Ok(Self {
            bytes: text.into_bytes(),
            start,
            end,
            survey,
        })
    }
}

/// The caller's members between ours. One that the caller has set stays, but the campaign's
/// metadata is that of the document where there is any.
fn metadata(given: &RawObject, campaign: &RawObject) -> serde_json::Result<Box<RawValue>> {
    let mut metadata = RawObject::default();
    metadata.set("auto_saved", &true)?;
    for (name, value) in given.iter() {
        metadata.set_raw(name, value.to_owned())?;
    }
    if !campaign.is_empty() || metadata.get(CAMPAIGN).is_none() {
        metadata.set_raw(CAMPAIGN, campaign.to_raw(2)?)?;
    }
    metadata.to_raw(1)
}

/// A length in seconds to the microsecond; none when the end is before the start.
fn seconds(length: TimeDelta) -> Option<Box<RawValue>> {
    let micros = length.num_microseconds().filter(|micros| *micros >= 0)?;
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let kept = text.trim_end_matches('0');
    let zero = if kept.ends_with('.') { "0" } else { "" };
    RawValue::from_string(format!("{kept}{zero}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Items {
        Items::parse(text).unwrap()
    }

    fn written(call: &Call, list: &str, has_lead: bool) -> String {
        let file = TranscriptFile::of(call, &items(list), &call.campaign(), has_lead).unwrap();
        String::from_utf8(file.bytes).unwrap()
    }

    fn call() -> Call {
        Call {
            session_id: "s".to_owned(),
            ..Call::default()
        }
    }

    #[test]
    fn a_session_is_written_with_every_item_as_it_was() {
        let mut call = call();
        call.campaign_metadata = RawValue::from_string(r#"{"campaignId":"c"}"#.into()).ok();
        call.metadata = RawObject::parse(r#"{"agent": [ 1E+2 ], "auto_saved": false}"#).unwrap();
        let list = r#"[{"role":"user", "content":"\u00e9","timestamp":"2025-10-29T10:16:25.608060Z"},
            {"n" : 1.50, "created_at": 1761732980.6023705}, {}]"#;
        assert_eq!(
            written(&call, list, false),
            r#"{
  "session_id": "s",
  "start_time": "2025-10-29T10:16:20.602370Z",
  "end_time": "2025-10-29T10:16:25.608060Z",
  "items": [
    {"role":"user", "content":"\u00e9","timestamp":"2025-10-29T10:16:25.608060Z"},
    {"n" : 1.50, "created_at": 1761732980.6023705},
    {}
  ],
  "total_items": 3,
  "duration_seconds": 5.00569,
  "lead_generated": false,
  "metadata": {
    "auto_saved": false,
    "agent": [ 1E+2 ],
    "campaign_metadata": {
      "campaignId": "c"
    }
  }
}
"#
        );
    }

    #[test]
    fn a_time_that_is_not_known_is_null() {
        let text = written(&call(), "[]", false);
        for member in [
            "\"start_time\": null",
            "\"end_time\": null",
            "\"duration_seconds\": null",
            "\"items\": []",
            "\"campaign_metadata\": {}",
        ] {
            assert!(text.contains(member), "{member} in {text}");
        }
    }

    #[test]
    fn times_that_are_given_go_before_those_of_the_items() {
        let mut call = call();
        call.started_at = timestamp::parse("2025-10-29T10:00:00Z");
        let list = r#"[{"created_at": 1761732980}]"#;
        let text = written(&call, list, false);
        assert!(
            text.contains("\"start_time\": \"2025-10-29T10:00:00Z\""),
            "{text}"
        );
        assert!(text.contains("\"duration_seconds\": 980.0"), "{text}");
        call.started_at = timestamp::parse("2026-01-01T00:00:00Z");
        let text = written(&call, list, false);
        assert!(text.contains("\"duration_seconds\": null"), "{text}");
    }

    #[test]
    fn a_printed_item_gives_its_time_and_its_lead() {
        let list = r#"[{"role":"unknown","content":"","raw":"FunctionCall(id='x', name='create_lead', created_at=1761732980.5)"}]"#;
        let text = written(&call(), list, false);
        assert!(
            text.contains("\"start_time\": \"2025-10-29T10:16:20.500Z\""),
            "{text}"
        );
        assert!(text.contains("\"lead_generated\": true"), "{text}");
        assert!(written(&call(), "[]", true).contains("\"lead_generated\": true"));
    }
}
