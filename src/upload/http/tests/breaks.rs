//! Connections that break or stall.

use super::*;

#[test]
fn a_reset_in_mid_body_is_network() {
    let server = serve(|server| {
        let mut stream = server.accept();
        // Closing with unread data in the socket sends a reset.
        stream.read_exact(&mut [0; 1000]).unwrap();
    });
    let failure = upload(&mut client(&server.url), &mut io::repeat(0), HUGE).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network, "{failure:?}");
    assert!(failure.connected && !failure.fate_unknown);
    server.join();
}

#[test]
fn a_close_after_the_whole_request_is_ambiguous() {
    let server = serve(|server| {
        for _ in 0..3 {
            server::read_request(&mut server.accept());
        }
    });
    let mut client = client(&server.url);
    for failure in [
        upload(&mut client, &mut &b"DATA"[..], 4).unwrap_err(),
        post(&mut client).unwrap_err(),
        client.find_call("CALL-1", "r").unwrap_err(),
    ] {
        assert_eq!(failure.kind, FailureKind::Ambiguous, "{failure:?}");
        assert!(failure.connected && failure.fate_unknown);
    }
    server.join();
}

#[test]
fn a_server_that_never_answers_costs_the_response_timeout() {
    let (release, hold) = mpsc::channel::<()>();
    let server = serve(move |server| {
        let mut stream = server.accept();
        server::read_request(&mut stream);
        let _ = hold.recv();
    });
    let failure = post(&mut hasty(&server.url)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ambiguous);
    assert_eq!(
        failure.message,
        "the call data went out whole, but no answer came: timed out"
    );
    drop(release);
    server.join();
}

#[test]
fn a_server_that_stops_reading_ends_as_network() {
    let (release, hold) = mpsc::channel::<()>();
    let server = serve(move |server| {
        let stream = server.accept();
        let _ = hold.recv();
        drop(stream);
    });
    let failure = upload(&mut hasty(&server.url), &mut io::repeat(0), HUGE).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network);
    assert!(
        failure.message.ends_with("timed out"),
        "{}",
        failure.message
    );
    drop(release);
    server.join();
}

#[test]
fn an_answer_that_trickles_ends_at_the_limit_of_the_whole() {
    for (head, kind) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
            FailureKind::Ambiguous,
        ),
        (
            "HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n",
            FailureKind::Server,
        ),
        ("HTTP/1.1 200 OK\r\nX: ", FailureKind::Ambiguous),
    ] {
        let server = serve(move |server| {
            let mut stream = server.accept();
            server::read_request(&mut stream);
            stream.write_all(head.as_bytes()).unwrap();
            let (_keep, pace) = mpsc::channel::<()>();
            let mut sent = 0;
            // Ends when the client hangs up.
            while stream.write_all(b" ").is_ok() {
                sent += 1;
                let _ = pace.recv_timeout(Duration::from_millis(20));
            }
            sent
        });
        let failure = post(&mut hasty(&server.url)).unwrap_err();
        assert_eq!(failure.kind, kind, "{head}");
        let sent = server.join();
        assert!((2..1000).contains(&sent), "{sent} bytes");
    }
}
