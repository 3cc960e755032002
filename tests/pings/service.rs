//! A monitoring service on loopback: takes down what it is told, and answers as it is bid.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use test_support::Issued;
use test_support::running::PATIENCE;

/// How a ping is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// With a status and a body.
    With(u16, &'static str),
    /// Never.
    Silence,
    /// Not before [`Service::release`].
    Held(u16),
}

/// A ping as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Ping {
    /// Method and target.
    pub(crate) line: String,
    /// The header lines, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Ping {
    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.target().split('?').next().unwrap()
    }

    /// The run's id.
    pub(crate) fn run_id(&self) -> &str {
        self.target().split("rid=").nth(1).unwrap()
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

#[derive(Default)]
struct State {
    pings: Vec<Ping>,
    is_released: bool,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The service. Ends with the test's process.
pub(crate) struct Service {
    address: SocketAddr,
    shared: Shared,
}

impl Service {
    /// One that is content with everything.
    pub(crate) fn content() -> Self {
        Self::answering(|_| Reply::With(200, "OK"))
    }

    /// One that answers each path in its own way.
    pub(crate) fn answering(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(reply, None)
    }

    /// A content one behind TLS.
    pub(crate) fn with_tls(issued: &Issued) -> Self {
        let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self::start(|_| Reply::With(200, "OK"), Some(Arc::new(config)))
    }

    fn start(
        reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared::default();
        let reply = Arc::new(reply);
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming() {
                    let (shared, reply, tls) =
                        (Arc::clone(&shared), Arc::clone(&reply), tls.clone());
                    thread::spawn(move || match (stream, tls) {
                        (Ok(stream), None) => serve(stream, &shared, &*reply),
                        (Ok(stream), Some(tls)) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            serve(StreamOwned::new(connection, stream), &shared, &*reply);
                        }
                        (Err(_), _) => {}
                    });
                }
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A check's URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}", self.address, crate::CHECK)
    }

    /// What it was told so far.
    pub(crate) fn pings(&self) -> Vec<Ping> {
        self.shared.0.lock().unwrap().pings.clone()
    }

    /// The paths of what it was told, without the check's own part.
    pub(crate) fn paths(&self) -> Vec<String> {
        let own = format!("/{}/", crate::CHECK);
        let pings = self.pings();
        let paths = pings.iter().map(|ping| ping.path().strip_prefix(&own));
        paths.map(|path| path.unwrap().to_owned()).collect()
    }

    /// Waits for that many pings.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) {
        let (state, changed) = &*self.shared;
        let (state, waited) = changed
            .wait_timeout_while(state.lock().unwrap(), PATIENCE, |state| {
                state.pings.len() < count
            })
            .unwrap();
        assert!(!waited.timed_out(), "{:?}", state.pings);
    }

    /// Answers what is held.
    pub(crate) fn release(&self) {
        self.shared.0.lock().unwrap().is_released = true;
        self.shared.1.notify_all();
    }
}

fn serve(stream: impl Read + Write, shared: &Shared, reply: &dyn Fn(&str) -> Reply) {
    let mut stream = BufReader::new(stream);
    while let Some(ping) = read(&mut stream) {
        if ping.line.starts_with("CONNECT ") {
            note(shared, ping);
            write(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
            continue;
        }
        let answer = reply(ping.path());
        note(shared, ping);
        let (status, body) = match answer {
            Reply::With(status, body) => (status, body),
            Reply::Held(status) => {
                let (state, changed) = &**shared;
                let state = state.lock().unwrap();
                let released = changed.wait_while(state, |state| !state.is_released);
                drop(released.unwrap());
                (status, "")
            }
            Reply::Silence => {
                // Until the other side has had enough.
                let _ = stream.read(&mut [0]);
                return;
            }
        };
        let location = "Location: /elsewhere\r\n";
        let head = format!(
            "HTTP/1.1 {status} X\r\n{location}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        write(&mut stream, head.as_bytes());
    }
}

fn note(shared: &Shared, ping: Ping) {
    shared.0.lock().unwrap().pings.push(ping);
    shared.1.notify_all();
}

fn write(stream: &mut BufReader<impl Read + Write>, bytes: &[u8]) {
    // A program that was killed reads nothing any more.
    let _ = stream.get_mut().write_all(bytes);
    let _ = stream.get_mut().flush();
}

fn read(stream: &mut impl BufRead) -> Option<Ping> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let (line, head) = head.split_once("\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Ping {
        line: line.to_owned(),
        head,
        body: String::from_utf8(body).unwrap(),
    })
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    // Refused, now that nobody listens there.
    assert!(TcpStream::connect(address).is_err());
    address
}
