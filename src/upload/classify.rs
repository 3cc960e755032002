//! What an answer means: the one place where a status and a body become an outcome. Pure.
//!
//! | status | recording | call data | question |
//! | --- | --- | --- | --- |
//! | 2xx as the contract has it | stored | stored | present, or absent |
//! | 2xx longer than is read | protocol | protocol, fate unknown | unanswerable |
//! | 2xx otherwise | protocol | protocol, fate unknown | protocol |
//! | 2xx cut off | ambiguous | ambiguous | ambiguous |
//! | 3xx | misdirected | misdirected | misdirected |
//! | 401, 407 | auth | auth | auth |
//! | 403 | forbidden | forbidden | forbidden |
//! | 404 with the contract's JSON | rejected | rejected | absent |
//! | 404 otherwise | misdirected | misdirected | unanswerable |
//! | 405 with the contract's JSON, or without | rejected, misdirected | likewise | rejected, unanswerable |
//! | 410, 501 with the contract's JSON, or without | rejected, misdirected | likewise | likewise |
//! | 408, 425 | server | server | server |
//! | 409 with a URL, or that names the call | stored, a duplicate | duplicate | server |
//! | 409 otherwise | protocol | server, to be confirmed | server |
//! | 429; 503 with Retry-After | throttled | throttled | throttled |
//! | 502, 503, 504 | unavailable | unavailable | unavailable |
//! | other 4xx | rejected | rejected | rejected |
//! | other 5xx | server | server | server |
//!
//! Any other call-data answer whose text claims that something is already there is the failure of
//! its row, marked [`Failure::claims_duplicate`]. A 5xx or 408 leaves the fate of a post unknown;
//! a question that fails leaves it as unknown as it was.

use crate::outcome::{Failure, FailureKind, RetryAfter};

use super::answer::Answer;
use super::duplicate::Claim;
use super::{Acknowledgement, Presence, StoredRecording};

/// The longest Location that is shown, in characters.
const MAX_LOCATION_CHARS: usize = 200;

/// How compressed data begins that gzip made (RFC 1952, section 2.3.1); no JSON does.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// An answer to a request that was sent whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The URL that was asked, without query.
    pub url: &'a str,
    /// The status.
    pub status: u16,
    /// The Retry-After header, when it is valid.
    pub retry_after: Option<RetryAfter>,
    /// The Location header.
    pub location: Option<&'a str>,
    /// The body.
    pub body: ReplyBody<'a>,
}

/// What came of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyBody<'a> {
    /// All of it.
    Complete(&'a [u8]),
    /// Less than was announced.
    Cut,
    /// More than is read.
    TooLarge,
}

/// What was asked of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Recording,
    CallData,
    Question,
}

impl Request {
    /// As it stands in messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Recording => "the recording",
            Self::CallData => "the call data",
            Self::Question => "the question whether the call is there",
        }
    }
}

/// The outcome of a recording's upload. `origin` is what a relative URL is joined to, `sent_bytes`
/// the length of the file.
///
/// # Errors
/// Everything but a 2xx, or a 409, that says where the recording is.
pub fn recording(
    reply: &Reply<'_>,
    origin: &str,
    sent_bytes: u64,
) -> Result<StoredRecording, Failure> {
    let answer = reply.answer();
    let duplicate = reply.status == 409;
    if !duplicate && !reply.is_success() {
        return Err(by_status(reply, &answer, Request::Recording));
    }
    let wrong = |why: &str| Err(not_the_contract(reply, &answer, Request::Recording, why));
    if let Some(failure) = unreadable(reply, &answer, Request::Recording) {
        return Err(failure);
    }
    if !duplicate && answer.success() != Some(true) {
        return wrong("success is not true");
    }
    let data = answer.upload();
    if let Some(size) = data.size
        && size != Some(sent_bytes)
    {
        return wrong(&match size {
            Some(size) => format!("data.size is {size}, but {sent_bytes} bytes were sent"),
            None => "data.size is no number of bytes".to_owned(),
        });
    }
    let url = match (data.url.as_deref(), data.relative_url.as_deref()) {
        (Some(url), _) => whole_url(origin, url.trim()),
        (None, Some(relative)) => Some(join(origin, relative.trim())),
        (None, None) => return wrong("it holds neither data.url nor data.relativeUrl"),
    };
    match url {
        Some(url) if !url.chars().any(char::is_control) => Ok(StoredRecording { url, duplicate }),
        _ => wrong("data.url is no URL"),
    }
}

