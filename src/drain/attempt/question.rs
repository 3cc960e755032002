//! Asking the API whether it has the call.

use super::{Attempt, Step};
use crate::clock::Clock;
use crate::drain::exchange::{Patience, Trouble};
use crate::outcome::{Failure, FailureKind, Part};
use crate::upload::{Presence, UploadApi, call_data};

/// How the API acknowledged call data.
pub(super) enum Acknowledged {
    Stored,
    /// It was there before; with the recording URL that the API holds for it, when it told.
    Duplicate {
        recording_url: Option<String>,
    },
}

impl<A: UploadApi, C: Clock> Attempt<'_, '_, A, C> {
    /// An answer that says, or may mean, that the call is already there is confirmed by asking.
    pub(super) fn confirm(
        &mut self,
        failure: Failure,
        session_id: &str,
        patience: &mut Patience,
    ) -> Step<Result<Acknowledged, Failure>> {
        if !failure.claims_duplicate {
            return Ok(Err(failure));
        }
        // Until that is answered, the next post needs the question as well, whatever ends this try.
        let was_unconfirmed = self.so_far.document.record.call_data.unconfirmed;
        self.so_far.document.record.call_data.unconfirmed = true;
        match self.ask(session_id, patience)? {
            Ok(Some(found)) => Ok(Ok(found)),
            Ok(None) => {
                self.so_far.document.record.call_data.unconfirmed = was_unconfirmed;
                Ok(Err(failure))
            }
            Err(_) => {
                // Neither confirmed nor refuted: the claim alone does not fail the session for good.
                let kind = if failure.kind == FailureKind::Rejected {
                    FailureKind::Server
                } else {
                    failure.kind
                };
                Ok(Err(Failure { kind, ..failure }))
            }
        }
    }

    /// Asks whether the call is there: `Some` when it is, `None` when it is not or the API cannot
    /// tell.
    pub(super) fn ask(
        &mut self,
        session_id: &str,
        patience: &mut Patience,
    ) -> Step<Result<Option<Acknowledged>, Failure>> {
        let call_id = call_data::call_id(session_id);
        loop {
            let timed = self.exchange.find(session_id, &call_id, patience);
            match timed.result {
                Ok(Presence::Present { recording_url }) => {
                    self.note(Part::CallData, "duplicate", &timed.request);
                    return Ok(Ok(Some(Acknowledged::Duplicate { recording_url })));
                }
                Ok(Presence::Absent) => {
                    self.note(Part::CallData, "not_found", &timed.request);
                    return Ok(Ok(None));
                }
                Ok(Presence::Unanswerable) => {
                    self.note(Part::CallData, "not_answered", &timed.request);
                    return Ok(Ok(None));
                }
                Err(Trouble::Again(failure)) => {
                    self.noted(Part::CallData, failure, &timed.request);
                }
                Err(Trouble::Session(failure)) => {
                    return Ok(Err(self.noted(Part::CallData, failure, &timed.request)));
                }
                Err(Trouble::Stop(stop, failure)) => {
                    return Err(self.stopped(Part::CallData, stop, failure, &timed.request));
                }
            }
        }
    }
}
