//! The HTTP client: puts the requests on the wire. The only place that knows the HTTP library.
//!
//! Sends each request once, follows no redirect and decides nothing: an answer goes to
//! [`classify`], a breakage to `transport_failure`.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use ureq::http::{HeaderValue, Request as HttpRequest, Response};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Body, Error, SendBody, Timeout};

use crate::outcome::{Failure, FailureKind};

use super::classify::{self, Request};
use super::multipart::Frame;
use super::options::{ClientError, ClientOptions};
use super::progress::InFlight;
use super::proxy::{Origin, ProxySettings};
use super::request_body::RequestBody;
use super::transport_failure::{Broken, Cause, Route, Sent};
use super::{Acknowledgement, CallDataPost, Presence, RecordingUpload, StoredRecording, UploadApi};

mod agent;
mod canceller;
mod incoming;
mod reach;
mod stage;
mod trust;
mod wire;

pub(super) use agent::agent_for_others;
use agent::{agent, plain_config};
pub use canceller::Canceller;
use canceller::Line;
use incoming::Incoming;
pub use reach::{Asked, Reach, Tls};
use stage::Stages;
use trust::Trust;

/// How long an idle connection is kept for the next request. Servers close theirs after seconds;
/// one that is closed while a request is on its way costs an ambiguous outcome.
const MAX_IDLE: Duration = Duration::from_secs(1);

/// The longest that a request may ever take, so that sums of durations cannot overflow.
const MAX_TIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The upload API over HTTP.
pub struct HttpClient {
    agent: Agent,
    base: String,
    origin: String,
    authorization: Option<HeaderValue>,
    connect_timeout: Duration,
    response_timeout: Duration,
    min_throughput: u64,
    route: Route,
    trust: Arc<Trust>,
    stages: Stages,
    canceller: Canceller,
    line: Line,
}

/// One request, ready to go.
struct Outgoing<'a> {
    request: Request,
    path: &'static str,
    query: Option<String>,
    content_type: String,
    idempotency_key: Option<&'a str>,
    request_id: &'a str,
}

