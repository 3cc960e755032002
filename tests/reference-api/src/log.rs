//! Every request that came, in the order of its head, and a way to wait for one.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::fault::Target;
use crate::stop::lock;
use crate::store::{Database, StoreError};

/// A request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Its place in the order of arrival, from 1, over restarts.
    pub seq: u64,
    /// When its head was complete.
    pub at: DateTime<Utc>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What stood behind the path's `?`.
    pub query: Option<String>,
    /// What it asks for; `None` for no path of the API.
    pub target: Option<Target>,
    /// The status of the answer; `None` while there is none and when there never was.
    pub status: Option<u16>,
    /// The text of the fault that acted on it.
    pub fault: Option<String>,
    /// Whose it is, when a rule for a subject made the server look: the file's name, or the call's
    /// id. Not in the store.
    pub subject: Option<String>,
    /// Its Content-Length.
    pub content_length: Option<u64>,
    /// Whether it came with Transfer-Encoding.
    pub chunked: bool,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
    /// SHA-256 of the body in hex, when the whole of it was read.
    pub body_sha256: Option<String>,
    /// The Idempotency-Key without quotes.
    pub idempotency_key: Option<String>,
    /// The X-Request-Id.
    pub request_id: Option<String>,
    /// The User-Agent.
    pub user_agent: Option<String>,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// All headers as they came, without the credentials.
    pub headers: Vec<(String, String)>,
}

impl ReceivedRequest {
    /// The first header of that name; names in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} {} -> {:?} (fault {:?}, {} of {:?} bytes, connection {})",
            self.seq,
            self.method,
            self.path,
            self.status,
            self.fault,
            self.body_bytes,
            self.content_length,
            self.connection
        )
    }
}

/// The requests since the start.
#[derive(Default)]
pub(crate) struct Log {
    before: u64,
    requests: Mutex<Vec<ReceivedRequest>>,
    changed: Condvar,
}

impl Log {
    /// A log that goes on after the requests in the database.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn after(database: &Database) -> Result<Self, StoreError> {
        Ok(Self {
            before: database.last_request()?,
            ..Self::default()
        })
    }

    /// Notes a request, and gives it its `seq`.
    pub(crate) fn open(&self, database: &Database, mut request: ReceivedRequest) -> u64 {
        let mut requests = lock(&self.requests);
        request.seq = self.before + requests.len() as u64 + 1;
        let seq = request.seq;
        write(database, &request);
        requests.push(request);
        self.changed.notify_all();
        seq
    }

    /// Notes what became of a request.
    pub(crate) fn update(
        &self,
        database: &Database,
        seq: u64,
        change: impl FnOnce(&mut ReceivedRequest),
    ) {
        let mut requests = lock(&self.requests);
        let index = usize::try_from(seq.saturating_sub(self.before + 1)).unwrap_or(usize::MAX);
        if let Some(request) = requests.get_mut(index) {
            change(request);
            write(database, request);
        }
        self.changed.notify_all();
    }

    /// All requests since the start.
    pub(crate) fn all(&self) -> Vec<ReceivedRequest> {
        lock(&self.requests).clone()
    }

    /// How many requests since the start the target covers.
    pub(crate) fn count(&self, target: Target) -> usize {
        lock(&self.requests)
            .iter()
            .filter(|request| target.covers(request.target))
            .count()
    }

    /// Waits until the requests are as wished, at most that long; says whether they are.
    pub(crate) fn wait_until(
        &self,
        timeout: Duration,
        is_so: impl Fn(&[ReceivedRequest]) -> bool,
    ) -> bool {
        let guard: MutexGuard<'_, _> = lock(&self.requests);
        match self
            .changed
            .wait_timeout_while(guard, timeout, |requests| !is_so(requests))
        {
            Ok((guard, _)) => is_so(&guard),
            Err(poisoned) => is_so(&poisoned.into_inner().0),
        }
    }
}

/// A request that cannot be noted must not change its answer; the person at the terminal is told.
fn write(database: &Database, request: &ReceivedRequest) {
    if let Err(error) = database.put_request(request) {
        let _ = writeln!(io::stderr(), "reference-api: {error}");
    }
}
