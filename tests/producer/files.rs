//! Transcripts and leads that are there already.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use test_support::{Dir, Site, plain_transcript};

use crate::{call, feed, record, site, tree};

/// A call whose transcript is in a file.
fn call_with(path: &str) -> Value {
    let mut input = call("x");
    input.as_object_mut().unwrap().remove("items");
    input["transcript_file"] = json!(path);
    input
}

fn turns(site: &Site) -> Value {
    site.api().calls()[0].body["transcription"]["conversation_items"].clone()
}

#[test]
fn a_transcript_inside_conversations_is_named_where_it_is() {
    for path in ["conversations/said.json", "/conversations/said.json"] {
        let site = site();
        let file = site.dir(Dir::Conversations).join("said.json");
        fs::write(&file, plain_transcript("x")).unwrap();
        let path = path.replace("/conv", &format!("{}/conv", site.root().display()));
        record(&site, &call_with(&path)).expect(0);
        let document = site.document(Dir::Pending, "x");
        assert_eq!(document["files"]["conversation"], "conversations/said.json");
        let timestamps = &document["timestamps"];
        assert_eq!(timestamps["call_start"], "2025-10-29T10:16:19.574407Z");
        assert_eq!(timestamps["call_end"], "2025-10-29T10:16:52.652193Z");
        assert_eq!(site.names(Dir::Conversations), ["said.json"]);
        site.run(&["--settle", "0s"])
            .expect(0)
            .counts(&[("uploaded", 1)]);
        assert_eq!(turns(&site)[1]["content"], "I need a demo");
    }
}

#[test]
fn a_transcript_elsewhere_is_copied_in_byte_for_byte() {
    let site = site();
    let elsewhere = site.home().join("history.json");
    let text =
        r#"{"items": [ {"role":"user","content":["a"],"created_at":1761732980.25} ] ,"n":1E+2}"#;
    fs::write(&elsewhere, text).unwrap();
    let mut command = site.command(["record"]);
    command.current_dir(site.home());
    let input = call_with("history.json").to_string();
    feed(&mut command, input.as_bytes()).expect(0);
    let copy = site.dir(Dir::Conversations).join("transcript_x.json");
    assert_eq!(fs::read_to_string(copy).unwrap(), text);
    let document = site.document(Dir::Pending, "x");
    let timestamps = &document["timestamps"];
    assert_eq!(timestamps["call_start"], "2025-10-29T10:16:20.250Z");
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(turns(&site)[0]["content"], "a");
}

#[test]
fn a_lead_file_is_taken_by_the_same_rules() {
    for (path, expected) in [
        ("spool/leads/own.json", "leads/own.json"),
        ("elsewhere.json", "leads/lead_x.json"),
    ] {
        let site = site();
        let path = site.home().join(path);
        fs::write(&path, r#"{"name": "Test Person", "n": 1E+2}"#).unwrap();
        let mut input = call("x");
        input["lead_file"] = json!(path.to_str().unwrap());
        record(&site, &input).expect(0);
        let document = site.document(Dir::Pending, "x");
        assert_eq!(document["files"]["lead"], expected);
        assert_eq!(document["campaign_metadata"]["lead_file"], expected);
        site.run(&["--settle", "0s"])
            .expect(0)
            .counts(&[("uploaded", 1)]);
        let calls = site.api().calls();
        assert!(
            calls[0].raw_body.contains(r#""n": 1E+2"#),
            "{}",
            calls[0].raw_body
        );
        assert_eq!(calls[0].body["transcription"]["lead_generated"], true);
    }
}

#[test]
fn a_file_that_a_run_could_not_use_is_refused_and_nothing_is_written() {
    let site = site();
    let at = |name: &str| site.home().join(name);
    fs::write(at("broken.json"), "{\"items\": [").unwrap();
    fs::write(at("other.json"), "{\"messages\": []}").unwrap();
    fs::write(at("good.json"), plain_transcript("x")).unwrap();
    symlink("good.json", at("link.json")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo.json"), rustix::fs::Mode::RUSR).unwrap();
    fs::File::create(at("large.json"))
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    for (name, reason) in [
        ("broken.json", "cannot be used: the transcript is not JSON"),
        ("other.json", "has neither an items nor a conversation list"),
        ("link.json", "is no regular file"),
        ("fifo.json", "is no regular file"),
        (".", "is no regular file"),
        ("gone.json", "is not there"),
        ("large.json", "is larger than 64 MiB"),
    ] {
        let path = at(name);
        let outcome = record(&site, &call_with(path.to_str().unwrap())).expect(2);
        let told = outcome.stderr.contains("transcript_file names a file that")
            && outcome.stderr.contains(reason);
        assert!(told, "{name}: {}", outcome.stderr);
        let mut input = call("x");
        input["lead_file"] = json!(at("gone.json").to_str().unwrap());
        let outcome = record(&site, &input).expect(2);
        assert!(
            outcome
                .stderr
                .contains("lead_file names a file that is not there"),
            "{}",
            outcome.stderr
        );
    }
    assert!(tree(&site).is_empty(), "{:?}", tree(&site));
}

#[test]
fn a_document_that_an_agent_wrote_itself_counts_under_its_bare_name() {
    for id in ["1761745857.42", "a b", "+15550100123"] {
        for dir in [Dir::Pending, Dir::Processed] {
            let site = site();
            let text = json!({"session_id": id, "files": {}}).to_string();
            std::fs::create_dir_all(site.dir(dir)).unwrap();
            let name = format!("metadata_{id}.json");
            site.put(dir, &name, text, std::time::Duration::ZERO);
            let told = record(&site, &json!({"session_id": id, "items": []})).expect(0);
            assert_eq!(told.report()["created"], false, "{id}");
            assert_eq!(site.names(dir), [name]);
        }
    }
}

#[test]
fn a_file_that_is_no_lead_costs_no_call() {
    let site = site();
    site.put(
        Dir::Leads,
        "lead_s.json",
        "torn{",
        std::time::Duration::ZERO,
    );
    let told = record(&site, &json!({"session_id": "s", "items": []})).expect(0);
    assert_eq!(told.report()["lead"], Value::Null);
    assert!(told.stderr.contains("no lead"), "{}", told.stderr);
}
