//! A run over one snapshot.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use super::agenda::Candidate;
use super::attempt::{Attempt, Attempted, End};
use super::breaker::Breaker;
use super::exchange::Exchange;
use super::ledger::{Held, Ledger};
use super::onlooker::Onlooker;
use super::pacing::{Limit, Pacing};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, Part};
use crate::plan::{Action, Delivery, Policy, Turns, assess, rest_of_wait};
use crate::report::{Fate, RunSummary, Stop};
use crate::session::{Document, Dossier, Status, Verdict, verdict};
use crate::settle::{self, Charge};
use crate::spool::{DocumentReading, Interrupted, LeasedSpool, RunState, SpoolError, State};
use crate::timestamp;
use crate::upload::UploadApi;

/// What bounds a run.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sessions attempted at most; `None`: no limit.
    pub batch_size: Option<u64>,
    /// No session is started after that long.
    pub max_duration: Option<Duration>,
    /// The longest wait that the API may ask for.
    pub max_wait: Duration,
    /// Failures in a row that end the run.
    pub breaker: u32,
    /// Requests sent at most.
    pub rate: Vec<Limit>,
}

/// One run: the snapshot is taken, judged, and drained.
pub struct Drain<'a, A, C> {
    pub(super) spool: &'a LeasedSpool<'a>,
    exchange: Exchange<'a, A, C>,
    pub(super) clock: &'a C,
    interrupt: Interrupt,
    pub(super) policy: &'a Policy,
    batch_size: Option<u64>,
    deadline: Option<Instant>,
    secret: Option<&'a str>,
    started: Instant,
    breaker: Breaker,
    pub(super) state: RunState,
    pub(super) ledger: Ledger<'a>,
    attempted: u64,
    is_proven: bool,
    stopped_at: Vec<String>,
    /// A dead run may have left temporary files.
    pub(super) unswept: bool,
}

impl<'a, A: UploadApi, C: Clock> Drain<'a, A, C> {
    /// Prepares a run. `secret` is the token, so that it can be kept out of messages.
    pub fn new(
        spool: &'a LeasedSpool<'a>,
        api: A,
        clock: &'a C,
        interrupt: Interrupt,
        policy: &'a Policy,
        limits: &Limits,
        secret: Option<&'a str>,
    ) -> Self {
        let now = clock.now();
        let started = clock.monotonic();
        let deadline = limits
            .max_duration
            .and_then(|duration| started.checked_add(duration));
        let state = spool.run_state();
        let unswept = state.unswept;
        let pacing = Pacing::new(limits.rate.clone(), state.requests.clone(), now);
        let exchange = Exchange::new(
            api,
            clock,
            interrupt.clone(),
            pacing,
            limits.max_wait,
            policy,
            deadline,
        );
        Self {
            spool,
            exchange,
            clock,
            interrupt,
            policy,
            batch_size: limits.batch_size,
            deadline,
            secret,
            started,
            breaker: Breaker::new(limits.breaker),
            state,
            ledger: Ledger::new(spool, policy, now),
            attempted: 0,
            is_proven: false,
            stopped_at: Vec::new(),
            unswept,
        }
    }

    /// Tells somebody who looks on.
    #[must_use]
    pub fn shown_to(mut self, onlooker: &'a dyn Onlooker) -> Self {
        self.exchange.onlooker = onlooker;
        self
    }

    /// Runs to the end. Whatever stops it is in the summary.
    ///
    /// # Errors
    /// When the snapshot cannot be taken.
    pub fn run(mut self, died: Option<&Interrupted>) -> Result<RunSummary, SpoolError> {
        let listed = self.spool.list(State::Pending)?;
        self.ledger.summary.sessions.pending = listed.entries.len() as u64;
        let mut turns = self.clear_and_judge(listed, died);
        if self.ledger.summary.stopped_by.is_none() {
            self.drain(&mut turns);
        }
        for candidate in turns {
            self.ledger.leave(&candidate);
        }
        let never_connected = self.exchange.tried && !self.exchange.connected;
        self.ledger.close(never_connected, self.clock.now());
        self.finish();
        Ok(self.ledger.summary)
    }

