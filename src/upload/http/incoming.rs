//! Takes an answer off the wire, up to a limit.

use std::io::Read;

use chrono::{DateTime, Utc};
use ureq::Body;
use ureq::http::header::{DATE, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderName, Response};

use crate::outcome::RetryAfter;
use crate::upload::classify::{Reply, ReplyBody};
use crate::upload::retry_after;

/// The most that is read of an answer, in bytes.
pub(super) const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// An answer as it came.
pub(super) struct Incoming {
    url: String,
    pub(super) status: u16,
    retry_after: Option<RetryAfter>,
    location: Option<String>,
    /// What time it is by the other side's clock.
    pub(super) date: Option<DateTime<Utc>>,
    body: IncomingBody,
}

enum IncomingBody {
    Complete(Vec<u8>),
    Cut,
    TooLarge,
}

impl Incoming {
    /// Reads an answer to the end of its body.
    pub(super) fn read(url: String, response: Response<Body>) -> Self {
        Self {
            url,
            status: response.status().as_u16(),
            retry_after: header(&response, RETRY_AFTER).and_then(retry_after::parse),
            location: header(&response, LOCATION).map(str::to_owned),
            date: header(&response, DATE).and_then(retry_after::http_date),
            body: read_body(response),
        }
    }

    /// The answer as it is classified.
    pub(super) fn reply(&self) -> Reply<'_> {
        Reply {
            url: &self.url,
            status: self.status,
            retry_after: self.retry_after,
            location: self.location.as_deref(),
            body: match &self.body {
                IncomingBody::Complete(body) => ReplyBody::Complete(body),
                IncomingBody::Cut => ReplyBody::Cut,
                IncomingBody::TooLarge => ReplyBody::TooLarge,
            },
        }
    }
}

impl Incoming {
    /// Whether it is a page for a browser, as no API answers with.
    pub(super) fn is_page(&self) -> bool {
        let IncomingBody::Complete(body) = &self.body else {
            return false;
        };
        body.trim_ascii_start().starts_with(b"<")
    }
}

fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Reads an answer's body up to the limit. An error here is a cut: the head already came.
fn read_body(response: Response<Body>) -> IncomingBody {
    let mut body = Vec::new();
    let reader = response
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader();
    match reader.take(MAX_ANSWER_BYTES + 1).read_to_end(&mut body) {
        Err(_) => IncomingBody::Cut,
        Ok(_) if body.len() as u64 > MAX_ANSWER_BYTES => IncomingBody::TooLarge,
        Ok(_) => IncomingBody::Complete(body),
    }
}
