//! Fixtures cut off at every byte, and with every byte made another, go through dry-run: thousands
//! of damaged sessions in one spool, planned by one process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use test_support::{Dir, Site};

use crate::{BINARY, OLD};

/// How many damaged sessions lie in one spool.
const SESSIONS_A_RUN: usize = 4000;
/// Every so many of them there is one that is whole.
const GOOD_EVERY: usize = 100;
/// What stands in the fixtures' transcripts and leads, of which no plan may say a word.
const SAID: [&str; 4] = ["How can I help", "Asha", "a demo", "@example.com"];

/// Which file of a session is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Document,
    Transcript,
    Manifest,
    Lead,
}

/// A fixture's bytes, and what was done to them.
struct Damaged {
    kind: Kind,
    /// Whether it was cut off before its end.
    is_torn: bool,
    bytes: Vec<u8>,
    what: String,
}

/// How much damage is done.
struct Extent {
    /// Which fixtures.
    directory: &'static str,
    /// At which distance they are cut off.
    cut_every: usize,
    /// How many of the replacements are tried at each byte, beginning with one that depends on
    /// the place.
    replacements: usize,
}

#[test]
fn a_plan_survives_samples_that_are_cut_off_or_have_a_wrong_byte() {
    check(&Extent {
        directory: "samples",
        cut_every: 8,
        replacements: 1,
    });
}

#[test]
#[ignore = "takes minutes; make soak runs it"]
fn a_plan_survives_every_fixture_cut_off_anywhere_and_every_wrong_byte() {
    check(&Extent {
        directory: "",
        cut_every: 1,
        replacements: 5,
    });
}

fn check(extent: &Extent) {
    let mut sessions = 0;
    let mut batch = Vec::new();
    for (kind, path) in fixtures(extent.directory) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        for damaged in damages(kind, &name, &bytes, extent) {
            batch.push(damaged);
            if batch.len() == SESSIONS_A_RUN {
                sessions += batch.len();
                plan(&batch);
                batch.clear();
            }
        }
    }
    plan(&batch);
    assert!(sessions + batch.len() > 5000, "{sessions}");
}

/// Every fixture that is JSON, below a folder of fixtures/.
fn fixtures(directory: &str) -> Vec<(Kind, PathBuf)> {
    let mut found = Vec::new();
    let mut rest = vec![
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(directory),
    ];
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            rest.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let kinds = [
            ("metadata_", Kind::Document),
            ("transcript_", Kind::Transcript),
            ("EG_", Kind::Manifest),
            ("lead", Kind::Lead),
        ];
        let kind = kinds.iter().find(|(start, _)| name.starts_with(start));
        if let Some((_, kind)) = kind {
            found.push((*kind, path));
        }
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    found
}

/// The bytes cut off here and there, and with one of them made another.
fn damages(kind: Kind, name: &str, bytes: &[u8], extent: &Extent) -> Vec<Damaged> {
    let end = bytes.trim_ascii_end().len();
    let mut all = Vec::new();
    for length in (0..=bytes.len()).step_by(extent.cut_every) {
        all.push(Damaged {
            kind,
            is_torn: length < end,
            bytes: bytes[..length].to_vec(),
            what: format!("{name} cut off at {length}"),
        });
    }
    for at in 0..bytes.len() {
        let flipped = bytes[at] ^ (1 << (at % 8));
        let replacements = [0x00, 0xff, flipped, b'"', b'{'];
        for turn in 0..extent.replacements {
            let byte = replacements[(at.wrapping_mul(7) / 3 + turn) % replacements.len()];
            let mut bytes = bytes.to_vec();
            bytes[at] = byte;
            all.push(Damaged {
                kind,
                is_torn: false,
                bytes,
                what: format!("{name} with {byte:#04x} at {at}"),
            });
        }
    }
    all
}

