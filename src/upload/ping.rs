//! Telling a monitoring service of a run, by the convention of healthchecks.io: `URL/start`, then
//! `URL/<exit code>` with the report, both with one `rid`.
//!
//! The service is another host than the API: it gets neither the token nor anything else of the
//! API's. No redirect is followed.

use std::time::Duration;

use ureq::http::header::CONTENT_TYPE;
use ureq::{Agent, Error};

use crate::clock::Clock;

use super::http;
use super::options::ClientError;
use super::ping_url::PingUrl;
use super::proxy::ProxySettings;
use super::transport_failure::{Cause, certificate};

/// How much of a report is sent: as much as a service of one's own keeps unless it is told otherwise.
pub const MAX_BODY_BYTES: usize = 10_000;

/// How much of an answer is looked at.
const MAX_ANSWER_BYTES: u64 = 100;

/// What to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ping {
    /// A run starts.
    Start,
    /// A run has ended with that exit code.
    End(u8),
    /// Something is worth a line, and changes nothing.
    Log,
}

impl Ping {
    fn path(self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::End(code) => code.to_string(),
            Self::Log => "log".to_owned(),
        }
    }
}

/// Why a ping did not arrive. No text holds the URL.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// Another answer than 2xx.
    #[error("it answered with status {0}")]
    Status(u16),
    /// A 2xx that says that nothing came of it.
    #[error("it does not know the check: the ping URL is wrong, or the check was deleted")]
    Unknown,
    /// A 2xx that says that too much is sent.
    #[error("it takes no more pings for now")]
    RateLimited,
    /// No answer in time.
    #[error("no answer within {}; --ping-timeout is how long a ping may take", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// No answer.
    #[error("{0}")]
    Broken(String),
}

impl PingError {
    /// Whether it may pass: another try may find the service better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Status(status) => *status >= 500,
            Self::Broken(_) => true,
            Self::Unknown | Self::RateLimited | Self::Timeout(_) => false,
        }
    }
}

/// What a [`PingClient`] needs to know.
#[derive(Debug, Clone)]
pub struct PingOptions {
    /// The service's URL.
    pub url: PingUrl,
    /// Trust anchors beside the platform's: the bytes of a PEM file.
    pub ca_pem: Option<Vec<u8>>,
    /// The way to the service.
    pub proxy: ProxySettings,
    /// How long one ping may take, with everything.
    pub timeout: Duration,
}

/// A client for pings.
#[derive(Clone)]
pub struct PingClient {
    agent: Agent,
    url: PingUrl,
    timeout: Duration,
}

impl PingClient {
    /// Makes a client; connects to nothing.
    ///
    /// # Errors
    /// When the extra trust anchors or the proxy's URL cannot be used.
    pub fn new(options: PingOptions) -> Result<Self, ClientError> {
        Ok(Self {
            agent: http::agent_for_others(options.ca_pem.as_deref(), &options.proxy)?,
            url: options.url,
            timeout: options.timeout,
        })
    }

    /// Tells the service. What fails early is tried a second time; both tries together, with the
    /// look-up of the name, take no longer than `time`, and than the time-out. `run_id` is from
    /// [`run_id`].
    ///
    /// # Errors
    /// When it did not arrive.
    pub fn send(
        &self,
        ping: Ping,
        run_id: &str,
        body: &str,
        time: Duration,
        clock: &impl Clock,
    ) -> Result<(), PingError> {
        let start = clock.monotonic();
        let time = time.min(self.timeout);
        let first = self.try_once(ping, run_id, body, time);
        let rest = time.saturating_sub(clock.monotonic().duration_since(start));
        match first {
            Err(error) if error.may_pass() && !rest.is_zero() => {
                log::debug!(reason:% = error; "the ping is tried again");
                self.try_once(ping, run_id, body, rest)
            }
            result => result,
        }
    }

    fn try_once(
        &self,
        ping: Ping,
        run_id: &str,
        body: &str,
        timeout: Duration,
    ) -> Result<(), PingError> {
        let answer = self
            .agent
            .post(self.url.expose(&ping.path(), run_id))
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .config()
            .timeout_global(Some(timeout))
            .build()
            .send(cut(body));
        let mut answer = answer.map_err(|error| self.broken(error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(PingError::Status(status.as_u16()));
        }
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES);
        // What follows a 2xx is a courtesy.
        match body.read_to_string().unwrap_or_default().trim() {
            "OK (not found)" => Err(PingError::Unknown),
            "OK (rate limited)" => Err(PingError::RateLimited),
            _ => Ok(()),
        }
    }

    fn broken(&self, error: Error) -> PingError {
        let host = self.url.base().host();
        PingError::Broken(match http::cause(error) {
            Cause::Timeout | Cause::SendTimeout => return PingError::Timeout(self.timeout),
            Cause::NoSuchName => format!("{host} cannot be resolved; check the name and DNS"),
            Cause::Tunnel { status } => match status {
                Some(status) => format!("the proxy answered {status}"),
                None => "the proxy opened no tunnel".to_owned(),
            },
            Cause::Tls(error) => format!("TLS failed: {}", certificate::reason(&error)),
            Cause::Io(error) => format!("the connection to {host} failed: {}", error.kind()),
            Cause::NotHttp => format!("{host} does not speak HTTP"),
            Cause::Other(text) => text.to_owned(),
        })
    }
}

/// As much of a text as is sent.
fn cut(text: &str) -> &str {
    let end = (0..=MAX_BODY_BYTES.min(text.len())).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// A random UUID (RFC 9562, version 4), which tells a run's pings from another's.
pub fn run_id() -> String {
    let version = 0x4000_u128 << 64;
    let variant = 0x8000_u128 << 48;
    let random = fastrand::u128(..) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48);
    let digits = format!("{:032x}", random | version | variant);
    let parts: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32]
        .into_iter()
        .filter_map(|part| digits.get(part))
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_is_a_random_uuid() {
        for _ in 0..100 {
            let id = run_id();
            let shape: String = id
                .chars()
                .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
                .collect();
            assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert_eq!(id.get(14..15), Some("4"), "{id}");
            let variant = id.get(19..20).unwrap();
            assert!(["8", "9", "a", "b"].contains(&variant), "{id}");
        }
        assert_ne!(run_id(), run_id());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = format!("a{}", "é".repeat(MAX_BODY_BYTES));
        assert_eq!(cut(&long).len(), MAX_BODY_BYTES - 1);
    }
}