impl HttpClient {
    /// Makes a client; connects to nothing.
    ///
    /// # Errors
    /// When the extra trust anchors or the proxy's URL cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let trust = Arc::new(Trust::new(options.ca_pem.as_deref())?);
        let stages = Stages::default();
        let config = plain_config(&options.proxy)?
            .accept("application/json")
            .max_idle_age(MAX_IDLE)
            .build();
        let agent = agent(config, &trust, &stages, DefaultResolver::default());
        let canceller = Canceller::default();
        Ok(Self {
            line: canceller.add(agent.clone()),
            canceller,
            agent,
            base: options.base_url.as_str().trim_end_matches('/').to_owned(),
            origin: options.base_url.origin().to_owned(),
            authorization: options.token.as_ref().and_then(bearer),
            connect_timeout: options.connect_timeout,
            response_timeout: options.response_timeout,
            min_throughput: options.min_throughput_bytes_per_second.max(1),
            route: route(&options),
            trust,
            stages,
        })
    }

    /// This client and others like it, each with connections of its own, so that many in all. One
    /// [`Canceller`] stops them all.
    pub fn lanes(self, count: usize) -> Vec<Self> {
        let others: Vec<Self> = (1..count).map(|_| self.another()).collect();
        std::iter::once(self).chain(others).collect()
    }

    fn another(&self) -> Self {
        let stages = Stages::default();
        let config = self.agent.config().clone();
        let agent = agent(config, &self.trust, &stages, DefaultResolver::default());
        Self {
            line: self.canceller.add(agent.clone()),
            canceller: self.canceller.clone(),
            agent,
            base: self.base.clone(),
            origin: self.origin.clone(),
            authorization: self.authorization.clone(),
            route: self.route.clone(),
            trust: Arc::clone(&self.trust),
            stages,
            ..*self
        }
    }

    /// A handle that stops the requests of this client and of its [`Self::lanes`] from another
    /// thread.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Sends one request and reads its answer.
    fn exchange(
        &self,
        outgoing: &Outgoing<'_>,
        mut body: Option<RequestBody<'_>>,
    ) -> Result<Incoming, Failure> {
        let size = body.as_ref().map_or(0, RequestBody::total_bytes);
        let result = self
            .send(outgoing, body.as_mut())
            .map(|response| Incoming::read(self.url(outgoing.path), response))
            .map_err(|error| self.broken(outgoing.request, error, body.as_ref()));
        let method = method(body.is_some());
        let (path, request_id) = (outgoing.path, outgoing.request_id);
        match &result {
            Ok(Incoming { status, .. }) => {
                log::debug!(method, path, status, bytes = size, request_id; "request answered");
            }
            Err(Failure { kind, .. }) => {
                let kind = kind.as_str();
                log::debug!(method, path, kind, bytes = size, request_id; "request broken");
            }
        }
        result
    }

    fn send(
        &self,
        outgoing: &Outgoing<'_>,
        body: Option<&mut RequestBody<'_>>,
    ) -> Result<Response<Body>, Error> {
        self.stages.reset();
        let size = body.as_ref().map_or(0, |body| body.total_bytes());
        let mut builder = HttpRequest::builder()
            .method(method(body.is_some()))
            .uri(match &outgoing.query {
                Some(query) => format!("{}?{query}", self.url(outgoing.path)),
                None => self.url(outgoing.path),
            })
            .header("X-Request-Id", outgoing.request_id);
        if let Some(authorization) = &self.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if let Some(key) = outgoing.idempotency_key {
            // A structured-field string: quoted.
            builder = builder.header("Idempotency-Key", format!("\"{key}\""));
        }
        let Some(body) = body else {
            let request = builder.body(())?;
            return self.agent.run(self.with_timeouts(request, size));
        };
        let request = builder
            .header(CONTENT_TYPE, outgoing.content_type.as_str())
            // A length of our own keeps the library from sending chunks.
            .header(CONTENT_LENGTH, size)
            .body(SendBody::from_reader(body))?;
        self.agent.run(self.with_timeouts(request, size))
    }

    /// Sets a request's time limits. The whole of it has its limit because a stalling sender, and
    /// an answer that trickles in, never exceed the limit of a single step.
    fn with_timeouts<B: ureq::AsSendBody>(
        &self,
        request: HttpRequest<B>,
        size: u64,
    ) -> HttpRequest<B> {
        let sending = sending_time(size, self.min_throughput);
        let limit = |time: Duration| Some(time.min(MAX_TIME));
        let answer = self.response_timeout.saturating_add(sending);
        self.agent
            .configure_request(request)
            .timeout_global(limit(answer.saturating_add(self.connect_timeout)))
            .timeout_resolve(limit(self.connect_timeout))
            .timeout_connect(limit(self.connect_timeout))
            .timeout_send_request(limit(self.response_timeout))
            .timeout_send_body(limit(answer))
            // What was handed over may still be in buffers on the way: a slow uplink's bytes are
            // not there when the last of them is written.
            .timeout_recv_response(limit(answer))
            .build()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn broken(&self, request: Request, error: Error, body: Option<&RequestBody<'_>>) -> Failure {
        Broken {
            request,
            stage: self.stages.get(),
            cause: cause(error),
            sent: body.map(|body| Sent {
                handed_over_bytes: body.handed_over_bytes(),
                total_bytes: body.total_bytes(),
                source_failure: body.source_failure(),
            }),
            cancelled: self.line.is_cancelled(),
            writing_failed: self.stages.has_writing_failed(),
            route: &self.route,
            has_anchors: self.trust.has_found_anchors(),
        }
        .failure()
    }

    /// The failure of every request after [`Canceller::cancel`].
    fn refuse_when_cancelled(&self) -> Result<(), Failure> {
        if self.line.is_cancelled() {
            return Err(Failure::local(
                FailureKind::Cancelled,
                "stopped by a signal",
            ));
        }
        Ok(())
    }
}

