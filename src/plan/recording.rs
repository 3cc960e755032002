//! What is to be done about a session's recording.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::action::Hold;
use super::policy::Policy;
use super::settling::{is_far_ahead, is_young, wrong_clock};
use crate::manifest::{self, Manifest, Progress};
use crate::outcome::{Failure, FailureKind, Part};
use crate::session::{Dossier, FileFacts, Lookup, PartState};

/// What is to be done about a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingStep {
    /// Nothing: it is delivered, or was given up.
    Settled,
    /// Send it.
    Upload(RecordingToSend),
    /// Nothing to send: egress put it into cloud storage.
    Remote {
        /// Where.
        url: String,
        /// Its size, when the manifest tells.
        bytes: Option<u64>,
        /// Its length, when the manifest tells.
        duration: Option<Duration>,
    },
    /// There never was one.
    Absent,
    /// It should be there and is not.
    Missing {
        /// Why, in a word: `not_found`, `hls`, `no_files`, `empty`, or egress' own status.
        reason: String,
    },
}

/// A recording that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingToSend {
    /// The file in recordings/.
    pub file: FileFacts,
    /// Its length, when the manifest tells.
    pub duration: Option<Duration>,
    /// Its size is not the manifest's, and the grace is over.
    pub size_mismatch: bool,
}

/// A decision with what an operator should hear about it.
pub(super) type Decided = Result<(RecordingStep, Vec<String>), Hold>;

/// Decides by the contract's order: what is recorded, the manifest, the document's own path, the
/// grace.
pub(super) fn decide(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) -> Decided {
    if dossier.document.record.recording.state != PartState::Pending {
        return Ok((RecordingStep::Settled, Vec::new()));
    }
    let search = Search {
        dossier,
        policy,
        now,
        grace_end: grace_end(dossier, policy, now),
    };
    let manifest = search.usable_manifest()?;
    if let Some(manifest) = manifest
        && let Some(decided) = search.by_manifest(manifest)?
    {
        return Ok(decided);
    }
    if let Some(decided) = search.by_document(manifest)? {
        return Ok(decided);
    }
    let is_expected =
        dossier.document.egress_id().is_some() || dossier.document.recording_path().is_some();
    if is_expected {
        search.not_there("not_found").map(plainly)
    } else {
        Ok(plainly(RecordingStep::Absent))
    }
}

/// A document's time further ahead than this is a wrong clock's, and nothing waits for it.
const CLOCK_ERROR_LIMIT: TimeDelta = TimeDelta::days(1);

/// When waiting for a recording ends.
fn grace_end(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) -> DateTime<Utc> {
    let document = &dossier.document;
    let from = ["call_end", "metadata_saved"]
        .into_iter()
        .filter_map(|name| document.timestamp(name))
        .find(|time| *time <= now)
        .unwrap_or(dossier.modified);
    if from > now + CLOCK_ERROR_LIMIT {
        return now;
    }
    from.checked_add_signed(to_delta(policy.recording_grace))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn plainly(step: RecordingStep) -> (RecordingStep, Vec<String>) {
    (step, Vec::new())
}

struct Search<'a> {
    dossier: &'a Dossier,
    policy: &'a Policy,
    now: DateTime<Utc>,
    grace_end: DateTime<Utc>,
}

