//! What can go wrong with a request.

use std::time::Duration;

/// What a rule does with a request.
///
/// "Instead of serving" means that nothing is stored and neither token nor rate is looked at; the
/// body is read to its end first unless the action says otherwise. "After serving" means that the
/// request was dealt with as without the fault, and only its answer is lost or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Gives this answer instead of serving.
    Answer(Canned),
    /// Gives this answer after serving.
    AnswerAfterServing(Canned),
    /// Answers with that status and a message that quotes the body and the Authorization header,
    /// instead of serving.
    Echo(u16),
    /// Never answers, instead of serving.
    Stall,
    /// Never answers, after serving.
    StallAfterServing,
    /// Resets the connection before the body is read.
    Reset,
    /// Resets the connection once that many bytes of the body were read.
    ResetAfter(u64),
    /// Closes the connection once that many bytes of the body were read.
    CloseAfter(u64),
    /// Resets the connection without an answer, after serving.
    ResetAfterServing,
    /// Closes the connection in the middle of the answer's body, after serving.
    CutAnswer,
    /// Answers before the body is read, then reads the body; the connection stays.
    EarlyAnswer(u16),
    /// Answers before the body is read and closes without reading it.
    EarlyClose(u16),
    /// Serves, and leaves `url` and `relativeUrl` out of an upload's answer.
    WithoutUrl,
    /// Serves, and leaves `url` out of an upload's answer.
    RelativeUrlOnly,
    /// Serves, and gives a `size` that is one too large in an upload's answer.
    WrongSize,
    /// Answers a question with calls that were not asked for.
    IgnoreCallId,
    /// Serves, and answers that much later.
    Delay(Duration),
    /// Serves, and sends the answer one byte at a time, that long apart.
    Trickle(Duration),
    /// Serves, and closes the connection without having said so.
    CloseUnannounced,
    /// Serves, and resets the connection when the next request comes on it.
    ResetNext,
}

/// An answer that was written beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

impl Canned {
    /// An answer with that status; without a body of its own it says `{"success": false, …}`.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .push((name.into().to_lowercase(), value.into()));
        self
    }

    /// Sets the body. Its media type is guessed from its first character unless a header says it.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// An HTML page, such as a proxy or a web application sends.
    pub fn html(status: u16) -> Self {
        Self::status(status).body(format!(
            "<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
        ))
    }

    /// JSON that says that the call is there.
    pub fn already_exists(status: u16) -> Self {
        Self::status(status).body(r#"{"success": false, "message": "Call already exists"}"#)
    }
}

impl Action {
    /// Answers with a status and nothing stored.
    pub fn status(status: u16) -> Self {
        Self::Answer(Canned::status(status))
    }

    /// Answers with a status and a `Retry-After` header.
    pub fn retry_after(status: u16, value: impl Into<String>) -> Self {
        Self::Answer(Canned::status(status).header("retry-after", value))
    }

    /// Answers with a redirect.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::Answer(Canned::status(status).header("location", location))
    }

    /// Answers with an HTML page.
    pub fn html(status: u16) -> Self {
        Self::Answer(Canned::html(status))
    }

    /// Answers 200 with `"success": false`.
    pub fn not_success() -> Self {
        Self::Answer(Canned::status(200).body(r#"{"success": false, "message": "not stored"}"#))
    }

    /// Answers 200 with text that is no JSON.
    pub fn not_json() -> Self {
        Self::Answer(Canned::status(200).body("stored, thank you"))
    }

    /// Answers 404 with HTML, as an API does that does not know the question.
    pub fn unanswerable() -> Self {
        Self::html(404)
    }

    /// Answers 409 and does not say why.
    pub fn conflict_without_text() -> Self {
        Self::Answer(Canned::status(409).body(""))
    }

    /// Answers that the call already exists.
    pub fn already_exists(status: u16) -> Self {
        Self::Answer(Canned::already_exists(status))
    }

    /// Answers with a status after all was stored.
    pub fn stored_status(status: u16) -> Self {
        Self::AnswerAfterServing(Canned::status(status))
    }
}
