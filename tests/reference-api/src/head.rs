//! A request's line and headers. Reads no byte of the body.

use std::io::{BufRead, Read};

use percent_encoding::percent_decode_str;

/// Longest head that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 64 * 1024;

/// Most headers in a request.
const MAX_HEADERS: usize = 100;

/// What stands before the body.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) keep_alive: bool,
}

/// Why there is no head.
#[derive(Debug)]
pub(crate) enum HeadError {
    /// The client closed or broke the connection, or went silent.
    Gone,
    /// The bytes are no HTTP request.
    Malformed(&'static str),
    /// The head does not end within the limit.
    TooLarge,
}

/// How the body is delimited (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// That many bytes follow.
    Length(u64),
    /// No length is given.
    Unknown,
    /// Transfer-Encoding is used.
    Chunked,
    /// The headers contradict each other.
    Invalid(&'static str),
}

/// Why an Idempotency-Key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadKey;

impl Head {
    /// Reads a head up to its empty line.
    ///
    /// # Errors
    /// When the client is gone, or what it sends is no request.
    pub(crate) fn read(wire: &mut impl BufRead) -> Result<Self, HeadError> {
        let bytes = read_bytes(wire)?;
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Complete(_)) => Self::from_parsed(&request),
            Ok(httparse::Status::Partial) => Err(HeadError::Malformed("the head is incomplete")),
            Err(_) => Err(HeadError::Malformed("the head is no http/1.1")),
        }
    }

    fn from_parsed(request: &httparse::Request<'_, '_>) -> Result<Self, HeadError> {
        let (Some(method), Some(target), Some(version)) =
            (request.method, request.path, request.version)
        else {
            return Err(HeadError::Malformed("the request line is incomplete"));
        };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut head = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            headers: request
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value).into_owned();
                    (header.name.to_owned(), value)
                })
                .collect(),
            keep_alive: false,
        };
        let connection = head.header("connection").unwrap_or_default();
        let says = |word: &str| {
            connection
                .split(',')
                .any(|token| token.trim().eq_ignore_ascii_case(word))
        };
        head.keep_alive = !says("close") && (version == 1 || says("keep-alive"));
        Ok(head)
    }

    /// The first header of that name; names in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// How the body is delimited.
    pub(crate) fn framing(&self) -> Framing {
        let lengths: Vec<&str> = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map(|(_, value)| value.trim())
            .collect();
        let coded = self.header("transfer-encoding").is_some();
        match (coded, lengths.as_slice()) {
            (true, []) => Framing::Chunked,
            (true, _) => {
                Framing::Invalid("content-length and transfer-encoding exclude each other")
            }
            (false, []) => Framing::Unknown,
            (false, [length]) => length
                .parse()
                .ok()
                .filter(|_| length.bytes().all(|byte| byte.is_ascii_digit()))
                .map_or(
                    Framing::Invalid("content-length is no number"),
                    Framing::Length,
                ),
            (false, _) => Framing::Invalid("content-length is given twice"),
        }
    }

    /// A parameter of the query, decoded; the first of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        self.query
            .as_deref()?
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(own, _)| decode(own) == name)
            .map(|(_, value)| decode(value))
    }

    /// The Idempotency-Key without its quotes, when there is one.
    ///
    /// # Errors
    /// When the header is no quoted string (RFC 9651, section 3.3.3) or an empty one.
    pub(crate) fn idempotency_key(&self) -> Result<Option<String>, BadKey> {
        let Some(value) = self.header("idempotency-key") else {
            return Ok(None);
        };
        value
            .trim()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|key| !key.is_empty() && !key.contains(['"', '\\']) && key.is_ascii())
            .map(|key| Some(key.to_owned()))
            .ok_or(BadKey)
    }
}

/// The bytes of a head, its empty line included; an empty line in front is skipped.
fn read_bytes(wire: &mut impl BufRead) -> Result<Vec<u8>, HeadError> {
    let mut bytes = Vec::new();
    let mut limited = wire.take(MAX_HEAD_BYTES);
    loop {
        let start = bytes.len();
        let read = limited
            .read_until(b'\n', &mut bytes)
            .map_err(|_| HeadError::Gone)?;
        let line = bytes.get(start..).unwrap_or_default();
        if read == 0 || line.last() != Some(&b'\n') {
            return Err(match limited.limit() {
                0 => HeadError::TooLarge,
                _ => HeadError::Gone,
            });
        }
        if matches!(line, b"\r\n" | b"\n") {
            if start > 0 {
                return Ok(bytes);
            }
            bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Head, HeadError> {
        Head::read(&mut text.as_bytes())
    }

    #[test]
    fn a_head_ends_at_its_empty_line_and_leaves_the_body() {
        let mut wire =
            "\r\nPOST /a?callId=a%2Bb+c&limit=1 HTTP/1.1\r\nHost: x\r\n\r\nbody".as_bytes();
        let head = Head::read(&mut wire).unwrap();
        assert_eq!(wire, b"body");
        assert_eq!((head.method.as_str(), head.path.as_str()), ("POST", "/a"));
        assert_eq!(head.parameter("callId").as_deref(), Some("a+b c"));
        assert_eq!(head.parameter("limit").as_deref(), Some("1"));
        assert_eq!(head.parameter("callid"), None);
        assert!(head.keep_alive);
    }

    #[test]
    fn a_head_that_does_not_end_is_gone_or_too_large() {
        assert!(matches!(
            read("GET / HTTP/1.1\r\nHost"),
            Err(HeadError::Gone)
        ));
        assert!(matches!(read(""), Err(HeadError::Gone)));
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(70_000));
        assert!(matches!(read(&long), Err(HeadError::TooLarge)));
        assert!(matches!(
            read("nonsense\r\n\r\n"),
            Err(HeadError::Malformed(_))
        ));
    }

    #[test]
    fn framing_takes_one_length_and_nothing_else() {
        let framing = |headers: &str| {
            read(&format!("POST / HTTP/1.1\r\n{headers}\r\n"))
                .unwrap()
                .framing()
        };
        assert_eq!(framing("Content-Length: 0\r\n"), Framing::Length(0));
        assert_eq!(framing(""), Framing::Unknown);
        assert_eq!(framing("Transfer-Encoding: chunked\r\n"), Framing::Chunked);
        for bad in [
            "Content-Length: -1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert!(matches!(framing(bad), Framing::Invalid(_)), "{bad}");
        }
    }

    #[test]
    fn an_idempotency_key_is_a_quoted_string() {
        let key = |value: &str| {
            read(&format!(
                "POST / HTTP/1.1\r\nIdempotency-Key: {value}\r\n\r\n"
            ))
            .unwrap()
            .idempotency_key()
        };
        assert_eq!(key("\"ab12\""), Ok(Some("ab12".to_owned())));
        for bad in ["ab12", "\"\"", "\"", "\"a", "\"a\"b\""] {
            assert_eq!(key(bad), Err(BadKey), "{bad}");
        }
        assert_eq!(
            read("GET / HTTP/1.1\r\n\r\n").unwrap().idempotency_key(),
            Ok(None)
        );
    }

    #[test]
    fn keep_alive_follows_version_and_header() {
        let keep = |line: &str| read(&format!("GET / {line}\r\n\r\n")).unwrap().keep_alive;
        assert!(keep("HTTP/1.1"));
        assert!(!keep("HTTP/1.1\r\nConnection: Close"));
        assert!(!keep("HTTP/1.0"));
        assert!(keep("HTTP/1.0\r\nConnection: keep-alive"));
    }
}
