//! Spools that nobody has written by hand: sessions come into them through `callspool record` or the
//! library alone, and what `run` delivers of them is what was recorded, to the letter.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod delivered;
mod files;
mod ids;
mod leads;
mod library;
mod modes;
mod once;
mod refused;
mod schemas;

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use test_support::{Dir, Outcome, Site};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

fn site() -> Site {
    Site::new(BINARY)
}

/// A command with that on stdin, from start to end. It may end before it has read everything.
fn feed(command: &mut Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input);
    if let Err(error) = written {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    Outcome::of(child.wait_with_output().unwrap())
}

/// `record --format json` of that input.
fn record(site: &Site, input: &Value) -> Outcome {
    let mut command = site.command(["record", "--format", "json"]);
    feed(&mut command, input.to_string().as_bytes())
}

/// `record lead --format json` of that input.
fn record_lead(site: &Site, input: &Value) -> Outcome {
    let mut command = site.command(["record", "lead", "--format", "json"]);
    feed(&mut command, input.to_string().as_bytes())
}

/// What the API wants of every call.
fn campaign() -> Value {
    json!({"campaignId": "campaign-1", "voiceAgentId": "agent-1", "clientId": "client-1"})
}

/// A call of two turns.
fn call(id: &str) -> Value {
    json!({
        "session_id": id,
        "dialed_number": "+15550100123",
        "campaign_metadata": campaign(),
        "items": [
            {"role": "assistant", "content": "Hello, this is Asha.", "timestamp": "2025-10-29T10:16:25.608060Z", "source": "agent"},
            {"role": "user", "content": ["I need", "a demo"], "created_at": 1_761_732_991.5},
        ],
    })
}

/// A lead of that session.
fn lead(id: &str) -> Value {
    json!({
        "session_id": id, "name": " Test Person", "email": "T@Example.com", "company": "Example Co",
        "interest": "a demo", "phone": "+15550100123",
    })
}

/// Everything below the spool's root, files with their size, locks and temporary files left out.
fn tree(site: &Site) -> Vec<String> {
    let dirs = [
        Dir::Pending,
        Dir::Processed,
        Dir::Failed,
        Dir::Corrupt,
        Dir::Conversations,
        Dir::Recordings,
        Dir::Leads,
    ];
    let mut all = Vec::new();
    for dir in dirs {
        for name in site.names(dir) {
            all.push(format!("{dir:?}/{name}"));
        }
    }
    all
}
