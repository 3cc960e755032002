//! LiveKit's SDK, the Python module, `record`, `run` and the API, one after the other.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use reference_api::StoredCall;
use serde_json::{Value, json};
use test_support::{Dir, Site, sha256};

use crate::said::demand_said;
use crate::{BINARY, python};

/// How many conversations are made up by chance, in `make test` and for each version.
const RANDOM: usize = 200;

#[test]
fn what_was_said_to_an_agent_arrives_to_the_letter() {
    let ids = converse(python::newest(), 1);
    for id in [
        "hard-context",
        "lead-and-recording",
        "example",
        "real-session",
    ] {
        assert!(ids.iter().any(|known| known == id), "{id} in {ids:?}");
    }
}

#[test]
fn the_modules_own_tests_pass_beside_the_sdk() {
    let told = tool("-W error -m unittest discover -b -s tests");
    assert!(!told.contains("Ran 0 tests"), "{told}");
}

#[test]
fn the_module_is_typed_throughout() {
    let told = tool("-m mypy --python-version 3.9 --cache-dir /dev/null");
    assert!(told.contains("no issues found"), "{told}");
}

#[test]
#[ignore = "installs every version of the SDK: make agents"]
#[expect(
    clippy::print_stdout,
    reason = "it takes minutes, and tells how far it is"
)]
fn what_was_said_arrives_to_the_letter_from_every_version() {
    let versions = fs::read_to_string(python::here().join("versions.txt")).unwrap();
    let names = versions
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for (index, version) in names.enumerate() {
        converse(&python::of_version(version), 1_000 * (index + 1));
        println!("{version}: ok");
    }
}

/// Runs a tool in the directory of the module, which must succeed; gives what it told.
#[track_caller]
fn tool(arguments: &str) -> String {
    let output = Command::new(python::newest())
        .args(arguments.split(' '))
        .current_dir(python::package())
        .env("PYTHONPATH", python::package())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CALLSPOOL_BIN", BINARY)
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

/// Lets agents talk, runs, and compares what arrived with what was said. Gives the sessions' ids.
#[track_caller]
fn converse(python: &Path, seed: usize) -> Vec<String> {
    let site = Site::new(BINARY);
    let output = Command::new(python)
        .arg(python::here().join("converse.py"))
        .arg(site.root())
        .arg(BINARY)
        .args([RANDOM.to_string(), seed.to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(site.home())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let expected: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(expected.len() > RANDOM, "{told}");

    site.run(&["--batch-size", "0"])
        .expect(0)
        .counts(&[("uploaded", expected.len() as u64)]);
    let calls = site.api().calls();
    assert_eq!(calls.len(), expected.len());
    let by_id: HashMap<&str, &StoredCall> = calls
        .iter()
        .map(|call| (call.call_id.as_str(), call))
        .collect();
    let mut ids = Vec::new();
    for call in &expected {
        let id = call["id"].as_str().unwrap();
        demand_arrived(&site, by_id[format!("CALL-{id}").as_str()], call);
        ids.push(id.to_owned());
    }
    ids
}

/// Demands that a call arrived as the agent's side says that it was.
#[track_caller]
fn demand_arrived(site: &Site, arrived: &StoredCall, expected: &Value) {
    let id = expected["id"].as_str().unwrap();
    let body = &arrived.body;
    demand_said(body, expected["turns"].as_array().unwrap(), id);
    assert_eq!(
        body["transcription"]["lead_generated"], expected["lead_generated"],
        "{id}"
    );
    for (member, wanted) in [
        ("campaignId", "campaign-1"),
        ("voiceAgentId", "agent-1"),
        ("client", "client-1"),
    ] {
        assert_eq!(body[member], wanted, "{id}");
    }
    let details = &body["callDetails"];
    assert_eq!(details["startTime"], "2025-10-29T10:16:20Z", "{id}");
    if expected["ends_when_saved"] == true {
        assert!(details["endTime"].is_string(), "{id}");
    } else {
        assert_eq!(details["endTime"], "2025-10-29T10:18:20Z", "{id}");
        assert_eq!(details["duration"], 120, "{id}");
    }
    assert_eq!(body["caller"]["phoneNumber"], "+15550100123", "{id}");

    match expected["lead"].as_object() {
        None => assert_eq!(body["lead"], json!({}), "{id}"),
        Some(lead) => {
            for (member, wanted) in lead {
                assert_eq!(&body["lead"][member], wanted, "{id}: {member}");
            }
        }
    }
    match expected["recording"].as_str() {
        None => assert!(arrived.recording_url.is_none(), "{id}"),
        Some(path) => {
            let bytes = fs::read(site.root().join(path)).unwrap();
            let recordings = site.api().recordings();
            assert_eq!(recordings.len(), 1);
            assert_eq!(recordings[0].sha256, sha256(&bytes));
            assert_eq!(arrived.recording_url.as_ref(), Some(&recordings[0].url));
            assert_eq!(details["recordingSize"], bytes.len());
            assert_eq!(details["recordingDuration"], 57);
        }
    }
    assert_eq!(site.place(id), Dir::Processed);
}
