//! The client against real sockets, most of which misbehave.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::*;
use crate::upload::base_url::BaseUrl;
use crate::upload::token::Token;

mod answers;
mod breaks;
mod cancel;
mod proxied;
mod reach;
mod server;
mod tls;

use server::{ANSWER_STORED, ANSWER_UPLOADED, Server, answer, serve};

/// A base URL for tests.
pub(in crate::upload) fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url).unwrap()
}

/// Options with limits that no test reaches unless it means to.
pub(super) fn options(url: &str) -> ClientOptions {
    ClientOptions {
        base_url: base(url),
        token: Some(Token::parse(b"t0ken").unwrap()),
        ca_pem: None,
        connect_timeout: Duration::from_secs(20),
        response_timeout: Duration::from_secs(20),
        min_throughput_bytes_per_second: 1024,
        proxy: ProxySettings::Direct,
    }
}

pub(super) fn client(url: &str) -> HttpClient {
    HttpClient::new(options(url)).unwrap()
}

/// A client that gives up soon.
fn hasty(url: &str) -> HttpClient {
    HttpClient::new(ClientOptions {
        connect_timeout: Duration::from_millis(300),
        response_timeout: Duration::from_millis(300),
        min_throughput_bytes_per_second: u64::MAX,
        ..options(url)
    })
    .unwrap()
}

pub(super) fn upload(
    client: &mut HttpClient,
    body: &mut (dyn Read + Send),
    len_bytes: u64,
) -> Result<StoredRecording, Failure> {
    client.upload_recording(RecordingUpload {
        file_name: "call.ogg",
        len_bytes,
        body,
        idempotency_key: "k1",
        request_id: "r1",
    })
}

pub(super) fn post(client: &mut HttpClient) -> Result<Acknowledgement, Failure> {
    client.post_call_data(CallDataPost {
        body: b"{\"a\":1}",
        idempotency_key: "k2",
        request_id: "r2",
    })
}

/// More than the buffers of both ends of a socket hold.
pub(super) const HUGE: u64 = 64 * 1024 * 1024;

#[test]
fn a_recording_goes_out_as_the_contract_has_it() {
    let server = serve(|server| {
        let mut stream = server.accept();
        let received = server::read_request(&mut stream);
        stream
            .write_all(&answer("200 OK", ANSWER_UPLOADED))
            .unwrap();
        received
    });
    let mut client = client(&format!("{}/apis/api/public/", server.url));
    let stored = upload(&mut client, &mut &b"DATAmore"[..], 4).unwrap();
    assert_eq!(stored.url, "http://crm.example.com/u/1.ogg");
    let received = server.join();
    let frame = Frame::new("call.ogg", "k1");
    assert_eq!(
        received.body,
        [frame.head(), b"DATA", frame.tail()].concat()
    );
    assert_eq!(received.line, "POST /apis/api/public/upload HTTP/1.1");
    for (name, value) in [
        ("authorization", Some("Bearer t0ken")),
        (
            "user-agent",
            Some(concat!("callspool/", env!("CARGO_PKG_VERSION"))),
        ),
        ("idempotency-key", Some("\"k1\"")),
        ("x-request-id", Some("r1")),
        ("content-type", Some(&*frame.content_type())),
        ("content-length", Some(&*received.body.len().to_string())),
        ("transfer-encoding", None),
        ("expect", None),
        ("accept-encoding", None),
    ] {
        assert_eq!(received.header(name), value, "{name}");
    }
}

#[test]
fn call_data_and_question_share_a_connection() {
    let server = serve(|server| {
        let mut stream = server.accept();
        let post = server::read_request(&mut stream);
        stream
            .write_all(&answer("201 Created", ANSWER_STORED))
            .unwrap();
        let question = server::read_request(&mut stream);
        let found = r#"{"success":true,"data":[{"callDetails":{"callId":"CALL-a b&c"}}]}"#;
        stream.write_all(&answer("200 OK", found)).unwrap();
        (post, question)
    });
    let mut client = HttpClient::new(ClientOptions {
        token: None,
        ..options(&server.url)
    })
    .unwrap();
    assert_eq!(post(&mut client), Ok(Acknowledgement::Stored));
    let presence = client.find_call("CALL-a b&c", "r3");
    assert_eq!(
        presence,
        Ok(Presence::Present {
            recording_url: None
        })
    );
    let (post, question) = server.join();
    assert_eq!(post.line, "POST /call-data HTTP/1.1");
    assert_eq!(post.body, b"{\"a\":1}");
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!(post.header("authorization"), None);
    assert_eq!(
        question.line,
        "GET /call-data?callId=CALL-a%20b%26c&limit=1 HTTP/1.1"
    );
    assert_eq!(question.header("idempotency-key"), None);
    assert_eq!(question.header("x-request-id"), Some("r3"));
}

/// The system's resolver; counts how often it is asked.
#[derive(Debug, Default)]
struct Asked(Arc<AtomicUsize>);

impl Resolver for Asked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        limit: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        DefaultResolver::default().resolve(uri, config, limit)
    }
}

#[test]
fn a_name_is_looked_up_for_a_connection_and_not_for_a_request() {
    let server = serve(|server| {
        for requests in [2, 1] {
            let mut stream = server.accept();
            for _ in 0..requests {
                server::read_request(&mut stream);
                stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
            }
        }
    });
    let mut client = client(&server.url);
    let asked = Asked::default();
    let count = Arc::clone(&asked.0);
    let config = plain_config(&ProxySettings::Direct).unwrap().build();
    client.agent = agent(config, &client.trust, &client.stages, asked);
    let mut counts = Vec::new();
    while counts.len() < 3 {
        match post(&mut client) {
            Ok(_) => counts.push(count.load(Ordering::SeqCst)),
            // The server hung up when the request was on its way.
            Err(failure) => assert_eq!(failure.kind, FailureKind::Ambiguous),
        }
    }
    assert_eq!(counts, [1, 1, 2]);
    server.join();
}

