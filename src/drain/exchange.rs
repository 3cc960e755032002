//! One request at a time, with what a run owes the API: the rate, the waiting that it asks for,
//! and the patience to tell a wrong address or wrong credentials from a session's own trouble.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::onlooker::{Nobody, Onlooker};
use super::pacing::Pacing;
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{Policy, retry_after_delay};
use crate::report::{RequestCounts, RequestKind, RequestOutcome, Stop, WaitReason};
use crate::upload::{
    Acknowledgement, CallDataPost, Presence, RecordingUpload, StoredRecording, UploadApi,
    idempotency,
};

/// How often one request is sent again after waiting.
const WAITS_PER_REQUEST: u32 = 2;
/// How many times the longest single wait a run may wait in all.
const WAITS_PER_RUN: u32 = 4;

/// Why a request was not answered as it should be.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The session's: it failed, for a passing reason or for good.
    Session(Failure),
    /// The run's: nothing more may be sent. With what happened, if it was an answer.
    Stop(Stop, Option<Failure>),
    /// The API asked to wait, and that was done: the request may be sent again.
    Again(Failure),
}

/// A request's result with what else is known of it.
pub(super) struct Timed<T> {
    pub(super) result: Result<T, Trouble>,
    pub(super) request: RequestFacts,
}

/// What is worth remembering of a request besides its outcome.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestFacts {
    /// How long it took.
    pub(super) took: Duration,
    /// Its X-Request-Id; empty when nothing was sent.
    pub(super) id: String,
}

/// Waiting done for one request so far.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waits: u32,
}

/// The API and what a run owes it.
pub(super) struct Exchange<'a, A, C> {
    api: A,
    clock: &'a C,
    interrupt: Interrupt,
    pub(super) pacing: Pacing,
    /// The longest wait for one answer.
    max_wait: Duration,
    /// What a 429 without Retry-After waits.
    default_wait: Duration,
    deadline: Option<Instant>,
    waited: Duration,
    /// Something was accepted at the path of a part: the address is right.
    accepted: [bool; 2],
    /// The last answer was a 403 to this session.
    forbidden: Option<String>,
    /// A connection to the API was made.
    pub(super) connected: bool,
    /// A request was tried.
    pub(super) tried: bool,
    /// Until when the API wants to be left alone.
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) bytes_sent: u64,
    pub(super) onlooker: &'a dyn Onlooker,
    pub(super) counts: RequestCounts,
}

