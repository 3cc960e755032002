//! Answers that are whole, cut, strange or endless.

use crate::outcome::RetryAfter;

use super::incoming::MAX_ANSWER_BYTES;
use super::*;

/// The outcome of a post that is answered with these bytes and then a close.
fn post_answered_with(bytes: Vec<u8>) -> Result<Acknowledgement, Failure> {
    let server = serve(move |server| {
        let mut stream = server.accept();
        server::read_request(&mut stream);
        // The client may hang up in the middle of an endless answer.
        let _ = stream.write_all(&bytes);
    });
    let outcome = post(&mut client(&server.url));
    server.join();
    outcome
}

#[test]
fn answers_that_are_cut_or_strange() {
    use FailureKind::*;
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(2 * 1024 * 1024, b' ');
    for (bytes, kind) in [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"success\":true}".to_vec(),
            Ambiguous,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"su".to_vec(),
            Ambiguous,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), Ambiguous),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), Ambiguous),
        (
            b"HTTP/1.1 422 No\r\nContent-Length: 99\r\n\r\n{".to_vec(),
            Rejected,
        ),
        (
            b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n{".to_vec(),
            Server,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), Protocol),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>".to_vec(), Protocol),
        (endless, Protocol),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(), Misdirected),
        (
            b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Misdirected,
        ),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let failure = post_answered_with(bytes).unwrap_err();
        assert_eq!(failure.kind, kind, "{shown} {failure:?}");
        assert!(failure.connected, "{shown}");
        if matches!(kind, Ambiguous | Protocol | Server) {
            assert!(failure.fate_unknown, "{shown}");
        }
    }
}

#[test]
fn an_answer_of_exactly_the_limit_is_read() {
    let json = |len: usize| {
        let json = r#"{"success":true}"#;
        format!("{json}{}", " ".repeat(len - json.len()))
    };
    let limit = usize::try_from(MAX_ANSWER_BYTES).unwrap();
    let stored = |len| post_answered_with(answer("200 OK", &json(len)));
    assert_eq!(stored(limit), Ok(Acknowledgement::Stored));
    let failure = stored(limit + 1).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol);
    assert!(failure.message.contains("longer than 1 MiB"), "{failure:?}");
}

#[test]
fn an_answer_may_come_in_chunks_or_until_the_close_and_after_early_hints() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"success\":true}\r\n0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\n\r\n{\"success\":true}",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"success\":true}",
    ] {
        assert_eq!(post_answered_with(bytes.to_vec()), Ok(Acknowledgement::Stored));
    }
}

#[test]
fn headers_of_the_answer_reach_the_outcome() {
    let failure = post_answered_with(
        b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".to_vec(),
    )
    .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Throttled);
    assert_eq!(
        failure.retry_after,
        Some(RetryAfter::Delay(Duration::from_secs(7)))
    );
}
