//! What it means that a request ended without an answer. Pure: how far it got and why it broke go
//! in, an outcome comes out.

pub(super) mod certificate;

use std::io;
use std::time::Duration;

use rustls::{CertificateError, Error as TlsError};

use crate::outcome::{Failure, FailureKind};

use super::classify::Request;
use super::request_body::SourceFailure;

/// How far a request had got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Looking the name up.
    Resolving,
    /// Connecting: TCP, the proxy's tunnel, TLS.
    Connecting,
    /// Past that.
    Connected,
}

/// Why a request broke.
#[derive(Debug)]
pub(super) enum Cause {
    /// Its time was over while it sent.
    SendTimeout,
    /// Its time was over anywhere else.
    Timeout,
    /// There is no such host.
    NoSuchName,
    /// The proxy did not open the tunnel.
    Tunnel {
        /// The proxy's status, when it gave one.
        status: Option<u16>,
    },
    /// TLS failed.
    Tls(TlsError),
    /// The connection failed.
    Io(io::Error),
    /// What came is no HTTP.
    NotHttp,
    /// Anything else; a fixed text.
    Other(&'static str),
}

/// What was sent of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) handed_over_bytes: u64,
    pub(super) total_bytes: u64,
    pub(super) source_failure: Option<&'a SourceFailure>,
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct Broken<'a> {
    pub(super) request: Request,
    pub(super) stage: Stage,
    pub(super) cause: Cause,
    /// `None` for a request without a body.
    pub(super) sent: Option<Sent<'a>>,
    /// Whether the run was told to stop.
    pub(super) cancelled: bool,
    /// Whether it was a write that failed: what was handed over last did not all leave.
    pub(super) writing_failed: bool,
    pub(super) route: &'a Route,
    /// Whether any trust anchor was found when one was looked for.
    pub(super) has_anchors: bool,
}

/// The way to the API, as messages show it.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Host and port of the API.
    pub(super) target: String,
    /// The host alone.
    pub(super) host: String,
    /// Host and port of the proxy, and the variable that named it.
    pub(super) proxy: Option<(String, &'static str)>,
    pub(super) connect_timeout: Duration,
}

