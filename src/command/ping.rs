//! Pings: a monitoring service hears that a run starts and how it ended.
//!
//! Each is sent from a thread of its own, so that neither a signal nor the end of a run waits for a
//! service that does not answer for longer than a ping may take.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::proxy_to;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Settings};
use crate::interrupt::Interrupt;
use crate::upload::ping::{Ping, PingClient, PingError, PingOptions, run_id};
use crate::upload::ping_url::PingUrl;

/// How often it is seen whether a signal came.
const POLL: Duration = Duration::from_millis(20);

/// How much longer than a ping may take its thread is waited for, so that it is the one to say what
/// was wrong.
const SLACK: Duration = Duration::from_millis(250);

/// The longest that a ping may ever take, so that it can be added to any time.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

type Answer = Receiver<Result<(), PingError>>;

/// The pings of one run.
pub(super) struct Pinger {
    client: PingClient,
    /// As it may be shown.
    shown_url: String,
    run_id: String,
    timeout: Duration,
    /// The start ping, while it is on its way.
    underway: Option<Answer>,
}

impl Pinger {
    /// The pinger that the settings ask for. One that cannot be made is told, and is no failure of
    /// the run.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let url = settings.ping_url.as_ref()?;
        match Self::connect(settings, url) {
            Ok(pinger) => Some(pinger),
            Err(reason) => {
                log::warn!(url:% = url, reason = reason.as_str(); "the monitoring service is not told of this run");
                None
            }
        }
    }

    fn connect(settings: &Settings, url: &PingUrl) -> Result<Self, String> {
        let timeout = settings.ping_timeout.min(MAX_TIME);
        let client = PingClient::new(PingOptions {
            url: url.clone(),
            ca_pem: config::read_ca_file(settings).map_err(|error| error.to_string())?,
            proxy: proxy_to(url.base()).map_err(|error| error.to_string())?,
            timeout,
        });
        Ok(Self {
            client: client.map_err(|error| error.to_string())?,
            shown_url: url.to_string(),
            run_id: run_id(),
            timeout,
            underway: None,
        })
    }

    /// Tells that the run starts, and waits until that has arrived, has failed, or a signal comes.
    pub(super) fn start(&mut self, interrupt: &Interrupt) {
        let Some(answer) = self.send(Ping::Start, String::new(), self.timeout) else {
            return;
        };
        let deadline = self.deadline();
        while SystemClock.monotonic() < deadline {
            match answer.recv_timeout(POLL) {
                Ok(result) => return self.note(result),
                Err(RecvTimeoutError::Timeout) if interrupt.signal().is_none() => {}
                Err(_) => break,
            }
        }
        self.underway = Some(answer);
    }

    /// Tells how the run ended. A start that is still on its way goes first, in the same time.
    pub(super) fn end(&mut self, ping: Ping, body: String) {
        let deadline = self.deadline();
        if let Some(underway) = self.underway.take() {
            match underway.recv_timeout(self.timeout) {
                Ok(result) => self.note(result),
                Err(_) => return self.note(Err(PingError::Timeout(self.timeout))),
            }
        }
        let rest = deadline.saturating_duration_since(SystemClock.monotonic());
        let Some(answer) = self.send(ping, body, rest.saturating_sub(SLACK)) else {
            return;
        };
        let silent = Err(PingError::Timeout(self.timeout));
        self.note(answer.recv_timeout(rest).unwrap_or(silent));
    }

    fn deadline(&self) -> Instant {
        SystemClock.monotonic() + self.timeout + SLACK
    }

    fn send(&self, ping: Ping, body: String, time: Duration) -> Option<Answer> {
        let (answered, answer) = mpsc::channel();
        let (client, run_id) = (self.client.clone(), self.run_id.clone());
        let spawned = thread::Builder::new()
            .name("ping".to_owned())
            .spawn(move || {
                let result = client.send(ping, &run_id, &body, time, &SystemClock);
                // Nobody may be waiting for it any more.
                let _ = answered.send(result);
            });
        match spawned {
            Ok(_) => Some(answer),
            Err(error) => {
                self.note(Err(PingError::Broken(error.to_string())));
                None
            }
        }
    }

    fn note(&self, result: Result<(), PingError>) {
        let url = self.shown_url.as_str();
        match result {
            Ok(()) => log::debug!(url; "pinged"),
            Err(error) => log::warn!(url, reason:% = error; "a ping did not arrive"),
        }
    }
}
