//! The head of a request: what is asked, and how its body is framed.

use std::io;

/// The most headers that are read.
const MAX_HEADERS: usize = 64;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// A recording.
    Upload,
    /// Call data.
    CallData,
    /// Whether a call is there.
    Question,
    /// The counts; and whether they start anew.
    Stats { is_reset: bool },
    /// Anything else.
    Other,
}

/// How long the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// A request without its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) route: Route,
    pub(crate) framing: Framing,
    /// Whether the client waits for leave to send the body.
    pub(crate) expects_continue: bool,
    /// Whether the connection ends with this request.
    pub(crate) is_last: bool,
}

impl Request {
    /// Reads a head, and how many bytes it takes; `None` when it is not whole yet.
    pub(crate) fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let has = |name: &str, word: &[u8]| {
            head.headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name))
                .any(|header| header.value.eq_ignore_ascii_case(word))
        };
        let announced = head
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .map(|header| str::from_utf8(header.value).map(str::parse::<u64>));
        let framing = match announced {
            Some(Ok(Ok(length))) => Framing::Length(length),
            Some(_) => return Err(io::Error::other("a content-length that is no number")),
            None if has("transfer-encoding", b"chunked") => Framing::Chunked,
            None => Framing::Length(0),
        };
        let request = Self {
            route: route(
                head.method.unwrap_or_default(),
                head.path.unwrap_or_default(),
            ),
            framing,
            expects_continue: has("expect", b"100-continue"),
            is_last: head.version == Some(0) || has("connection", b"close"),
        };
        Ok(Some((request, length)))
    }
}

fn route(method: &str, target: &str) -> Route {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let end = path.rsplit('/').next().unwrap_or_default();
    match (method, end) {
        ("POST", "upload") => Route::Upload,
        ("POST", "call-data") => Route::CallData,
        ("GET", "call-data") => Route::Question,
        ("GET", "stats") => Route::Stats {
            is_reset: query == "reset",
        },
        _ => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Request {
        let (request, length) = Request::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        request
    }

    #[test]
    fn a_head_tells_what_is_asked_and_how_long_the_body_is() {
        let upload = parse("POST /api/upload HTTP/1.1\r\ncontent-LENGTH: 12\r\n\r\n");
        assert_eq!(
            (upload.route, upload.framing, upload.is_last),
            (Route::Upload, Framing::Length(12), false)
        );
        let chunked = parse(
            "POST /api/call-data HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n",
        );
        assert_eq!(
            (chunked.route, chunked.framing, chunked.expects_continue),
            (Route::CallData, Framing::Chunked, true)
        );
        let question = parse("GET /api/call-data?callId=1 HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert_eq!(
            (question.route, question.framing, question.is_last),
            (Route::Question, Framing::Length(0), true)
        );
    }

    #[test]
    fn half_a_head_is_waited_for_and_nonsense_is_refused() {
        assert!(Request::parse(b"POST /api/upload HT").unwrap().is_none());
        assert!(Request::parse(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n").is_err());
    }
}
