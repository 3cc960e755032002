//! A whole estate: hundreds of calls, some of them delivered or documented, and what else lies
//! about after years.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};
use test_support::{Dir, Site};

use crate::calls::{Call, Form, Put, Sound, age, number_in};

/// What became of a transcript before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// Nothing.
    Untouched,
    /// A document names it.
    Documented,
    /// Bytes that are no document go by its session.
    Quarantined,
    /// The old uploader has marked it.
    Delivered,
    /// It is a copy of another.
    Copy,
}

/// An estate and its truth.
pub(crate) struct Estate {
    pub(crate) calls: Vec<Call>,
    /// Of each transcript that is there: which call it is of, and what became of it.
    pub(crate) transcripts: BTreeMap<String, (usize, Past)>,
}

type Files = BTreeMap<(&'static str, String), Put>;

impl Estate {
    /// Builds one; the same seed gives the same truth.
    pub(crate) fn build(site: &Site, seed: u64, count: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let calls = draw_calls(&mut rng, count);
        // What is written later takes the place of what has the same name.
        let mut files = Files::new();
        for call in &calls {
            for put in call.files(&mut rng) {
                files.insert((put.dir, put.name.clone()), put);
            }
        }
        let mut estate = Self {
            calls,
            transcripts: BTreeMap::new(),
        };
        for ((dir, name), put) in &files {
            if *dir == "conversations" {
                let text = String::from_utf8(put.bytes.clone()).unwrap();
                let call = number_in(&text).unwrap();
                let past = match rng.u8(..20) {
                    0 | 1 => Past::Documented,
                    2 => Past::Quarantined,
                    3 | 4 => Past::Delivered,
                    _ => Past::Untouched,
                };
                estate.transcripts.insert(name.clone(), (call, past));
            }
        }
        for put in files.values() {
            write(site, put);
            // Somebody kept some of them twice.
            if put.dir == "conversations" && rng.u8(..30) == 0 {
                estate.copy(site, put);
            }
        }
        for (name, (call, past)) in &estate.transcripts {
            estate.write_past(site, &mut rng, name, &estate.calls[*call], *past);
        }
        write_junk(site);
        estate
    }

    /// Copies an untouched transcript with ids to a name that comes after all others.
    fn copy(&mut self, site: &Site, put: &Put) {
        let (number, past) = self.transcripts[&put.name];
        let has_ids = matches!(self.calls[number].form, Form::Plain | Form::Printed);
        if past == Past::Untouched && has_ids {
            let name = format!("zz_{}", put.name);
            self.transcripts.insert(name.clone(), (number, Past::Copy));
            let put = put.clone();
            write(site, &Put { name, ..put });
        }
    }

    fn write_past(&self, site: &Site, rng: &mut Rng, name: &str, call: &Call, past: Past) {
        let id = id_of(name, call);
        let put = |dir, name: String, bytes: Vec<u8>| {
            let at = call.end + TimeDelta::seconds(300);
            write(
                site,
                &Put {
                    dir,
                    name,
                    bytes,
                    at,
                },
            );
        };
        match past {
            Past::Untouched | Past::Copy => {}
            Past::Quarantined => {
                let bytes = b"{\"session_id\": ".to_vec();
                put("corrupt_metadata", format!("metadata_{id}.json"), bytes);
            }
            Past::Delivered => {
                let stem = name.trim_end_matches(".json");
                let marker = match rng.u8(..3) {
                    0 => stem.to_owned(),
                    _ => name.to_owned(),
                };
                let bytes = match rng.u8(..3) {
                    0 => b"".to_vec(),
                    1 => b"{{junk".to_vec(),
                    _ => json!({"uploaded_at": "x", "original_path": name})
                        .to_string()
                        .into(),
                };
                put("processed_uploads", format!("{marker}.uploaded"), bytes);
            }
            Past::Documented => {
                let (dir, status) = match rng.u8(..2) {
                    0 => ("processed_metadata", "uploaded"),
                    _ => ("failed_metadata", "failed"),
                };
                let document = self.document(rng, name, call, &id, status);
                let bytes = document.to_string().into_bytes();
                put(dir, format!("metadata_{id}.json"), bytes);
            }
        }
    }

    /// A document that tells the truth about a call.
    fn document(&self, rng: &mut Rng, name: &str, call: &Call, id: &str, status: &str) -> Value {
        let conversation = match rng.u8(..4) {
            0 => json!(format!("/home/agent/conversations/{name}")),
            1 => json!(format!("C:\\agent\\conversations\\{name}")),
            2 => json!(format!("conversations/{name}")),
            _ => json!(null),
        };
        let has_manifest = !matches!(
            call.sound,
            Sound::None | Sound::NumberAlone | Sound::KeyAlone | Sound::WholeId
        );
        let recording = match call.sound {
            Sound::NumberAlone | Sound::KeyAlone | Sound::WholeId => {
                json!(format!("recordings/{}", call.sound_name()))
            }
            _ => json!(null),
        };
        let lead = call.lead.map(|_| format!("leads/{}", call.lead_name()));
        json!({
            "session_id": id,
            "campaign_metadata": {
                "campaignId": "c",
                "egressId": has_manifest.then(|| format!("EG_{}", call.egress)),
            },
            "files": {"recording": recording, "conversation": conversation, "lead": lead},
            "status": status,
        })
    }
}

/// The id that a transcript's session gets.
pub(crate) fn id_of(name: &str, call: &Call) -> String {
    match call.form {
        Form::Plain | Form::Printed => call.session_id.clone(),
        Form::History | Form::Oldest => {
            let stem = name.trim_end_matches(".json");
            stem.strip_prefix("transcript_").unwrap_or(stem).to_owned()
        }
    }
}

fn draw_calls(rng: &mut Rng, count: usize) -> Vec<Call> {
    // A day begins, so that two estates of a seed are the same.
    let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
    let midnight = today.and_hms_opt(0, 0, 0).unwrap().and_utc();
    let mut start = midnight - TimeDelta::days(200);
    let mut calls: Vec<Call> = Vec::new();
    for number in 0..count {
        let again = number > 0 && rng.u8(..20) == 0;
        start += match again {
            true => TimeDelta::microseconds(rng.i64(1..60_000_000)),
            false => TimeDelta::microseconds(rng.i64(60_000_000..9_000_000_000)),
        };
        let mut call = Call::draw(rng, number, start);
        if again {
            // The same number calls again within the minute.
            let first = &mut calls[number - 1];
            call.phone = first.phone.clone();
            keep_transcript(first);
            keep_transcript(&mut call);
        }
        leave_evidence(&calls, &mut call);
        calls.push(call);
    }
    calls
}

/// Gives a transcript a name that no other call has. Of two calls at a time from one number, of
/// which one has lost its transcript and the other its recording, no file tells that they are two.
fn keep_transcript(call: &mut Call) {
    if call.transcript.contains(&call.key()) {
        call.transcript = format!("transcript_{}.json", call.session_id);
    }
}

/// Takes a recording without a manifest out that has another call's name and, but for minutes, its
/// time: were that call's transcript lost, no file would tell either.
fn leave_evidence(calls: &[Call], call: &mut Call) {
    let near = |other: &&Call| call.start - other.end < TimeDelta::minutes(15);
    let is_same = |other: &Call| other.key() == call.key();
    let mut others = calls.iter().rev().take(20).filter(near);
    if call.sound == Sound::KeyAlone && others.any(is_same) {
        call.sound = Sound::None;
    }
}

/// Writes a file with its time.
pub(crate) fn write(site: &Site, put: &Put) {
    let dir = site.root().join(put.dir);
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join(&put.name);
    fs::write(&path, &put.bytes).unwrap();
    set_age(&path, age(put.at));
}

fn set_age(path: &Path, age: Duration) {
    let times = fs::FileTimes::new().set_modified(SystemTime::now() - age);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_times(times).unwrap();
}

/// What is no transcript, no recording and no lead.
fn write_junk(site: &Site) {
    let hour = Duration::from_secs(3600);
    for (dir, name, bytes) in [
        (Dir::Conversations, "transcripts.jsonl", "{}\n{}\n"),
        (Dir::Conversations, "index.json", "{\"files\": []}"),
        (Dir::Conversations, "list.json", "[1, 2]"),
        (
            Dir::Conversations,
            "transcript_cut.json",
            "{\"items\": [{\"ro",
        ),
        (Dir::Conversations, ".hidden.json", "{\"items\": []}"),
        (Dir::Recordings, "EG_junk.json", "no json"),
        (Dir::Recordings, "EG_other.json", "{\"a\": 1}"),
        (Dir::Recordings, "notes.txt", "x"),
        (Dir::Recordings, "x.m3u8", "x"),
        (Dir::Leads, "lead_cut.json", "{\"email\": "),
        (Dir::Leads, "leads.csv", "x"),
    ] {
        site.put(dir, name, bytes, hour);
    }
    let conversations = site.dir(Dir::Conversations);
    fs::create_dir(conversations.join("transcript_dir.json")).unwrap();
    symlink("index.json", conversations.join("transcript_link.json")).unwrap();
    let everybody = Mode::RUSR | Mode::WUSR;
    for (dir, name) in [
        (Dir::Conversations, "transcript_fifo.json"),
        (Dir::Recordings, "EG_fifo.json"),
        (Dir::Leads, "lead_fifo.json"),
    ] {
        mkfifoat(CWD, site.dir(dir).join(name), everybody).unwrap();
    }
}
