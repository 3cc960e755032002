//! A server of raw sockets: a test writes down what it does with each connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) const ANSWER_STORED: &str = r#"{"success":true,"data":{}}"#;
pub(super) const ANSWER_UPLOADED: &str =
    r#"{"success":true,"data":{"url":"http://crm.example.com/u/1.ogg","size":4}}"#;

/// How long the server waits for anything: only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server's side, inside its thread.
pub(super) struct Accepting {
    listener: TcpListener,
    address: SocketAddr,
}

impl Accepting {
    pub(super) fn accept(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A running server, from the test's side.
pub(super) struct Server<T> {
    pub(super) url: String,
    pub(super) address: SocketAddr,
    /// Stays open after the script, so that whoever comes too late is seen.
    listener: TcpListener,
    thread: JoinHandle<T>,
}

impl<T> Server<T> {
    /// What the server saw.
    pub(super) fn join(self) -> T {
        self.thread.join().unwrap()
    }

    /// What the server saw; fails when somebody connected beside those it accepted. For when the
    /// client is done.
    pub(super) fn join_alone(self) -> T {
        let seen = self.thread.join().unwrap();
        self.listener.set_nonblocking(true).unwrap();
        let another = self.listener.accept();
        assert!(another.is_err(), "another connection was made");
        seen
    }
}

/// An address of this machine where nobody listens.
pub(super) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Starts a server on a free port of this machine.
pub(super) fn serve<T: Send + 'static>(
    script: impl FnOnce(&Accepting) -> T + Send + 'static,
) -> Server<T> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = Accepting {
        listener: listener.try_clone().unwrap(),
        address,
    };
    Server {
        url: accepting.url(),
        address,
        listener,
        thread: thread::spawn(move || script(&accepting)),
    }
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) line: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn length(&self) -> u64 {
        self.header("content-length")
            .map_or(0, |length| length.parse().unwrap())
    }
}

/// Reads the head only, to the byte.
pub(super) fn read_head(stream: &mut impl Read) -> Received {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    Received {
        line: lines.next().unwrap().to_owned(),
        headers: lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

pub(super) fn read_request(stream: &mut impl Read) -> Received {
    let mut received = read_head(stream);
    let length = usize::try_from(received.length()).unwrap();
    received.body.resize(length, 0);
    stream.read_exact(&mut received.body).unwrap();
    received
}

/// Reads a request and keeps nothing but the length of its body.
pub(super) fn discard_request(stream: &mut impl Read) -> u64 {
    let length = read_head(stream).length();
    let mut body = stream.take(length);
    std::io::copy(&mut body, &mut std::io::sink()).unwrap()
}

/// An answer with a JSON body.
pub(super) fn answer(status: &str, body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write!(
        bytes,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    bytes
}
