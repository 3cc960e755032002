//! What the sink answers, and what it counts, byte by byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sink::{Options, Sink};

struct Client(BufReader<TcpStream>);

impl Client {
    fn of(sink: &Sink) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", sink.port())).unwrap();
        Self(BufReader::new(socket))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next answer's status and body.
    fn answer(&mut self) -> (String, String) {
        let status = self.line();
        let mut length = 0;
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("Content-Length: ") {
                length = text.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

#[test]
fn requests_on_one_connection_are_counted_by_kind_with_their_bytes() {
    let sink = Sink::start(Options::default()).unwrap();
    let mut client = Client::of(&sink);
    // Two at once: what is left of one read belongs to the next request.
    client.send("POST /api/upload HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /api/call-data HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    let (status, body) = client.answer();
    assert_eq!(status, "HTTP/1.1 201 Created");
    assert!(body.contains(r#""success":true"#) && body.contains(r#""url":"http"#));
    assert_eq!(client.answer().0, "HTTP/1.1 201 Created");
    client.send("GET /api/call-data?callId=CALL-1&limit=1 HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer().1, r#"{"success":true,"data":[]}"#);
    client.send("GET /other HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer().0, "HTTP/1.1 404 Not Found");
    let counts = sink.counts();
    assert_eq!((counts.connections, counts.others), (1, 1));
    assert_eq!((counts.uploads, counts.upload_bytes), (1, 3));
    assert_eq!(
        (counts.posts, counts.post_bytes, counts.questions),
        (1, 2, 1)
    );
    assert!(0 < counts.first_unix_ns && counts.first_unix_ns <= counts.last_unix_ns);
}

#[test]
fn a_chunked_body_is_counted_without_its_frame_and_leave_is_given_to_send_it() {
    let sink = Sink::start(Options::default()).unwrap();
    let mut client = Client::of(&sink);
    client.send(
        "POST /api/upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.line(), "HTTP/1.1 100 Continue");
    assert_eq!(client.line(), "");
    client.send("3\r\nabc\r\n");
    client.send("A;x=1\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n");
    assert_eq!(client.answer().0, "HTTP/1.1 201 Created");
    assert_eq!(sink.counts().upload_bytes, 13);
}

#[test]
fn asking_for_the_counts_is_not_counted_and_can_start_them_anew() {
    let sink = Sink::start(Options::default()).unwrap();
    let mut client = Client::of(&sink);
    client.send("POST /api/call-data HTTP/1.1\r\nContent-Length: 1\r\n\r\n1");
    client.answer();
    client.send("GET /api/stats?reset HTTP/1.1\r\n\r\n");
    let (_, body) = client.answer();
    assert!(
        body.contains(r#""connections":1"#) && body.contains(r#""posts":1"#),
        "{body}"
    );
    client.send("GET /api/stats HTTP/1.1\r\nConnection: close\r\n\r\n");
    let (_, body) = client.answer();
    assert!(
        body.contains(r#""posts":0"#) && body.contains(r#""others":0"#),
        "{body}"
    );
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0, "the connection ends");
}
