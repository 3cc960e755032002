//! Requests through a proxy.

use std::collections::BTreeMap;

use super::*;

fn through(proxy: &str, url: &str) -> HttpClient {
    let variables = BTreeMap::from([("ALL_PROXY".to_owned(), proxy.to_owned())]);
    HttpClient::new(ClientOptions {
        proxy: ProxySettings::from_variables(&variables, &base(url)).unwrap(),
        ..options(url)
    })
    .unwrap()
}

fn with_credentials<T>(server: &Server<T>) -> String {
    format!("http://user:pa%2Fss@{}", server.address)
}

#[test]
fn a_tunnel_is_asked_for_and_used_and_the_token_stays_inside() {
    let server = serve(|server| {
        let mut stream = server.accept();
        let connect = server::read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let request = server::read_request(&mut stream);
        stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
        (connect, request)
    });
    let mut client = through(&with_credentials(&server), "http://crm.example.com/api");
    assert_eq!(post(&mut client), Ok(Acknowledgement::Stored));
    let (connect, request) = server.join();
    assert_eq!(connect.line, "CONNECT crm.example.com:80 HTTP/1.1");
    // user:pa/ss
    assert_eq!(
        connect.header("proxy-authorization"),
        Some("Basic dXNlcjpwYS9zcw==")
    );
    assert_eq!(connect.header("authorization"), None);
    assert_eq!(request.line, "POST /api/call-data HTTP/1.1");
    assert_eq!(request.header("proxy-authorization"), None);
}

#[test]
fn a_tunnel_that_is_refused_is_no_connection() {
    for (status, kind) in [
        ("407 Proxy Authentication Required", FailureKind::Auth),
        ("403 Forbidden", FailureKind::Unavailable),
        ("502 Bad Gateway", FailureKind::Unavailable),
    ] {
        let server = serve(move |server| {
            let mut stream = server.accept();
            server::read_head(&mut stream);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
        });
        let mut client = through(&with_credentials(&server), "https://crm.example.com");
        let failure = upload(&mut client, &mut Untouched, 4).unwrap_err();
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(!failure.connected && !failure.fate_unknown, "{status}");
        assert!(
            failure.message.contains(&status[..3]),
            "{}",
            failure.message
        );
        assert!(!failure.message.contains("pa"), "{}", failure.message);
        server.join();
    }
}

#[test]
fn a_proxy_that_hangs_up_or_is_not_there_is_no_connection() {
    let server = serve(|server| {
        server::read_head(&mut server.accept());
    });
    for (address, why) in [
        (server.address, "the proxy gave no answer"),
        (server::nobody(), "connection refused"),
    ] {
        let proxy = format!("http://user:secret@{address}");
        let failure = post(&mut through(&proxy, "http://crm.example.com")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable, "{failure:?}");
        assert!(!failure.connected);
        assert_eq!(
            failure.message,
            format!("cannot connect to crm.example.com:80 through the proxy {address}: {why}")
        );
    }
    server.join();
}