/// The outcome of a call-data post.
///
/// # Errors
/// Everything but a 2xx whose `success` is true, and a 409 that says that the call is there.
pub fn call_data(reply: &Reply<'_>) -> Result<Acknowledgement, Failure> {
    let answer = reply.answer();
    let failure = if reply.is_success() {
        match unreadable(reply, &answer, Request::CallData) {
            Some(failure) => failure,
            None if answer.success() == Some(true) => return Ok(Acknowledgement::Stored),
            None => not_the_contract(reply, &answer, Request::CallData, "success is not true"),
        }
    } else if reply.status == 409 && answer.claim() == Claim::Call {
        return Ok(Acknowledgement::Duplicate);
    } else {
        by_status(reply, &answer, Request::CallData)
    };
    Err(Failure {
        claims_duplicate: reply.status == 409 || answer.claim() != Claim::Nothing,
        ..failure
    })
}

/// The answer to the question whether a call is there.
///
/// # Errors
/// When the answer is neither of the contract's nor that of an API that does not know the question.
pub fn question(reply: &Reply<'_>, call_id: &str) -> Result<Presence, Failure> {
    let answer = reply.answer();
    let failure = match reply.status {
        404 if answer.success().is_some() => return Ok(Presence::Absent),
        404 | 405 if answer.success().is_none() => return Ok(Presence::Unanswerable),
        // An API that ignores the limit and lists all its calls has not answered.
        200..=299 if reply.body == ReplyBody::TooLarge => return Ok(Presence::Unanswerable),
        _ if !reply.is_success() => by_status(reply, &answer, Request::Question),
        _ => match unreadable(reply, &answer, Request::Question) {
            Some(failure) => failure,
            None if answer.success() != Some(true) => {
                not_the_contract(reply, &answer, Request::Question, "success is not true")
            }
            None => match answer.find_call(call_id) {
                Some(Some(recording_url)) => return Ok(Presence::Present { recording_url }),
                Some(None) => return Ok(Presence::Absent),
                None => not_the_contract(reply, &answer, Request::Question, "data is no list"),
            },
        },
    };
    Err(Failure {
        fate_unknown: true,
        ..failure
    })
}

impl Reply<'_> {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn answer(&self) -> Answer {
        Answer::read(match self.body {
            ReplyBody::Complete(body) => body,
            ReplyBody::Cut | ReplyBody::TooLarge => b"",
        })
    }
}

/// The failure that a status means, whatever was asked.
fn by_status(reply: &Reply<'_>, answer: &Answer, request: Request) -> Failure {
    let speaks_contract = answer.success().is_some();
    let noun = request.noun();
    let (kind, what) = match reply.status {
        300..=399 => return misdirected(reply),
        404 | 405 | 410 | 501 if !speaks_contract => return misdirected(reply),
        401 => (
            FailureKind::Auth,
            "the API refused the credentials, check the token".to_owned(),
        ),
        407 => (
            FailureKind::Auth,
            "the proxy refused the credentials, check the proxy variable".to_owned(),
        ),
        403 => (FailureKind::Forbidden, format!("the API forbids {noun}")),
        408 | 425 => (
            FailureKind::Server,
            format!("the API did not wait for {noun}"),
        ),
        409 => (
            FailureKind::Server,
            format!("the API has a conflict with {noun}"),
        ),
        429 => (FailureKind::Throttled, "the API asks to wait".to_owned()),
        503 if reply.retry_after.is_some() => {
            (FailureKind::Throttled, "the API asks to wait".to_owned())
        }
        502..=504 => (
            FailureKind::Unavailable,
            "the API is not available".to_owned(),
        ),
        400..=499 | 501 => (FailureKind::Rejected, format!("the API refused {noun}")),
        500..=599 => (FailureKind::Server, "the API failed".to_owned()),
        _ => (
            FailureKind::Protocol,
            "the API answered with a status that means nothing here".to_owned(),
        ),
    };
    failure(reply, answer, request, kind, what)
}

