//! Answers, as bytes on the wire.

use std::fmt::Write as _;

use serde::Serialize;

use crate::fault::Canned;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The body of an answer that says no.
#[derive(Serialize)]
struct Refusal<'a> {
    success: bool,
    message: &'a str,
}

impl Response {
    /// JSON.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::with_type(status, "application/json; charset=utf-8", body),
            Err(error) => Self::with_type(500, "text/plain", error.to_string().into_bytes()),
        }
    }

    /// JSON that says no, and why.
    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &Refusal {
                success: false,
                message,
            },
        )
    }

    /// The page of a web server that knows no such path.
    pub(crate) fn page(status: u16) -> Self {
        Self::from(&Canned::html(status))
    }

    /// The answer with one more header.
    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Status line and headers, up to the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let reason = http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        // RFC 9110, section 8.6: a 204 has no Content-Length; a 304 would tell that of a 200.
        if !matches!(self.status, 204 | 304) {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// The whole answer.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn with_type(status: u16, media_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body,
        }
    }
}

impl From<&Canned> for Response {
    fn from(canned: &Canned) -> Self {
        let mut response = match &canned.body {
            None => Self::refusal(
                canned.status,
                &format!("answered {} on demand", canned.status),
            ),
            Some(body) => Self::with_type(
                canned.status,
                match body.trim_start().chars().next() {
                    Some('{' | '[') => "application/json; charset=utf-8",
                    Some('<') => "text/html; charset=utf-8",
                    _ => "text/plain; charset=utf-8",
                },
                body.clone().into_bytes(),
            ),
        };
        if canned
            .headers
            .iter()
            .any(|(name, _)| name == "content-type")
        {
            response.headers.clear();
        }
        response.headers.extend(canned.headers.iter().cloned());
        if matches!(canned.status, 204 | 304) {
            response.body.clear();
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canned_answer_says_what_it_is_told() {
        let canned = Canned::status(503).header("Retry-After", "7").body("busy");
        let response = Response::from(&canned);
        assert_eq!(
            String::from_utf8(response.head()).unwrap(),
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\n"
        );
        assert_eq!(response.body, b"busy");
        let silent = Response::from(&Canned::status(204));
        assert!(silent.body.is_empty());
    }

    #[test]
    fn a_refusal_is_the_contracts_json() {
        let response = Response::refusal(404, "no such call");
        assert_eq!(
            response.body,
            br#"{"success":false,"message":"no such call"}"#
        );
    }
}
