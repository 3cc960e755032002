//! A run over one snapshot.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use super::agenda::{Candidate, Judgement, judge};
use super::attempt::{Attempt, Attempted, End};
use super::breaker::Breaker;
use super::exchange::Exchange;
use super::held::Held;
use super::interrupt::Interrupt;
use super::pacing::{Limit, Pacing};
use crate::clock::Clock;
use crate::outcome::{Failure, Part};
use crate::plan::{Action, Delivery, Policy, Turns, assess};
use crate::report::{Fate, RunSummary, SessionError, Stop};
use crate::session::{Document, Dossier, PartState, Verdict, verdict};
use crate::settle::{self, Charge};
use crate::spool::{
    DocumentReading, Entry, Interrupted, LeasedSpool, Listed, RunState, SpoolError, State,
};
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
    spool: &'a LeasedSpool<'a>,
    exchange: Exchange<'a, A, C>,
    clock: &'a C,
    interrupt: Interrupt,
    policy: &'a Policy,
    batch_size: Option<u64>,
    deadline: Option<Instant>,
    secret: Option<&'a str>,
    started: Instant,
    breaker: Breaker,
    state: RunState,
    held: Vec<Held>,
    attempted: u64,
    is_proven: bool,
    stopped_at: Vec<String>,
    summary: RunSummary,
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
            held: Vec::new(),
            attempted: 0,
            is_proven: false,
            stopped_at: Vec::new(),
            summary: RunSummary::new(now),
        }
    }

    /// Runs to the end. Whatever stops it is in the summary.
    ///
    /// # Errors
    /// When the snapshot cannot be taken.
    pub fn run(mut self, died: Option<&Interrupted>) -> Result<RunSummary, SpoolError> {
        let listed = self.spool.list(State::Pending)?;
        self.summary.sessions.pending = listed.entries.len() as u64;
        let mut turns = self.clear_and_judge(listed, died);
        if self.summary.stopped_by.is_none() {
            self.drain(&mut turns);
        }
        for candidate in turns {
            self.leave(&candidate);
        }
        self.release_or_give_back();
        self.finish();
        Ok(self.summary)
    }

    /// Finishes what earlier runs left half done and judges every document, without the network.
    fn clear_and_judge(&mut self, listed: Listed, died: Option<&Interrupted>) -> Turns<Candidate> {
        let mut turns = Turns::default();
        let cleared = self.clear(listed.has_temporaries, died.is_some());
        self.stop_on_error(cleared);
        let crashed = died.and_then(|died| died.document.clone());
        let last = self.state.last.clone();
        for entry in listed.entries {
            if self.summary.stopped_by.is_some() {
                turns.push_untried(Candidate {
                    entry,
                    failed_before: false,
                });
                continue;
            }
            let name = entry.name.to_string_lossy().into_owned();
            let did_crash = crashed.as_ref() == Some(&name);
            let judged = self.judge_one(entry.clone(), did_crash);
            match judged {
                Ok(None) => {}
                Ok(Some((_, candidate))) if did_crash || last.contains(&name) => {
                    turns.push_last(candidate)
                }
                Ok(Some((true, candidate))) => turns.push_untried(candidate),
                Ok(Some((false, candidate))) => turns.push_retry(candidate),
                Err(error) => {
                    self.stop_on_error(Err(error));
                    self.summary.sessions.count(Fate::Left);
                }
            }
        }
        turns
    }

    fn clear(&self, has_temporaries: bool, did_die: bool) -> Result<(), SpoolError> {
        let now = self.clock.now();
        if did_die {
            self.spool.remove_stale_temporaries(&State::ALL, now)
        } else if has_temporaries {
            self.spool.remove_stale_temporaries(&[State::Pending], now)
        } else {
            Ok(())
        }
    }

    /// Judges one document and deals with it unless it is due. Says whether it was never tried.
    fn judge_one(
        &mut self,
        entry: Entry,
        did_crash: bool,
    ) -> Result<Option<(bool, Candidate)>, SpoolError> {
        let now = self.clock.now();
        let name = entry.name.clone();
        let fate = match judge(self.spool, entry.clone(), self.policy, now) {
            Judgement::Residue(state) => {
                self.spool.remove_residue(&name)?;
                return Ok(self.recovered(&name, state));
            }
            Judgement::Unmoved(state, _) => {
                self.spool.move_document(State::Pending, &name, state)?;
                return Ok(self.recovered(&name, state));
            }
            Judgement::Corrupt(reason) => {
                self.spool.quarantine(&name, &reason, now)?;
                self.summary.needs_attention.new += 1;
                log::error!(document:% = name.display(), reason = reason.as_str(); "quarantined: no metadata document");
                Fate::Corrupt
            }
            Judgement::Settling => Fate::Settling,
            Judgement::Skip(reason) => {
                log::warn!(document:% = name.display(), reason = reason.as_str(); "skipped");
                Fate::Skipped
            }
            Judgement::Vanished => Fate::Vanished,
            Judgement::BackOff(document, until) if !did_crash => {
                log::debug!(session = document.session_id(), until:% = until; "backing off");
                self.summary.retrying += 1;
                Fate::BackOff
            }
            Judgement::Untried(candidate) if !did_crash => return Ok(Some((true, candidate))),
            Judgement::Retry(candidate) if !did_crash => return Ok(Some((false, candidate))),
            Judgement::BackOff(..) | Judgement::Untried(_) | Judgement::Retry(_) => {
                return self.charge_crash(entry);
            }
        };
        self.summary.sessions.count(fate);
        Ok(None)
    }

    fn recovered(&mut self, name: &OsStr, state: State) -> Option<(bool, Candidate)> {
        self.summary.sessions.pending -= 1;
        self.summary.sessions.recovered += 1;
        log::info!(document:% = name.display(), state = state.as_str(); "finished a move that was interrupted");
        None
    }

    fn charge_crash(&mut self, entry: Entry) -> Result<Option<(bool, Candidate)>, SpoolError> {
        let DocumentReading::Document(mut document) =
            self.spool.read_document(State::Pending, &entry.name)
        else {
            self.summary.sessions.count(Fate::Vanished);
            return Ok(None);
        };
        log::warn!(session = document.session_id(); "an earlier run died while it worked on this session");
        let now = self.clock.now();
        let fate = settle::charge_crash(self.spool, &entry.name, &mut document, self.policy, now)?;
        if fate == Fate::Deferred {
            return Ok(Some((
                false,
                Candidate {
                    entry,
                    failed_before: true,
                },
            )));
        }
        self.settled(&document, fate);
        Ok(None)
    }

    fn drain(&mut self, turns: &mut Turns<Candidate>) {
        while !turns.is_empty() {
            if let Some(stop) = self.must_stop() {
                self.stop(stop, None);
                return;
            }
            let Some(candidate) = turns.next() else {
                return;
            };
            let result = self.take(&candidate);
            self.stop_on_error(result);
            if self.summary.stopped_by.is_some() {
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
            DocumentReading::Document(document) => *document,
            DocumentReading::Vanished => return self.count(Fate::Vanished),
            // It was a document a moment ago: somebody is writing to it.
            DocumentReading::Unparsable(_) => return self.count(Fate::Settling),
            DocumentReading::Unreadable(_) => return self.count(Fate::Skipped),
        };
        let dossier = self.spool.gather(name, document, candidate.entry.modified);
        let session = dossier.document.session_id();
        match assess(&dossier, self.policy, self.clock.now()) {
            Action::Wait { until } => {
                log::debug!(session = session, until:% = until; "waiting for the recording");
                self.count(Fate::Waiting)
            }
            Action::Settle { what } => {
                log::debug!(session = session, file = what; "a file may still be in the making");
                self.count(Fate::Settling)
            }
            Action::Skip { reason } => {
                log::warn!(session = session, reason = reason.as_str(); "skipped");
                self.count(Fate::Skipped)
            }
            Action::Fail { part, failure } => self.fail(&dossier, part, &failure),
            Action::File => self.file(name, dossier.document.clone()),
            Action::Retry { .. } | Action::Deliver(_) if self.batch_is_full() => {
                self.leave(candidate);
                self.stop(Stop::BatchSize, None);
                Ok(())
            }
            Action::Retry { failure } => self.retry(&dossier, &failure),
            Action::Deliver(delivery) => self.deliver(candidate, &dossier, &delivery),
        }
    }

    fn count(&mut self, fate: Fate) -> Result<(), SpoolError> {
        self.summary.sessions.count(fate);
        Ok(())
    }

    fn batch_is_full(&self) -> bool {
        self.batch_size.is_some_and(|size| self.attempted >= size)
    }

    fn file(&mut self, name: &OsStr, mut document: Document) -> Result<(), SpoolError> {
        let fate = self.or_deferred(settle::file(
            self.spool,
            name,
            &mut document,
            self.clock.now(),
        ))?;
        self.settled(&document, fate);
        Ok(())
    }

    fn fail(&mut self, dossier: &Dossier, part: Part, failure: &Failure) -> Result<(), SpoolError> {
        let mut document = dossier.document.clone();
        log::error!(session = document.session_id(), kind = failure.kind.as_str(), reason = failure.message.as_str(); "failed: nothing was sent");
        let now = self.clock.now();
        let fate = settle::fail(self.spool, &dossier.name, &mut document, part, failure, now);
        let fate = self.or_deferred(fate)?;
        self.settled(&document, fate);
        Ok(())
    }

    /// Charges a session that lacks something which may still come.
    fn retry(&mut self, dossier: &Dossier, failure: &Failure) -> Result<(), SpoolError> {
        self.attempted += 1;
        let mut document = dossier.document.clone();
        log::warn!(session = document.session_id(), kind = failure.kind.as_str(), reason = failure.message.as_str(); "not delivered");
        let now = self.clock.now();
        settle::note_failure(&mut document, Part::CallData, failure, None, now);
        settle::set(document.set_last_upload_attempt(now), &dossier.name)?;
        let charge = Charge {
            part: Part::CallData,
            retry_after: None,
        };
        self.charge_and_file(Held {
            name: dossier.name.clone(),
            document,
            charges: vec![charge],
        })
    }

    fn deliver(
        &mut self,
        candidate: &Candidate,
        dossier: &Dossier,
        delivery: &Delivery,
    ) -> Result<(), SpoolError> {
        if let Err(stop) = self.prepare_to_send()? {
            self.leave(candidate);
            self.stop(stop, None);
            return Ok(());
        }
        if let Err(stop) = self.exchange.may_send() {
            self.leave(candidate);
            self.stop(stop, None);
            return Ok(());
        }
        self.attempted += 1;
        let session_id = dossier.document.session_id();
        self.or_deferred(self.spool.mark(Some((&dossier.name, session_id))))?;
        let attempt = Attempt::new(
            &mut self.exchange,
            self.spool,
            self.policy,
            self.clock,
            dossier,
            self.secret,
        );
        let attempted = attempt.make(delivery);
        self.add_parts(&attempted);
        self.conclude(&dossier.name, attempted)?;
        self.spool.mark(None)
    }

    /// Before the first request: the disk must take what is to be recorded, and the API must not
    /// have asked to be left alone.
    fn prepare_to_send(&mut self) -> Result<Result<(), Stop>, SpoolError> {
        if self.is_proven {
            return Ok(Ok(()));
        }
        if let Err(error) = self.spool.prove_writable() {
            self.summary.sessions.count(Fate::Left);
            return Err(error);
        }
        self.is_proven = true;
        match self.state.not_before {
            Some(not_before) => Ok(self.exchange.respect_not_before(not_before)),
            None => Ok(Ok(())),
        }
    }

    /// Writes back what a try came to and draws the run's conclusions from it.
    fn conclude(&mut self, name: &OsStr, attempted: Attempted) -> Result<(), SpoolError> {
        let Attempted {
            document,
            charges,
            end,
            delivered,
            rejected,
            ..
        } = attempted;
        if delivered {
            self.breaker.delivered();
            self.release()?;
        }
        match end {
            End::Unrecorded(error) => {
                self.settled(&document, Fate::Deferred);
                Err(error)
            }
            End::Vanished => {
                log::warn!(session = document.session_id(); "somebody removed the document while it was worked on");
                self.count(Fate::Vanished)
            }
            // The operator's own rate cut the session in two: nothing has failed.
            End::Stopped(Stop::Rate, _) if charges.is_empty() => {
                self.stop(Stop::Rate, None);
                self.leave_half_done(name, &document)
            }
            End::Stopped(stop, message) => {
                self.stopped_at.push(name.to_string_lossy().into_owned());
                self.stop(stop, Some(message));
                self.hold(Held {
                    name: name.to_owned(),
                    document,
                    charges,
                })
            }
            End::Complete
                if verdict(&document.record) != Verdict::Pending
                    || delivered && charges_are_final(&document) =>
            {
                self.charge_and_file(Held {
                    name: name.to_owned(),
                    document,
                    charges,
                })?;
                if !rejected {
                    self.breaker.understood();
                    return Ok(());
                }
                self.release()?;
                if self.breaker.rejected() {
                    self.stopped_at.push(name.to_string_lossy().into_owned());
                    self.stop(Stop::Rejected, None);
                }
                Ok(())
            }
            End::Complete | End::Deferred => {
                self.hold(Held {
                    name: name.to_owned(),
                    document,
                    charges,
                })?;
                if self.breaker.failed() {
                    self.stopped_at.push(name.to_string_lossy().into_owned());
                    self.stop(Stop::Unavailable, None);
                }
                Ok(())
            }
        }
    }

    /// Writes down what happened to a session, without what it costs, until that is known.
    fn hold(&mut self, held: Held) -> Result<(), SpoolError> {
        let filed = self.or_deferred(self.spool.rewrite(
            State::Pending,
            &held.name,
            &held.document,
        ))?;
        match filed {
            crate::spool::Filed::As(_) => self.held.push(held),
            crate::spool::Filed::Vanished => self.summary.sessions.count(Fate::Vanished),
        }
        Ok(())
    }

    /// Charges everything that was held back: the service works.
    fn release(&mut self) -> Result<(), SpoolError> {
        while let Some(held) = self.held.pop() {
            self.charge_and_file(held)?;
        }
        Ok(())
    }

    fn charge_and_file(&mut self, held: Held) -> Result<(), SpoolError> {
        let Held {
            name,
            mut document,
            charges,
        } = held;
        let now = self.clock.now();
        let charged = settle::charge(&mut document, &charges, self.policy, now);
        let filed = settle::set(charged, &name).and_then(|()| {
            if charges.is_empty() && verdict(&document.record) != Verdict::Pending {
                let attempts = document.upload_attempts().saturating_add(1);
                settle::set(document.set_upload_attempts(attempts), &name)?;
            }
            settle::file(self.spool, &name, &mut document, now)
        });
        let fate = self.or_deferred(filed)?;
        self.settled(&document, fate);
        Ok(())
    }

    /// At the end: charges what is still held back, unless the run stopped for a reason that costs
    /// nobody an attempt.
    fn release_or_give_back(&mut self) {
        let came_to_its_end = matches!(
            self.summary.stopped_by,
            None | Some(Stop::Deadline | Stop::BatchSize | Stop::Rate)
        );
        if self.exchange.tried && !self.exchange.connected && came_to_its_end {
            self.summary.stopped_by = Some(Stop::Unavailable);
        }
        let costs_nobody = matches!(
            self.summary.stopped_by,
            Some(
                Stop::Unavailable
                    | Stop::Throttled
                    | Stop::Auth
                    | Stop::Misdirected
                    | Stop::Durability
            )
        );
        if costs_nobody {
            for held in std::mem::take(&mut self.held) {
                self.settled(&held.document, Fate::Deferred);
            }
            return;
        }
        while let Some(held) = self.held.pop() {
            let result = self.charge_and_file(held);
            self.stop_on_error(result);
        }
    }

    /// Counts a session as deferred when it could not be written: it is still where it was.
    fn or_deferred<T>(&mut self, result: Result<T, SpoolError>) -> Result<T, SpoolError> {
        if result.is_err() {
            self.summary.sessions.count(Fate::Deferred);
        }
        result
    }

    /// Counts a session and lists it among the errors when something is wrong with it.
    fn settled(&mut self, document: &Document, fate: Fate) {
        self.summary.sessions.count(fate);
        if matches!(fate, Fate::Failed | Fate::Partial) {
            self.summary.needs_attention.new += 1;
        }
        if matches!(fate, Fate::Failed | Fate::Partial | Fate::Deferred) {
            self.summary.errors.extend(session_error(document));
        }
    }

    /// Writes down how far a session came whose rest is for the next run.
    fn leave_half_done(&mut self, name: &OsStr, document: &Document) -> Result<(), SpoolError> {
        let filed = self.or_deferred(self.spool.rewrite(State::Pending, name, document))?;
        let fate = match filed {
            crate::spool::Filed::As(_) => Fate::Left,
            crate::spool::Filed::Vanished => Fate::Vanished,
        };
        self.summary.retrying += u64::from(document.is_retry());
        self.count(fate)
    }

    fn leave(&mut self, candidate: &Candidate) {
        self.summary.sessions.count(Fate::Left);
        self.summary.retrying += u64::from(candidate.failed_before);
    }

    fn add_parts(&mut self, attempted: &Attempted) {
        let (sum, parts) = (&mut self.summary.parts, &attempted.parts);
        sum.recordings_uploaded += parts.recordings_uploaded;
        sum.recordings_remote += parts.recordings_remote;
        sum.call_data_uploaded += parts.call_data_uploaded;
        sum.duplicates += parts.duplicates;
        sum.leads_uploaded += parts.leads_uploaded;
    }

    fn stop_on_error(&mut self, result: Result<(), SpoolError>) {
        if let Err(error) = result {
            self.stop(Stop::Durability, Some(error_chain(&error)));
        }
    }

    /// Ends the run. What cannot be recorded goes before every other reason.
    fn stop(&mut self, stop: Stop, message: Option<String>) {
        if self.summary.stopped_by.is_some() && stop != Stop::Durability {
            return;
        }
        self.summary.stopped_by = Some(stop);
        self.summary.stop_message = message.filter(|message| !message.is_empty());
    }

    fn finish(&mut self) {
        let now = self.clock.now();
        let next = RunState {
            not_before: self
                .exchange
                .not_before
                .or(self.state.not_before.filter(|time| *time > now)),
            requests: self.exchange.pacing.still_counting(now),
            last: match self.summary.stopped_by {
                // Who was to be tried last has not had that turn yet.
                _ if self.attempted == 0 => self.state.last.clone(),
                Some(stop) if stop.is_at_a_session() => std::mem::take(&mut self.stopped_at),
                _ => Vec::new(),
            },
        };
        if next != self.state && self.summary.stopped_by != Some(Stop::Durability) {
            let saved = self.spool.save_run_state(&next);
            self.stop_on_error(saved);
        }
        let count = |state| {
            self.spool
                .list(state)
                .map_or(0, |listed| listed.entries.len() as u64)
        };
        self.summary.needs_attention.failed = count(State::Failed);
        self.summary.needs_attention.corrupt = count(State::Corrupt);
        self.summary.bytes_sent = self.exchange.bytes_sent;
        self.summary.duration_seconds = self
            .clock
            .monotonic()
            .duration_since(self.started)
            .as_secs_f64();
    }
}