#[test]
fn a_connection_that_the_server_closed_while_idle_is_replaced() {
    let (closed, wait_for_close) = mpsc::channel();
    let server = serve(move |server| {
        for _ in 0..2 {
            let mut stream = server.accept();
            server::read_request(&mut stream);
            stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    let mut client = client(&server.url);
    for _ in 0..2 {
        assert_eq!(post(&mut client), Ok(Acknowledgement::Stored));
        wait_for_close.recv().unwrap();
    }
    server.join();
}

#[test]
fn a_kept_connection_that_drops_the_next_request_is_ambiguous_and_not_sent_again() {
    let server = serve(|server| {
        let mut stream = server.accept();
        server::read_request(&mut stream);
        stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
        server::read_request(&mut stream);
    });
    let mut client = client(&server.url);
    assert_eq!(post(&mut client), Ok(Acknowledgement::Stored));
    let failure = post(&mut client).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ambiguous);
    assert!(failure.fate_unknown && failure.connected);
    server.join_alone();
}

#[test]
fn a_port_where_nobody_listens_is_unavailable_without_a_connection() {
    let address = server::nobody();
    let mut client = client(&format!("http://{address}"));
    let mut never = Untouched;
    for failure in [
        upload(&mut client, &mut never, 4).unwrap_err(),
        post(&mut client).unwrap_err(),
        client.find_call("CALL-1", "r").unwrap_err(),
    ] {
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert!(!failure.connected);
        assert_eq!(
            failure.message,
            format!("cannot connect to {address}: connection refused")
        );
    }
}

/// A body that must not be read.
struct Untouched;

impl Read for Untouched {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the body was read without a connection");
    }
}

#[test]
fn a_name_that_does_not_exist_is_unavailable_without_a_connection() {
    let mut client = hasty("http://crm.callspool.invalid");
    let failure = post(&mut client).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(!failure.connected && !failure.fate_unknown);
    assert!(
        failure
            .message
            .starts_with("cannot find crm.callspool.invalid: "),
        "{}",
        failure.message
    );
}

#[test]
fn no_redirect_is_followed_even_to_the_same_host() {
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"] {
        let server = serve(move |server| {
            let mut stream = server.accept();
            server::read_request(&mut stream);
            let head = format!(
                "HTTP/1.1 {status}\r\nLocation: {}/other?k=secret\r\nContent-Length: 0\r\n\r\n",
                server.url()
            );
            stream.write_all(head.as_bytes()).unwrap();
        });
        let failure = post(&mut client(&server.url)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Misdirected, "{status}");
        let shown = format!(
            "{}/call-data redirects to {}/other (",
            server.url, server.url
        );
        assert!(failure.message.starts_with(&shown), "{}", failure.message);
        server.join_alone();
    }
}

#[test]
fn a_recording_that_shrinks_is_changed_and_the_server_gets_no_whole_request() {
    let server = serve(|server| {
        let mut rest = Vec::new();
        let _ = server.accept().read_to_end(&mut rest);
        rest
    });
    let failure = upload(&mut client(&server.url), &mut &b"DAT"[..], 4).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Changed);
    assert!(failure.connected && !failure.fate_unknown);
    let received = server.join();
    assert!(!received.ends_with(Frame::new("call.ogg", "k1").tail()));
}

#[test]
fn a_recording_passes_through_in_pieces() {
    struct Pieces {
        largest: usize,
    }
    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.largest = self.largest.max(buffer.len());
            buffer.fill(7);
            Ok(buffer.len())
        }
    }
    let server = serve(|server| {
        let mut stream = server.accept();
        let length = server::discard_request(&mut stream);
        stream
            .write_all(&answer("200 OK", ANSWER_UPLOADED_HUGE))
            .unwrap();
        length
    });
    let mut source = Pieces { largest: 0 };
    let stored = upload(&mut client(&server.url), &mut source, HUGE).unwrap();
    assert!(!stored.duplicate);
    assert!(source.largest <= 1024 * 1024, "{}", source.largest);
    let frame = Frame::new("call.ogg", "k1");
    let framing = (frame.head().len() + frame.tail().len()) as u64;
    assert_eq!(server.join(), HUGE + framing);
}

const ANSWER_UPLOADED_HUGE: &str =
    r#"{"success":true,"data":{"url":"http://crm.example.com/u/1.ogg","size":67108864}}"#;

#[test]
fn a_request_may_take_as_long_as_its_size_allows() {
    for (size, throughput, millis) in [
        (0, 1024, 0),
        (1, 1024, 1),
        (1024, 1024, 1000),
        (1025, 1024, 1001),
        (1, 0, 1000),
        (u64::MAX, 1, u64::try_from(MAX_TIME.as_millis()).unwrap()),
    ] {
        assert_eq!(
            sending_time(size, throughput),
            Duration::from_millis(millis),
            "{size} at {throughput}"
        );
    }
}

#[test]
fn everything_but_unreserved_characters_is_percent_encoded() {
    assert_eq!(percent_encode("CALL-a_1.~"), "CALL-a_1.~");
    assert_eq!(
        percent_encode("a b/&=?#%+é"),
        "a%20b%2F%26%3D%3F%23%25%2B%C3%A9"
    );
}
