//! One try at one session: the recording, the checkpoint, the call data.

use std::time::Duration;

use super::body;
use super::exchange::{Exchange, Patience, Timed, Trouble};
use crate::clock::Clock;
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{
    CallDataStep, Campaign, Delivery, Policy, RecordingStep, RecordingToSend, retry_after_delay,
};
use crate::redact::Redactor;
use crate::report::{PartCounts, Stop};
use crate::session::{Document, Dossier, Lacking, PartState};
use crate::settle::{self, Charge};
use crate::spool::{Filed, LeasedSpool, OpenRecordingError, SpoolError, State};
use crate::upload::{Acknowledgement, Presence, UploadApi, call_data, idempotency};

/// How a try at a session ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both parts have come to an end; the verdict says where the session belongs.
    Complete,
    /// A part failed for a passing reason.
    Deferred,
    /// The run must stop.
    Stopped(Stop, String),
    /// Somebody removed the document meanwhile.
    Vanished,
    /// Something could not be recorded: the run must end.
    Unrecorded(SpoolError),
}

impl From<SpoolError> for End {
    fn from(error: SpoolError) -> Self {
        Self::Unrecorded(error)
    }
}

/// A step of a try; the error is where the try ends early.
type Step<T> = Result<T, End>;

/// What a try at a session came to. The document holds the facts; what they cost is apart, because
/// an outage is no session's fault.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) document: Document,
    pub(super) charges: Vec<Charge>,
    pub(super) end: End,
    /// A part was delivered in this try.
    pub(super) delivered: bool,
    /// A part was rejected in this try.
    pub(super) rejected: bool,
    pub(super) parts: PartCounts,
}

/// A try in the making.
pub(super) struct Attempt<'t, 'a, A, C> {
    exchange: &'t mut Exchange<'a, A, C>,
    spool: &'t LeasedSpool<'t>,
    policy: &'t Policy,
    clock: &'t C,
    dossier: &'t Dossier,
    redactor: Redactor,
    so_far: Attempted,
    /// The document with what was delivered in this try is on disk.
    checkpointed: bool,
}

impl<'t, 'a, A: UploadApi, C: Clock> Attempt<'t, 'a, A, C> {
    pub(super) fn new(
        exchange: &'t mut Exchange<'a, A, C>,
        spool: &'t LeasedSpool<'t>,
        policy: &'t Policy,
        clock: &'t C,
        dossier: &'t Dossier,
        secret: Option<&str>,
    ) -> Self {
        let so_far = Attempted {
            document: dossier.document.clone(),
            charges: Vec::new(),
            end: End::Complete,
            delivered: false,
            rejected: false,
            parts: PartCounts::default(),
        };
        let redactor = body::redactor(dossier, secret);
        Self {
            exchange,
            spool,
            policy,
            clock,
            dossier,
            redactor,
            so_far,
            checkpointed: false,
        }
    }

    /// Makes the try.
    pub(super) fn make(mut self, delivery: &Delivery) -> Attempted {
        for warning in &delivery.warnings {
            let warning = self.redactor.scrub(warning, 400);
            log::warn!(session = self.dossier.document.session_id(), warning = warning.as_str(); "recording");
        }
        let steps = self
            .recording(&delivery.recording, &delivery.call_data)
            .and_then(|()| self.call_data(&delivery.call_data));
        let now = self.clock.now();
        let stamped = self.so_far.document.set_last_upload_attempt(now);
        let steps = steps.and_then(|()| Ok(settle::set(stamped, &self.dossier.name)?));
        if let Err(end) = steps {
            self.so_far.end = end;
        }
        self.so_far
    }

    fn recording(&mut self, step: &RecordingStep, next: &CallDataStep) -> Step<()> {
        let now = self.clock.now();
        let record = &mut self.so_far.document.record;
        match step {
            RecordingStep::Settled => Ok(()),
            RecordingStep::Absent => {
                record.set_state(Part::Recording, PartState::Absent, now);
                Ok(())
            }
            RecordingStep::Missing { reason } => {
                record.set_state(Part::Recording, PartState::Missing, now);
                record.recording.reason = Some(self.redactor.scrub(reason, 200));
                log::warn!(session = self.dossier.document.session_id(), reason = reason.as_str(); "the recording is missing, the call data goes without it");
                Ok(())
            }
            RecordingStep::Remote {
                url,
                bytes,
                duration,
            } => {
                record.set_state(Part::Recording, PartState::Remote, now);
                record.recording.url = Some(url.clone());
                record.recording.bytes = *bytes;
                record.recording.duration_seconds = duration.map(|duration| duration.as_secs());
                self.so_far.parts.recordings_remote += 1;
                Ok(())
            }
            RecordingStep::Upload(recording) => self.upload(recording, next),
        }
    }

