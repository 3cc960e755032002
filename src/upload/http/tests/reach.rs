//! The way to the API, looked at without a request.

use rustls::{ServerConnection, StreamOwned};

use super::tls::Authority;
use super::*;

#[test]
fn through_a_proxy_it_is_the_apis_own_certificate_that_is_shown_and_nothing_is_sent() {
    let authority = Authority::new();
    for (host, trusted) in [("crm.example.com", true), ("localhost", false)] {
        let config = authority.server(host, 4000);
        let server = serve(move |server| {
            let mut socket = server.accept();
            let connect = server::read_head(&mut socket);
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let connection = ServerConnection::new(config).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            while stream.conn.is_handshaking() {
                if stream.conn.complete_io(&mut stream.sock).is_err() {
                    break;
                }
            }
            let mut rest = Vec::new();
            // It hangs up in the middle of TLS, which is an error.
            let _ = stream.read_to_end(&mut rest);
            (connect, rest)
        });
        let url = "https://crm.example.com:8443/api";
        let proxy = format!("http://user:secret@{}", server.address);
        let variables = [("HTTPS_PROXY".to_owned(), proxy)].into();
        let client = HttpClient::new(ClientOptions {
            proxy: ProxySettings::from_variables(&variables, &base(url)).unwrap(),
            ca_pem: Some(authority.pem.clone().into_bytes()),
            ..options(url)
        })
        .unwrap();
        let reach = client.reach();
        let (connect, rest) = server.join();
        assert_eq!(connect.line, "CONNECT crm.example.com:8443 HTTP/1.1");
        assert_eq!(rest, b"");
        let tls = reach.tls.unwrap();
        assert_eq!(tls.certificate.unwrap().issuer, "Test Authority");
        assert_eq!(tls.version, trusted.then_some("TLS 1.3"));
        match reach.failure {
            None => assert!(trusted),
            Some(failure) => {
                assert!(!trusted && !failure.connected);
                assert_eq!(failure.kind, FailureKind::Certificate);
                assert!(!failure.message.contains("secret"), "{failure:?}");
            }
        }
    }
}

#[test]
fn a_proxy_that_refuses_the_tunnel_is_told_of() {
    let server = serve(|server| {
        let mut stream = server.accept();
        server::read_head(&mut stream);
        let head = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head).unwrap();
    });
    let url = "https://crm.example.com/api";
    let variables = [("HTTPS_PROXY".to_owned(), server.address.to_string())].into();
    let client = HttpClient::new(ClientOptions {
        proxy: ProxySettings::from_variables(&variables, &base(url)).unwrap(),
        ..options(url)
    })
    .unwrap();
    let reach = client.reach();
    server.join();
    assert_eq!(reach.failure.unwrap().kind, FailureKind::Auth);
    assert!(reach.tls.is_none());
    assert_eq!(reach.addresses.len(), 1);
}

#[test]
fn without_tls_the_connection_is_enough() {
    let server = serve(|server| {
        let mut rest = Vec::new();
        let _ = server.accept().read_to_end(&mut rest);
        rest
    });
    let reach = HttpClient::new(options(&format!("http://{}", server.address)))
        .unwrap()
        .reach();
    assert_eq!(server.join(), b"");
    assert!(reach.failure.is_none() && reach.tls.is_none(), "{reach:?}");
    let closed = HttpClient::new(options(&format!("http://{}", server::nobody())))
        .unwrap()
        .reach();
    assert_eq!(closed.failure.unwrap().kind, FailureKind::Unavailable);
}
