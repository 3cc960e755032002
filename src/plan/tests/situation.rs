//! A session on disk, built in memory: whole, old and without a recording unless a test says
//! otherwise.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use crate::outcome::{FailureKind, Part};
use crate::plan::{Action, CallDataStep, Delivery, Policy, RecordingStep, RecordingToSend, assess};
use crate::session::{Document, Dossier, FileFacts, Lookup, Reading};
use crate::transcript::Transcript;
use crate::{lead, manifest, timestamp, transcript};

/// Seconds from the end of a call to the end of the wait for its recording.
pub(super) const GRACE: i64 = 30 * 60;
/// Seconds below which a file may still be in the making.
pub(super) const SETTLE: i64 = 60;
/// The size of a file unless a test says otherwise.
pub(super) const LEN: u64 = 1000;
/// The age of a file, in seconds, unless a test says otherwise.
const OLD: i64 = 2 * 3600;

/// The one present of all tests.
pub(super) fn now() -> DateTime<Utc> {
    timestamp::parse("2025-10-29T14:00:00Z").unwrap()
}

/// The time that many seconds ago; ahead of now when negative.
pub(super) fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

/// A file of that age in seconds.
pub(super) fn aged_file(name: &str, age: i64) -> FileFacts {
    FileFacts {
        relative: PathBuf::from(name),
        len_bytes: LEN,
        modified: ago(age),
    }
}

/// A file that was written long ago.
pub(super) fn file(name: &str) -> FileFacts {
    aged_file(name, OLD)
}

/// A transcript, read from that text, of that age in seconds.
pub(super) fn transcript_of(text: &str, age: i64) -> Lookup<Reading<Transcript>> {
    Lookup::Here(Reading {
        file: aged_file("transcript.json", age),
        content: transcript::parse(text.as_bytes()).map_err(|error| error.to_string()),
    })
}

/// A lead file, read from that text, of that age in seconds.
pub(super) fn lead_of(text: &str, age: i64) -> Lookup<Reading<Box<RawValue>>> {
    Lookup::Here(Reading {
        file: aged_file("lead.json", age),
        content: lead::parse(text.as_bytes()).map_err(|error| error.to_string()),
    })
}