/// Writes a session for each, and some good ones, and checks the plan that is made of them.
fn plan(batch: &[Damaged]) {
    let site = Site::without_api(BINARY);
    let whole = json!({"items": [{"role": "user", "content": "I need a demo"}]}).to_string();
    site.put(Dir::Conversations, "whole.json", whole, OLD);
    let mut damaged = BTreeMap::new();
    let mut good = Vec::new();
    for (index, each) in batch.iter().enumerate() {
        let name = write(&site, index, each);
        damaged.insert(name, each);
        if index % GOOD_EVERY == 0 {
            good.push(write_document(
                &site,
                &format!("good-{index}"),
                &json!({}),
                "whole.json",
            ));
        }
    }
    let outcome = site.call(["dry-run", "--format", "json", "--batch-size", "0"]);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    for said in SAID {
        assert!(!outcome.stdout.contains(said) && !outcome.stderr.contains(said));
    }
    let mut actions = BTreeMap::new();
    for line in outcome.json_lines() {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        assert_eq!(actions.insert(text("document"), text("action")), None);
    }
    assert_eq!(actions.len(), damaged.len() + good.len());
    for name in good {
        assert_eq!(actions[&name], "post call data");
    }
    for (name, each) in damaged {
        assert_sensible(each, &actions[&name]);
    }
    assert_eq!(
        outcome.code,
        exit_code(actions.values()),
        "{}",
        outcome.stderr
    );
}

/// The contract's exit code for a plan.
fn exit_code<'a>(actions: impl Iterator<Item = &'a String> + Clone) -> i32 {
    let any = |starts: &[&str]| {
        let mut actions = actions.clone();
        actions.any(|action| starts.iter().any(|start| action.starts_with(start)))
    };
    if any(&["corrupt: ", "fail: ", "skip: "]) {
        4
    } else if any(&["retry later: ", "back off until "]) {
        3
    } else {
        0
    }
}

/// Writes a session of which one file is damaged; gives its document's name.
fn write(site: &Site, index: usize, damaged: &Damaged) -> String {
    let id = format!("{index:05}");
    let file = format!("{id}.json");
    let bytes = &damaged.bytes;
    match damaged.kind {
        Kind::Document => {
            let name = format!("metadata_{id}.json");
            site.put(Dir::Pending, &name, bytes, OLD);
            name
        }
        Kind::Transcript => {
            site.put(Dir::Conversations, &file, bytes, OLD);
            write_document(site, &id, &json!({}), &file)
        }
        Kind::Manifest => {
            site.put(Dir::Recordings, &format!("EG_{id}.json"), bytes, OLD);
            write_document(site, &id, &json!({"egressId": id}), "whole.json")
        }
        Kind::Lead => {
            site.put(Dir::Leads, &file, bytes, OLD);
            let campaign = json!({"lead_file": format!("leads/{file}")});
            write_document(site, &id, &campaign, "whole.json")
        }
    }
}

/// Writes a document that is whole; gives its name.
fn write_document(site: &Site, id: &str, campaign: &Value, conversation: &str) -> String {
    let name = format!("metadata_{id}.json");
    let mut document = json!({
        "session_id": id,
        "campaign_metadata": {"campaignId": "c", "voiceAgentId": "v", "clientId": "k"},
        "files": {"conversation": format!("conversations/{conversation}")},
    });
    for (name, value) in campaign.as_object().unwrap() {
        document["campaign_metadata"][name] = value.clone();
    }
    site.put(Dir::Pending, &name, document.to_string(), OLD);
    name
}

/// Demands what the contract says of a file in that state, read a second time by `serde_json`.
fn assert_sensible(damaged: &Damaged, action: &str) {
    let value = value(&damaged.bytes);
    let is_object = value.as_ref().is_some_and(Value::is_object);
    let value = value.unwrap_or_default();
    let (is_expected, expected) = match damaged.kind {
        Kind::Document => {
            let id = value["session_id"].as_str().unwrap_or_default();
            let is_corrupt = !is_object || id.trim().is_empty();
            (action.starts_with("corrupt: ") == is_corrupt, "corrupt")
        }
        Kind::Transcript => {
            let is_list = value["items"].is_array() || value["conversation"].is_array();
            let is_invalid = action.starts_with("fail: invalid_transcript: ");
            (
                is_invalid != is_list && (is_invalid || action == "post call data"),
                "invalid_transcript",
            )
        }
        Kind::Lead => {
            let is_invalid = action.starts_with("fail: invalid_lead: ");
            (
                is_invalid != is_object && (is_invalid || action == "post call data"),
                "invalid_lead",
            )
        }
        Kind::Manifest => {
            let goes = action.ends_with("post call data");
            let is_as_none = action == "go without the recording (not_found), post call data";
            (goes && (is_as_none || !damaged.is_torn), "to go")
        }
    };
    assert!(
        is_expected,
        "{}: {action}, expected {expected}",
        damaged.what
    );
}

/// A second reading of the bytes. `serde_json` refuses half of a surrogate pair, which is JSON; so
/// escapes of such halves become others.
fn value(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.replace("\\ud", "\\u0").replace("\\uD", "\\u0");
    serde_json::from_str(&text).ok()
}
