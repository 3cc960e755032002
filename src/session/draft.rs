//! A document before it is written for the first time: the customer's shape, filled in.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{Members, RawObject};
use crate::timestamp;

/// What a new document says. Times that are not known are null, and so is everything else that is
/// `None`.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The session's id.
    pub session_id: String,
    /// The number that was called.
    pub dialed_number: Option<String>,
    /// The campaign metadata, byte for byte.
    pub campaign_metadata: RawObject,
    /// The recording's path, when it is known without a manifest.
    pub recording: Option<String>,
    /// The transcript's path.
    pub conversation: Option<String>,
    /// The lead file's path.
    pub lead: Option<String>,
    /// When the call began.
    pub call_start: Option<DateTime<Utc>>,
    /// When the call ended.
    pub call_end: Option<DateTime<Utc>>,
    /// When the document is written.
    pub metadata_saved: Option<DateTime<Utc>>,
    /// How the files were found to belong together, where the document was made afterwards.
    pub adopted: Option<Adopted>,
}

/// What is kept of an adoption in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// When, RFC 3339.
    pub at: String,
    /// Why the recording is this session's.
    pub recording: Option<String>,
    /// Why the lead is.
    pub lead: Option<String>,
}

#[derive(Serialize)]
struct Files<'a> {
    recording: Option<&'a str>,
    conversation: Option<&'a str>,
    lead: Option<&'a str>,
}

#[derive(Serialize)]
struct Timestamps {
    call_start: Option<String>,
    call_end: Option<String>,
    metadata_saved: Option<String>,
}

impl Draft {
    /// The document as it is written: pending, one member a line, without a record of ours.
    ///
    /// # Errors
    /// Never in practice: nothing in it has a form that JSON lacks.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut object = RawObject::default();
        object.set("session_id", &self.session_id)?;
        object.set("dialed_number", &self.dialed_number)?;
        object.set_raw("campaign_metadata", self.campaign_metadata.to_raw(1)?)?;
        let files = Files {
            recording: self.recording.as_deref(),
            conversation: self.conversation.as_deref(),
            lead: self.lead.as_deref(),
        };
        object.set_raw("files", indented(&files)?)?;
        let timestamps = Timestamps {
            call_start: self.call_start.map(timestamp::format),
            call_end: self.call_end.map(timestamp::format),
            metadata_saved: self.metadata_saved.map(timestamp::format_millis),
        };
        object.set_raw("timestamps", indented(&timestamps)?)?;
        if let Some(adopted) = &self.adopted {
            object.set_raw("adopted", indented(adopted)?)?;
        }
        object.set("status", "ready_for_upload")?;
        object.set("upload_attempts", &0)?;
        object.set("last_upload_attempt", &())?;
        let mut text = object.to_pretty(0);
        text.push('\n');
        Ok(text.into_bytes())
    }
}

/// A value with its members on lines of their own.
fn indented<T: Serialize>(value: &T) -> serde_json::Result<Box<RawValue>> {
    let compact = serde_json::value::to_raw_value(value)?;
    let object = Members::from_raw(&compact);
    match object.map(|object| object.to_raw(1)) {
        Some(indented) => indented,
        None => Ok(compact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Document, Status};

    #[test]
    fn a_new_document_has_the_customers_shape() {
        let time = |text| timestamp::parse(text);
        let draft = Draft {
            session_id: "session_\"1\"".to_owned(),
            dialed_number: Some("+15550100123".to_owned()),
            campaign_metadata: RawObject::parse(r#"{"campaignId":"c","score":1E+2}"#).unwrap(),
            conversation: Some("conversations/transcript_x.json".to_owned()),
            call_start: time("2025-10-29T13:50:57.987953+00:00Z"),
            metadata_saved: time("2025-10-29 13:51:31.540340"),
            ..Draft::default()
        };
        let bytes = draft.to_bytes().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{
  "session_id": "session_\"1\"",
  "dialed_number": "+15550100123",
  "campaign_metadata": {
    "campaignId": "c",
    "score": 1E+2
  },
  "files": {
    "recording": null,
    "conversation": "conversations/transcript_x.json",
    "lead": null
  },
  "timestamps": {
    "call_start": "2025-10-29T13:50:57.987953Z",
    "call_end": null,
    "metadata_saved": "2025-10-29T13:51:31.540Z"
  },
  "status": "ready_for_upload",
  "upload_attempts": 0,
  "last_upload_attempt": null
}
"#
        );
        let document = Document::parse(&bytes).unwrap();
        assert_eq!(document.session_id(), "session_\"1\"");
        assert_eq!(document.status(), Status::ReadyForUpload);
        assert!(document.is_untried() && !document.has_record());
    }

    #[test]
    fn an_adopted_one_says_why() {
        let adopted = Adopted {
            at: "2026-01-01T00:00:00.000Z".to_owned(),
            recording: Some("egress id".to_owned()),
            lead: None,
        };
        let draft = Draft {
            session_id: "s".to_owned(),
            adopted: Some(adopted),
            ..Draft::default()
        };
        let text = String::from_utf8(draft.to_bytes().unwrap()).unwrap();
        let document = RawObject::parse(&text).unwrap();
        let kept = document.object("adopted").unwrap();
        assert_eq!(kept.string("recording").as_deref(), Some("egress id"));
        assert_eq!(kept.get("lead").map(RawValue::get), Some("null"));
    }
}