    fn upload(&mut self, recording: &RecordingToSend, next: &CallDataStep) -> Step<()> {
        let path = format!("recordings/{}", recording.file.relative.display());
        settle::set(
            self.so_far.document.set_recording_path(&path),
            &self.dossier.name,
        )?;
        let mut patience = Patience::default();
        let failure = loop {
            let timed = match self.send_recording(recording, &mut patience) {
                Ok(timed) => timed,
                Err(failure) => break failure,
            };
            match timed.result {
                Ok(stored) => {
                    self.note(
                        Part::Recording,
                        if stored.duplicate {
                            "duplicate"
                        } else {
                            "uploaded"
                        },
                        timed.took,
                    );
                    return self.recording_delivered(recording, stored.url, stored.duplicate, next);
                }
                Err(Trouble::Again(failure)) => {
                    self.note_failure(Part::Recording, failure, timed.took)
                }
                Err(Trouble::Session(failure)) => {
                    break self.noted(Part::Recording, failure, timed.took);
                }
                Err(Trouble::Stop(stop, failure)) => {
                    return Err(self.stopped(Part::Recording, stop, failure, timed.took));
                }
            }
        };
        self.recording_failed(&failure)
    }

    /// Sends the recording once. What failed before anything was sent comes as the error.
    fn send_recording(
        &mut self,
        recording: &RecordingToSend,
        patience: &mut Patience,
    ) -> Result<Timed<crate::upload::StoredRecording>, Failure> {
        let changed = |message: &str| Failure::local(FailureKind::Changed, message);
        let mut file = self
            .spool
            .open_recording(&recording.file)
            .map_err(|error| match error {
                OpenRecordingError::Gone => changed("the recording went away before it was sent"),
                OpenRecordingError::Unreadable(error) => {
                    changed(&format!("the recording cannot be read any more: {error}"))
                }
            });
        if let Ok(open) = &file
            && !open.is_unchanged_since(&recording.file)
        {
            file = Err(changed("the recording changed before it was sent"));
        }
        let mut file = match file {
            Ok(file) => file,
            Err(failure) => return Err(self.noted(Part::Recording, failure, Duration::ZERO)),
        };
        let document = &self.so_far.document;
        let len_bytes = file.len_bytes();
        let content = idempotency::Content::Length(len_bytes);
        let key = idempotency::key(
            document.session_id(),
            Part::Recording,
            document.record.generation,
            content,
        );
        let name = recording.file.file_name();
        let session_id = document.session_id().to_owned();
        let mut timed =
            self.exchange
                .upload(&session_id, &name, len_bytes, &mut file, &key, patience);
        if timed.result.is_ok() && !file.is_unchanged_since(&recording.file) {
            timed.result = Err(Trouble::Session(changed(
                "the recording changed while it was sent",
            )));
        }
        Ok(timed)
    }

    fn recording_delivered(
        &mut self,
        sent: &RecordingToSend,
        url: String,
        duplicate: bool,
        next: &CallDataStep,
    ) -> Step<()> {
        let now = self.clock.now();
        let record = &mut self.so_far.document.record;
        record.count_attempt(Part::Recording);
        let state = if duplicate {
            PartState::Duplicate
        } else {
            PartState::Uploaded
        };
        record.set_state(Part::Recording, state, now);
        record.recording.url = Some(url);
        record.recording.bytes = Some(sent.file.len_bytes);
        record.recording.duration_seconds = sent.duration.map(|duration| duration.as_secs());
        record.recording.size_mismatch = sent.size_mismatch;
        record.recording.reason = None;
        record.recording.error = None;
        self.so_far.delivered = true;
        if duplicate {
            self.so_far.parts.duplicates += 1;
        } else {
            self.so_far.parts.recordings_uploaded += 1;
        }
        log::info!(session = self.dossier.document.session_id(), bytes = sent.file.len_bytes, duplicate = duplicate; "recording uploaded");
        let is_complement = matches!(
            next,
            CallDataStep::Post {
                is_complement: true,
                ..
            }
        );
        if is_complement {
            self.so_far.document.record.reopen_call_data();
        }
        self.checkpoint(matches!(next, CallDataStep::Post { .. }))
    }

