//! The wire: the two requests of a session, the question, and what their answers mean.
//!
//! Knows neither the spool nor the plan. Nothing in here retries: the callers know what may be
//! sent twice.
//!
//! [`http`] puts the requests on the wire; [`classify`] says what their answers mean, and
//! `transport_failure` what it means when there is none. Everything but [`http`] is pure.

pub mod base_url;
pub mod call_data;
pub mod classify;
pub mod duplicate;
pub mod idempotency;
pub mod multipart;
pub mod no_proxy;
pub mod ping;
pub mod ping_url;
pub mod proxy;
pub mod retry_after;
pub mod token;

pub mod http;

mod answer;
mod certificate;
mod media_type;
mod options;
mod progress;
mod request_body;
mod transport_failure;

pub use certificate::Certificate;
pub use http::{Asked, Canceller, HttpClient, Reach, Tls};
pub use options::{ClientError, ClientOptions};

use std::io::Read;

use crate::outcome::Failure;

/// The upload API as the drain sees it.
pub trait UploadApi {
    /// Sends a recording: `POST {base}/upload`.
    ///
    /// # Errors
    /// Everything but an acknowledgement that holds the contract's fields.
    fn upload_recording(&mut self, upload: RecordingUpload<'_>)
    -> Result<StoredRecording, Failure>;

    /// Sends call data: `POST {base}/call-data`.
    ///
    /// # Errors
    /// Everything but an acknowledgement, or a 409 that says that the call already exists.
    fn post_call_data(&mut self, post: CallDataPost<'_>) -> Result<Acknowledgement, Failure>;

    /// Asks whether a call is there: `GET {base}/call-data?callId=…&limit=1`.
    ///
    /// # Errors
    /// When the question could not be put or was refused.
    fn find_call(&mut self, call_id: &str, request_id: &str) -> Result<Presence, Failure>;
}

/// A recording to be sent.
pub struct RecordingUpload<'a> {
    /// The file's own name, sent as the multipart file name.
    pub file_name: &'a str,
    /// Bytes to send; exactly that many are read.
    pub len_bytes: u64,
    /// The bytes.
    pub body: &'a mut (dyn Read + Send),
    /// The Idempotency-Key's value, without quotes.
    pub idempotency_key: &'a str,
    /// The X-Request-Id's value.
    pub request_id: &'a str,
}

/// Call data to be sent.
pub struct CallDataPost<'a> {
    /// The JSON body.
    pub body: &'a [u8],
    /// The Idempotency-Key's value, without quotes.
    pub idempotency_key: &'a str,
    /// The X-Request-Id's value.
    pub request_id: &'a str,
}

/// What the API said of a recording that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecording {
    /// Where it is.
    pub url: String,
    /// Whether the API had it before (409 with a URL).
    pub duplicate: bool,
}

/// What the API said of call data that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Stored by this request.
    Stored,
    /// It was there before.
    Duplicate,
}

/// The answer to the question whether a call is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It is there; with the recording URL that the API holds for it.
    Present {
        /// `callDetails.recordingUrl` of the call that was found, when it is a string.
        recording_url: Option<String>,
    },
    /// It is not there.
    Absent,
    /// The API does not know the question (404 or 405 without the contract's JSON), or answers with
    /// more than is read.
    Unanswerable,
}
