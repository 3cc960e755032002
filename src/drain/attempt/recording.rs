//! The recording's share of a try: send it, and record at once that it is delivered.

use super::{Attempt, End, Step};
use crate::clock::Clock;
use crate::drain::exchange::{Patience, RequestFacts, Timed, Trouble};
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{CallDataStep, RecordingStep, RecordingToSend};
use crate::session::PartState;
use crate::settle;
use crate::spool::{Filed, OpenRecordingError, State};
use crate::upload::{StoredRecording, UploadApi, idempotency};

impl<A: UploadApi, C: Clock> Attempt<'_, '_, A, C> {
    pub(super) fn recording(&mut self, step: &RecordingStep, next: &CallDataStep) -> Step<()> {
        let now = self.clock.now();
        let manifest_seconds = self.manifest_seconds();
        let record = &mut self.so_far.document.record;
        match step {
            RecordingStep::Settled => Ok(()),
            RecordingStep::Absent => {
                record.set_state(Part::Recording, PartState::Absent, now);
                Ok(())
            }
            RecordingStep::Missing { reason } => {
                record.give_up(Part::Recording, PartState::Missing, now);
                record.recording.reason = Some(self.redactor.scrub(reason, 200));
                record.recording.duration_seconds = manifest_seconds;
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

    fn manifest_seconds(&self) -> Option<u64> {
        let manifest = self.dossier.manifest.here()?.content.as_ref().ok()?;
        manifest.duration.map(|duration| duration.as_secs())
    }

    fn upload(&mut self, recording: &RecordingToSend, next: &CallDataStep) -> Step<()> {
        let path = format!("recordings/{}", recording.file.relative.display());
        settle::set(
            self.so_far.document.set_recording_path(&path),
            &self.dossier.name,
        )?;
        // The manifest's, whatever becomes of the file: call data may go without it.
        self.so_far.document.record.recording.duration_seconds =
            recording.duration.map(|duration| duration.as_secs());
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
                            "delivered"
                        },
                        &timed.request,
                    );
                    return self.recording_delivered(recording, stored.url, stored.duplicate, next);
                }
                Err(Trouble::Again(failure)) => {
                    self.noted(Part::Recording, failure, &timed.request);
                }
                Err(Trouble::Session(failure)) => {
                    break self.noted(Part::Recording, failure, &timed.request);
                }
                Err(Trouble::Stop(stop, failure)) => {
                    return Err(self.stopped(Part::Recording, stop, failure, &timed.request));
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
    ) -> Result<Timed<StoredRecording>, Failure> {
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
            && !open.is_as_planned(&recording.file)
        {
            file = Err(changed("the recording changed before it was sent"));
        }
        let mut file = match file {
            Ok(file) => file,
            Err(failure) => {
                return Err(self.noted(Part::Recording, failure, &RequestFacts::default()));
            }
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
        // One that cannot be looked at any more was read to its end all the same.
        if timed.result.is_ok() && !file.is_unchanged_since(&recording.file).unwrap_or(true) {
            // The API has something that is not the recording; under its key it would go on having
            // it.
            let record = &mut self.so_far.document.record;
            record.generation = record.generation.saturating_add(1);
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
    pub(super) fn checkpoint(&mut self, post_follows: bool) -> Step<()> {
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
            let record = &mut self.so_far.document.record;
            record.count_attempt(Part::Recording);
            record.give_up(Part::Recording, PartState::Rejected, self.clock.now());
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
}