impl<'a, A: UploadApi, C: Clock> Exchange<'a, A, C> {
    pub(super) fn new(
        api: A,
        clock: &'a C,
        interrupt: Interrupt,
        pacing: Pacing,
        max_wait: Duration,
        policy: &Policy,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            api,
            clock,
            interrupt,
            pacing,
            max_wait,
            default_wait: policy.min_backoff,
            deadline,
            waited: Duration::ZERO,
            accepted: [false; 2],
            forbidden: None,
            connected: false,
            tried: false,
            not_before: None,
            bytes_sent: 0,
            onlooker: &Nobody,
            counts: RequestCounts::default(),
        }
    }

    /// Sends a recording.
    pub(super) fn upload(
        &mut self,
        session_id: &str,
        file_name: &str,
        len_bytes: u64,
        body: &mut (dyn Read + Send),
        key: &str,
        patience: &mut Patience,
    ) -> Timed<StoredRecording> {
        self.onlooker.recording(len_bytes);
        let mut body = Counted {
            inner: body,
            bytes: 0,
            onlooker: self.onlooker,
        };
        let timed = self.request(
            RequestKind::Recording,
            session_id,
            patience,
            |api, request_id| {
                api.upload_recording(RecordingUpload {
                    file_name,
                    len_bytes,
                    body: &mut body,
                    idempotency_key: key,
                    request_id,
                })
            },
        );
        self.bytes_sent += body.bytes;
        self.accepted[part_index(Part::Recording)] |= timed.result.is_ok();
        timed
    }

    /// Sends call data.
    pub(super) fn post(
        &mut self,
        session_id: &str,
        body: &[u8],
        key: &str,
        patience: &mut Patience,
    ) -> Timed<Acknowledgement> {
        self.onlooker.call_data();
        let timed = self.request(
            RequestKind::CallData,
            session_id,
            patience,
            |api, request_id| {
                api.post_call_data(CallDataPost {
                    body,
                    idempotency_key: key,
                    request_id,
                })
            },
        );
        if timed.result.is_ok() {
            self.bytes_sent += body.len() as u64;
            self.accepted[part_index(Part::CallData)] = true;
        }
        timed
    }

    /// Asks whether a call is there. No answer to that proves the address right: every web server
    /// has a page for what is not there.
    pub(super) fn find(
        &mut self,
        session_id: &str,
        call_id: &str,
        patience: &mut Patience,
    ) -> Timed<Presence> {
        self.request(
            RequestKind::Question,
            session_id,
            patience,
            |api, request_id| api.find_call(call_id, request_id),
        )
    }

    /// Sits out what is left of a wait that an earlier run was told, if that is short enough.
    pub(super) fn respect(&mut self, rest: Duration) -> Result<(), Stop> {
        if rest <= self.max_wait && self.fits(rest) {
            self.waited += rest;
            return self.sit_out(rest, WaitReason::Throttled);
        }
        Err(Stop::Throttled)
    }

    fn request<T>(
        &mut self,
        kind: RequestKind,
        session_id: &str,
        patience: &mut Patience,
        send: impl FnOnce(&mut A, &str) -> Result<T, Failure>,
    ) -> Timed<T> {
        if let Err(stop) = self.may_send() {
            return Timed {
                result: Err(Trouble::Stop(stop, None)),
                request: RequestFacts::default(),
            };
        }
        self.tried = true;
        self.pacing.count(self.clock.now());
        let start = self.clock.monotonic();
        let id = idempotency::request_id();
        let result = send(&mut self.api, &id);
        let took = self.clock.monotonic().duration_since(start);
        let result = match result {
            Ok(answer) => {
                self.connected = true;
                self.forbidden = None;
                Ok(answer)
            }
            Err(failure) => Err(self.judge(part_of(kind), session_id, failure, patience)),
        };
        self.counts.count(kind, outcome(&result), took);
        Timed {
            result,
            request: RequestFacts { took, id },
        }
    }

    fn judge(
        &mut self,
        part: Part,
        session_id: &str,
        mut failure: Failure,
        patience: &mut Patience,
    ) -> Trouble {
        self.connected |= failure.connected;
        if let Some(signal) = self.interrupt.signal() {
            return Trouble::Stop(Stop::Signal(signal), Some(failure));
        }
        let forbidden_before = self.forbidden.take();
        match failure.kind {
            FailureKind::Auth => Trouble::Stop(Stop::Auth, Some(failure)),
            FailureKind::Forbidden => match forbidden_before {
                Some(other) if other != session_id => {
                    failure.kind = FailureKind::Auth;
                    Trouble::Stop(Stop::Auth, Some(failure))
                }
                _ => {
                    self.forbidden = Some(session_id.to_owned());
                    Trouble::Session(failure)
                }
            },
            FailureKind::Misdirected if self.accepted[part_index(part)] => {
                failure.kind = FailureKind::Protocol;
                Trouble::Session(failure)
            }
            FailureKind::Misdirected => Trouble::Stop(Stop::Misdirected, Some(failure)),
            FailureKind::Certificate => Trouble::Stop(Stop::Unavailable, Some(failure)),
            FailureKind::Throttled => self.throttled(failure, patience),
            _ => Trouble::Session(failure),
        }
    }

    /// Waits as the API asks, if that is short, not too often, and ends before the deadline.
    fn throttled(&mut self, failure: Failure, patience: &mut Patience) -> Trouble {
        let now = self.clock.now();
        let wait = failure
            .retry_after
            .map_or(self.default_wait, |after| retry_after_delay(after, now));
        let is_bearable = patience.waits < WAITS_PER_REQUEST
            && wait <= self.max_wait
            && self.waited.saturating_add(wait) <= self.max_wait.saturating_mul(WAITS_PER_RUN)
            && self.fits(wait);
        if !is_bearable {
            self.not_before = now.checked_add_signed(to_delta(wait));
            return Trouble::Stop(Stop::Throttled, Some(failure));
        }
        log::info!(seconds = wait.as_secs_f64(); "waiting as the API asks");
        patience.waits += 1;
        self.waited += wait;
        match self.sit_out(wait, WaitReason::Throttled) {
            Ok(()) => Trouble::Again(failure),
            Err(stop) => {
                self.not_before = now.checked_add_signed(to_delta(wait));
                Trouble::Stop(stop, Some(failure))
            }
        }
    }

    /// Whether a request may be sent now; sits out a short wait for the rate.
    pub(super) fn may_send(&mut self) -> Result<(), Stop> {
        if let Some(signal) = self.interrupt.signal() {
            return Err(Stop::Signal(signal));
        }
        let wait = self.pacing.wait(self.clock.now());
        if wait.is_zero() {
            return Ok(());
        }
        if wait > self.max_wait || !self.fits(wait) {
            return Err(Stop::Rate);
        }
        log::debug!(seconds = wait.as_secs_f64(); "waiting to keep below the rate");
        self.sit_out(wait, WaitReason::Rate)
    }

    fn sit_out(&mut self, wait: Duration, reason: WaitReason) -> Result<(), Stop> {
        self.onlooker.waiting(wait);
        let start = self.clock.monotonic();
        let signal = self.clock.wait(wait, &self.interrupt);
        let waited = self.clock.monotonic().duration_since(start);
        self.counts.waited(reason, waited);
        match signal {
            Some(signal) => Err(Stop::Signal(signal)),
            None => Ok(()),
        }
    }

    fn fits(&self, wait: Duration) -> bool {
        self.deadline
            .is_none_or(|deadline| self.clock.monotonic() + wait < deadline)
    }
}

fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// What a request came to, for the counts.
fn outcome<T>(result: &Result<T, Trouble>) -> RequestOutcome {
    match result {
        Err(Trouble::Session(failure) | Trouble::Again(failure))
        | Err(Trouble::Stop(_, Some(failure))) => RequestOutcome::Failed {
            kind: failure.kind,
            fate_unknown: failure.fate_unknown,
        },
        Ok(_) | Err(Trouble::Stop(_, None)) => RequestOutcome::Answered,
    }
}

/// The part that a request is about. The question is about the call data.
fn part_of(kind: RequestKind) -> Part {
    match kind {
        RequestKind::Recording => Part::Recording,
        RequestKind::CallData | RequestKind::Question => Part::CallData,
    }
}

fn part_index(part: Part) -> usize {
    match part {
        Part::Recording => 0,
        Part::CallData => 1,
    }
}

/// Counts the bytes that were read.
struct Counted<'a> {
    inner: &'a mut (dyn Read + Send),
    bytes: u64,
    onlooker: &'a dyn Onlooker,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        self.onlooker.sent(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
