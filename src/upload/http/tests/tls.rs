//! Requests over TLS: whom the client trusts and what it says when it does not.

use std::io::ErrorKind;
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A certificate authority for tests.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("Test Authority")
    }

    fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A server's configuration with a certificate for a host, valid until the end of a year.
    pub(super) fn server(&self, host: &str, last_year: i32) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

/// Serves one post over TLS; gives whether a request came at all.
fn serve_tls(config: Arc<ServerConfig>) -> Server<bool> {
    serve(move |server| {
        let connection = ServerConnection::new(config).unwrap();
        let mut stream = StreamOwned::new(connection, server.accept());
        // A client that does not trust us hangs up in the handshake.
        while stream.conn.is_handshaking() {
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                return false;
            }
        }
        server::read_request(&mut stream);
        stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        true
    })
}

fn https<T>(server: &Server<T>) -> String {
    format!("https://localhost:{}", server.address.port())
}

fn trusting(url: &str, pem: &str) -> HttpClient {
    HttpClient::new(ClientOptions {
        ca_pem: Some(pem.as_bytes().to_vec()),
        ..options(url)
    })
    .unwrap()
}

#[test]
fn an_authority_from_the_ca_file_is_trusted() {
    let authority = Authority::new();
    let server = serve_tls(authority.server("localhost", 4000));
    let mut client = trusting(&https(&server), &authority.pem);
    assert_eq!(post(&mut client), Ok(Acknowledgement::Stored));
    assert!(server.join());
}

#[test]
fn a_certificate_that_cannot_be_trusted_says_why_and_nothing_is_sent() {
    let (ours, theirs) = (Authority::new(), Authority::named("Another Authority"));
    for (config, pem, why) in [
        (
            Authority::new().server("localhost", 4000),
            &ours.pem,
            "is signed with another key than its authority's; give",
        ),
        (
            theirs.server("localhost", 4000),
            &ours.pem,
            "issuer is not known here; give the authority's certificate with --ca-file",
        ),
        (ours.server("localhost", 2021), &ours.pem, "has expired"),
        (
            ours.server("crm.example.com", 4000),
            &ours.pem,
            "is for another host",
        ),
    ] {
        let server = serve_tls(config);
        let url = https(&server);
        let mut client = trusting(&url, pem);
        let failure = upload(&mut client, &mut Untouched, 4).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Certificate, "{failure:?}");
        assert!(!failure.connected && !failure.fate_unknown);
        assert!(failure.message.contains(why), "{}", failure.message);
        assert!(!server.join(), "a request was sent");
    }
}

/// A server's certificate of X.509 version 1. Its key does not matter: it is refused before.
const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBJDCBywIUG1k1CDL8uHMB2p9r3XToW+Ax6H0wCgYIKoZIzj0EAwIwFDESMBAG\n\
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2NDExN1oYDzIxMjYxMDI5MTY0MTE3\n\
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n\
AARpYv11hthsQp/fpYGaVAWR29Ez17LjspkZGJeeB697I0zEsVhb7XRjroD/BeEi\n\
qNMGp6vCb2UrxyNeiKz1xGSDMAoGCCqGSM49BAMCA0gAMEUCIQCqh/x5LbFO4u7q\n\
E0cuXW+8cHvapnhncYnMGiUcEgM4WQIgfDLFrgOmU+FvPhxXuH97M5ubHOphm8UJ\n\
dR8bZlsLKyM=\n\
-----END CERTIFICATE-----\n\
";

/// A server that shows a certificate whatever it is, with a key that need not be its own.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn showing(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = Shows(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    Arc::new(config)
}

#[test]
fn a_certificate_that_no_server_may_show_says_what_to_issue() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let version_1 = CertificateDer::from_pem_slice(VERSION_1.as_bytes()).unwrap();
    for (certificate, pem, why) in [
        (
            authority.der().clone(),
            authority.pem(),
            "its certificate is an authority's (CA:TRUE), which no server may show as its own; \
             issue the server one with CA:FALSE and give its issuer's with --ca-file",
        ),
        (
            version_1,
            VERSION_1.to_owned(),
            "its certificate is not of X.509 version 3; issue the server one that is, with its \
             host as subjectAltName",
        ),
    ] {
        // Trusted or not, it is refused for the same reason.
        for pem in [pem, Authority::new().pem] {
            let server = serve_tls(showing(certificate.clone(), &key));
            let mut client = trusting(&https(&server), &pem);
            let failure = upload(&mut client, &mut Untouched, 4).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Certificate, "{failure:?}");
            assert!(failure.message.ends_with(why), "{}", failure.message);
            assert!(!server.join(), "a request was sent");
        }
    }
}

