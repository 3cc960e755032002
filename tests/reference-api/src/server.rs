//! The server: settings, the accepting thread, and what a test sees of it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ServerConfig;
use tempfile::TempDir;

use crate::connection;
use crate::fault::{Fault, FaultBook, Target};
use crate::log::{Log, ReceivedRequest};
use crate::rate::Rate;
use crate::routes::Api;
use crate::stop::{Stop, lock};
use crate::store::{Store, StoredCall, StoredRecording};
use crate::tls;

/// Where the customer's API has its paths.
const BASE_PATH: &str = "/apis/api/public";

/// How long to pause when the system refuses to accept, such as without a free descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The settings of a server that is yet to be started.
#[derive(Debug)]
pub struct ReferenceApi {
    store: Option<PathBuf>,
    listen: SocketAddr,
    host: Option<String>,
    base_path: String,
    token: Option<String>,
    rate: Option<Rate>,
    dedupe: bool,
    tls: Option<(Vec<u8>, Vec<u8>)>,
    idle_timeout: Duration,
    faults: Vec<Fault>,
}

impl ReferenceApi {
    /// The defaults: a free port of 127.0.0.1, a temporary store, no token, no rate, no TLS, no
    /// faults, calls and keys deduplicated, idle connections closed after 60 seconds.
    pub fn builder() -> Self {
        Self {
            store: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            host: None,
            base_path: BASE_PATH.to_owned(),
            token: None,
            rate: None,
            dedupe: true,
            tls: None,
            idle_timeout: Duration::from_secs(60),
            faults: Vec::new(),
        }
    }

    /// Keeps what is received in this directory, which is made when it is not there.
    #[must_use]
    pub fn store(mut self, directory: impl Into<PathBuf>) -> Self {
        self.store = Some(directory.into());
        self
    }

    /// Listens on this address.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The host name in the base URL and in the URLs of recordings, such as a certificate's;
    /// without it, the address.
    #[must_use]
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.host = Some(name.into());
        self
    }

    /// The path in front of `/upload` and `/call-data`.
    #[must_use]
    pub fn base_path(mut self, path: impl AsRef<str>) -> Self {
        let path = path.as_ref().trim_matches('/');
        self.base_path = match path {
            "" => String::new(),
            path => format!("/{path}"),
        };
        self
    }

    /// Requires this bearer token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Limits the requests of each key.
    #[must_use]
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Whether calls and idempotency keys are known again.
    #[must_use]
    pub fn dedupe(mut self, dedupe: bool) -> Self {
        self.dedupe = dedupe;
        self
    }

    /// Speaks TLS with this certificate chain and key, both PEM.
    #[must_use]
    pub fn tls(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls = Some((certificate.as_ref().to_vec(), key.as_ref().to_vec()));
        self
    }

    /// Closes a connection on which no request begins for that long.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts to listen. The server stops when it is dropped.
    ///
    /// # Errors
    /// When the store, the certificate or the address cannot be used.
    pub fn start(self) -> io::Result<Server> {
        let (directory, temporary) = match self.store {
            Some(directory) => (directory, None),
            None => {
                let temporary = TempDir::with_prefix("reference-api-")?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let tls = self
            .tls
            .map(|(certificate, key)| tls::config(&certificate, &key))
            .transpose()?;
        let store = Store::open(&directory)?;
        let listener = TcpListener::bind(self.listen)?;
        let address = listener.local_addr()?;
        let origin = origin(tls.is_some(), self.host.as_deref(), address);
        let shared = Arc::new(Shared {
            log: Log::after(&store.database)?,
            api: Api {
                origin,
                base_path: self.base_path,
                token: self.token,
                rate: self.rate,
                dedupe: self.dedupe,
                store,
                window: Mutex::default(),
            },
            faults: self.faults.into_iter().collect(),
            stop: Stop::default(),
            tls,
            idle_timeout: self.idle_timeout,
            sockets: Mutex::default(),
            accepted: AtomicU64::new(0),
        });
        let accepting = thread::Builder::new().name("accept".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        Ok(Server {
            shared,
            address,
            directory,
            accepting: Some(accepting),
            _temporary: temporary,
        })
    }
}

/// Scheme, host and port of the URLs that are given out.
fn origin(is_tls: bool, host: Option<&str>, address: SocketAddr) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    match host {
        Some(host) => format!("{scheme}://{host}:{}", address.port()),
        None => format!("{scheme}://{address}"),
    }
}

/// What all threads of a server share.
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) log: Log,
    pub(crate) faults: FaultBook,
    pub(crate) stop: Stop,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) idle_timeout: Duration,
    /// Open connections by number, so that a stop can end them.
    sockets: Mutex<HashMap<u64, Arc<TcpStream>>>,
    accepted: AtomicU64,
}

