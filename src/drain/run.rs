//! A run over one snapshot.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agenda::{Agenda, Bounds};
use super::breaker::Breaker;
use super::dues::Dues;
use super::exchange::Exchange;
use super::judgement::Candidate;
use super::lane::Lane;
use super::ledger::Ledger;
use super::onlooker::{Nobody, Onlooker};
use super::pacing::{Limit, Pacing};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::plan::Policy;
use crate::report::{RunSummary, Stop};
use crate::spool::{Interrupted, LeasedSpool, RunState, SpoolError, State};
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
    /// Due sessions that are judged ahead of their turn.
    pub window: usize,
}

impl Limits {
    /// How many due sessions a run judges ahead: so many that small backlogs are judged as a whole
    /// before the first request, and so few that this takes a fraction of a second.
    pub const WINDOW: usize = 10_000;
}

/// One run: the snapshot is taken, judged, and drained.
pub struct Drain<'a, A, C> {
    pub(super) spool: &'a LeasedSpool<'a>,
    /// At least one.
    pub(super) lanes: Vec<Lane<'a, A, C>>,
    pub(super) dues: Arc<Dues>,
    pub(super) onlooker: &'a dyn Onlooker,
    pub(super) clock: &'a C,
    pub(super) bounds: Bounds,
    pub(super) policy: &'a Policy,
    pub(super) batch_size: Option<u64>,
    pub(super) window: usize,
    started: Instant,
    pub(super) breaker: Breaker,
    pub(super) state: RunState,
    pub(super) ledger: Ledger<'a>,
    pub(super) attempted: u64,
    /// It is known that the disk takes what is to be recorded.
    pub(super) is_proven: bool,
    pub(super) stopped_at: Vec<String>,
    /// A dead run may have left temporary files.
    pub(super) unswept: bool,
}

impl<'a, A: UploadApi + Send, C: Clock + Sync> Drain<'a, A, C> {
    /// Prepares a run with as many lanes as there are clients: so many sessions are worked on at a
    /// time. With one the run works on its own thread alone. `secret` is the token, so that it can be
    /// kept out of messages.
    pub fn new(
        spool: &'a LeasedSpool<'a>,
        apis: Vec<A>,
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
        let dues = Arc::new(Dues::new(pacing, limits.max_wait, deadline));
        let has_others = apis.len() > 1;
        let lane = |(number, api)| Lane {
            exchange: Exchange::new(
                number,
                api,
                clock,
                interrupt.clone(),
                Arc::clone(&dues),
                policy,
            ),
            spool,
            policy,
            clock,
            secret,
            has_others,
        };
        let lanes = apis.into_iter().enumerate().map(lane).collect();
        Self {
            spool,
            lanes,
            dues,
            onlooker: &Nobody,
            clock,
            bounds: Bounds {
                interrupt,
                deadline,
            },
            policy,
            batch_size: limits.batch_size,
            window: limits.window,
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
        self.onlooker = onlooker;
        for lane in &mut self.lanes {
            lane.exchange.onlooker = onlooker;
        }
        self
    }

    /// Runs to the end. Whatever stops it is in the summary.
    ///
    /// # Errors
    /// When the snapshot cannot be taken.
    pub fn run(mut self, died: Option<&Interrupted>) -> Result<RunSummary, SpoolError> {
        let listed = self.spool.list(State::Pending)?;
        self.ledger.summary.sessions.pending = listed.len() as u64;
        let mut agenda = self.open_agenda(listed, died);
        if self.ledger.summary.stopped_by.is_none() {
            self.drain(&mut agenda);
        }
        agenda.leave_rest(&mut self.ledger);
        let never_connected = {
            let known = self.dues.known();
            known.tried && !known.connected
        };
        self.ledger.close(never_connected, self.clock.now());
        self.finish();
        Ok(self.ledger.summary)
    }

    fn drain(&mut self, agenda: &mut Agenda<'a, C>) {
        let due = agenda.len() as u64;
        let batch = self.batch_size.map_or(due, |size| size.min(due));
        self.onlooker.begun(batch);
        let mut lanes = std::mem::take(&mut self.lanes);
        match lanes.as_mut_slice() {
            [lane] => self.drain_in_sequence(lane, agenda),
            lanes => self.drain_together(lanes, agenda),
        }
        self.lanes = lanes;
    }

    pub(super) fn drain_in_sequence(
        &mut self,
        lane: &mut Lane<'a, A, C>,
        agenda: &mut Agenda<'a, C>,
    ) {
        while let Some(candidate) = self.next(agenda) {
            let (worked_by, result) = match self.take(candidate) {
                Ok(Some(task)) => {
                    let worked = self.work(lane, &task);
                    (Some(lane.exchange.lane), self.conclude(&task, worked))
                }
                Ok(None) => (None, Ok(())),
                Err(error) => (None, Err(error)),
            };
            self.settled(worked_by, result);
        }
    }

    /// Whose turn it is, unless the run has ended or must end now.
    pub(super) fn next(&mut self, agenda: &mut Agenda<'a, C>) -> Option<Candidate> {
        if agenda.is_empty() || self.must_end() {
            return None;
        }
        let next = agenda.next(&mut self.ledger);
        // What was judged on the way may have taken long, or failed.
        if self.must_end() {
            if let Some(candidate) = next {
                self.ledger.leave(&candidate);
            }
            return None;
        }
        next
    }

    /// Whether no session may be begun any more.
    pub(super) fn must_end(&mut self) -> bool {
        if !self.has_ended()
            && let Some(stop) = self.bounds.stop(self.clock)
        {
            self.ledger.stop(stop, None);
        }
        self.has_ended()
    }

    /// Whether something has ended the run.
    pub(super) fn has_ended(&self) -> bool {
        self.ledger.summary.stopped_by.is_some()
    }

    /// A session's turn is over, with what that came to.
    pub(super) fn settled(&mut self, lane: Option<usize>, result: Result<(), SpoolError>) {
        self.ledger.stop_on_error(result);
        self.onlooker.settled(lane, &self.ledger.summary.sessions);
        let ends_all = |stop: &Stop| !matches!(stop, Stop::Deadline | Stop::BatchSize | Stop::Rate);
        if let Some(stop) = self.ledger.summary.stopped_by.filter(ends_all) {
            // What other lanes have in hand is ended without another request.
            self.dues.halt(stop);
        }
    }

    /// Counts what needs a person. A directory that cannot be read is not an empty one.
    fn count(&mut self, state: State) -> u64 {
        match self.spool.count(state) {
            Ok(count) => count,
            Err(error) => {
                self.ledger.stop_on_error(Err(error));
                0
            }
        }
    }

    fn finish(&mut self) {
        let now = self.clock.now();
        let (not_before, requests, bytes_sent, counts) = {
            let mut known = self.dues.known();
            (
                known.not_before,
                known.pacing.still_counting(now),
                known.bytes_sent,
                std::mem::take(&mut known.counts),
            )
        };
        let next = RunState {
            unswept: self.unswept,
            died_at: self.state.died_at.clone(),
            not_before: not_before.or(self.state.not_before.filter(|time| *time > now)),
            requests,
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
        self.ledger.summary.bytes_sent = bytes_sent;
        self.ledger.summary.requests = counts;
        self.ledger.summary.duration_seconds = self
            .clock
            .monotonic()
            .duration_since(self.started)
            .as_secs_f64();
    }
}
