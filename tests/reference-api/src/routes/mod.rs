//! What the API does: paths, credentials, rate, and the three requests.
//!
//! Knows no sockets and no faults but the few that alter an honest answer.

mod call_data;
mod question;
mod upload;

use std::io;
use std::sync::Mutex;

use crate::body::Body;
use crate::clock;
use crate::connection::Wire;
use crate::fault::Target;
use crate::head::Head;
use crate::rate::{Rate, Window};
use crate::response::Response;
use crate::stop::lock;
use crate::store::{Store, StoreError};

/// The API behind the sockets.
pub(crate) struct Api {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The path in front of `/upload` and `/call-data`, without a slash at its end.
    pub(crate) base_path: String,
    pub(crate) token: Option<String>,
    pub(crate) rate: Option<Rate>,
    pub(crate) dedupe: bool,
    pub(crate) store: Store,
    pub(crate) window: Mutex<Window>,
}

/// How an honest answer is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tamper {
    WithoutUrl,
    RelativeUrlOnly,
    WrongSize,
    IgnoreCallId,
}

/// A request that is dealt with.
pub(crate) struct Request<'a, 'wire> {
    pub(crate) head: &'a Head,
    pub(crate) body: &'a mut Body<'wire, Wire>,
    pub(crate) tamper: Option<Tamper>,
}

impl Api {
    /// What a request asks for; `None` for no path and method of the API.
    pub(crate) fn target(&self, head: &Head) -> Option<Target> {
        let path = head.path.strip_prefix(self.base_path.as_str())?;
        match (head.method.as_str(), path) {
            ("POST", "/upload") => Some(Target::Upload),
            ("POST", "/call-data") => Some(Target::CallData),
            ("GET", "/call-data") => Some(Target::Question),
            _ => None,
        }
    }

    /// Deals with a request. The body may be left half read by a refusal.
    ///
    /// # Errors
    /// When the client breaks off before the end of the body.
    pub(crate) fn respond(&self, request: &mut Request<'_, '_>) -> io::Result<Response> {
        let Some(target) = self.target(request.head) else {
            return Ok(self.no_such_path(request.head));
        };
        if let Some(refusal) = self.refuse(request.head) {
            return Ok(refusal);
        }
        match target {
            Target::Upload => upload::respond(self, request),
            Target::CallData => call_data::respond(self, request),
            Target::Question | Target::Any => {
                Ok(question::respond(self, request.head, request.tamper))
            }
        }
    }

    fn no_such_path(&self, head: &Head) -> Response {
        let allow = match head.path.strip_prefix(self.base_path.as_str()) {
            Some("/upload") => "POST",
            Some("/call-data") => "GET, POST",
            _ => return Response::page(404),
        };
        Response::page(405).header("allow", allow)
    }

    /// The refusal of a request that lacks credentials, comes too soon or has a malformed key.
    fn refuse(&self, head: &Head) -> Option<Response> {
        let authorization = head.header("authorization").unwrap_or_default();
        if let Some(token) = &self.token {
            let (scheme, given) = authorization.split_once(' ').unwrap_or_default();
            if !scheme.eq_ignore_ascii_case("bearer") || given.trim() != token {
                let refusal = Response::refusal(401, "a valid bearer token is required");
                return Some(refusal.header("www-authenticate", "Bearer"));
            }
        }
        if let Some(rate) = self.rate
            && let Err(wait) = lock(&self.window).admit(rate, authorization, clock::monotonic())
        {
            let seconds = wait.as_millis().div_ceil(1000);
            let refusal = Response::refusal(429, "too many requests");
            return Some(refusal.header("retry-after", seconds));
        }
        if head.idempotency_key().is_err() {
            return Some(Response::refusal(
                400,
                "idempotency-key must be a quoted string",
            ));
        }
        None
    }
}

/// The answer to a request that could not be stored.
fn not_stored(error: &StoreError) -> Response {
    Response::refusal(500, &error.to_string())
}

/// The answer to a key under which something else came before (the idempotency key's draft,
/// section 2.7).
fn key_reused() -> Response {
    Response::refusal(422, "idempotency-key was used for another request")
}
