//! A client that writes bytes and reads answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use reference_api::Server;
use serde_json::{Value, json};

/// Longer than any test needs; a test that waits that long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Where the API is.
pub(crate) const BASE: &str = "/apis/api/public";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A connection.
pub(crate) struct Client {
    wire: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn to(server: &Server) -> Self {
        Self::connect(server.addr())
    }

    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            wire: BufReader::new(socket),
        }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.wire.get_mut().write_all(bytes.as_ref()).unwrap();
        self
    }

    pub(crate) fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Answer {
        self.send(bytes).answer().unwrap()
    }

    /// Reads an answer; its body by Content-Length.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut line = String::new();
        if self.wire.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.wire.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let read = (&mut self.wire)
            .take(length)
            .read_to_end(&mut answer.body)?;
        match read as u64 == length {
            true => Ok(answer),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads to the end of the connection: bytes when it was a FIN, the error when it was none.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.wire.read_to_end(&mut rest).map(|_| rest)
    }

    /// Whether the connection ends by a reset.
    pub(crate) fn is_reset(&mut self) -> bool {
        self.rest()
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
    }
}

/// A POST with these headers, each with its line end.
pub(crate) fn post(path: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!(
        "POST {BASE}{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An upload of that file.
pub(crate) fn upload(name: &str, content: impl AsRef<[u8]>, headers: &str) -> Vec<u8> {
    let mut body = format!(
        "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: audio/ogg\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content.as_ref());
    body.extend_from_slice(b"\r\n--xx--\r\n");
    let headers = format!("Content-Type: multipart/form-data; boundary=xx\r\n{headers}");
    post("/upload", &headers, body)
}

/// Call data as small as the API takes them.
pub(crate) fn call(call_id: &str) -> Value {
    json!({
        "campaignId": "c", "voiceAgentId": "v", "client": "k",
        "callDetails": {"callId": call_id, "recordingUrl": "http://crm.example/1.ogg"},
    })
}

/// A post of call data.
pub(crate) fn call_data(body: &Value, headers: &str) -> Vec<u8> {
    let headers = format!("Content-Type: application/json\r\n{headers}");
    post("/call-data", &headers, body.to_string())
}

/// A question for a call.
pub(crate) fn question(call_id: &str) -> String {
    format!("GET {BASE}/call-data?callId={call_id}&limit=1 HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// An Idempotency-Key header.
pub(crate) fn key(key: &str) -> String {
    format!("Idempotency-Key: \"{key}\"\r\n")
}
