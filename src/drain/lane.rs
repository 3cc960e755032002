//! A lane of a run: it works on one session at a time, from its first request to its last.
//!
//! What becomes of the session is the run's to write down, which has one place for that. A lane
//! writes what must not wait: the mark before the first request, the checkpoint between the two.

use super::attempt::{Attempt, Attempted, End};
use super::exchange::Exchange;
use super::judgement::Candidate;
use crate::clock::Clock;
use crate::plan::{Delivery, Policy};
use crate::report::Stop;
use crate::session::Dossier;
use crate::spool::{LeasedSpool, SpoolError};
use crate::upload::UploadApi;

/// A session that is to be tried.
pub(super) struct Task {
    pub(super) candidate: Candidate,
    pub(super) dossier: Dossier,
    pub(super) delivery: Delivery,
}

impl Task {
    pub(super) fn session_id(&self) -> &str {
        self.dossier.document.session_id()
    }
}

/// What came of a task.
pub(super) enum Worked {
    /// Nothing may be sent any more; the session was not touched.
    NotBegun(Stop),
    /// It could not be noted that the session is worked on; nothing was sent.
    Unmarked(SpoolError),
    /// The session was tried.
    Tried(Box<Attempted>),
}

/// A lane.
pub(super) struct Lane<'a, A, C> {
    pub(super) exchange: Exchange<'a, A, C>,
    pub(super) spool: &'a LeasedSpool<'a>,
    pub(super) policy: &'a Policy,
    pub(super) clock: &'a C,
    pub(super) secret: Option<&'a str>,
    /// There are other lanes.
    pub(super) has_others: bool,
}

impl<A: UploadApi, C: Clock> Lane<'_, A, C> {
    /// Tries one session.
    pub(super) fn work(&mut self, task: &Task) -> Worked {
        if let Err(stop) = self.exchange.may_send() {
            return Worked::NotBegun(stop);
        }
        let dossier = &task.dossier;
        let session_id = task.session_id();
        self.exchange.onlooker.turn(self.exchange.lane, session_id);
        if let Err(error) = self.spool.begin_work(&dossier.name, session_id) {
            self.exchange.dues.halt(Stop::Durability);
            return Worked::Unmarked(error);
        }
        let attempt = Attempt::new(
            &mut self.exchange,
            self.spool,
            self.policy,
            self.clock,
            dossier,
            self.secret,
        );
        let attempt = attempt.beside_others(self.has_others);
        let attempted = attempt.make(&task.delivery);
        if let End::Unrecorded(_) = attempted.end {
            // Nothing is sent that could not be recorded either.
            self.exchange.dues.halt(Stop::Durability);
        }
        Worked::Tried(Box::new(attempted))
    }
}
