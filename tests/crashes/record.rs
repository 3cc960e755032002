//! A producer that is killed at any of its system calls, or at which one fails: there is the whole
//! session or none of it, and trying again makes exactly one.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use test_support::{Dir, Outcome, Site};

use crate::BINARY;
use crate::cases::Cases;
use crate::figures::tell;
use crate::tracer::{SystemCall, Tamper, Tracer};

/// What a call may fail with that changes something.
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EACCES"];

/// A call with a lead: a record of it writes three files.
fn input() -> String {
    json!({
        "session_id": "x",
        "campaign_metadata": {"campaignId": "c", "voiceAgentId": "v", "clientId": "k"},
        "items": [{"role": "user", "content": "to the letter", "created_at": 1_761_732_991.5}],
        "lead": {"name": "Test Person", "email": "t@example.com", "company": "Example Co", "interest": "a demo"},
    })
    .to_string()
}

fn feed(command: &mut Command) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who was killed before does not read it.
    let _ = child.stdin.take().unwrap().write_all(input().as_bytes());
    Outcome::of(child.wait_with_output().unwrap())
}

/// An empty spool: its directories are made too.
fn site() -> Site {
    let site = Site::new(BINARY);
    for dir in [Dir::Pending, Dir::Conversations, Dir::Leads] {
        fs::remove_dir(site.dir(dir)).unwrap();
    }
    site
}

fn record(site: &Site) -> Command {
    site.command(["record", "--format", "json"])
}

/// The system calls of an undisturbed record that are about the spool.
fn calls_of_a_record() -> Vec<SystemCall> {
    let site = site();
    let tracer = Tracer::beside(&site);
    feed(&mut tracer.watch(&record(&site))).expect(0);
    let calls = tracer.calls_on(&site.root());
    assert!(calls.len() > 40, "{}", calls.len());
    calls
}

/// The hidden files in a directory but for the lock.
fn temporaries(site: &Site, dir: Dir) -> usize {
    let Ok(entries) = fs::read_dir(site.dir(dir)) else {
        return 0;
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.starts_with('.') && name.ends_with(".tmp"))
        .count()
}

/// Demands that there is the whole document or none, and says which.
fn is_recorded(site: &Site, what: &str) -> bool {
    let names = site.names(Dir::Pending);
    for dir in [Dir::Pending, Dir::Conversations, Dir::Leads] {
        assert!(temporaries(site, dir) <= 1, "{what}");
    }
    if names.is_empty() {
        return false;
    }
    assert_eq!(names, ["metadata_x.json"], "{what}");
    let document = site.document(Dir::Pending, "x");
    assert_eq!(document["status"], "ready_for_upload", "{what}");
    for (file, asset) in [("conversation", "items"), ("lead", "email")] {
        let path = site.root().join(document["files"][file].as_str().unwrap());
        let text = fs::read_to_string(path).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        assert!(!whole[asset].is_null(), "{what}");
    }
    true
}

/// Tries again, and demands exactly one session that arrives once and whole.
fn make_good(site: &Site, was_recorded: bool, what: &str) {
    let line = feed(&mut record(site)).expect(0).json_lines().remove(0);
    assert_eq!(line["created"], !was_recorded, "{what}");
    for (dir, name) in [
        (Dir::Pending, "metadata_x.json"),
        (Dir::Conversations, "transcript_x.json"),
        (Dir::Leads, "lead_x.json"),
    ] {
        assert_eq!(site.names(dir), [name], "{what}");
        assert_eq!(temporaries(site, dir), 0, "{what}");
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    site.run(&[]).expect(0).counts(&[]);
    let calls = site.api().calls();
    assert_eq!(calls.len(), 1, "{what}");
    let body = &calls[0].body;
    assert_eq!(
        body["transcription"]["conversation_items"][0]["content"], "to the letter",
        "{what}"
    );
    assert_eq!(body["lead"]["email"], "t@example.com", "{what}");
}

fn tampered(call: &SystemCall, tamper: Tamper) {
    let site = site();
    let what = format!("{tamper:?} at {} {}, {}", call.name, call.nth, call.line);
    let tracer = Tracer::beside(&site);
    let outcome = feed(&mut tracer.tamper(&record(&site), call, tamper));
    let is_there = is_recorded(&site, &what);
    match tamper {
        Tamper::Kill => assert_eq!(outcome.code, -9, "{what}: {}", outcome.stderr),
        Tamper::Error { .. } => {
            assert!(
                matches!(outcome.code, 0 | 10 | 20),
                "{what}: {}\n{}",
                outcome.code,
                outcome.stderr
            );
            let says_so = outcome.code == 0;
            assert!(is_there || !says_so, "{what}: {}", outcome.stdout);
        }
    }
    make_good(&site, is_there, &what);
}

#[test]
fn a_producer_that_is_killed_at_any_system_call_leaves_a_whole_session_or_none() {
    let calls = calls_of_a_record();
    let mut cases = Cases::default();
    for call in &calls {
        cases.case(|| tampered(call, Tamper::Kill));
    }
    tell(&format!("{} producers killed at a call each", cases.done));
    cases.demand_all();
}

#[test]
fn a_producer_of_which_any_system_call_fails_leaves_a_whole_session_or_none() {
    let calls = calls_of_a_record();
    let mut cases = Cases::default();
    for (place, call) in calls.iter().enumerate() {
        let errno = match call.name.as_str() {
            "close" | "exit_group" => continue,
            "read" | "pread64" | "statx" | "newfstatat" | "flock" | "getdents64" => "EIO",
            _ => ERRORS[place % ERRORS.len()],
        };
        for forever in [false, true] {
            cases.case(|| tampered(call, Tamper::Error { errno, forever }));
        }
    }
    tell(&format!("{} producers with a call that fails", cases.done));
    cases.demand_all();
}