    /// Records what was delivered before anything else is sent. A post that follows is marked as
    /// possibly sent, so that a run that dies in between leaves the question to the next.
    fn checkpoint(&mut self, post_follows: bool) -> Step<()> {
        let mut marked = self.so_far.document.clone();
        if post_follows {
            marked.record.call_data.unconfirmed = true;
        }
        settle::set(
            marked.set_last_upload_attempt(self.clock.now()),
            &self.dossier.name,
        )?;
        match self
            .spool
            .rewrite(State::Pending, &self.dossier.name, &marked)?
        {
            Filed::As(_) => {
                self.checkpointed = true;
                Ok(())
            }
            Filed::Vanished => Err(End::Vanished),
        }
    }

    fn recording_failed(&mut self, failure: &Failure) -> Step<()> {
        if failure.kind == FailureKind::Rejected {
            self.so_far.document.record.count_attempt(Part::Recording);
            self.so_far.document.record.set_state(
                Part::Recording,
                PartState::Rejected,
                self.clock.now(),
            );
            self.so_far.rejected = true;
            return Ok(());
        }
        if !settle::costs_attempt(failure) {
            return Err(End::Deferred);
        }
        self.charge(Part::Recording, failure);
        if self.is_exhausted(Part::Recording) {
            Ok(())
        } else {
            Err(End::Deferred)
        }
    }

    /// Whether the attempt that just failed was the part's last one.
    fn is_exhausted(&self, part: Part) -> bool {
        self.so_far.document.record.attempts(part).saturating_add(1) >= self.policy.max_attempts
    }

