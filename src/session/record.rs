//! What we record in a document, under its one key `upload`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::outcome::{Failure, Part};

/// How many entries of the history are kept.
pub const HISTORY_LIMIT: usize = 20;

/// How far a part has come.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// To be delivered.
    #[default]
    Pending,
    /// The API has it from us.
    Uploaded,
    /// The API already had it.
    Duplicate,
    /// The recording is in cloud storage: egress put it there.
    Remote,
    /// There never was one.
    Absent,
    /// It should be there and is not.
    Missing,
    /// The API refused it for good.
    Rejected,
    /// Its attempts are exhausted.
    Abandoned,
}

impl PartState {
    /// Whether the part is where it belongs.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Uploaded | Self::Duplicate | Self::Remote)
    }

    /// Whether the part was given up, so that a person may want to send it again.
    pub fn is_given_up(self) -> bool {
        matches!(self, Self::Missing | Self::Rejected | Self::Abandoned)
    }

    /// The name in documents and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Uploaded => "uploaded",
            Self::Duplicate => "duplicate",
            Self::Remote => "remote",
            Self::Absent => "absent",
            Self::Missing => "missing",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What an acknowledged call-data post went without.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// The recording, although there should be one.
    Recording,
    /// The lead file that the document names.
    Lead,
    /// The transcript: none is named and none is there.
    Transcript,
}

/// Why a part failed last.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// The kind, by the names of [`crate::outcome::FailureKind`].
    pub kind: String,
    /// The HTTP status, when an answer came.
    #[serde(default)]
    pub status: Option<u16>,
    /// One line for people.
    #[serde(default)]
    pub message: String,
    /// When it failed.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(default, with = "time_text")]
    pub at: Option<DateTime<Utc>>,
}

/// What is recorded of the recording.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingRecord {
    /// How far it has come.
    pub state: PartState,
    /// Attempts spent, the successful one included.
    pub attempts: u32,
    /// Where the API or egress put it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its size, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its length in whole seconds, when the manifest tells; kept so that the call data built from
    /// it stays the same from try to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// Why it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sent although its size was not the manifest's.
    #[serde(skip_serializing_if = "is_false")]
    pub size_mismatch: bool,
    /// When it reached its state.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "time_text", skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Why it failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// What is recorded of the call data.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallDataRecord {
    /// How far it has come.
    pub state: PartState,
    /// Attempts spent, the successful one included.
    pub attempts: u32,
    /// A post may have arrived although no answer says so: the API is asked before the next one.
    #[serde(skip_serializing_if = "is_false")]
    pub unconfirmed: bool,
    /// The API holds an earlier generation of it, so that finding the call there proves nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub resent: bool,
    /// What the acknowledged post went without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Lacking>,
    /// Sent again complete, and the API kept the incomplete one that it had.
    #[serde(skip_serializing_if = "is_false")]
    pub unlinked: bool,
    /// When it reached its state.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "time_text", skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Why it failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// One request, or one try that never became a request.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "time_text")]
    pub at: Option<DateTime<Utc>>,
    /// `recording`, `call_data` or, for a requeue, `session`.
    pub part: String,
    /// What it came to.
    pub outcome: String,
    /// The HTTP status, when an answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

/// Everything that we record of a session.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadRecord {
    /// Which sending of the content this is; part of the idempotency keys. A person's wish to send
    /// something again makes a new one.
    pub generation: u64,
    /// The recording.
    pub recording: RecordingRecord,
    /// The call data.
    pub call_data: CallDataRecord,
    /// Not before this time, after a failure.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    #[serde(with = "time_text")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The latest entries, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl UploadRecord {
    /// Attempts spent on a part.
    pub fn attempts(&self, part: Part) -> u32 {
        match part {
            Part::Recording => self.recording.attempts,
            Part::CallData => self.call_data.attempts,
        }
    }

    /// The state of a part.
    pub fn state(&self, part: Part) -> PartState {
        match part {
            Part::Recording => self.recording.state,
            Part::CallData => self.call_data.state,
        }
    }

    /// Sets the state of a part and when it got there.
    pub fn set_state(&mut self, part: Part, state: PartState, now: DateTime<Utc>) {
        match part {
            Part::Recording => {
                self.recording.state = state;
                self.recording.at = Some(now);
            }
            Part::CallData => {
                self.call_data.state = state;
                self.call_data.at = Some(now);
            }
        }
    }

    /// Gives a part up, unless it was delivered before: what the API has is never taken back. Call
    /// data starts afresh when its recording is given up.
    pub fn give_up(&mut self, part: Part, state: PartState, now: DateTime<Utc>) {
        if self.state(part).is_delivered() {
            return;
        }
        self.set_state(part, state, now);
        if part == Part::Recording && self.call_data.state == PartState::Pending {
            self.call_data.attempts = 0;
        }
    }

    /// Counts an attempt at a part.
    pub fn count_attempt(&mut self, part: Part) {
        let attempts = match part {
            Part::Recording => &mut self.recording.attempts,
            Part::CallData => &mut self.call_data.attempts,
        };
        *attempts = attempts.saturating_add(1);
    }

    /// Notes why a part failed.
    pub fn set_error(&mut self, part: Part, failure: &Failure, now: DateTime<Utc>) {
        let error = Some(ErrorRecord {
            kind: failure.kind.as_str().to_owned(),
            status: failure.status,
            message: failure.message.clone(),
            at: Some(now),
        });
        match part {
            Part::Recording => self.recording.error = error,
            Part::CallData => self.call_data.error = error,
        }
    }

    /// The error that keeps the session from being delivered: the latest of the two parts'.
    pub fn last_error(&self) -> Option<(Part, &ErrorRecord)> {
        let recording = self
            .recording
            .error
            .as_ref()
            .map(|error| (Part::Recording, error));
        let call_data = self
            .call_data
            .error
            .as_ref()
            .map(|error| (Part::CallData, error));
        match (recording, call_data) {
            (Some(recording), Some(call_data)) if recording.1.at > call_data.1.at => {
                Some(recording)
            }
            (recording, call_data) => call_data.or(recording),
        }
    }

    /// Adds to the history and drops what is too old.
    pub fn remember(&mut self, entry: HistoryEntry) {
        self.history.push(entry);
        let surplus = self.history.len().saturating_sub(HISTORY_LIMIT);
        self.history.drain(..surplus);
    }

    /// Makes call data due again that was delivered incomplete, under a new generation. What is due
    /// already stays as it is.
    pub fn reopen_call_data(&mut self) {
        if !self.call_data.state.is_delivered() {
            return;
        }
        self.generation = self.generation.saturating_add(1);
        self.call_data.state = PartState::Pending;
        self.call_data.resent = true;
        self.call_data.attempts = 0;
        self.call_data.error = None;
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// Times as text with milliseconds; an unreadable one is as none.
mod time_text {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::timestamp;

    pub(super) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_str(&timestamp::format_millis(*time)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.as_deref().and_then(timestamp::parse))
    }
}
