//! The producer: a voice agent and egress, which write sessions of every kind.

use std::collections::BTreeSet;
use std::path::Path;

use callspool::spool::Layout;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;
use invariants::{CallData, Origin, Recording};

use crate::api::hash;
use crate::disk::model::Content;
use crate::layout::layout;
use crate::world::{Shared, World};

/// A file that comes later.
#[derive(Debug, Clone)]
struct Late {
    at: DateTime<Utc>,
    path: std::path::PathBuf,
    bytes: Vec<u8>,
}

/// What the producer has written, and is going to write.
#[derive(Debug, Default)]
pub(crate) struct Producer {
    pub(crate) origins: Vec<Origin>,
    /// Sessions some file of which came late.
    pub(crate) late_sessions: BTreeSet<String>,
    late: Vec<Late>,
    count: u64,
}

impl Producer {
    /// Writes one more session.
    pub(crate) fn produce(&mut self, shared: &Shared) {
        let mut world = shared.get();
        let mut rng = world.rng.fork();
        let id = self.next_id();
        let age = TimeDelta::seconds([0, 90, 90, 600, 3600, 7200][rng.usize(..6)]);
        let written = world.now - age;
        world.note(|| format!("-- the producer writes {id}"));
        if rng.u8(..20) == 0 {
            self.produce_garbage(&mut world, &id, written);
            return;
        }
        let mut session = Session::new(&id, written, &mut rng);
        session.add_recording(&mut rng, &mut world, self);
        session.add_transcript(&mut rng, &mut world, self);
        session.add_lead(&mut rng, &mut world);
        let origin = session.into_origin(&mut rng);
        let path = layout().metadata.join(&origin.name);
        put(&mut world, &path, &origin.bytes, written);
        self.origins.push(origin);
    }

    /// An id that no session has yet.
    pub(crate) fn next_id(&mut self) -> String {
        self.count += 1;
        format!("s{}", self.count)
    }

    /// Writes what is due by now.
    pub(crate) fn catch_up(&mut self, shared: &Shared) {
        let mut world = shared.get();
        let now = world.now;
        let (due, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|late| late.at <= now);
        self.late = late;
        let due: Vec<Late> = due;
        for late in due {
            let name = late.path.display().to_string();
            world.note(|| format!("-- {name} comes late"));
            put(&mut world, &late.path, &late.bytes, late.at);
        }
    }

    /// Writes everything that is still to come.
    pub(crate) fn finish(&mut self, shared: &Shared) {
        let last = self.late.iter().map(|late| late.at).max();
        let mut world = shared.get();
        if let Some(last) = last {
            let rest = (last - world.now).to_std().unwrap_or_default();
            world.pass(rest);
        }
        drop(world);
        self.catch_up(shared);
    }

    fn produce_garbage(&mut self, world: &mut World, id: &str, written: DateTime<Utc>) {
        let name = format!("metadata_{id}.json");
        let bytes = format!("{{\"session_id\": \"{id}\", \"torn");
        put(
            world,
            &layout().metadata.join(&name),
            bytes.as_bytes(),
            written,
        );
        self.origins.push(Origin::corrupt(&name, bytes.as_bytes()));
    }

    fn later(&mut self, id: &str, at: DateTime<Utc>, path: &Path, bytes: &[u8]) {
        self.late_sessions.insert(id.to_owned());
        self.late.push(Late {
            at,
            path: path.to_owned(),
            bytes: bytes.to_vec(),
        });
    }
}

/// A session in the making.
struct Session {
    id: String,
    written: DateTime<Utc>,
    campaign: Vec<String>,
    recording_path: Option<String>,
    conversation: Option<String>,
    lead: Option<String>,
    recording: Recording,
    call_data: CallData,
}

impl Session {
    fn new(id: &str, written: DateTime<Utc>, rng: &mut Rng) -> Self {
        let has_campaign = rng.u8(..25) > 0;
        let campaign = ["campaignId", "voiceAgentId", "clientId"]
            .iter()
            .filter(|_| has_campaign)
            .map(|name| format!("\"{name}\": \"{name}-1\""))
            .collect();
        Self {
            id: id.to_owned(),
            written,
            campaign,
            recording_path: None,
            conversation: None,
            lead: None,
            recording: Recording::None,
            call_data: if has_campaign {
                CallData::Whole
            } else {
                CallData::Impossible
            },
        }
    }