    fn drain(&mut self, turns: &mut Turns<Candidate>) {
        let due = turns.len() as u64;
        let batch = self.batch_size.map_or(due, |size| size.min(due));
        self.exchange.onlooker.begun(batch);
        while !turns.is_empty() {
            if let Some(stop) = self.must_stop() {
                self.ledger.stop(stop, None);
                return;
            }
            let Some(candidate) = turns.next() else {
                return;
            };
            let result = self.take(&candidate);
            self.ledger.stop_on_error(result);
            self.exchange
                .onlooker
                .settled(&self.ledger.summary.sessions);
            if self.ledger.summary.stopped_by.is_some() {
                return;
            }
        }
    }

    fn must_stop(&self) -> Option<Stop> {
        if let Some(signal) = self.interrupt.signal() {
            return Some(Stop::Signal(signal));
        }
        let is_over = self
            .deadline
            .is_some_and(|deadline| self.clock.monotonic() >= deadline);
        is_over.then_some(Stop::Deadline)
    }

    /// Takes one session: gathers what is on disk for it, decides, acts.
    fn take(&mut self, candidate: &Candidate) -> Result<(), SpoolError> {
        let name = &candidate.entry.name;
        let document = match self.spool.read_document(State::Pending, name) {
            DocumentReading::Document(document) if document.status() == Status::ReadyForUpload => {
                *document
            }
            // Its status was changed since it was judged.
            DocumentReading::Document(_) => return self.ledger.count(Fate::Skipped),
            DocumentReading::Vanished => return self.ledger.count(Fate::Vanished),
            // It was a document a moment ago: somebody is writing to it.
            DocumentReading::Unparsable(_) => return self.ledger.count(Fate::Settling),
            DocumentReading::Unreadable(reason) => {
                log::warn!(document:% = name.display(), reason = reason.as_str(); "skipped");
                return self.ledger.count(Fate::Skipped);
            }
        };
        let dossier = self.spool.gather(name, document, candidate.entry.modified);
        let session = dossier.document.session_id();
        match assess(&dossier, self.policy, self.clock.now()) {
            Action::Wait { until } => {
                log::debug!(session = session, until:% = until; "waiting for the recording");
                self.ledger.awaiting_since(candidate.entry.modified);
                self.ledger.count(Fate::Waiting)
            }
            Action::Settle { what } => {
                log::debug!(session = session, file = what; "a file may still be in the making");
                self.ledger.count(Fate::Settling)
            }
            Action::Skip { reason } => {
                log::warn!(session = session, reason = reason.as_str(); "skipped");
                self.ledger.count(Fate::Skipped)
            }
            Action::Fail { part, failure } => self.fail(&dossier, part, &failure),
            Action::File => self.file(name, dossier.document.clone()),
            Action::Retry { .. } | Action::Deliver(_) if self.batch_is_full() => {
                self.ledger.leave(candidate);
                self.ledger.stop(Stop::BatchSize, None);
                Ok(())
            }
            Action::Retry { failure } => self.retry(&dossier, &failure),
            Action::Deliver(delivery) => self.deliver(candidate, &dossier, &delivery),
        }
    }

    fn batch_is_full(&self) -> bool {
        self.batch_size.is_some_and(|size| self.attempted >= size)
    }

    fn file(&mut self, name: &OsStr, mut document: Document) -> Result<(), SpoolError> {
        let fate = self
            .ledger
            .or_deferred(settle::file(self.spool, name, &mut document))?;
        self.ledger.settled(&document, fate);
        Ok(())
    }