impl UploadApi for HttpClient {
    fn upload_recording(
        &mut self,
        upload: RecordingUpload<'_>,
    ) -> Result<StoredRecording, Failure> {
        self.refuse_when_cancelled()?;
        let progress = self.line.progress.clone();
        let _underway = progress.begin(InFlight::SendingRecording);
        let frame = Frame::new(upload.file_name, upload.idempotency_key);
        let body = RequestBody::of_recording(
            frame.head(),
            upload.body,
            upload.len_bytes,
            frame.tail(),
            progress,
        );
        let outgoing = Outgoing {
            request: Request::Recording,
            path: "/upload",
            query: None,
            content_type: frame.content_type(),
            idempotency_key: Some(upload.idempotency_key),
            request_id: upload.request_id,
        };
        let incoming = self.exchange(&outgoing, Some(body))?;
        classify::recording(&incoming.reply(), &self.origin, upload.len_bytes)
    }

    fn post_call_data(&mut self, post: CallDataPost<'_>) -> Result<Acknowledgement, Failure> {
        self.refuse_when_cancelled()?;
        let _underway = self.line.progress.begin(InFlight::CallData);
        let outgoing = Outgoing {
            request: Request::CallData,
            path: "/call-data",
            query: None,
            content_type: "application/json".to_owned(),
            idempotency_key: Some(post.idempotency_key),
            request_id: post.request_id,
        };
        let body = RequestBody::of_bytes(post.body);
        let incoming = self.exchange(&outgoing, Some(body))?;
        classify::call_data(&incoming.reply())
    }

    fn find_call(&mut self, call_id: &str, request_id: &str) -> Result<Presence, Failure> {
        self.refuse_when_cancelled()?;
        let _underway = self.line.progress.begin(InFlight::Question);
        let incoming = self.exchange(&question(call_id, request_id), None)?;
        classify::question(&incoming.reply(), call_id)
    }
}

/// The question whether a call is there.
fn question<'a>(call_id: &str, request_id: &'a str) -> Outgoing<'a> {
    Outgoing {
        request: Request::Question,
        path: "/call-data",
        query: Some(format!("callId={}&limit=1", percent_encode(call_id))),
        content_type: String::new(),
        idempotency_key: None,
        request_id,
    }
}

fn route(options: &ClientOptions) -> Route {
    let origin = Origin::of(&options.base_url);
    Route {
        target: origin.to_string(),
        host: origin.host,
        proxy: match &options.proxy {
            ProxySettings::Direct => None,
            ProxySettings::Via(url) => Some((url.address().to_owned(), url.variable())),
        },
        connect_timeout: options.connect_timeout,
    }
}

fn method(has_body: bool) -> &'static str {
    if has_body { "POST" } else { "GET" }
}

/// The Authorization header. A token that no header can hold is left out: the configuration has
/// refused it before.
fn bearer(token: &super::token::Token) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// How long so many bytes take at the least throughput, rounded up to the millisecond.
fn sending_time(size_bytes: u64, bytes_per_second: u64) -> Duration {
    let millis = u128::from(size_bytes)
        .saturating_mul(1000)
        .div_ceil(u128::from(bytes_per_second.max(1)));
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)).min(MAX_TIME)
}

/// The library's error in our terms.
pub(super) fn cause(error: Error) -> Cause {
    match error {
        Error::Timeout(Timeout::SendBody | Timeout::SendRequest) => Cause::SendTimeout,
        Error::Timeout(_) => Cause::Timeout,
        Error::HostNotFound => Cause::NoSuchName,
        Error::ConnectProxyFailed(text) => Cause::Tunnel {
            // "proxy server responded 407/407": the status stands only in the text.
            status: text
                .split(|character: char| !character.is_ascii_digit())
                .find_map(|word| word.parse().ok()),
        },
        Error::Rustls(error) => Cause::Tls(error),
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(tls) => Cause::Tls(rustls::Error::clone(tls)),
            None => Cause::Io(error),
        },
        Error::Protocol(_) | Error::LargeResponseHeader(..) => Cause::NotHttp,
        Error::Tls(_) => Cause::Other("TLS cannot be set up for this host"),
        _ => Cause::Other("the request could not be made"),
    }
}

/// Percent-encodes everything but the unreserved characters (RFC 3986, section 2.3).
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
pub(in crate::upload) mod tests;