    fn add_recording(&mut self, rng: &mut Rng, world: &mut World, producer: &mut Producer) {
        let Layout { recordings, .. } = layout();
        let file = format!("call_{}.ogg", self.id);
        let audio = recordings.join(&file);
        let manifest = recordings.join(format!("EG_{}.json", self.id));
        let mut bytes = format!("recording of {} ", self.id).into_bytes();
        bytes.resize(rng.usize(40..4000), rng.u8(..));
        let start = self.written.timestamp_nanos_opt().unwrap_or_default() - 60_000_000_000;
        let text = |location: &str| {
            let end = start + 33_000_000_000;
            format!(
                r#"{{"egress_id":"EG_{}","started_at":{start},"ended_at":{end},"files":[{{"filename":"{file}"{location}}}]}}"#,
                self.id
            )
        };
        let old = self.written - TimeDelta::seconds(70);
        let kind = rng.u8(..12);
        if kind != 0 && kind != 1 {
            let prefix = if rng.bool() { "EG_" } else { "" };
            self.campaign
                .push(format!("\"egressId\": \"{prefix}{}\"", self.id));
        }
        let soon = self.written + TimeDelta::seconds(rng.i64(0..1200));
        match kind {
            0 => return,
            1 => {
                self.recording_path = Some(format!("recordings/{file}"));
                put(world, &audio, &bytes, old);
            }
            2 => {
                self.recording = Recording::Missing;
                return;
            }
            3 => {
                let failed = format!(
                    r#"{{"egressId":"EG_{}","status":"EGRESS_FAILED","error":"no track"}}"#,
                    self.id
                );
                put(world, &manifest, failed.as_bytes(), old);
                self.recording = Recording::Missing;
                return;
            }
            4 => {
                let url = format!("https://storage.example.com/{file}");
                let location = format!(r#","location":"{url}""#);
                put(world, &manifest, text(&location).as_bytes(), old);
                self.recording = Recording::Remote(url);
                return;
            }
            5 => {
                put(world, &manifest, text("").as_bytes(), old);
                producer.later(&self.id, soon, &audio, &bytes);
            }
            6 => {
                put(world, &audio, &bytes, old);
                producer.later(&self.id, soon, &manifest, text("").as_bytes());
            }
            _ => {
                put(world, &audio, &bytes, old);
                put(world, &manifest, text("").as_bytes(), old);
            }
        }
        self.recording = Recording::File(hash(&bytes));
    }

    fn add_transcript(&mut self, rng: &mut Rng, world: &mut World, producer: &mut Producer) {
        let name = format!("transcript_{}.json", self.id);
        let path = layout().conversations.join(&name);
        let text = format!(
            r#"{{"session_id":"{}","duration_seconds":33.5,"items":[{{"role":"user","content":"hello from {}"}}]}}"#,
            self.id, self.id
        );
        let old = self.written - TimeDelta::seconds(70);
        match rng.u8(..14) {
            0 => {
                self.lessen(CallData::Lacking);
                return;
            }
            1 => {
                put(world, &path, b"{\"items\": [", old);
                self.lessen(CallData::Impossible);
            }
            2 => self.lessen(CallData::Impossible),
            3 => {
                let soon = self.written + TimeDelta::seconds(rng.i64(0..1200));
                producer.later(&self.id, soon, &path, text.as_bytes());
            }
            _ => put(world, &path, text.as_bytes(), old),
        }
        self.conversation = Some(format!("/home/agent/conversations/{name}"));
    }

    fn add_lead(&mut self, rng: &mut Rng, world: &mut World) {
        let name = format!("lead_{}.json", self.id);
        match rng.u8(..4) {
            0 => {
                let text = r#"{"name":"Ada Example","email":"ada@example.com"}"#;
                let old = self.written - TimeDelta::seconds(70);
                put(world, &layout().leads.join(&name), text.as_bytes(), old);
            }
            1 if rng.u8(..4) == 0 => self.lessen(CallData::Lacking),
            _ => return,
        }
        self.lead = Some(format!("leads/{name}"));
    }

    fn lessen(&mut self, to: CallData) {
        if self.call_data != CallData::Impossible {
            self.call_data = to;
        }
    }

    fn into_origin(self, rng: &mut Rng) -> Origin {
        let quoted = |path: &Option<String>| {
            path.as_ref()
                .map_or("null".to_owned(), |path| format!("\"{path}\""))
        };
        let stays = rng.u8(..30) == 0;
        let status = if stays { "paused" } else { "ready_for_upload" };
        let end = self.written.to_rfc3339_opts(SecondsFormat::Micros, true);
        let text = format!(
            r#"{{"session_id": "{id}", "dialed_number": "+15550100123", "odd": [1E+2, 123456789012345678901234, "\/"],
 "campaign_metadata": {{{campaign}}},
 "files": {{"recording": {recording}, "conversation": {conversation}, "lead": {lead}}},
 "timestamps": {{"call_start": "{end}", "call_end": "{end}", "metadata_saved": "{end}"}},
 "status": "{status}", "upload_attempts": 0, "last_upload_attempt": null}}"#,
            id = self.id,
            campaign = self.campaign.join(", "),
            recording = quoted(&self.recording_path),
            conversation = quoted(&self.conversation),
            lead = quoted(&self.lead),
        );
        Origin {
            name: format!("metadata_{}.json", self.id),
            bytes: text.into_bytes(),
            session_id: Some(self.id),
            recording: self.recording,
            call_data: self.call_data,
            stays,
        }
    }
}

fn put(world: &mut World, path: &Path, bytes: &[u8], modified: DateTime<Utc>) {
    let content = Content {
        bytes: bytes.to_vec(),
        mode: 0o640,
        modified: modified.into(),
    };
    world
        .disk
        .put(path, content)
        .expect("the producer's directories are there");
}