    fn fail(&mut self, dossier: &Dossier, part: Part, failure: &Failure) -> Result<(), SpoolError> {
        let mut document = dossier.document.clone();
        log::error!(session = document.session_id(), kind = failure.kind.as_str(), reason = failure.message.as_str(); "failed: nothing was sent");
        let now = self.clock.now();
        let fate = settle::fail(self.spool, &dossier.name, &mut document, part, failure, now);
        let fate = self.ledger.or_deferred(fate)?;
        self.ledger.settled(&document, fate);
        Ok(())
    }

    /// Charges a session that lacks something which may still come.
    fn retry(&mut self, dossier: &Dossier, failure: &Failure) -> Result<(), SpoolError> {
        self.attempted += 1;
        let mut document = dossier.document.clone();
        log::warn!(session = document.session_id(), kind = failure.kind.as_str(), reason = failure.message.as_str(); "not delivered");
        let now = self.clock.now();
        settle::note_failure(&mut document, Part::CallData, failure, None, now);
        let stamped = settle::set(document.set_last_upload_attempt(now), &dossier.name);
        self.ledger.or_deferred(stamped)?;
        let charge = Charge {
            part: Part::CallData,
            retry_after: None,
        };
        self.ledger.charge_and_file(
            self.clock.now(),
            Held {
                name: dossier.name.clone(),
                document,
                charges: vec![charge],
            },
        )
    }

    fn deliver(
        &mut self,
        candidate: &Candidate,
        dossier: &Dossier,
        delivery: &Delivery,
    ) -> Result<(), SpoolError> {
        if let Err(stop) = self.prepare_to_send()? {
            let until = self.state.not_before.filter(|_| stop == Stop::Throttled);
            let message = until.map(|until| {
                let until = timestamp::format_millis(until);
                format!("the API asked to be left alone until {until}")
            });
            self.ledger.leave(candidate);
            self.ledger.stop(stop, message);
            return Ok(());
        }
        if let Err(stop) = self.exchange.may_send() {
            self.ledger.leave(candidate);
            self.ledger.stop(stop, None);
            return Ok(());
        }
        self.attempted += 1;
        let session_id = dossier.document.session_id();
        self.exchange.onlooker.turn(session_id);
        self.ledger
            .or_deferred(self.spool.begin_work(&dossier.name, session_id))?;
        let attempt = Attempt::new(
            &mut self.exchange,
            self.spool,
            self.policy,
            self.clock,
            dossier,
            self.secret,
        );
        let attempted = attempt.make(delivery);
        self.ledger.add_parts(&attempted);
        self.conclude(&dossier.name, attempted)?;
        if self.exchange.pacing.is_limited() {
            // A run that is killed later must not forget what it has sent.
            let requests = self.exchange.pacing.still_counting(self.clock.now());
            self.state.requests = requests;
            self.spool.save_run_state(&self.state)?;
        }
        self.spool.end_work(&dossier.name)
    }

    /// Before the first request: the disk must take what is to be recorded, and the API must not
    /// have asked to be left alone.
    fn prepare_to_send(&mut self) -> Result<Result<(), Stop>, SpoolError> {
        if self.is_proven {
            return Ok(Ok(()));
        }
        if let Err(error) = self.spool.prove_writable() {
            self.ledger.summary.sessions.count(Fate::Left);
            return Err(error);
        }
        self.is_proven = true;
        let rest = rest_of_wait(self.state.not_before, self.policy, self.clock.now());
        Ok(rest.map_or(Ok(()), |rest| self.exchange.respect(rest)))
    }

    /// Writes back what a try came to and draws the run's conclusions from it. Its own session
    /// comes first; then, if something was delivered or rejected, which shows that the service
    /// works, those held back before are charged.
    fn conclude(&mut self, name: &OsStr, attempted: Attempted) -> Result<(), SpoolError> {
        let mut earlier = Vec::new();
        if attempted.delivered || attempted.rejected {
            self.breaker.worked();
            earlier = self.ledger.take_held();
        }
        if let Err(error) = self.conclude_one(name, attempted) {
            // Nothing more is written where something could not be.
            self.ledger.hold_again(earlier);
            return Err(error);
        }
        self.ledger.charge_all(earlier, self.clock.now())
    }

