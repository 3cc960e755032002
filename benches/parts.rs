//! The parts of a session that are done in memory, and the looking at the spool, each by itself.
//!
//! `cargo bench` measures them; `cargo bench -- transcript` some. They show where processor time
//! goes and whether a change made it more; `make bench` tells what that means for a whole run.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

use std::ffi::OsString;
use std::fs::{self, File, FileTimes};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use callspool::drain::judge;
use callspool::outcome::Part;
use callspool::plan::{Policy, assess};
use callspool::redact::Redactor;
use callspool::session::{Document, Dossier, Status};
use callspool::spool::{Layout, Spool, State};
use callspool::upload::call_data::{self, CallDataInput, RecordingReference};
use callspool::upload::idempotency::{self, Content};
use callspool::upload::multipart::Frame;
use callspool::{lead, manifest, timestamp, transcript};
use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;

const DOCUMENT: &[u8] = include_bytes!("../fixtures/samples/metadata_session.json");
const MANIFEST: &[u8] = include_bytes!("../fixtures/samples/EG_manifest.json");
const LEAD: &[u8] = include_bytes!("../fixtures/samples/lead.json");
const TRANSCRIPTS: [(&str, &[u8]); 3] = [
    (
        "plain",
        include_bytes!("../fixtures/samples/transcript_session_plain.json"),
    ),
    (
        "printed by the SDK",
        include_bytes!("../fixtures/samples/transcript_session_raw_history.json"),
    ),
    (
        "LiveKit's history",
        include_bytes!("../fixtures/samples/transcript_livekit_history.json"),
    ),
];
/// How many documents a listing finds.
const PILE: usize = 10_000;

fn texts(c: &mut Criterion) {
    c.bench_function("document: parse", |b| {
        b.iter(|| Document::parse(black_box(DOCUMENT)).unwrap());
    });
    let document = Document::parse(DOCUMENT).unwrap();
    c.bench_function("document: rewrite", |b| {
        b.iter(|| {
            let mut document = document.clone();
            document.set_status(&Status::Uploaded).unwrap();
            document.set_upload_attempts(1).unwrap();
            document.to_bytes().unwrap()
        });
    });
    for (name, bytes) in TRANSCRIPTS {
        c.bench_function(&format!("transcript: {name}"), |b| {
            b.iter(|| transcript::parse(black_box(bytes)).unwrap());
        });
    }
    c.bench_function("manifest: parse", |b| {
        b.iter(|| manifest::parse(black_box(MANIFEST)).unwrap());
    });
    c.bench_function("lead: parse", |b| {
        b.iter(|| lead::parse(black_box(LEAD)).unwrap());
    });
}

fn requests(c: &mut Criterion) {
    let parsed = transcript::parse(TRANSCRIPTS[1].1).unwrap();
    let lead_object = lead::parse(LEAD).unwrap();
    let input = CallDataInput {
        session_id: "session_20251029_101619_b4ce4c7b",
        campaign_id: "campaign-1",
        voice_agent_id: "agent-1",
        client_id: "client-1",
        dialed_number: Some("+15550100123"),
        direction: None,
        call_status: None,
        call_start: None,
        call_end: None,
        transcript: Some(&parsed),
        lead: Some(&lead_object),
        recording: Some(RecordingReference {
            url: "https://crm.example/uploads/1761638707911.ogg",
            size_bytes: Some(1_406_083),
        }),
        recording_duration: Some(Duration::from_secs(57)),
    };
    c.bench_function("call data: body", |b| {
        b.iter(|| call_data::build(black_box(&input)).unwrap());
    });
    let body = call_data::build(&input).unwrap();
    c.bench_function("call data: idempotency key", |b| {
        b.iter(|| {
            let content = Content::Body(black_box(&body));
            idempotency::key(input.session_id, Part::CallData, 0, content)
        });
    });
    c.bench_function("recording: idempotency key and frame", |b| {
        b.iter(|| {
            let content = Content::Length(black_box(1_406_083));
            let key = idempotency::key(input.session_id, Part::Recording, 0, content);
            Frame::new("number-_15550100123-1761719171.ogg", &key)
        });
    });
    c.bench_function("redactor: build", |b| {
        b.iter(|| {
            let mut redactor = Redactor::new().phone("+15550100123");
            for turn in &parsed.turns {
                redactor = redactor.transcript_text(&turn.content);
            }
            for value in lead::personal_texts(&lead_object) {
                redactor = redactor.lead_value(&value);
            }
            redactor
        });
    });
}

fn looking(c: &mut Criterion) {
    let home = TempDir::new().unwrap();
    let spool = pile(home.path());
    let now = timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let policy = policy();
    c.bench_function(&format!("spool: list {PILE}"), |b| {
        b.iter(|| spool.list(State::Pending).unwrap().len());
    });
    let entry = spool.list(State::Pending).unwrap().iter().next().unwrap();
    c.bench_function("spool: judge one of them", |b| {
        b.iter(|| judge(&spool, entry.clone(), &policy, now));
    });
    c.bench_function("spool: gather and assess one of them", |b| {
        b.iter(|| assess(&dossier(&spool, &entry.name, now), &policy, now));
    });
    let dossier = dossier(&spool, &entry.name, now);
    c.bench_function("plan: assess", |b| {
        b.iter(|| assess(black_box(&dossier), &policy, now));
    });
}

fn dossier(spool: &Spool, name: &OsString, modified: DateTime<Utc>) -> Dossier {
    spool.gather(name, Document::parse(DOCUMENT).unwrap(), modified)
}

/// A spool with many documents and the files of the one that they all are copies of.
fn pile(home: &Path) -> Spool {
    let layout = Layout::below(home);
    for dir in [
        &layout.metadata,
        &layout.conversations,
        &layout.recordings,
        &layout.leads,
    ] {
        fs::create_dir(dir).unwrap();
    }
    for index in 0..PILE {
        // Not in the order of their names.
        let age = Duration::from_secs(7200 + (index as u64 * 7919) % PILE as u64);
        let name = format!("metadata_session_{index:08x}.json");
        put(&layout.metadata.join(name), DOCUMENT, age);
    }
    let old = Duration::from_secs(7200);
    let document = Document::parse(DOCUMENT).unwrap();
    let transcript = format!("transcript_{}.json", document.session_id());
    put(
        &layout.conversations.join(transcript),
        TRANSCRIPTS[1].1,
        old,
    );
    let egress = document.egress_id().unwrap();
    let named = format!("EG_{}.json", egress.trim_start_matches("EG_"));
    put(&layout.recordings.join(named), MANIFEST, old);
    let recording = "number-_15550100123-1761719171.ogg";
    put(&layout.recordings.join(recording), b"sound", old);
    Spool::open(layout).unwrap()
}

fn put(path: &Path, bytes: &[u8], age: Duration) {
    fs::write(path, bytes).unwrap();
    let times = FileTimes::new().set_modified(SystemTime::now() - age);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(times).unwrap();
}

fn policy() -> Policy {
    let minutes = |count: u64| Duration::from_secs(count * 60);
    Policy {
        max_attempts: 20,
        min_backoff: minutes(5),
        max_backoff: minutes(360),
        recording_grace: minutes(30),
        settle: minutes(1),
        default_campaign_id: None,
        default_voice_agent_id: None,
        default_client_id: None,
    }
}

criterion_group!(benches, texts, requests, looking);
criterion_main!(benches);
