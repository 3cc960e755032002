//! What a run owes the API, whichever lane a request goes by: the rate, the waiting that the API asks
//! for, and what its answers have shown so far.
//!
//! Held for as long as it takes to look and to note, never while anything is sent or waited for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::pacing::Pacing;
use crate::outcome::Part;
use crate::report::{RequestCounts, Stop, WaitReason};

/// Whether the next request may be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clearance {
    /// Now.
    Granted,
    /// Not before that much time has passed.
    After(Duration, WaitReason),
    /// Not in this run.
    Refused(Stop),
}

/// What a lane is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// To take a session up.
    Begin,
    /// To send a request: it counts against the rate from now on.
    Send,
}

/// What a run owes the API; the lanes share one.
pub(super) struct Dues {
    /// The longest single wait.
    pub(super) max_wait: Duration,
    /// No wait reaches beyond it.
    pub(super) deadline: Option<Instant>,
    known: Mutex<Known>,
}

/// What is known so far.
pub(super) struct Known {
    pub(super) pacing: Pacing,
    /// Waited for the API in all.
    pub(super) waited: Duration,
    /// Until when it asked everybody to wait.
    pub(super) resume_at: Option<Instant>,
    /// Something was accepted at the path of a part: the address is right.
    accepted: [bool; 2],
    /// The last answer was a 403 to this session.
    pub(super) forbidden: Option<String>,
    /// A connection to the API was made.
    pub(super) connected: bool,
    /// A request was tried.
    pub(super) tried: bool,
    /// Until when the API wants to be left alone by later runs.
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) bytes_sent: u64,
    pub(super) counts: RequestCounts,
    /// The run has ended: nothing more is sent.
    halted: Option<Stop>,
}

impl Dues {
    pub(super) fn new(pacing: Pacing, max_wait: Duration, deadline: Option<Instant>) -> Self {
        Self {
            max_wait,
            deadline,
            known: Mutex::new(Known {
                pacing,
                waited: Duration::ZERO,
                resume_at: None,
                accepted: [false; 2],
                forbidden: None,
                connected: false,
                tried: false,
                not_before: None,
                bytes_sent: 0,
                counts: RequestCounts::default(),
                halted: None,
            }),
        }
    }

    /// What is known; the other lanes wait while this is held.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        // A lane that panicked while it noted something ends the run.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the next request may be sent. One that is cleared to be sent counts from now on, so
    /// that no two lanes take the same place in the rate.
    pub(super) fn clear(
        &self,
        intent: Intent,
        now: DateTime<Utc>,
        monotonic: Instant,
    ) -> Clearance {
        let mut known = self.known();
        if let Some(stop) = known.halted {
            return Clearance::Refused(stop);
        }
        let resume_at = known.resume_at.unwrap_or(monotonic);
        let pause = resume_at.saturating_duration_since(monotonic);
        if !pause.is_zero() {
            return Clearance::After(pause, WaitReason::Throttled);
        }
        let wait = known.pacing.wait(now);
        if !wait.is_zero() {
            return match wait <= self.max_wait && self.fits(wait, monotonic) {
                true => Clearance::After(wait, WaitReason::Rate),
                false => Clearance::Refused(Stop::Rate),
            };
        }
        if intent == Intent::Send {
            known.tried = true;
            known.pacing.count(now);
        }
        Clearance::Granted
    }

    /// Whether a wait ends before the deadline.
    pub(super) fn fits(&self, wait: Duration, monotonic: Instant) -> bool {
        self.deadline
            .is_none_or(|deadline| monotonic + wait < deadline)
    }

    /// Has the lanes sit out what is left of a wait that an earlier run was told, if that is short
    /// enough.
    pub(super) fn respect(&self, rest: Duration, monotonic: Instant) -> Result<(), Stop> {
        if rest > self.max_wait || !self.fits(rest, monotonic) {
            return Err(Stop::Throttled);
        }
        let mut known = self.known();
        known.waited += rest;
        known.resume_at = monotonic.checked_add(rest);
        Ok(())
    }

    /// Lets no lane send anything any more.
    pub(super) fn halt(&self, stop: Stop) {
        self.known().halted.get_or_insert(stop);
    }
}

impl Known {
    /// Notes that something was accepted at the path of a part.
    pub(super) fn accept(&mut self, part: Part) {
        self.accepted[index(part)] = true;
    }

    /// Whether something was accepted at the path of a part.
    pub(super) fn has_accepted(&self, part: Part) -> bool {
        self.accepted[index(part)]
    }
}

fn index(part: Part) -> usize {
    match part {
        Part::Recording => 0,
        Part::CallData => 1,
    }
}
