//! The end of a session's turn: what a try came to is written back, and the run draws its own
//! conclusions from it.

use std::ffi::OsStr;

use super::attempt::{Attempted, End};
use super::lane::{Lane, Task, Worked};
use super::ledger::Held;
use super::run::Drain;
use crate::clock::Clock;
use crate::report::{Fate, Stop};
use crate::session::{Verdict, verdict};
use crate::spool::SpoolError;
use crate::upload::UploadApi;

impl<'a, A: UploadApi + Send, C: Clock + Sync> Drain<'a, A, C> {
    /// Lets a lane of this thread work on a task.
    pub(super) fn work(&mut self, lane: &mut Lane<'a, A, C>, task: &Task) -> Worked {
        self.attempted += 1;
        lane.work(task)
    }

    /// Writes down what came of a task.
    ///
    /// # Errors
    /// When something could not be recorded.
    pub(super) fn conclude(&mut self, task: &Task, worked: Worked) -> Result<(), SpoolError> {
        let attempted = match worked {
            Worked::NotBegun(stop) => {
                self.attempted -= 1;
                self.ledger.leave(&task.candidate);
                self.ledger.stop(stop, None);
                return Ok(());
            }
            Worked::Unmarked(error) => return self.ledger.or_deferred(Err(error)),
            Worked::Tried(attempted) => *attempted,
        };
        let name = &task.dossier.name;
        self.ledger.add_parts(&attempted);
        if self.ledger.summary.is_unrecorded {
            // Nothing more is written where something could not be. The session stays marked, so
            // that the next run asks about it.
            self.ledger.settled(&attempted.document, Fate::Deferred);
            return Ok(());
        }
        self.settle(name, attempted)?;
        let still_counting = {
            let pacing = &self.dues.known().pacing;
            let now = self.clock.now();
            pacing.is_limited().then(|| pacing.still_counting(now))
        };
        if let Some(requests) = still_counting {
            // A run that is killed later must not forget what it has sent.
            self.state.requests = requests;
            self.spool.save_run_state(&self.state)?;
        }
        self.spool.end_work(name)
    }

    /// Writes back what a try came to and draws the run's conclusions from it. Its own session
    /// comes first; then, if something was delivered or rejected, which shows that the service
    /// works, those held back before are charged.
    fn settle(&mut self, name: &OsStr, attempted: Attempted) -> Result<(), SpoolError> {
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
                // Else another lane met what has ended the run, and this session is not to blame.
                if message.is_some() || !self.has_ended() {
                    self.stop_at(name, stop, message);
                }
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
}