    fn call_data(&mut self, step: &CallDataStep) -> Step<()> {
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
        let failure = match self.post(campaign, *is_complement)? {
            Ok(acknowledgement) => {
                self.call_data_delivered(acknowledgement, lacking, *is_complement);
                return Ok(());
            }
            Err(failure) => failure,
        };
        if failure.kind == FailureKind::Rejected {
            self.so_far.document.record.count_attempt(Part::CallData);
            self.so_far.document.record.set_state(
                Part::CallData,
                PartState::Rejected,
                self.clock.now(),
            );
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
        let is_there = record
            .call_data
            .without
            .iter()
            .any(|lacking| match lacking {
                Lacking::Recording => record.recording.state.is_delivered(),
                Lacking::Lead => self.dossier.lead.here().is_some(),
                Lacking::Transcript => self.dossier.transcript.here().is_some(),
            });
        if is_there && record.call_data.state != PartState::Pending {
            record.reopen_call_data();
            self.checkpoint(true)?;
        }
        Ok(is_there)
    }

    /// Posts the call data, asking first where an earlier post may have arrived.
    fn post(
        &mut self,
        campaign: &Campaign,
        is_complement: bool,
    ) -> Step<Result<Acknowledged, Failure>> {
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
        if !self.checkpointed {
            self.spool.sync_mark()?;
        }
        let mut patience = Patience::default();
        loop {
            if self.so_far.document.record.call_data.unconfirmed {
                match self.ask(&session_id, &mut patience)? {
                    // The API may hold the incomplete post that this one is to complete.
                    Ok(Some(found)) if !is_complement || self.is_linked(&found) => {
                        return Ok(Ok(found));
                    }
                    Ok(_) => self.so_far.document.record.call_data.unconfirmed = false,
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let timed = self.exchange.post(&session_id, &body, &key, &mut patience);
            match timed.result {
                Ok(acknowledgement) => {
                    let is_new = acknowledgement == Acknowledgement::Stored;
                    self.note(
                        Part::CallData,
                        if is_new { "uploaded" } else { "duplicate" },
                        timed.took,
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
                    self.note_failure(Part::CallData, failure, timed.took);
                }
                Err(Trouble::Session(failure)) => {
                    let failure = self.noted(Part::CallData, failure, timed.took);
                    self.so_far.document.record.call_data.unconfirmed |= failure.fate_unknown;
                    return self.confirm(failure, &session_id, &mut patience);
                }
                Err(Trouble::Stop(stop, failure)) => {
                    let fate_unknown = failure.as_ref().is_some_and(|failure| failure.fate_unknown);
                    self.so_far.document.record.call_data.unconfirmed |= fate_unknown;
                    return Err(self.stopped(Part::CallData, stop, failure, timed.took));
                }
            }
        }
    }

    /// An answer that says, or may mean, that the call is already there is confirmed by asking.
    fn confirm(
        &mut self,
        failure: Failure,
        session_id: &str,
        patience: &mut Patience,
    ) -> Step<Result<Acknowledged, Failure>> {
        if !failure.claims_duplicate {
            return Ok(Err(failure));
        }
        match self.ask(session_id, patience)? {
            Ok(Some(found)) => Ok(Ok(found)),
            Ok(None) => Ok(Err(failure)),
            Err(_) => {
                // Neither confirmed nor refuted: it is asked again before the next post, and the
                // claim alone does not fail the session for good.
                self.so_far.document.record.call_data.unconfirmed = true;
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
    fn ask(
        &mut self,
        session_id: &str,
        patience: &mut Patience,
    ) -> Step<Result<Option<Acknowledged>, Failure>> {
        let call_id = call_data::call_id(session_id);
        loop {
            let timed = self.exchange.find(session_id, &call_id, patience);
            match timed.result {
                Ok(Presence::Present { recording_url }) => {
                    self.note(Part::CallData, "found", timed.took);
                    return Ok(Ok(Some(Acknowledged::Duplicate { recording_url })));
                }
                Ok(Presence::Absent) => {
                    self.note(Part::CallData, "not_found", timed.took);
                    return Ok(Ok(None));
                }
                Ok(Presence::Unanswerable) => {
                    self.note(Part::CallData, "not_answered", timed.took);
                    return Ok(Ok(None));
                }
                Err(Trouble::Again(failure)) => {
                    self.note_failure(Part::CallData, failure, timed.took)
                }
                Err(Trouble::Session(failure)) => {
                    return Ok(Err(self.noted(Part::CallData, failure, timed.took)));
                }
                Err(Trouble::Stop(stop, failure)) => {
                    return Err(self.stopped(Part::CallData, stop, failure, timed.took));
                }
            }
        }
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
            Acknowledged::Duplicate { .. } => {
                record.set_state(Part::CallData, PartState::Duplicate, now);
                if !is_complement || is_linked {
                    record.call_data.without = lacking;
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

    fn charge(&mut self, part: Part, failure: &Failure) {
        let retry_after = failure
            .retry_after
            .map(|after| retry_after_delay(after, self.clock.now()));
        self.so_far.charges.push(Charge { part, retry_after });
    }

    fn note(&mut self, part: Part, outcome: &str, took: Duration) {
        settle::remember(
            &mut self.so_far.document,
            part,
            outcome,
            None,
            Some(took),
            self.clock.now(),
        );
    }

    fn noted(&mut self, part: Part, mut failure: Failure, took: Duration) -> Failure {
        failure.message = self.redactor.scrub(&failure.message, 400);
        self.note_failure(part, failure.clone(), took);
        failure
    }

    fn note_failure(&mut self, part: Part, mut failure: Failure, took: Duration) {
        failure.message = self.redactor.scrub(&failure.message, 400);
        settle::note_failure(
            &mut self.so_far.document,
            part,
            &failure,
            Some(took),
            self.clock.now(),
        );
        log::warn!(
            session = self.dossier.document.session_id(),
            part = part.as_str(),
            kind = failure.kind.as_str(),
            status = failure.status,
            reason = failure.message.as_str();
            "not delivered"
        );
    }

    fn stopped(&mut self, part: Part, stop: Stop, failure: Option<Failure>, took: Duration) -> End {
        let message = match failure {
            Some(failure) => self.noted(part, failure, took).message,
            None => String::new(),
        };
        End::Stopped(stop, message)
    }
}

/// How the API acknowledged call data.
enum Acknowledged {
    Stored,
    /// It was there before; with the recording URL that the API holds for it, when it told.
    Duplicate {
        recording_url: Option<String>,
    },
}