/// Whether a try that delivered something is also at its end once its charges are counted: the
/// call data is there, the recording was given up.
fn charges_are_final(document: &Document) -> bool {
    document.record.call_data.state.is_delivered()
}

/// What is wrong with a session, for the report.
fn session_error(document: &Document) -> Option<SessionError> {
    let record = &document.record;
    let base = |part: Part, kind: &str, status, message: &str| SessionError {
        session_id: document.session_id().to_owned(),
        part,
        kind: kind.to_owned(),
        status,
        attempts: record.attempts(part),
        next_attempt_at: record.next_attempt_at,
        message: message.to_owned(),
    };
    if let Some((part, error)) = record.last_error() {
        return Some(base(part, &error.kind, error.status, &error.message));
    }
    if record.recording.state == PartState::Missing {
        let reason = record.recording.reason.as_deref().unwrap_or("not_found");
        let message = format!("the recording is missing: {reason}");
        return Some(base(Part::Recording, "missing", None, &message));
    }
    if record.recording.size_mismatch {
        return Some(base(
            Part::Recording,
            "size_mismatch",
            None,
            "the recording's size is not the manifest's",
        ));
    }
    if record.call_data.unlinked {
        let message = "sent again complete, but the API kept the incomplete call that it had";
        return Some(base(Part::CallData, "unlinked", None, message));
    }
    let lacking = record.call_data.without.first()?;
    let message = match lacking {
        crate::session::Lacking::Recording => "the call went without its recording",
        crate::session::Lacking::Lead => "the call went without its lead: the file is not there",
        crate::session::Lacking::Transcript => {
            "the call went without a transcript: none is named or there"
        }
    };
    Some(base(Part::CallData, "incomplete", None, message))
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
