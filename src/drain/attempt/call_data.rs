//! The call data's share of a try.

use super::question::Acknowledged;
use super::{Attempt, End, Step, body};
use crate::clock::Clock;
use crate::drain::exchange::{Patience, Trouble};
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{CallDataStep, Campaign};
use crate::session::{Lacking, PartState};
use crate::settle;
use crate::spool::SpoolError;
use crate::upload::{Acknowledgement, UploadApi, idempotency};

impl<A: UploadApi, C: Clock> Attempt<'_, '_, A, C> {
    pub(super) fn call_data(&mut self, step: &CallDataStep) -> Step<()> {
        let CallDataStep::Post {
            campaign,
            lacking,
            is_complement,
        } = step
        else {
            return Ok(());
        };
        if *is_complement && !self.prepare_complement()? {
            return Ok(());
        }
        let mut lacking = lacking.clone();
        let recording = self.so_far.document.record.recording.state;
        if recording == PartState::Pending || recording.is_given_up() {
            lacking.insert(0, Lacking::Recording);
        }
        let failure = match self.post(campaign)? {
            Ok(acknowledgement) => {
                self.call_data_delivered(acknowledgement, lacking, *is_complement);
                return Ok(());
            }
            Err(failure) => failure,
        };
        if failure.kind == FailureKind::Rejected {
            let record = &mut self.so_far.document.record;
            record.count_attempt(Part::CallData);
            record.give_up(Part::CallData, PartState::Rejected, self.clock.now());
            self.so_far.rejected = true;
            return Ok(());
        }
        if settle::costs_attempt(&failure) {
            self.charge(Part::CallData, &failure);
            if self.is_exhausted(Part::CallData) {
                return Ok(());
            }
        }
        Err(End::Deferred)
    }

    /// Makes call data due again that went without something. Says whether that is there now: the
    /// recording may have failed again.
    fn prepare_complement(&mut self) -> Step<bool> {
        let record = &mut self.so_far.document.record;
        let has_recording = record.recording.state.is_delivered();
        let mut without = record.call_data.without.iter();
        let is_there = without.any(|lacking| self.dossier.supplies(*lacking, has_recording));
        let was_reopened = record.call_data.state == PartState::Pending;
        if is_there && !was_reopened {
            record.reopen_call_data();
            self.checkpoint(true)?;
        }
        Ok(is_there || was_reopened)
    }