    fn conclude_one(&mut self, name: &OsStr, attempted: Attempted) -> Result<(), SpoolError> {
        let Attempted {
            document,
            charges,
            end,
            delivered,
            rejected,
            ..
        } = attempted;
        let is_at_its_end = verdict(&document.record) != Verdict::Pending
            // The call data is there, and the recording is given up once its charge is counted.
            || delivered && document.record.call_data.state.is_delivered();
        let held = |document| Held {
            name: name.to_owned(),
            document,
            charges,
        };
        match end {
            End::Unrecorded(error) => {
                self.ledger.settled(&document, Fate::Deferred);
                Err(error)
            }
            End::Vanished => {
                log::warn!(session = document.session_id(); "somebody removed the document while it was worked on");
                self.ledger.count(Fate::Vanished)
            }
            End::Stopped(stop, message) => {
                // A session of which nothing was sent was not tried.
                let is_untouched = message.is_none() && !delivered;
                if stop == Stop::Rate && !is_untouched && !document.is_retry() {
                    self.ledger.summary.cut_short += 1;
                }
                self.stop_at(name, stop, message);
                let fate = if is_untouched {
                    Fate::Left
                } else {
                    Fate::Deferred
                };
                self.ledger.put_aside(name, &document, fate)
            }
            End::Complete if is_at_its_end => {
                self.ledger
                    .charge_and_file(self.clock.now(), held(document))?;
                if !rejected {
                    self.breaker.understood();
                } else if self.breaker.rejected() {
                    self.stop_at(name, Stop::Rejected, None);
                }
                Ok(())
            }
            End::Complete | End::Deferred => {
                let reason = document
                    .record
                    .last_error()
                    .map(|(_, error)| error.message.clone());
                self.ledger.hold(held(document))?;
                if self.breaker.failed() {
                    self.stop_at(name, Stop::Unavailable, reason);
                }
                Ok(())
            }
        }
    }

    fn stop_at(&mut self, name: &OsStr, stop: Stop, message: Option<String>) {
        self.stopped_at.push(name.to_string_lossy().into_owned());
        self.ledger.stop(stop, message);
    }

    /// Counts what needs a person. A directory that cannot be read is not an empty one.
    fn count(&mut self, state: State) -> u64 {
        match self.spool.list(state) {
            Ok(listed) => listed.entries.len() as u64,
            Err(error) => {
                self.ledger.stop_on_error(Err(error));
                0
            }
        }
    }

    fn finish(&mut self) {
        let now = self.clock.now();
        let next = RunState {
            unswept: self.unswept,
            died_at: self.state.died_at.clone(),
            not_before: self
                .exchange
                .not_before
                .or(self.state.not_before.filter(|time| *time > now)),
            requests: self.exchange.pacing.still_counting(now),
            last: match self.ledger.summary.stopped_by {
                // Who was to be tried last has not had that turn yet.
                _ if self.attempted == 0 => self.state.last.clone(),
                Some(stop) if stop.is_at_a_session() => std::mem::take(&mut self.stopped_at),
                _ => Vec::new(),
            },
        };
        if next != self.state && !self.ledger.summary.is_unrecorded {
            let saved = self.spool.save_run_state(&next);
            self.ledger.stop_on_error(saved);
        }
        self.ledger.summary.needs_attention.failed = self.count(State::Failed);
        self.ledger.summary.needs_attention.corrupt = self.count(State::Corrupt);
        self.ledger.summary.bytes_sent = self.exchange.bytes_sent;
        self.ledger.summary.requests = std::mem::take(&mut self.exchange.counts);
        self.ledger.summary.duration_seconds = self
            .clock
            .monotonic()
            .duration_since(self.started)
            .as_secs_f64();
    }
}
