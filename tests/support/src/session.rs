//! One session, as an agent leaves it.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::site::{Dir, Site};

/// A session to be written into a site's spool. Starts complete: a document, a recording with its
/// manifest, a transcript; all an hour old. Names nobody real.
#[derive(Debug, Clone)]
pub struct Session {
    id: String,
    document: Value,
    recording: Option<Vec<u8>>,
    manifest: Option<String>,
    transcript: Option<String>,
    lead: Option<String>,
    age: Duration,
}

impl Session {
    /// A complete session without a lead.
    pub fn new(id: &str) -> Self {
        let document = json!({
            "session_id": id,
            "dialed_number": "+15550100123",
            "campaign_metadata": {
                "campaignId": "campaign-1",
                "voiceAgentId": "agent-1",
                "clientId": "client-1",
                "egressId": format!("EG_{id}"),
            },
            "files": {
                "recording": null,
                "conversation": format!("/home/agent/livekit/conversations/transcript_{id}.json"),
                "lead": null,
            },
            "timestamps": {
                "call_start": "2025-10-29T13:50:57.987953+00:00Z",
                "call_end": "2025-10-29T13:51:29.544211+00:00Z",
                "metadata_saved": "2025-10-29T13:51:31.540340Z",
            },
            "status": "ready_for_upload",
            "upload_attempts": 0,
            "last_upload_attempt": null,
        });
        Self {
            recording: Some(format!("sound of {id}").into_bytes()),
            manifest: Some(manifest(id)),
            transcript: Some(plain_transcript(id)),
            lead: None,
            age: Duration::from_secs(3600),
            document,
            id: id.to_owned(),
        }
    }

    /// Other bytes for the recording.
    pub fn recording(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.recording = Some(bytes.into());
        self
    }

    /// No recording file.
    pub fn without_recording_file(mut self) -> Self {
        self.recording = None;
        self
    }

    /// A call that was never recorded: no egress id, no manifest, no file.
    pub fn never_recorded(mut self) -> Self {
        self.recording = None;
        self.manifest = None;
        self.edit(|document| {
            if let Some(campaign) = document["campaign_metadata"].as_object_mut() {
                campaign.remove("egressId");
            }
        })
    }

    /// Another text for the manifest.
    pub fn manifest(mut self, text: impl Into<String>) -> Self {
        self.manifest = Some(text.into());
        self
    }

    /// No manifest.
    pub fn without_manifest(mut self) -> Self {
        self.manifest = None;
        self
    }

    /// Another text for the transcript.
    pub fn transcript(mut self, text: impl Into<String>) -> Self {
        self.transcript = Some(text.into());
        self
    }

    /// The document names a transcript, and it is not there.
    pub fn without_transcript_file(mut self) -> Self {
        self.transcript = None;
        self
    }

    /// A lead file that the document names.
    pub fn lead(mut self, text: impl Into<String>) -> Self {
        self.lead = Some(text.into());
        let path = format!("leads/lead_{}.json", self.id);
        self.edit(|document| document["files"]["lead"] = json!(path))
    }

    /// Changes the document.
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.document);
        self
    }

    /// How old all files are.
    pub fn age(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The recording's file name.
    pub fn recording_name(&self) -> String {
        format!("{}.ogg", self.id)
    }

    /// Writes everything into a site's spool; gives the document's path.
    pub fn write(&self, site: &Site) -> PathBuf {
        let put = |dir, name: String, bytes: &[u8]| put(&site.dir(dir).join(name), bytes, self.age);
        if let Some(bytes) = &self.recording {
            put(Dir::Recordings, self.recording_name(), bytes);
        }
        if let Some(text) = &self.manifest {
            put(
                Dir::Recordings,
                format!("EG_{}.json", self.id),
                text.as_bytes(),
            );
        }
        if let Some(text) = &self.transcript {
            put(
                Dir::Conversations,
                format!("transcript_{}.json", self.id),
                text.as_bytes(),
            );
        }
        if let Some(text) = &self.lead {
            put(
                Dir::Leads,
                format!("lead_{}.json", self.id),
                text.as_bytes(),
            );
        }
        let text = serde_json::to_string_pretty(&self.document).unwrap();
        put(
            Dir::Pending,
            format!("metadata_{}.json", self.id),
            text.as_bytes(),
        )
    }
}

/// Writes a file of that age.
pub(crate) fn put(path: &Path, bytes: &[u8], age: Duration) -> PathBuf {
    fs::write(path, bytes).unwrap();
    let modified = SystemTime::now() - age;
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(modified))
        .unwrap();
    path.to_owned()
}

/// A manifest as LiveKit egress writes it, for the recording `<id>.ogg` of 57.8 s.
pub fn manifest(id: &str) -> String {
    json!({
        "egress_id": format!("EG_{id}"),
        "room_name": "number-_15550100123",
        "started_at": 1_761_719_171_999_656_880_u64,
        "ended_at": 1_761_719_229_844_410_797_u64,
        "files": [{"filename": format!("recordings/{id}.ogg"), "location": format!("/recordings/{id}.ogg")}],
    })
    .to_string()
}

/// A transcript of two turns.
pub fn plain_transcript(id: &str) -> String {
    json!({
        "session_id": id,
        "start_time": "2025-10-29 10:16:19.574407+00:00",
        "end_time": "2025-10-29 10:16:52.652193+00:00",
        "items": [
            {"role": "assistant", "content": "Hello, this is Asha.", "timestamp": "2025-10-29T10:16:25.608060Z", "source": "agent"},
            {"role": "user", "content": "I need a demo", "timestamp": "2025-10-29T10:16:31.240518Z", "source": "transcription_node", "transcript_confidence": 0.95},
        ],
        "total_items": 2,
        "duration_seconds": 33.077_786,
        "lead_generated": false,
        "metadata": {"auto_saved": true},
    })
    .to_string()
}
