//! The metadata document: the customer's object with our record in it.

use chrono::{DateTime, Utc};

use super::record::UploadRecord;
use crate::json::{self, JsonError, Members, RawObject};
use crate::timestamp;

/// The key that is ours.
const RECORD_KEY: &str = "upload";

/// Why bytes are no metadata document. Holds none of their content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not a JSON object.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// No session id to go by.
    #[error("no session_id, or one that is no text")]
    NoSessionId,
    /// Our own key holds something that we did not write.
    #[error("the member \"upload\" is not a record of callspool's")]
    ForeignRecord,
}

/// The customer's word for how far a session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Pending, or waiting for a retry. A document without a status is an older pending one.
    ReadyForUpload,
    /// Delivered.
    Uploaded,
    /// Needs a person.
    Failed,
    /// A word that is not ours to act on.
    Other(String),
}

impl Status {
    /// The word in the document.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ReadyForUpload => "ready_for_upload",
            Self::Uploaded => "uploaded",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

/// A metadata document. What we do not know in it stays byte for byte.
#[derive(Debug, Clone)]
pub struct Document {
    object: RawObject,
    session_id: String,
    has_record: bool,
    /// Our record of the session.
    pub record: UploadRecord,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When the bytes are no JSON object, hold no session id, or hold a record that is not ours.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let object = RawObject::from_slice(bytes)?;
        let session_id = object
            .text("session_id")
            .ok_or(DocumentError::NoSessionId)?;
        let stored = object.get(RECORD_KEY).filter(|value| value.get() != "null");
        let record = match stored {
            None => UploadRecord::default(),
            Some(value) if !value.get().starts_with('{') => {
                return Err(DocumentError::ForeignRecord);
            }
            Some(value) => {
                serde_json::from_str(value.get()).map_err(|_| DocumentError::ForeignRecord)?
            }
        };
        let has_record = stored.is_some();
        Ok(Self {
            object,
            session_id,
            has_record,
            record,
        })
    }

    /// The session's id, as the agent gave it. Never part of a file name of ours.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Everything that is in the document, as it was read or set.
    pub(super) fn members(&self) -> &RawObject {
        &self.object
    }

    /// Whether an earlier run has left a record in the document.
    pub fn has_record(&self) -> bool {
        self.has_record
    }

    /// The status.
    pub fn status(&self) -> Status {
        match self
            .object
            .get("status")
            .filter(|value| value.get() != "null")
        {
            None => Status::ReadyForUpload,
            Some(value) => match json::string(value).as_deref() {
                Some("ready_for_upload") => Status::ReadyForUpload,
                Some("uploaded") => Status::Uploaded,
                Some("failed") => Status::Failed,
                Some(word) => Status::Other(word.to_owned()),
                None => Status::Other("no text".to_owned()),
            },
        }
    }

    /// The number that was called.
    pub fn dialed_number(&self) -> Option<String> {
        self.object
            .text("dialed_number")
            .or_else(|| self.campaign_text("dialedNumber"))
    }

    /// A member of `campaign_metadata` as text; a number counts as its digits.
    pub fn campaign_text(&self, name: &str) -> Option<String> {
        let campaign = self.object.object("campaign_metadata")?;
        campaign.text(name).or_else(|| {
            campaign
                .get(name)
                .and_then(json::integer)
                .map(|number| number.to_string())
        })
    }

    /// The egress id without its `EG_` prefix, when recording was started.
    pub fn egress_id(&self) -> Option<String> {
        let id = self.campaign_text("egressId")?;
        let id = id.trim();
        let id = id.strip_prefix("EG_").unwrap_or(id);
        (!id.is_empty()).then(|| id.to_owned())
    }

    /// The path of the recording, when the document names one.
    pub fn recording_path(&self) -> Option<String> {
        self.file("recording")
    }

    /// The path of the transcript, when the document names one.
    pub fn conversation_path(&self) -> Option<String> {
        self.file("conversation")
    }

    /// The path of the lead file, when the document names one.
    pub fn lead_path(&self) -> Option<String> {
        self.file("lead")
            .or_else(|| self.campaign_text("lead_file"))
    }

    fn file(&self, name: &str) -> Option<String> {
        self.object.object("files")?.text(name)
    }