/// The transcript of every session that no test has given another.
pub(super) fn whole_transcript() -> Lookup<Reading<Transcript>> {
    transcript_of(r#"{"items":[{"role":"user","content":"hello"}]}"#, OLD)
}

/// A session on disk.
pub(super) struct Situation {
    pub(super) policy: Policy,
    /// Raw JSON, as are the next three.
    pub(super) campaign: String,
    pub(super) files: String,
    pub(super) timestamps: String,
    pub(super) upload: String,
    dossier: Dossier,
}

/// A session whose call ended half of the grace ago; of its files, only the transcript is there.
pub(super) fn session() -> Situation {
    let document = Document::parse(br#"{"session_id":"s"}"#).unwrap();
    Situation {
        policy: Policy::defaults(),
        campaign: ids(""),
        files: "{}".to_owned(),
        timestamps: "{}".to_owned(),
        upload: "{}".to_owned(),
        dossier: Dossier {
            name: "metadata_s.json".into(),
            document,
            modified: ago(OLD),
            manifest: Lookup::NotNamed,
            manifest_files: Vec::new(),
            named_recording: Lookup::NotNamed,
            transcript: whole_transcript(),
            lead: Lookup::NotNamed,
        },
    }
    .call_ended(GRACE / 2)
}

fn ids(more: &str) -> String {
    format!(r#"{{"campaignId":"c","voiceAgentId":"v","clientId":"k"{more}}}"#)
}

impl Situation {
    /// The call ended that many seconds ago.
    pub(super) fn call_ended(self, seconds: i64) -> Self {
        let call_end = timestamp::format(ago(seconds));
        self.timestamps(&format!(r#"{{"call_end":"{call_end}"}}"#))
    }

    pub(super) fn timestamps(mut self, timestamps: &str) -> Self {
        timestamps.clone_into(&mut self.timestamps);
        self
    }

    /// The document was written that many seconds ago.
    pub(super) fn document_aged(mut self, seconds: i64) -> Self {
        self.dossier.modified = ago(seconds);
        self
    }

    pub(super) fn campaign(mut self, campaign: &str) -> Self {
        campaign.clone_into(&mut self.campaign);
        self
    }

    /// What earlier runs have recorded.
    pub(super) fn upload(mut self, upload: &str) -> Self {
        upload.clone_into(&mut self.upload);
        self
    }

    /// Recording was started; there is no manifest yet.
    pub(super) fn egress(mut self) -> Self {
        self.campaign = ids(r#","egressId":"EG_x""#);
        self.dossier.manifest = Lookup::Missing;
        self
    }

    /// Recording was started, and its manifest was written long ago.
    pub(super) fn manifest(self, text: &str) -> Self {
        self.manifest_aged(text, OLD)
    }

    pub(super) fn manifest_aged(mut self, text: &str, age: i64) -> Self {
        self = self.egress();
        self.dossier.manifest = Lookup::Here(Reading {
            file: aged_file("EG_x.json", age),
            content: manifest::parse(text.as_bytes()).map_err(|error| error.to_string()),
        });
        let named = match &self.dossier.manifest {
            Lookup::Here(reading) => reading.content.as_ref().map_or(0, |it| it.files.len()),
            _ => 0,
        };
        self.dossier.manifest_files = vec![Lookup::Missing; named];
        self
    }

    /// Recording was started, and there is something wrong with the manifest itself.
    pub(super) fn manifest_lookup(mut self, lookup: Lookup<Reading<manifest::Manifest>>) -> Self {
        self = self.egress();
        self.dossier.manifest = lookup;
        self
    }

    /// What became of looking for the manifest's files.
    pub(super) fn found(mut self, files: Vec<Lookup<FileFacts>>) -> Self {
        assert_eq!(files.len(), self.dossier.manifest_files.len());
        self.dossier.manifest_files = files;
        self
    }

    /// The document names a recording.
    pub(super) fn named(mut self, lookup: Lookup<FileFacts>) -> Self {
        self.files = r#"{"recording":"recordings/named.ogg"}"#.to_owned();
        self.dossier.named_recording = lookup;
        self
    }

    pub(super) fn transcript(mut self, lookup: Lookup<Reading<Transcript>>) -> Self {
        self.dossier.transcript = lookup;
        self
    }

    pub(super) fn lead(mut self, lookup: Lookup<Reading<Box<RawValue>>>) -> Self {
        self.dossier.lead = lookup;
        self
    }

    /// What is decided.
    pub(super) fn action(mut self) -> Action {
        let text = format!(
            r#"{{"session_id":"s","campaign_metadata":{},"files":{},"timestamps":{},"upload":{}}}"#,
            self.campaign, self.files, self.timestamps, self.upload
        );
        self.dossier.document = Document::parse(text.as_bytes()).unwrap();
        assess(&self.dossier, &self.policy, now())
    }

    /// What is delivered.
    pub(super) fn delivery(self) -> Delivery {
        match self.action() {
            Action::Deliver(delivery) => delivery,
            other => panic!("not delivered: {other:?}"),
        }
    }

    /// What is done about the recording.
    pub(super) fn recording(self) -> RecordingStep {
        self.delivery().recording
    }

    /// The recording that is sent.
    pub(super) fn sent(self) -> RecordingToSend {
        match self.recording() {
            RecordingStep::Upload(recording) => recording,
            other => panic!("not sent: {other:?}"),
        }
    }

    /// The name of the recording that is sent.
    pub(super) fn sent_name(self) -> String {
        self.sent().file.file_name()
    }

    /// What is done about the call data.
    pub(super) fn call_data(self) -> CallDataStep {
        self.delivery().call_data
    }

    /// Why it fails for good.
    pub(super) fn failure(self) -> (Part, FailureKind, String) {
        match self.action() {
            Action::Fail { part, failure } => (part, failure.kind, failure.message),
            other => panic!("not failed: {other:?}"),
        }
    }

    /// Why it is skipped.
    pub(super) fn skipped(self) -> String {
        match self.action() {
            Action::Skip { reason } => reason,
            other => panic!("not skipped: {other:?}"),
        }
    }
}

/// The recording is missing for that reason.
pub(super) fn missing(reason: &str) -> RecordingStep {
    RecordingStep::Missing {
        reason: reason.to_owned(),
    }
}

/// The wait for a recording, that many seconds from now.
pub(super) fn wait(seconds: i64) -> Action {
    Action::Wait {
        until: ago(-seconds),
    }
}

pub(super) fn seconds(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(count))
}
