//! The agenda of a run: whose turn it is.
//!
//! Documents are judged ahead of their turn, up to a fixed number that are due: a backlog below that is
//! judged as a whole before the first request, and of a larger one the rest is read as turns are taken.

use std::ffi::OsStr;
use std::time::Instant;

use super::judgement::{Candidate, enqueue};
use super::ledger::Ledger;
use super::walk::Walk;
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::plan::{Policy, Turns};
use crate::report::{Fate, Stop};
use crate::spool::{Entry, LeasedSpool};

/// What ends a run from outside, whatever it has come to.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) interrupt: Interrupt,
    pub(super) deadline: Option<Instant>,
}

impl Bounds {
    /// Why no session may be started any more, if none may.
    pub(super) fn stop(&self, clock: &impl Clock) -> Option<Stop> {
        if let Some(signal) = self.interrupt.signal() {
            return Some(Stop::Signal(signal));
        }
        let is_over = |deadline| clock.monotonic() >= deadline;
        self.deadline.is_some_and(is_over).then_some(Stop::Deadline)
    }
}

/// The sessions of a snapshot whose turn is still to come.
pub(super) struct Agenda<'a, C> {
    pub(super) spool: &'a LeasedSpool<'a>,
    pub(super) policy: &'a Policy,
    pub(super) clock: &'a C,
    bounds: Bounds,
    walk: Walk,
    turns: Turns<Candidate>,
    /// File names of documents at which a run died, to be charged by a later run.
    pub(super) uncharged: Vec<String>,
}

impl<'a, C: Clock> Agenda<'a, C> {
    /// An agenda of those that a walk comes to, of which nobody is judged yet.
    pub(super) fn new(
        spool: &'a LeasedSpool<'a>,
        policy: &'a Policy,
        clock: &'a C,
        bounds: Bounds,
        window: usize,
        walk: Walk,
    ) -> Self {
        Self {
            spool,
            policy,
            clock,
            bounds,
            walk,
            turns: Turns::new(window),
            uncharged: Vec::new(),
        }
    }

    /// Judges those that come first on the walk, because earlier runs stopped or died at them.
    /// `has_crashed` tells which are to be charged for that; those that cannot be are in `uncharged`.
    pub(super) fn judge_first(
        &mut self,
        has_crashed: impl Fn(&OsStr) -> bool,
        ledger: &mut Ledger<'_>,
    ) {
        while let Some(entry) = self.walk.next_first() {
            let did_crash = has_crashed(&entry.name);
            self.judge_named(entry, did_crash, ledger);
        }
    }

    /// Judges so many from the oldest on that enough due ones wait for their turn.
    pub(super) fn fill(&mut self, ledger: &mut Ledger<'_>) {
        // The deadline is for what is started; this is not that yet.
        while !self.turns.is_full()
            && self.bounds.interrupt.signal().is_none()
            && self.judge_next(ledger)
        {}
    }

    /// Judges a session at which an earlier run stopped or died. It comes after all others.
    fn judge_named(&mut self, entry: Entry, did_crash: bool, ledger: &mut Ledger<'_>) {
        let name = entry.name.to_string_lossy().into_owned();
        if ledger.summary.stopped_by.is_some() {
            // Not judged any more: nothing is said of it but that it is left.
            ledger.leave_unread(1);
            self.uncharged.extend(did_crash.then_some(name));
            return;
        }
        match self.judge_one(entry, did_crash, ledger) {
            Ok(None) => {}
            Ok(Some(candidate)) => enqueue(&mut self.turns, candidate, true),
            Err(error) => {
                self.uncharged.extend(did_crash.then_some(name));
                ledger.stop_on_error(Err(error));
                ledger.summary.sessions.count(Fate::Left);
            }
        }
    }

    /// Judges the next document of the snapshot. Says whether one more may be judged.
    fn judge_next(&mut self, ledger: &mut Ledger<'_>) -> bool {
        if ledger.summary.stopped_by.is_some() {
            return false;
        }
        let Some(entry) = self.walk.next() else {
            return false;
        };
        match self.judge_one(entry, false, ledger) {
            Ok(candidate) => {
                if let Some(candidate) = candidate {
                    enqueue(&mut self.turns, candidate, false);
                }
                true
            }
            Err(error) => {
                ledger.stop_on_error(Err(error));
                ledger.summary.sessions.count(Fate::Left);
                false
            }
        }
    }

    /// The session whose turn it is; before that, documents are judged until there is one of the kind
    /// that is next, or too many others wait. `None` when there is none any more, or when the run may
    /// not go on.
    pub(super) fn next(&mut self, ledger: &mut Ledger<'_>) -> Option<Candidate> {
        while self.turns.is_wanting() && !self.walk.is_empty() {
            let may_go_on = self.bounds.stop(self.clock).is_none();
            if !may_go_on || !self.judge_next(ledger) {
                return None;
            }
        }
        self.turns.next()
    }

    /// How many are to come at most: those that are due, and those that may be.
    pub(super) fn len(&self) -> usize {
        self.turns.len() + self.walk.len()
    }

    /// Whether none is to come.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts what is still to come as left for a later run.
    pub(super) fn leave_rest(self, ledger: &mut Ledger<'_>) {
        for candidate in self.turns {
            ledger.leave(&candidate);
        }
        ledger.leave_unread(self.walk.len() as u64);
    }
}

#[cfg(test)]
mod tests;