    /// Posts the call data, asking first where an earlier post may have arrived.
    fn post(&mut self, campaign: &Campaign) -> Step<Result<Acknowledged, Failure>> {
        let name = &self.dossier.name;
        let body = body::build(self.dossier, &self.so_far.document, campaign).map_err(|error| {
            End::Unrecorded(SpoolError {
                operation: "build the call data of",
                path: name.into(),
                source: error.into(),
            })
        })?;
        let record = &self.so_far.document.record;
        let session_id = self.so_far.document.session_id().to_owned();
        let key = idempotency::key(
            &session_id,
            Part::CallData,
            record.generation,
            idempotency::Content::Body(&body),
        );
        self.announce_post()?;
        let mut patience = Patience::default();
        loop {
            if self.so_far.document.record.call_data.unconfirmed {
                match self.ask(&session_id, &mut patience)? {
                    // The API may hold only the earlier post that this one is to replace.
                    Ok(Some(found)) if !self.is_resent() || self.is_linked(&found) => {
                        return Ok(Ok(found));
                    }
                    Ok(_) => self.so_far.document.record.call_data.unconfirmed = false,
                    // What the API has against the question it does not have against the call.
                    Err(failure) if failure.kind == FailureKind::Rejected => {
                        let kind = FailureKind::Server;
                        return Ok(Err(Failure { kind, ..failure }));
                    }
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let timed = self.exchange.post(&session_id, &body, &key, &mut patience);
            match timed.result {
                Ok(acknowledgement) => {
                    let is_new = acknowledgement == Acknowledgement::Stored;
                    self.note(
                        Part::CallData,
                        if is_new { "delivered" } else { "duplicate" },
                        &timed.request,
                    );
                    return Ok(Ok(if is_new {
                        Acknowledged::Stored
                    } else {
                        Acknowledged::Duplicate {
                            recording_url: None,
                        }
                    }));
                }
                Err(Trouble::Again(failure)) => {
                    self.so_far.document.record.call_data.unconfirmed |= failure.fate_unknown;
                    self.noted(Part::CallData, failure, &timed.request);
                }
                Err(Trouble::Session(failure)) => {
                    let failure = self.noted(Part::CallData, failure, &timed.request);
                    self.so_far.document.record.call_data.unconfirmed |= failure.fate_unknown;
                    return self.confirm(failure, &session_id, &mut patience);
                }
                Err(Trouble::Stop(stop, failure)) => {
                    let fate_unknown = failure.as_ref().is_some_and(|failure| failure.fate_unknown);
                    self.so_far.document.record.call_data.unconfirmed |= fate_unknown;
                    return Err(self.stopped(Part::CallData, stop, failure, &timed.request));
                }
            }
        }
    }

    /// Makes it last that a post may have been sent: by the checkpoint, if there was one; else by the
    /// mark in the lock file, if no other lane writes to that. A write that a loss of power cuts
    /// short would take this one's mark along.
    fn announce_post(&mut self) -> Step<()> {
        match (self.checkpointed, self.is_alone) {
            (true, _) => Ok(()),
            (false, true) => Ok(self.spool.sync_mark()?),
            (false, false) => self.checkpoint(true),
        }
    }

    fn is_resent(&self) -> bool {
        self.so_far.document.record.call_data.resent
    }

    /// Whether the API's copy of the call holds our recording, where that was what it lacked.
    fn is_linked(&self, acknowledged: &Acknowledged) -> bool {
        let record = &self.so_far.document.record;
        let Acknowledged::Duplicate {
            recording_url: Some(url),
        } = acknowledged
        else {
            return false;
        };
        record.call_data.without == [Lacking::Recording]
            && record.recording.url.as_ref() == Some(url)
    }

    fn call_data_delivered(
        &mut self,
        acknowledged: Acknowledged,
        lacking: Vec<Lacking>,
        is_complement: bool,
    ) {
        let now = self.clock.now();
        let is_linked = self.is_linked(&acknowledged);
        let has_lead = self.dossier.lead.here().is_some();
        let record = &mut self.so_far.document.record;
        record.count_attempt(Part::CallData);
        record.call_data.unconfirmed = false;
        record.call_data.resent = false;
        record.call_data.error = None;
        self.so_far.delivered = true;
        match acknowledged {
            Acknowledged::Stored => {
                record.set_state(Part::CallData, PartState::Uploaded, now);
                record.call_data.without = lacking;
                record.call_data.unlinked = false;
                self.so_far.parts.call_data_uploaded += 1;
                self.so_far.parts.leads_uploaded += u64::from(has_lead);
            }
            Acknowledged::Duplicate { recording_url } => {
                record.set_state(Part::CallData, PartState::Duplicate, now);
                if !is_complement || is_linked {
                    // The call that the API has names a recording, whatever became of it since.
                    let names_one = recording_url.is_some();
                    record.call_data.without = lacking
                        .into_iter()
                        .filter(|lacking| !names_one || *lacking != Lacking::Recording)
                        .collect();
                } else {
                    // The API kept the incomplete one that it had.
                    record.call_data.unlinked = true;
                }
                self.so_far.parts.duplicates += 1;
            }
        }
        self.log_turns();
    }

    fn log_turns(&self) {
        let session = self.dossier.document.session_id();
        let Some(Ok(transcript)) = self
            .dossier
            .transcript
            .here()
            .map(|reading| reading.content.as_ref())
        else {
            log::info!(session = session; "call data delivered without a transcript");
            return;
        };
        let skipped = &transcript.skipped;
        log::info!(session = session, turns = transcript.turns.len(), skipped = skipped.total(); "call data delivered");
        if skipped.unreadable > 0 {
            log::warn!(session = session, items = skipped.unreadable; "transcript items could not be read and were not sent");
        }
    }
}
