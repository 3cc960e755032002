//! The shapes of a spool's files. Members that are not named are allowed in all of them: they are the
//! customer's, and kept.

use callspool::session::UploadRecord;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// A session's metadata document. Older ones lack most of it.
#[derive(JsonSchema)]
pub struct Document {
    /// The session's id.
    #[schemars(regex(pattern = r"\S"))]
    pub session_id: String,
    /// The number that was called.
    pub dialed_number: Option<String>,
    /// The campaign's own; `campaignId`, `voiceAgentId`, `clientId`, `egressId`, `lead_file` and
    /// `dialedNumber` are read.
    pub campaign_metadata: Option<Map<String, Value>>,
    /// Where the session's files are: absolute, or relative to the root.
    pub files: Option<Files>,
    /// When things happened.
    pub timestamps: Option<Timestamps>,
    /// How far the session has come. A document with another word is left alone.
    pub status: Option<Status>,
    /// Charged tries so far, the successful one included.
    pub upload_attempts: Option<u64>,
    /// When the session was last tried.
    pub last_upload_attempt: Option<String>,
    /// How its files were found to belong together, where the document was made afterwards.
    pub adopted: Option<Adopted>,
    /// What callspool records of the session.
    pub upload: Option<UploadRecord>,
}

/// Where a session's files are.
#[derive(JsonSchema)]
pub struct Files {
    /// The recording; found by the egress id where it is null.
    pub recording: Option<String>,
    /// The transcript.
    pub conversation: Option<String>,
    /// The lead file.
    pub lead: Option<String>,
}

/// When things happened: RFC 3339 in any of the spellings that agents use; null where not known.
#[derive(JsonSchema)]
pub struct Timestamps {
    /// When the call began.
    pub call_start: Option<String>,
    /// When the call ended.
    pub call_end: Option<String>,
    /// When the document was written.
    pub metadata_saved: Option<String>,
}

/// How far a session has come.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Status {
    /// Pending, or waiting for a retry.
    ReadyForUpload,
    /// Delivered.
    Uploaded,
    /// Needs a person.
    Failed,
}

/// How files were found to belong together.
#[derive(JsonSchema)]
pub struct Adopted {
    /// When, RFC 3339.
    pub at: String,
    /// Why the recording is this session's.
    pub recording: Option<String>,
    /// Why the lead is.
    pub lead: Option<String>,
}

/// A lead file. Any object is delivered as it is; this is what agents write.
#[derive(JsonSchema)]
pub struct LeadFile {
    /// When it was written.
    pub timestamp: Option<String>,
    /// Who it comes from.
    pub source: Option<String>,
    /// `new` before anybody has looked at it.
    pub status: Option<String>,
    /// The caller's name.
    pub name: Option<String>,
    /// The caller's e-mail address.
    pub email: Option<String>,
    /// Where the caller works.
    pub company: Option<String>,
    /// What the caller is interested in.
    pub interest: Option<String>,
    /// A telephone number; empty when not known, as are those below.
    pub phone: Option<String>,
    /// The caller's position.
    pub job_title: Option<String>,
    /// What may be spent.
    pub budget: Option<String>,
    /// By when.
    pub timeline: Option<String>,
    /// The campaign's own.
    pub campaign_metadata: Option<Map<String, Value>>,
}

/// A transcript: a list of items under `items`, or of the oldest form under `conversation`. What else
/// is in it is read when it is of the kind that is given here.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [
    {"required": ["items"], "properties": {"items": {"type": "array"}}},
    {"required": ["conversation"], "properties": {"conversation": {"type": "array"}}}
]))]
pub struct Transcript {
    /// The session's id.
    pub session_id: Option<String>,
    /// When the call began.
    pub start_time: Option<Time>,
    /// When the call ended.
    pub end_time: Option<Time>,
    /// What was said and done, in order.
    pub items: Option<Vec<Item>>,
    /// The same in the oldest form, where `agent` stands for `assistant`.
    pub conversation: Option<Vec<Item>>,
    /// How many items there are.
    pub total_items: Option<u64>,
    /// The call's length.
    pub duration_seconds: Option<f64>,
    /// Whether a lead came of the call.
    pub lead_generated: Option<bool>,
    /// The agent's own; delivered as they are.
    pub metadata: Option<Map<String, Value>>,
}

/// RFC 3339 in any of the spellings that agents use, or seconds since 1970.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum Time {
    /// A text.
    Text(String),
    /// Seconds.
    Seconds(f64),
}

/// An item of a conversation. A turn has a role, `user` or `assistant`, and a content; or a text `raw`
/// that the SDK has printed.
#[derive(JsonSchema)]
pub struct Item {
    /// `message` when absent; `function_call` and others are no turns.
    #[schemars(rename = "type")]
    pub item_type: Option<String>,
    /// Who spoke.
    pub role: Option<String>,
    /// What was said: a text, or a list of which the texts count.
    pub content: Option<Content>,
    /// When.
    pub timestamp: Option<Time>,
    /// When, where there is no `timestamp`.
    pub created_at: Option<Time>,
    /// Where the agent had it from.
    pub source: Option<String>,
    /// The recogniser's confidence.
    pub transcript_confidence: Option<f64>,
    /// Whether the speaker was cut off.
    pub interrupted: Option<bool>,
    /// The name of the function that is called.
    pub name: Option<String>,
    /// The item as the SDK's Python classes print it.
    pub raw: Option<String>,
}

/// What was said.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum Content {
    /// A text.
    Text(String),
    /// Parts, of which those that are texts count.
    Parts(Vec<Value>),
}