    /// One of the document's timestamps: `call_start`, `call_end` or `metadata_saved`.
    pub fn timestamp(&self, name: &str) -> Option<DateTime<Utc>> {
        self.object
            .object("timestamps")?
            .string(name)
            .as_deref()
            .and_then(timestamp::parse)
    }

    /// The text of `timestamps.metadata_saved`, to tell two documents of a session apart.
    pub(super) fn metadata_saved(&self) -> Option<String> {
        self.object
            .object("timestamps")?
            .get("metadata_saved")
            .map(|value| value.get().to_owned())
            .filter(|text| text != "null")
    }

    /// Charged tries of the session so far.
    pub fn upload_attempts(&self) -> u64 {
        self.object
            .get("upload_attempts")
            .and_then(json::integer)
            .and_then(|attempts| u64::try_from(attempts).ok())
            .unwrap_or(0)
    }

    /// When the session was last tried.
    pub fn last_upload_attempt(&self) -> Option<DateTime<Utc>> {
        self.object
            .string("last_upload_attempt")
            .as_deref()
            .and_then(timestamp::parse)
    }

    /// Whether no run, ours or the customer's old one, has tried the session.
    pub fn is_untried(&self) -> bool {
        self.upload_attempts() == 0 && self.record.history.is_empty()
    }

    /// Whether another program has tried the session, and kept it: what it sent may have arrived.
    pub fn was_tried_elsewhere(&self) -> bool {
        !self.has_record && (self.upload_attempts() > 0 || self.last_upload_attempt().is_some())
    }

    /// Whether the session failed before and will be tried again.
    pub fn is_retry(&self) -> bool {
        self.record.last_error().is_some() || self.upload_attempts() > 0
    }

    /// Sets the status.
    ///
    /// # Errors
    /// When the word cannot be written as JSON.
    pub fn set_status(&mut self, status: &Status) -> serde_json::Result<()> {
        self.object.set("status", status.as_str())
    }

    /// Writes down where the recording was found.
    ///
    /// # Errors
    /// When the path cannot be written as JSON.
    pub fn set_recording_path(&mut self, path: &str) -> serde_json::Result<()> {
        let mut files = match self.object.get("files") {
            None => Members::default(),
            Some(value) if value.get() == "null" => Members::default(),
            // Whatever else stands there is the customer's and stays.
            Some(value) => match Members::from_raw(value) {
                Some(files) => files,
                None => return Ok(()),
            },
        };
        files.set("recording", path)?;
        let files = files.to_raw(1)?;
        self.object.set_raw("files", files)
    }

    /// Sets the number of charged tries.
    ///
    /// # Errors
    /// When the number cannot be written as JSON.
    pub fn set_upload_attempts(&mut self, attempts: u64) -> serde_json::Result<()> {
        self.object.set("upload_attempts", &attempts)
    }

    /// Sets when the session was last tried.
    ///
    /// # Errors
    /// When the time cannot be written as JSON.
    pub fn set_last_upload_attempt(&mut self, at: DateTime<Utc>) -> serde_json::Result<()> {
        self.object
            .set("last_upload_attempt", &timestamp::format_millis(at))
    }