impl Broken<'_> {
    /// The outcome.
    pub(super) fn failure(&self) -> Failure {
        let connected = self.stage == Stage::Connected;
        let outcome = |kind, message: String| Failure {
            kind,
            status: None,
            message,
            retry_after: None,
            connected,
            fate_unknown: kind == FailureKind::Ambiguous || self.request == Request::Question,
            claims_duplicate: false,
        };
        if let Some(source) = self.sent.and_then(|sent| sent.source_failure) {
            return outcome(FailureKind::Changed, changed(source));
        }
        let whole = self
            .sent
            .is_some_and(|sent| sent.handed_over_bytes >= sent.total_bytes)
            && !self.writing_failed;
        if self.cancelled && !whole {
            return outcome(FailureKind::Cancelled, "stopped by a signal".to_owned());
        }
        match self.stage {
            Stage::Resolving => outcome(FailureKind::Unavailable, self.no_name()),
            Stage::Connecting => {
                let (kind, message) = self.no_connection();
                outcome(kind, message)
            }
            Stage::Connected => {
                let (kind, message) = self.broken_exchange(whole);
                outcome(kind, message)
            }
        }
    }

    fn no_name(&self) -> String {
        let host = &self.route.host;
        match &self.cause {
            Cause::Timeout => format!("cannot find {host}: the look-up timed out"),
            Cause::Io(error) => format!("cannot find {host}: {}", reason(error)),
            Cause::Other(why) => format!("cannot send to {host}: {why}"),
            _ => format!("cannot find {host}: no such name"),
        }
    }

    fn no_connection(&self) -> (FailureKind, String) {
        let target = &self.route.target;
        let way = match &self.route.proxy {
            Some((address, _)) => format!("{target} through the proxy {address}"),
            None => target.clone(),
        };
        let unavailable = |why: &str| {
            let message = format!("cannot connect to {way}: {why}");
            (FailureKind::Unavailable, message)
        };
        match &self.cause {
            Cause::Tls(error) => match certificate::problem(error) {
                Some(problem) => (
                    FailureKind::Certificate,
                    format!(
                        "cannot trust {target}: {problem}{}",
                        self.anchor_hint(error)
                    ),
                ),
                None => unavailable(&format!("TLS failed, {}", tls_reason(error))),
            },
            Cause::Tunnel { status: Some(407) } => {
                let variable = self
                    .route
                    .proxy
                    .as_ref()
                    .map_or("its URL", |(_, name)| name);
                (
                    FailureKind::Auth,
                    format!("the proxy refused the credentials (status 407): check {variable}"),
                )
            }
            Cause::Tunnel {
                status: Some(status),
            } => unavailable(&format!("the proxy answered with status {status}")),
            Cause::Tunnel { status: None } => unavailable("the proxy gave no answer"),
            Cause::Timeout | Cause::SendTimeout => unavailable(&format!(
                "no connection within {} s",
                self.route.connect_timeout.as_secs_f64()
            )),
            Cause::NoSuchName => unavailable("no such name"),
            Cause::Io(error) => unavailable(&reason(error)),
            Cause::NotHttp => unavailable("the proxy does not speak HTTP"),
            Cause::Other(why) => unavailable(why),
        }
    }

    /// What to do about an issuer that is not known.
    fn anchor_hint(&self, error: &TlsError) -> &'static str {
        if !matches!(
            error,
            TlsError::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature
            )
        ) {
            return "";
        }
        if self.has_anchors {
            "; give the authority's certificate with --ca-file"
        } else {
            "; this machine has no trust anchors, install ca-certificates or give --ca-file"
        }
    }

    fn broken_exchange(&self, whole: bool) -> (FailureKind, String) {
        let noun = self.request.noun();
        let why = match &self.cause {
            Cause::SendTimeout | Cause::Timeout => "timed out".to_owned(),
            Cause::Io(error) => reason(error),
            Cause::Tls(error) => format!("TLS failed, {}", tls_reason(error)),
            Cause::NotHttp => "what came is not HTTP".to_owned(),
            Cause::NoSuchName | Cause::Tunnel { .. } => "the connection was lost".to_owned(),
            Cause::Other(why) => (*why).to_owned(),
        };
        let Some(sent) = self.sent else {
            return (
                FailureKind::Ambiguous,
                format!("no answer to {noun}: {why}"),
            );
        };
        // Only a write fails like this: the last bytes never left, so that the API cannot have
        // taken the request for whole.
        let write_failed = match &self.cause {
            Cause::SendTimeout => true,
            Cause::Io(error) => error.kind() == io::ErrorKind::BrokenPipe,
            _ => false,
        };
        if whole && !write_failed {
            let why = if self.cancelled {
                "stopped by a signal"
            } else {
                &why
            };
            let message = format!("{noun} went out whole, but no answer came: {why}");
            return (FailureKind::Ambiguous, message);
        }
        let so_far = if sent.handed_over_bytes >= sent.total_bytes {
            String::new()
        } else {
            format!(
                " after {} of {} bytes",
                sent.handed_over_bytes, sent.total_bytes
            )
        };
        // A server that refuses by the head alone, and hangs up on the rest, is not heard: whoever
        // still writes gets the reset first.
        let hint = match &self.cause {
            Cause::Io(error) if is_hang_up(error) && !whole => {
                "; the other side may have refused it, such as for its size"
            }
            _ => "",
        };
        let message = format!("sending {noun} broke off{so_far}: {why}{hint}");
        (FailureKind::Network, message)
    }
}

fn changed(source: &SourceFailure) -> String {
    match source {
        SourceFailure::EndedEarly { read, announced } => {
            format!("the recording ended after {read} of {announced} bytes while it was sent")
        }
        SourceFailure::Unreadable(why) => {
            format!(
                "the recording could not be read while it was sent: {}",
                plain(why)
            )
        }
    }
}

fn tls_reason(error: &TlsError) -> String {
    match error {
        TlsError::InvalidMessage(_) => "the port does not speak TLS".to_owned(),
        other => certificate::problem(other).unwrap_or_else(|| plain(&other.to_string())),
    }
}

/// Whether the other side ended the connection.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    )
}

/// An I/O error's reason without the number that only programmers read.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => "connection closed".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text
                .strip_prefix("failed to lookup address information: ")
                .unwrap_or(&text);
            plain(text)
        }
    }
}

/// A library's text as a part of ours: one line, lower case at the start, without the error number.
fn plain(text: &str) -> String {
    let text = text
        .split(" (os error")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let mut characters = text.chars().map(|character| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    });
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).take(200).collect()
}

#[cfg(test)]
mod tests;
