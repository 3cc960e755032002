//! One request at a time by one lane of a run, with what the run owes the API: the rate, the waiting
//! that it asks for, and the patience to tell a wrong address or wrong credentials from a session's
//! own trouble.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::dues::{Clearance, Dues, Intent};
use super::onlooker::{Nobody, Onlooker};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{Policy, retry_after_delay};
use crate::report::{RequestKind, RequestOutcome, Stop, WaitReason};
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

/// The API as one lane talks to it, with what the run owes it.
pub(super) struct Exchange<'a, A, C> {
    api: A,
    clock: &'a C,
    interrupt: Interrupt,
    pub(super) dues: Arc<Dues>,
    /// What a 429 without Retry-After waits.
    default_wait: Duration,
    pub(super) onlooker: &'a dyn Onlooker,
    /// Which of the lanes this is, from 0.
    pub(super) lane: usize,
}

impl<'a, A: UploadApi, C: Clock> Exchange<'a, A, C> {
    pub(super) fn new(
        lane: usize,
        api: A,
        clock: &'a C,
        interrupt: Interrupt,
        dues: Arc<Dues>,
        policy: &Policy,
    ) -> Self {
        Self {
            api,
            clock,
            interrupt,
            dues,
            default_wait: policy.min_backoff,
            onlooker: &Nobody,
            lane,
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
        self.onlooker.recording(self.lane, len_bytes);
        let mut body = Counted {
            inner: body,
            bytes: 0,
            onlooker: self.onlooker,
            lane: self.lane,
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
        let mut known = self.dues.known();
        known.bytes_sent += body.bytes;
        if timed.result.is_ok() {
            known.accept(Part::Recording);
        }
        drop(known);
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
        self.onlooker.call_data(self.lane);
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
            let mut known = self.dues.known();
            known.bytes_sent += body.len() as u64;
            known.accept(Part::CallData);
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

    fn request<T>(
        &mut self,
        kind: RequestKind,
        session_id: &str,
        patience: &mut Patience,
        send: impl FnOnce(&mut A, &str) -> Result<T, Failure>,
    ) -> Timed<T> {
        if let Err(stop) = self.clear(Intent::Send) {
            return Timed {
                result: Err(Trouble::Stop(stop, None)),
                request: RequestFacts::default(),
            };
        }
        let start = self.clock.monotonic();
        let id = idempotency::request_id();
        let result = send(&mut self.api, &id);
        let took = self.clock.monotonic().duration_since(start);
        let result = match result {
            Ok(answer) => {
                let mut known = self.dues.known();
                known.connected = true;
                known.forbidden = None;
                Ok(answer)
            }
            Err(failure) => Err(self.judge(part_of(kind), session_id, failure, patience)),
        };
        let outcome = outcome(&result);
        self.dues.known().counts.count(kind, outcome, took);
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
        let mut known = self.dues.known();
        known.connected |= failure.connected;
        if let Some(signal) = self.interrupt.signal() {
            return Trouble::Stop(Stop::Signal(signal), Some(failure));
        }
        let forbidden_before = known.forbidden.take();
        match failure.kind {
            FailureKind::Auth => Trouble::Stop(Stop::Auth, Some(failure)),
            FailureKind::Forbidden => match forbidden_before {
                Some(other) if other != session_id => {
                    failure.kind = FailureKind::Auth;
                    Trouble::Stop(Stop::Auth, Some(failure))
                }
                _ => {
                    known.forbidden = Some(session_id.to_owned());
                    Trouble::Session(failure)
                }
            },
            FailureKind::Misdirected if known.has_accepted(part) => {
                failure.kind = FailureKind::Protocol;
                Trouble::Session(failure)
            }
            FailureKind::Misdirected => Trouble::Stop(Stop::Misdirected, Some(failure)),
            FailureKind::Certificate => Trouble::Stop(Stop::Unavailable, Some(failure)),
            FailureKind::Throttled => {
                drop(known);
                self.throttled(failure, patience)
            }
            _ => Trouble::Session(failure),
        }
    }

    /// Waits as the API asks, if that is short, not too often, and ends before the deadline. The
    /// other lanes wait as well before they send anything more.
    fn throttled(&mut self, failure: Failure, patience: &mut Patience) -> Trouble {
        let (now, start) = (self.clock.now(), self.clock.monotonic());
        let wait = failure
            .retry_after
            .map_or(self.default_wait, |after| retry_after_delay(after, now));
        let mut known = self.dues.known();
        // What another lane waits already is not waited for twice.
        let under_way = known.resume_at.unwrap_or(start);
        let more = wait.saturating_sub(under_way.saturating_duration_since(start));
        let max_wait = self.dues.max_wait;
        let is_bearable = patience.waits < WAITS_PER_REQUEST
            && wait <= max_wait
            && known.waited.saturating_add(more) <= max_wait.saturating_mul(WAITS_PER_RUN)
            && self.dues.fits(wait, start);
        let not_before = now.checked_add_signed(to_delta(wait));
        if !is_bearable {
            known.not_before = known.not_before.max(not_before);
            return Trouble::Stop(Stop::Throttled, Some(failure));
        }
        known.waited += more;
        known.resume_at = known.resume_at.max(start.checked_add(wait));
        drop(known);
        log::info!(seconds = wait.as_secs_f64(); "waiting as the API asks");
        patience.waits += 1;
        match self.sit_out(wait, WaitReason::Throttled) {
            Ok(()) => Trouble::Again(failure),
            Err(stop) => {
                let mut known = self.dues.known();
                known.not_before = known.not_before.max(not_before);
                Trouble::Stop(stop, Some(failure))
            }
        }
    }

    /// Whether a request may be sent now; sits out a short wait for the rate, or for what the API
    /// asked of another lane.
    pub(super) fn may_send(&mut self) -> Result<(), Stop> {
        self.clear(Intent::Begin)
    }

    fn clear(&mut self, intent: Intent) -> Result<(), Stop> {
        loop {
            if let Some(signal) = self.interrupt.signal() {
                return Err(Stop::Signal(signal));
            }
            let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
            match self.dues.clear(intent, now, monotonic) {
                Clearance::Granted => return Ok(()),
                Clearance::Refused(stop) => return Err(stop),
                Clearance::After(wait, reason) => {
                    let seconds = wait.as_secs_f64();
                    match reason {
                        WaitReason::Rate => {
                            log::debug!(seconds = seconds; "waiting to keep below the rate");
                        }
                        WaitReason::Throttled => {
                            log::debug!(seconds = seconds; "waiting as the API asked before");
                        }
                    }
                    self.sit_out(wait, reason)?;
                }
            }
        }
    }

    fn sit_out(&mut self, wait: Duration, reason: WaitReason) -> Result<(), Stop> {
        self.onlooker.waiting(self.lane, wait);
        let start = self.clock.monotonic();
        let signal = self.clock.wait(wait, &self.interrupt);
        let waited = self.clock.monotonic().duration_since(start);
        self.dues.known().counts.waited(reason, waited);
        match signal {
            Some(signal) => Err(Stop::Signal(signal)),
            None => Ok(()),
        }
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

/// Counts the bytes that were read.
struct Counted<'a> {
    inner: &'a mut (dyn Read + Send),
    bytes: u64,
    onlooker: &'a dyn Onlooker,
    lane: usize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        self.onlooker.sent(self.lane, count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