fn failure(
    reply: &Reply<'_>,
    answer: &Answer,
    request: Request,
    kind: FailureKind,
    what: String,
) -> Failure {
    let fate_unknown = match reply.status {
        _ if kind == FailureKind::Ambiguous => true,
        200..=299 => request == Request::CallData,
        408 | 500..=599 => true,
        _ => false,
    };
    let quote = answer
        .quote()
        .map(|quote| format!("; it says \"{quote}\""))
        .unwrap_or_default();
    Failure {
        kind,
        status: Some(reply.status),
        message: format!("{what} (status {}){quote}", reply.status),
        retry_after: reply.retry_after,
        connected: true,
        fate_unknown,
        claims_duplicate: false,
    }
}

/// An answer to the wrong URL. Its text is no API's, so it is not quoted.
fn misdirected(reply: &Reply<'_>) -> Failure {
    let Reply { url, status, .. } = reply;
    let message = match reply.location.map(shown_location) {
        Some(location) if (300..400).contains(status) => {
            format!("{url} redirects to {location} (status {status}): correct --api-url")
        }
        _ if (300..400).contains(status) => {
            format!("{url} redirects without saying where (status {status}): correct --api-url")
        }
        _ => format!("{url} is not the upload API (status {status}): correct --api-url"),
    };
    Failure {
        kind: FailureKind::Misdirected,
        status: Some(*status),
        message,
        retry_after: reply.retry_after,
        connected: true,
        fate_unknown: *status >= 500,
        claims_duplicate: false,
    }
}

fn not_the_contract(reply: &Reply<'_>, answer: &Answer, request: Request, why: &str) -> Failure {
    let what = format!(
        "the answer to {} is not the contract's: {why}",
        request.noun()
    );
    failure(reply, answer, request, FailureKind::Protocol, what)
}

/// The failure of an answer whose body is not there whole, or no JSON object.
fn unreadable(reply: &Reply<'_>, answer: &Answer, request: Request) -> Option<Failure> {
    match reply.body {
        ReplyBody::Cut => {
            let what = format!("the answer to {} was cut off", request.noun());
            Some(failure(
                reply,
                answer,
                request,
                FailureKind::Ambiguous,
                what,
            ))
        }
        ReplyBody::TooLarge => Some(not_the_contract(
            reply,
            answer,
            request,
            "it is longer than 1 MiB",
        )),
        ReplyBody::Complete(body) if body.starts_with(GZIP) => Some(not_the_contract(
            reply,
            answer,
            request,
            "it is compressed, which was not asked for; let the proxy before the API send it plain",
        )),
        ReplyBody::Complete(_) if !answer.is_object() => Some(not_the_contract(
            reply,
            answer,
            request,
            "it is no JSON object",
        )),
        ReplyBody::Complete(_) => None,
    }
}

/// A URL as it is, or a path joined to the origin of the API; `None` for anything else.
fn whole_url(origin: &str, url: &str) -> Option<String> {
    (is_absolute(url) || url.starts_with('/')).then(|| join(origin, url))
}

/// Joins a relative URL to the origin of the API. One that is absolute stays as it is.
fn join(origin: &str, relative: &str) -> String {
    if is_absolute(relative) {
        return relative.to_owned();
    }
    format!("{origin}/{}", relative.trim_start_matches('/'))
}

/// Whether a URL begins with a scheme and `://`, and goes on.
fn is_absolute(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
            && !rest.is_empty()
    })
}

/// A Location fit for a message: without query, fragment and user information, which may hold
/// secrets, on one line and not endless.
fn shown_location(location: &str) -> String {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let shown = match path.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            let (authority, path) = match rest.find('/') {
                Some(at) => rest.split_at(at),
                None => (rest, ""),
            };
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}//{host}{path}")
        }
        _ => path.to_owned(),
    };
    shown
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_LOCATION_CHARS)
        .collect()
}

#[cfg(test)]
mod tests;