impl Shared {
    /// Notes what became of a request.
    pub(crate) fn note(&self, seq: u64, change: impl FnOnce(&mut ReceivedRequest)) {
        self.log.update(&self.api.store.database, seq, change);
    }

    /// Lets go of a connection's socket.
    pub(crate) fn forget(&self, number: u64) {
        lock(&self.sockets).remove(&number);
    }

    /// Registers a connection, unless the server is stopping.
    fn admit(&self, socket: &Arc<TcpStream>) -> Option<u64> {
        let mut sockets = lock(&self.sockets);
        if self.stop.is_raised() {
            return None;
        }
        let number = self.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        sockets.insert(number, Arc::clone(socket));
        Some(number)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut workers: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stop.is_raised() {
        let Ok((socket, _)) = listener.accept() else {
            shared.stop.wait_for(ACCEPT_PAUSE);
            continue;
        };
        let socket = Arc::new(socket);
        let Some(number) = shared.admit(&socket) else {
            break;
        };
        workers.retain(|worker| !worker.is_finished());
        let worker = thread::Builder::new().spawn({
            let shared = Arc::clone(shared);
            move || connection::serve(&shared, socket, number)
        });
        match worker {
            Ok(worker) => workers.push(worker),
            Err(_) => shared.forget(number),
        }
    }
    for worker in workers {
        let _ = worker.join();
    }
}

/// A server that runs.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    directory: PathBuf,
    accepting: Option<JoinHandle<()>>,
    _temporary: Option<TempDir>,
}

impl Server {
    /// The URL to give to callspool, without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.shared.api.origin, self.shared.api.base_path)
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The directory of the store.
    pub fn store(&self) -> &std::path::Path {
        &self.directory
    }

    /// All requests since the start, in the order of their heads.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.log.all()
    }

    /// How many requests for that target came since the start, whatever became of them.
    pub fn hits(&self, target: Target) -> usize {
        self.shared.log.count(target)
    }

    /// All recordings in the store, those of earlier servers included.
    pub fn recordings(&self) -> Vec<StoredRecording> {
        self.shared.api.store.recordings.all()
    }

    /// All call data in the store, those of earlier servers included.
    pub fn calls(&self) -> Vec<StoredCall> {
        self.shared.api.store.calls.all()
    }

    /// How many connections were accepted since the start.
    pub fn connections(&self) -> usize {
        usize::try_from(self.shared.accepted.load(Ordering::SeqCst)).unwrap_or(usize::MAX)
    }

    /// Adds a fault behind the others.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Drops all faults and their counters.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Waits until that many requests have come since the start (their heads, not their bodies),
    /// at most that long; says whether they have.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.wait_until(timeout, |requests| requests.len() >= count)
    }

    /// Waits until the requests since the start are as wished, at most that long; says whether
    /// they are.
    pub fn wait_until(
        &self,
        timeout: Duration,
        is_so: impl Fn(&[ReceivedRequest]) -> bool,
    ) -> bool {
        self.shared.log.wait_until(timeout, is_so)
    }

    /// Ends all connections and threads, and waits for the threads. Dropping does the same.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        self.shared.stop.raise();
        for socket in lock(&self.shared.sockets).values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        // A connection wakes the accepting thread, which then sees that it is to stop.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        let _ = accepting.join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
