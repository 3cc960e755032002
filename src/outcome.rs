//! What one request, or one try at a session, came to: the closed vocabulary of outcomes.
//!
//! The kinds and what each one means for the session are the table "What an answer means" of the
//! upload API's contract. Pure data; the wire fills it in, the drain and settle act on it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// One of the two things of a session that are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The audio file.
    Recording,
    /// The JSON post about the call.
    CallData,
}

impl Part {
    /// The name in documents, reports and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::CallData => "call_data",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a part or a session was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The API refused the part for good.
    Rejected,
    /// The base URL is not the API.
    Misdirected,
    /// The API refused the credentials.
    Auth,
    /// 403: this session's refusal, or the credentials' when two sessions in a row meet it.
    Forbidden,
    /// The API asked to wait.
    Throttled,
    /// The service is away: 502, 503, 504, no connection, no name.
    Unavailable,
    /// The certificate of the API cannot be trusted.
    Certificate,
    /// The service failed: 408, 425, 500 and other 5xx.
    Server,
    /// The connection broke while the request was being sent.
    Network,
    /// The whole request was sent and no answer came.
    Ambiguous,
    /// An answer that is not the contract's.
    Protocol,
    /// The request was cut off because the run was told to stop.
    Cancelled,
    /// The recording changed while it was being sent.
    Changed,
    /// An earlier run died while it worked on the session.
    Crashed,
    /// The transcript that the document names is not there.
    MissingTranscript,
    /// The transcript cannot be understood.
    InvalidTranscript,
    /// The lead file is no JSON object.
    InvalidLead,
    /// A path leads out of the spool, or to something that is no regular file.
    UnsafePath,
    /// The campaign, voice agent or client id that the API requires is not known.
    MissingCampaign,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Rejected,
        Self::Misdirected,
        Self::Auth,
        Self::Forbidden,
        Self::Throttled,
        Self::Unavailable,
        Self::Certificate,
        Self::Server,
        Self::Network,
        Self::Ambiguous,
        Self::Protocol,
        Self::Cancelled,
        Self::Changed,
        Self::Crashed,
        Self::MissingTranscript,
        Self::InvalidTranscript,
        Self::InvalidLead,
        Self::UnsafePath,
        Self::MissingCampaign,
    ];

    /// The name in documents, reports and logs. A 403 that is the session's own and an untrusted
    /// certificate go by the contract's names for them, `server` and `unavailable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Misdirected => "misdirected",
            Self::Auth => "auth",
            Self::Throttled => "throttled",
            Self::Unavailable | Self::Certificate => "unavailable",
            Self::Server | Self::Forbidden => "server",
            Self::Network => "network",
            Self::Ambiguous => "ambiguous",
            Self::Protocol => "protocol",
            Self::Cancelled => "cancelled",
            Self::Changed => "changed",
            Self::Crashed => "crashed",
            Self::MissingTranscript => "missing_transcript",
            Self::InvalidTranscript => "invalid_transcript",
            Self::InvalidLead => "invalid_lead",
            Self::UnsafePath => "unsafe_path",
            Self::MissingCampaign => "missing_campaign",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A Retry-After header: seconds or an HTTP date (RFC 9110, section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Wait that long.
    Delay(Duration),
    /// Wait until then.
    At(DateTime<Utc>),
}

/// A failed request or a session that could not be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// One line for people: lower case, no full stop, no personal data, no secret.
    pub message: String,
    /// When the API wants to hear from us again.
    pub retry_after: Option<RetryAfter>,
    /// Whether a connection to the API was made; what fails before that costs no attempt.
    pub connected: bool,
    /// Whether the API may have stored the part all the same, so that it is asked before the next
    /// post: no answer, an unreadable 2xx, a 5xx or 408 after the whole request was sent.
    pub fate_unknown: bool,
    /// Whether the answer says, or may mean, that the call is already there: to be confirmed by
    /// asking.
    pub claims_duplicate: bool,
}

impl Failure {
    /// A failure that has nothing to do with the wire.
    pub fn local(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
            retry_after: None,
            connected: false,
            fate_unknown: false,
            claims_duplicate: false,
        }
    }
}