    /// The document as it is written: one member a line, our record last unless it was there.
    ///
    /// # Errors
    /// When the record cannot be written as JSON.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let record = self.record_member()?;
        let mut text = self.object.to_pretty_with(0, Some((RECORD_KEY, &record)));
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// Our record as JSON, with the members kept that a newer version may have added.
    fn record_member(&self) -> serde_json::Result<String> {
        let mut member = self.object.object(RECORD_KEY).unwrap_or_default();
        let record = serde_json::to_string(&self.record)?;
        let fields = Members::read(&record).map_err(serde::ser::Error::custom)?;
        member.set_all(fields);
        Ok(member.to_pretty(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::PartState;

    const CUSTOMERS: &str = r#"{
  "session_id": "session_20251029_135057_99509edf",
  "dialed_number": null,
  "campaign_metadata": {
    "campaignId": "68ff5c0f015cbf44dd9f336c",
    "dialedNumber": "+15550100123",
    "egressId": "EG_KfWxAFCAvH79",
    "score": 5.697564
  },
  "files": {
    "recording": null,
    "conversation": "C:\\agent\\conversations\\t.json",
    "x": 1E+2
  },
  "timestamps": {"call_end": "2025-10-29T13:51:29.544211+00:00Z"},
  "status": "ready_for_upload",
  "upload_attempts": 0,
  "big": 12345678901234567890123,
  "last_upload_attempt": null
}"#;

    #[test]
    fn the_customers_members_are_read() {
        let document = Document::parse(CUSTOMERS.as_bytes()).unwrap();
        assert_eq!(document.session_id(), "session_20251029_135057_99509edf");
        assert_eq!(document.status(), Status::ReadyForUpload);
        assert_eq!(document.dialed_number().as_deref(), Some("+15550100123"));
        assert_eq!(document.egress_id().as_deref(), Some("KfWxAFCAvH79"));
        assert_eq!(document.recording_path(), None);
        assert_eq!(
            document.conversation_path().as_deref(),
            Some("C:\\agent\\conversations\\t.json")
        );
        assert_eq!(
            document
                .timestamp("call_end")
                .map(timestamp::format)
                .as_deref(),
            Some("2025-10-29T13:51:29.544211Z")
        );
        assert!(document.is_untried() && !document.has_record());
    }

    #[test]
    fn a_rewrite_changes_only_what_was_set() {
        let mut document = Document::parse(CUSTOMERS.as_bytes()).unwrap();
        document.set_status(&Status::Uploaded).unwrap();
        document.set_recording_path("recordings/a.ogg").unwrap();
        document.record.recording.state = PartState::Uploaded;
        let text = String::from_utf8(document.to_bytes().unwrap()).unwrap();
        let expected = CUSTOMERS
            .replace(
                "\"status\": \"ready_for_upload\"",
                "\"status\": \"uploaded\"",
            )
            .replace("\"recording\": null", "\"recording\": \"recordings/a.ogg\"");
        let head = expected.trim_end_matches("\n}");
        assert!(text.starts_with(head), "{text}");
        let again = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(again.record, document.record);
        assert!(again.has_record());
    }

    #[test]
    fn what_stands_in_place_of_files_stays() {
        for files in ["5", "[1]", "\"x\""] {
            let text = format!(r#"{{"session_id":"s","files":{files}}}"#);
            let mut document = Document::parse(text.as_bytes()).unwrap();
            document.set_recording_path("recordings/a.ogg").unwrap();
            let bytes = document.to_bytes().unwrap();
            assert!(
                String::from_utf8(bytes)
                    .unwrap()
                    .contains(&format!("\"files\": {files}"))
            );
        }
    }

    #[test]
    fn members_of_a_newer_version_survive_in_our_record() {
        let text = r#"{"session_id":"s","upload":{"generation":3,"future":{"a": 1.50}}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let bytes = document.to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\"future\": {\"a\": 1.50}"), "{text}");
        assert_eq!(
            Document::parse(text.as_bytes()).unwrap().record.generation,
            3
        );
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for (text, error) in [
            ("{}", DocumentError::NoSessionId),
            (r#"{"session_id": 5}"#, DocumentError::NoSessionId),
            (r#"{"session_id": " "}"#, DocumentError::NoSessionId),
            (
                r#"{"session_id": "s", "upload": []}"#,
                DocumentError::ForeignRecord,
            ),
            (
                r#"{"session_id": "s", "upload": {"recording": {"state": "odd"}}}"#,
                DocumentError::ForeignRecord,
            ),
            ("[]", DocumentError::Json(JsonError::NotAnObject)),
        ] {
            assert_eq!(
                Document::parse(text.as_bytes()).unwrap_err(),
                error,
                "{text}"
            );
        }
    }

    #[test]
    fn a_status_that_is_not_ours_is_kept_apart() {
        for (text, status) in [
            (r#"{"session_id":"s"}"#, Status::ReadyForUpload),
            (
                r#"{"session_id":"s","status":null}"#,
                Status::ReadyForUpload,
            ),
            (
                r#"{"session_id":"s","status":"on_hold"}"#,
                Status::Other("on_hold".into()),
            ),
            (
                r#"{"session_id":"s","status":7}"#,
                Status::Other("no text".into()),
            ),
        ] {
            assert_eq!(Document::parse(text.as_bytes()).unwrap().status(), status);
        }
    }
}