impl Search<'_> {
    fn grace_is_over(&self) -> bool {
        self.now >= self.grace_end
    }

    /// The manifest, once egress has ended and written it.
    fn usable_manifest(&self) -> Result<Option<&Manifest>, Hold> {
        let reading = match &self.dossier.manifest {
            Lookup::NotNamed | Lookup::Missing => return Ok(None),
            Lookup::Unsafe(reason) => return Err(unsafe_path("egress manifest", reason)),
            Lookup::Unreadable(reason) => return Err(Hold::unreadable("egress manifest", reason)),
            Lookup::Here(reading) => reading,
        };
        match &reading.content {
            Ok(manifest) if matches!(manifest.progress, Progress::InProgress) => Ok(None),
            Ok(manifest) => Ok(Some(manifest)),
            Err(_) if is_young(reading.file.modified, self.now, self.policy.settle) => {
                Err(Hold::settling("egress manifest"))
            }
            Err(reason) => {
                log::debug!(reason:% = reason; "took an unreadable egress manifest as none");
                Ok(None)
            }
        }
    }

    fn by_manifest(
        &self,
        manifest: &Manifest,
    ) -> Result<Option<(RecordingStep, Vec<String>)>, Hold> {
        if let Progress::Failed { reason, .. } = &manifest.progress {
            return Ok(Some(plainly(RecordingStep::Missing {
                reason: (*reason).to_owned(),
            })));
        }
        if manifest.files.is_empty() {
            return Ok(Some(without_files(manifest)));
        }
        let mut choice: Option<(usize, &FileFacts)> = None;
        for (index, (file, found)) in manifest
            .files
            .iter()
            .zip(&self.dossier.manifest_files)
            .enumerate()
        {
            if let Some(url) = file
                .location
                .as_deref()
                .filter(|location| manifest::is_remote(location))
            {
                let step = RecordingStep::Remote {
                    url: url.to_owned(),
                    bytes: file.size_bytes,
                    duration: file.duration.or(manifest.duration),
                };
                return Ok(Some((step, others_warning(manifest, index))));
            }
            match found {
                Lookup::Unsafe(reason) => return Err(unsafe_path("recording", reason)),
                Lookup::Unreadable(reason) => return Err(Hold::unreadable("recording", reason)),
                Lookup::NotNamed | Lookup::Missing => {}
                Lookup::Here(here) if is_media(here) => {
                    choice = Some((index, here));
                    break;
                }
                // A file of no known kind is taken when there is nothing better.
                Lookup::Here(here) => choice = choice.or(Some((index, here))),
            }
        }
        let Some((index, found)) = choice else {
            return Ok(None);
        };
        let named = manifest.files.get(index);
        let size = named.and_then(|file| file.size_bytes);
        let duration = named.and_then(|file| file.duration).or(manifest.duration);
        let (step, mut warnings) = self.ready(found, size, duration)?;
        warnings.extend(others_warning(manifest, index));
        Ok(Some((step, warnings)))
    }

    /// The document's own path; while an egress may still be writing there, only once its manifest
    /// is there or the grace is over.
    fn by_document(
        &self,
        manifest: Option<&Manifest>,
    ) -> Result<Option<(RecordingStep, Vec<String>)>, Hold> {
        if let Some(url) = self
            .dossier
            .document
            .recording_path()
            .filter(|path| manifest::is_remote(path))
        {
            let step = RecordingStep::Remote {
                url,
                bytes: None,
                duration: manifest.and_then(|manifest| manifest.duration),
            };
            return Ok(Some(plainly(step)));
        }
        let may_be_half_written = self.dossier.document.egress_id().is_some()
            && manifest.is_none()
            && !self.grace_is_over();
        match &self.dossier.named_recording {
            Lookup::Unsafe(reason) => Err(unsafe_path("recording", reason)),
            Lookup::Unreadable(reason) => Err(Hold::unreadable("recording", reason)),
            Lookup::Here(found) if !may_be_half_written => {
                let duration = manifest.and_then(|manifest| manifest.duration);
                self.ready(found, None, duration).map(Some)
            }
            Lookup::NotNamed | Lookup::Missing | Lookup::Here(_) => Ok(None),
        }
    }

    /// A file that was found: whether it is complete.
    fn ready(&self, found: &FileFacts, size: Option<u64>, duration: Option<Duration>) -> Decided {
        if is_young(found.modified, self.now, self.policy.settle) {
            return Err(Hold::settling("recording"));
        }
        let size_mismatch = size.is_some_and(|size| size != found.len_bytes);
        if size_mismatch && !self.grace_is_over() {
            return Err(Hold::settling("recording"));
        }
        if found.len_bytes == 0 {
            return self.not_there("empty").map(plainly);
        }
        let mut warnings = Vec::new();
        if is_far_ahead(found.modified, self.now, self.policy.settle) {
            warnings.push(wrong_clock("recording"));
        }
        if size_mismatch {
            warnings.push("the recording's size is not the manifest's".to_owned());
        }
        let recording = RecordingToSend {
            file: found.clone(),
            duration,
            size_mismatch,
        };
        Ok((RecordingStep::Upload(recording), warnings))
    }

    fn not_there(&self, reason: &str) -> Result<RecordingStep, Hold> {
        if self.grace_is_over() {
            Ok(RecordingStep::Missing {
                reason: reason.to_owned(),
            })
        } else {
            Err(Hold::Wait {
                until: self.grace_end,
            })
        }
    }
}

fn without_files(manifest: &Manifest) -> (RecordingStep, Vec<String>) {
    let Some(playlists) = &manifest.playlists else {
        return plainly(RecordingStep::Missing {
            reason: "no_files".to_owned(),
        });
    };
    if let Some(url) = &playlists.remote_url {
        let step = RecordingStep::Remote {
            url: url.clone(),
            bytes: None,
            duration: manifest.duration,
        };
        return plainly(step);
    }
    let warning = format!(
        "the recording is a local playlist of {} segments, which cannot be sent as one file",
        playlists.segments
    );
    (
        RecordingStep::Missing {
            reason: "hls".to_owned(),
        },
        vec![warning],
    )
}

fn others_warning(manifest: &Manifest, chosen: usize) -> Vec<String> {
    let others: Vec<&str> = manifest
        .files
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != chosen)
        .filter_map(|(_, file)| file.filename.as_deref().or(file.location.as_deref()))
        .filter_map(|name| name.rsplit(['/', '\\']).next())
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the manifest names other files, which are not sent: {}",
        others.join(", ")
    )]
}

/// Whether a file's extension is that of audio or video.
fn is_media(file: &FileFacts) -> bool {
    const EXTENSIONS: [&str; 17] = [
        "ogg", "oga", "opus", "mp3", "wav", "mp4", "m4a", "m4v", "webm", "mkv", "mka", "aac",
        "flac", "ts", "mov", "amr", "3gp",
    ];
    let extension = file
        .relative
        .extension()
        .and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}

pub(super) fn unsafe_path(what: &str, reason: &str) -> Hold {
    let part = if matches!(what, "transcript" | "lead file") {
        Part::CallData
    } else {
        Part::Recording
    };
    let message = format!("the {what} is not opened: {reason}");
    Hold::Fail {
        part,
        failure: Failure::local(FailureKind::UnsafePath, message),
    }
}