#[test]
fn a_port_without_tls_is_no_connection() {
    let server = serve(|server| {
        let mut stream = server.accept();
        stream.read_exact(&mut [0; 16]).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let authority = Authority::new();
    let failure = post(&mut trusting(&https(&server), &authority.pem)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(!failure.connected);
    server.join();
}

#[test]
fn a_silent_handshake_ends_with_the_connect_timeout() {
    let (release, hold) = mpsc::channel::<()>();
    let server = serve(move |server| {
        let stream = server.accept();
        let _ = hold.recv();
        drop(stream);
    });
    let authority = Authority::new();
    let mut client = HttpClient::new(ClientOptions {
        connect_timeout: Duration::from_millis(300),
        ca_pem: Some(authority.pem.into_bytes()),
        ..options(&https(&server))
    })
    .unwrap();
    let failure = post(&mut client).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(!failure.connected);
    assert!(
        failure.message.ends_with("no connection within 0.3 s"),
        "{}",
        failure.message
    );
    drop(release);
    server.join();
}

#[test]
fn extra_anchors_that_are_none_are_refused_with_a_reason() {
    let with = |pem: &[u8]| {
        HttpClient::new(ClientOptions {
            ca_pem: Some(pem.to_vec()),
            ..options("https://crm.example.com")
        })
        .err()
    };
    let key = KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(with(b""), Some(ClientError::CaEmpty));
    assert_eq!(with(b"no PEM"), Some(ClientError::CaEmpty));
    assert_eq!(with(key.as_bytes()), Some(ClientError::CaEmpty));
    assert_eq!(
        with(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"),
        Some(ClientError::CaNotPem)
    );
    let good = Authority::new().pem;
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        with(format!("{good}{bad}").as_bytes()),
        Some(ClientError::CaInvalid { number: 2, .. })
    ));
    assert_eq!(with(format!("{key}{good}").as_bytes()), None);
}

/// What the test below tells its other self by the environment.
const URL: &str = "CALLSPOOL_TEST_URL";
const CA: &str = "CALLSPOOL_TEST_CA";
const EXPECTED: &str = "CALLSPOOL_TEST_EXPECTED";

/// The platform's anchors come from the environment, which only a process of its own can have
/// different: so this test runs itself again for each case.
#[test]
fn the_platforms_anchors_are_those_of_the_environment() {
    if let Ok(url) = std::env::var(URL) {
        return other_self(&url);
    }
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let mut file = std::fs::File::create(&ca_file).unwrap();
    file.write_all(authority.pem.as_bytes()).unwrap();
    let nothing = folder.path().join("nothing");
    let store = |file: &std::path::Path| file.to_str().unwrap().to_owned();
    for (cert_file, ca, expected) in [
        (store(&ca_file), String::new(), "stored"),
        (store(&nothing), authority.pem.clone(), "stored"),
        (store(&nothing), String::new(), "has no trust anchors"),
    ] {
        let server = serve_tls(authority.server("localhost", 4000));
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("upload::http::tests::tls::the_platforms_anchors_are_those_of_the_environment")
            .env("SSL_CERT_FILE", &cert_file)
            .env_remove("SSL_CERT_DIR")
            .env(URL, https(&server))
            .env(CA, ca)
            .env(EXPECTED, expected)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{expected}: {printed}");
        assert!(printed.contains("1 passed"), "{expected}: {printed}");
        assert_eq!(server.join(), expected == "stored");
    }
}

fn other_self(url: &str) {
    let ca = std::env::var(CA).unwrap();
    let mut client = HttpClient::new(ClientOptions {
        ca_pem: (!ca.is_empty()).then(|| ca.into_bytes()),
        ..options(url)
    })
    .unwrap();
    match std::env::var(EXPECTED).unwrap().as_str() {
        "stored" => assert_eq!(post(&mut client), Ok(Acknowledgement::Stored)),
        text => {
            let failure = post(&mut client).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Certificate);
            assert!(failure.message.contains(text), "{}", failure.message);
        }
    }
}

#[test]
fn tls_through_a_tunnel_is_checked_against_the_api_and_not_the_proxy() {
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
                if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                    assert_ne!(error.kind(), ErrorKind::TimedOut);
                    return connect;
                }
            }
            server::read_request(&mut stream);
            stream.write_all(&answer("200 OK", ANSWER_STORED)).unwrap();
            stream.flush().unwrap();
            connect
        });
        let url = "https://crm.example.com:8443";
        let proxy = format!("http://{}", server.address);
        let variables = [("HTTPS_PROXY".to_owned(), proxy)].into();
        let mut client = HttpClient::new(ClientOptions {
            proxy: ProxySettings::from_variables(&variables, &base(url)).unwrap(),
            ca_pem: Some(authority.pem.clone().into_bytes()),
            ..options(url)
        })
        .unwrap();
        let outcome = post(&mut client);
        if trusted {
            assert_eq!(outcome, Ok(Acknowledgement::Stored));
        } else {
            let failure = outcome.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Certificate, "{failure:?}");
            assert!(!failure.connected);
        }
        let connect = server.join();
        assert_eq!(connect.line, "CONNECT crm.example.com:8443 HTTP/1.1");
    }
}
