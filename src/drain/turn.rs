//! A session's turn: what is on disk for it is gathered, and what needs no request is done.

use std::ffi::OsStr;

use super::judgement::Candidate;
use super::lane::Task;
use super::ledger::Held;
use super::run::Drain;
use crate::clock::Clock;
use crate::outcome::{Failure, Part};
use crate::plan::{Action, assess, rest_of_wait};
use crate::report::{Fate, Stop};
use crate::session::{Document, Dossier, Status};
use crate::settle::{self, Charge};
use crate::spool::{DocumentReading, SpoolError, State};
use crate::timestamp;
use crate::upload::UploadApi;

impl<A: UploadApi + Send, C: Clock + Sync> Drain<'_, A, C> {
    /// Takes one session: gathers what is on disk for it, decides, and acts unless something is to be
    /// sent; that is a task for a lane.
    ///
    /// # Errors
    /// When something could not be recorded.
    pub(super) fn take(&mut self, candidate: Candidate) -> Result<Option<Task>, SpoolError> {
        let name = &candidate.entry.name;
        let document = match self.spool.read_document(State::Pending, name) {
            DocumentReading::Document(document) if document.status() == Status::ReadyForUpload => {
                *document
            }
            // Its status was changed since it was judged.
            DocumentReading::Document(_) => return self.over(Fate::Skipped),
            DocumentReading::Vanished => return self.over(Fate::Vanished),
            // It was a document a moment ago: somebody is writing to it.
            DocumentReading::Unparsable(_) => return self.over(Fate::Settling),
            DocumentReading::Unreadable(reason) => {
                log::warn!(document:% = name.display(), reason = reason.as_str(); "skipped");
                return self.over(Fate::Skipped);
            }
        };
        let dossier = self.spool.gather(name, document, candidate.entry.modified);
        let session = dossier.document.session_id();
        match assess(&dossier, self.policy, self.clock.now()) {
            Action::Wait { until } => {
                log::debug!(session = session, until:% = until; "waiting for the recording");
                self.ledger.awaiting_since(candidate.entry.modified);
                self.over(Fate::Waiting)
            }
            Action::Settle { what } => {
                log::debug!(session = session, file = what; "a file may still be in the making");
                self.over(Fate::Settling)
            }
            Action::Skip { reason } => {
                log::warn!(session = session, reason = reason.as_str(); "skipped");
                self.over(Fate::Skipped)
            }
            Action::Fail { part, failure } => self.fail(&dossier, part, &failure).map(|()| None),
            Action::File => self.file(name, dossier.document.clone()).map(|()| None),
            Action::Retry { .. } | Action::Deliver(_) if self.batch_is_full() => {
                self.ledger.leave(&candidate);
                self.ledger.stop(Stop::BatchSize, None);
                Ok(None)
            }
            Action::Retry { failure } => self.retry(&dossier, &failure).map(|()| None),
            Action::Deliver(delivery) => self.task(Task {
                candidate,
                dossier,
                delivery,
            }),
        }
    }

    /// Nothing is to be done for a session.
    fn over(&mut self, fate: Fate) -> Result<Option<Task>, SpoolError> {
        self.ledger.count(fate).map(|()| None)
    }

    /// Makes a delivery a task, if anything may be sent.
    fn task(&mut self, task: Task) -> Result<Option<Task>, SpoolError> {
        let Err(stop) = self.prepare_to_send()? else {
            return Ok(Some(task));
        };
        let until = self.state.not_before.filter(|_| stop == Stop::Throttled);
        let message = until.map(|until| {
            let until = timestamp::format_millis(until);
            format!("the API asked to be left alone until {until}")
        });
        self.ledger.leave(&task.candidate);
        self.ledger.stop(stop, message);
        Ok(None)
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
        let now = self.clock.now();
        let rest = rest_of_wait(self.state.not_before, self.policy, now);
        let monotonic = self.clock.monotonic();
        Ok(rest.map_or(Ok(()), |rest| self.dues.respect(rest, monotonic)))
    }
}
