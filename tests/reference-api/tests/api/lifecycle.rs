//! Connections, restarts and the end.

use std::time::Duration;

use reference_api::{Action, Fault, ReferenceApi, Target, read_store};
use rustls::pki_types::ServerName;
use tempfile::TempDir;

use crate::client::{Client, PATIENCE, call, call_data, key, question, upload};

#[test]
fn what_was_stored_outlives_the_server() {
    let directory = TempDir::new().unwrap();
    let start = || {
        ReferenceApi::builder()
            .store(directory.path())
            .start()
            .unwrap()
    };
    let first = start();
    let mut client = Client::to(&first);
    let before = client.ask(upload("a.ogg", "one", &key("k")));
    client.ask(call_data(&call("CALL-1"), &key("k")));
    first.shutdown();

    let second = start();
    let mut client = Client::to(&second);
    assert_eq!((second.requests().len(), second.hits(Target::Any)), (0, 0));
    assert_eq!(client.ask(question("CALL-1")).status, 200);
    let again = client.ask(upload("a.ogg", "one", &key("k")));
    assert_eq!((again.status, again.body), (200, before.body));
    assert_eq!(
        client.ask(call_data(&call("CALL-1"), &key("k"))).status,
        200
    );
    assert_eq!(client.ask(call_data(&call("CALL-1"), "")).status, 409);
    client.ask(upload("b.ogg", "two", ""));
    assert_eq!((second.recordings().len(), second.calls().len()), (2, 1));
    assert_eq!(second.requests()[0].seq, 3);

    let read = read_store(directory.path()).unwrap();
    assert_eq!(read.recordings, second.recordings());
    assert_eq!(read.calls, second.calls());
}

#[test]
fn the_database_holds_every_request() {
    let directory = TempDir::new().unwrap();
    let server = ReferenceApi::builder()
        .store(directory.path())
        .fault(Fault::upload(Action::Reset))
        .start()
        .unwrap();
    assert!(
        Client::to(&server)
            .send(upload("a.ogg", "one", ""))
            .is_reset()
    );
    Client::to(&server).ask(question("CALL-1"));
    server.shutdown();
    let database = rusqlite::Connection::open(directory.path().join("received.sqlite")).unwrap();
    let rows: Vec<String> = database
        .prepare(
            "SELECT concat_ws(' ', seq, target, coalesce(status, '-'), fault, connection)
             FROM requests ORDER BY seq",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(rows, ["1 upload - upload:all:reset 1", "2 question 404 2"]);
}

#[test]
fn a_store_that_is_not_there_is_not_read() {
    let directory = TempDir::new().unwrap();
    let error = read_store(directory.path()).unwrap_err();
    assert!(error.to_string().contains("received.sqlite"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn an_idle_connection_is_closed() {
    let timeout = Duration::from_millis(50);
    let server = ReferenceApi::builder()
        .idle_timeout(timeout)
        .start()
        .unwrap();
    let mut client = Client::to(&server);
    assert_eq!(client.ask(question("CALL-1")).status, 404);
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn a_connection_closes_when_the_client_says_so() {
    let server = ReferenceApi::builder().start().unwrap();
    let mut client = Client::to(&server);
    let answer = client.ask(call_data(&call("CALL-1"), "Connection: close\r\n"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let server = ReferenceApi::builder().start().unwrap();
    let mut client = Client::to(&server);
    let mut both = call_data(&call("CALL-1"), "");
    both.extend_from_slice(question("CALL-1").as_bytes());
    assert_eq!(client.ask(both).status, 200);
    assert_eq!(client.answer().unwrap().json()["data"][0], call("CALL-1"));
}

#[test]
fn a_client_that_breaks_off_leaves_nothing() {
    let server = ReferenceApi::builder().start().unwrap();
    let mut client = Client::to(&server);
    let request = upload("a.ogg", vec![0; 100_000], &key("k"));
    client.send(&request[..50_000]);
    assert!(server.wait_for_requests(1, PATIENCE));
    drop(client);
    assert!(server.wait_until(PATIENCE, |requests| requests[0].body_bytes > 0));
    assert_eq!(server.requests()[0].status, None);
    assert_eq!(Client::to(&server).ask(&request).status, 200);
    assert_eq!(server.recordings().len(), 1);
}

#[test]
fn shutdown_ends_what_is_open() {
    let server = ReferenceApi::builder()
        .fault(Fault::question(Action::Stall))
        .start()
        .unwrap();
    let mut idle = Client::to(&server);
    let mut stalled = Client::to(&server);
    let mut sending = Client::to(&server);
    stalled.send(question("CALL-1"));
    sending.send(&upload("a.ogg", "hello", "")[..100]);
    assert!(server.wait_for_requests(1, PATIENCE));
    assert!(!server.wait_until(Duration::from_millis(1), |requests| {
        requests[0].status.is_some()
    }));
    let address = server.addr();
    server.shutdown();
    for client in [&mut idle, &mut stalled, &mut sending] {
        let rest = client.rest();
        assert!(rest.is_err() || rest.is_ok_and(|rest| rest.is_empty()));
    }
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn tls_is_spoken_with_the_given_certificate() {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let server = ReferenceApi::builder()
        .tls(issued.cert.pem(), issued.signing_key.serialize_pem())
        .host("localhost")
        .fault(Fault::question(Action::Reset).nth(2))
        .start()
        .unwrap();
    assert!(server.base_url().starts_with("https://localhost:"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = std::sync::Arc::new(config);
    let ask = || {
        use std::io::{Read, Write};
        let name = ServerName::try_from("localhost").unwrap();
        let session = rustls::ClientConnection::new(std::sync::Arc::clone(&config), name).unwrap();
        let socket = std::net::TcpStream::connect(server.addr()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut wire = rustls::StreamOwned::new(session, socket);
        let request = question("CALL-1").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        wire.write_all(request.as_bytes())?;
        let mut answer = String::new();
        wire.read_to_string(&mut answer).map(|_| answer)
    };
    assert!(ask().unwrap().starts_with("HTTP/1.1 404 Not Found\r\n"));
    let reset = ask().unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    let other_key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mismatch = ReferenceApi::builder()
        .tls(issued.cert.pem(), other_key.signing_key.serialize_pem())
        .start();
    assert!(mismatch.is_err());
}
