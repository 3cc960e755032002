//! inspect: the spool and its sessions, as they are and as programs read them.

use std::fs;

use serde_json::{Value, json};
use test_support::{Dir, Outcome, Session, Site};

use crate::kinds::{backing_off, write_every_kind};
use crate::tree::tree;
use crate::{site, site_with, without_campaign, write_sessions};

fn lines(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["inspect", "--format", "json"], arguments].concat();
    site.call(arguments).expect(0).json_lines()
}

fn ids(lines: &[Value]) -> Vec<&str> {
    let mut ids: Vec<&str> = lines
        .iter()
        .map(|line| line["session_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn every_state_can_be_listed_before_and_after_a_run() {
    let site = site();
    write_every_kind(&site);
    let state = |state| lines(&site, &["--state", state]);
    assert_eq!(state("pending").len(), 16);
    assert_eq!(ids(&state("waiting")), ["awaited"]);
    assert_eq!(
        ids(&state("settling")),
        ["fresh", "metadata_torn-young.json"]
    );
    assert_eq!(ids(&state("backoff")), ["backing-off"]);
    for empty in ["failed", "corrupt", "processed", "partial"] {
        assert!(state(empty).is_empty(), "{empty}");
    }
    site.run(&[]).expect(4);
    assert_eq!(
        ids(&state("failed")),
        ["campaign-missing", "transcript-invalid", "unsafe-path"]
    );
    assert_eq!(ids(&state("corrupt")), ["metadata_torn-old.json"]);
    assert_eq!(ids(&state("partial")), ["recording-missing"]);
    assert_eq!(
        ids(&state("backoff")),
        ["backing-off", "transcript-missing"]
    );
    assert_eq!(state("processed").len(), 6);
    assert_eq!(state("pending").len(), 6);
}

#[test]
fn the_overview_lists_what_is_pending_or_failed_and_the_summary_counts_everything() {
    let site = site();
    write_every_kind(&site);
    site.run(&[]).expect(4);
    let listed = lines(&site, &[]);
    assert_eq!(listed.len(), 9);
    assert!(listed.iter().all(|line| line["state"] != "processed"));
    let summary = &lines(&site, &["--summary"])[0];
    for (name, count) in [
        ("version", 1),
        ("pending", 6),
        ("due", 0),
        ("waiting", 1),
        ("settling", 2),
        ("backoff", 2),
        ("skipped", 1),
        ("processed", 6),
        ("failed", 3),
        ("corrupt", 1),
    ] {
        assert_eq!(summary[name], count, "{name} in {summary}");
    }
    let oldest = summary["oldest_waiting_age_seconds"].as_i64().unwrap();
    assert!((6600..6900).contains(&oldest), "{oldest}");
    assert_eq!(summary["oldest_waiting_at"], summary["oldest_pending_at"]);
}

#[test]
fn a_line_tells_a_program_how_a_session_stands() {
    let site = site_with(&["call-data:all:status=500"]);
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(3);
    let line = &lines(&site, &["a"])[0];
    assert_eq!(line["session_id"], "a");
    assert_eq!(line["state"], "backoff");
    assert_eq!(line["document"], "metadata_a.json");
    assert_eq!(line["recording"]["state"], "uploaded");
    assert_eq!(
        line["recording"]["url"],
        site.api().recordings()[0].url.as_str()
    );
    assert_eq!(
        line["call_data"],
        json!({"state": "pending", "attempts": 1})
    );
    assert_eq!(line["last_error"]["kind"], "server");
    assert_eq!(line["last_error"]["status"], 500);
    assert!(line["next_attempt_at"].as_str().unwrap().ends_with('Z'));
    assert!(line["age_seconds"].as_i64().unwrap() >= 3600);
}

#[test]
fn an_id_is_a_session_id_or_a_files_stem_in_any_state_with_its_copies() {
    let site = site();
    Session::new("file")
        .edit(|document| document["session_id"] = "call 7".into())
        .write(&site);
    for id in ["call 7", "file", "metadata_file", "metadata_file.json"] {
        assert_eq!(ids(&lines(&site, &[id])), ["call 7"], "{id}");
    }
    site.run(&[]).expect(0);
    assert_eq!(lines(&site, &["call 7"])[0]["state"], "processed");
    let copy = site.dir(Dir::Processed);
    std::fs::copy(
        copy.join("metadata_file.json"),
        copy.join("metadata_file.1.json"),
    )
    .unwrap();
    assert_eq!(lines(&site, &["file"]).len(), 2);
    assert_eq!(lines(&site, &["call 7"]).len(), 2);
    assert_eq!(lines(&site, &["metadata_file.1"]).len(), 1);
}

#[test]
fn an_unknown_id_is_code_2_and_the_others_are_shown() {
    let site = site();
    write_sessions(&site, &["a"]);
    let outcome = site.call(["inspect", "nobody", "a"]).expect(2);
    assert!(outcome.stdout.starts_with("a  due, "), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("nobody"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("session a"), "{}", outcome.stderr);
}

#[test]
fn it_changes_nothing() {
    let site = site();
    write_every_kind(&site);
    let before = tree(&site.root());
    for arguments in [
        &["inspect"][..],
        &["inspect", "--summary"],
        &["inspect", "complete", "numbered"],
        &["inspect", "--state", "pending"],
    ] {
        site.call(arguments).expect(0);
    }
    // One of the kinds is skipped, as run would say with 4.
    site.call(["inspect", "--check"]).expect(4);
    assert_eq!(tree(&site.root()), before);
    assert_eq!(site.api().connections(), 0);
}

#[test]
fn a_check_is_0_3_or_4_at_its_limits() {
    let site = site();
    let check = |arguments: &[&str]| {
        let outcome = site.call(["inspect", "--check"].iter().chain(arguments));
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
        (outcome.code, outcome.stdout)
    };
    assert_eq!(check(&["--max-pending", "0"]).0, 0);
    write_sessions(&site, &["a", "b"]);
    assert_eq!(check(&[]).0, 3);
    assert_eq!(check(&["--max-age", "59m"]).0, 3);
    assert_eq!(check(&["--max-age", "2h"]).0, 0);
    assert_eq!(check(&["--max-age", "2h", "--max-pending", "2"]).0, 0);
    assert_eq!(check(&["--max-age", "2h", "--max-pending", "1"]).0, 3);
    without_campaign("c").write(&site);
    site.run(&[]).expect(4);
    let (code, line) = check(&["--max-age", "2h"]);
    assert_eq!(code, 4);
    assert!(
        line.starts_with("ATTENTION pending=0 ") && line.contains("failed=1"),
        "{line}"
    );
    site.call(["inspect", "--check", "--ok-exit", "4"])
        .expect(0);
}

#[test]
fn what_the_settings_take_for_0_hides_nothing_from_a_monitor() {
    let site = site();
    without_campaign("c").write(&site);
    site.run(&[]).expect(4);
    let config = site.home().join("callspool.toml");
    fs::write(&config, "ok_exit = [4]\n").unwrap();
    let config = config.to_string_lossy();
    site.run(&["--config", &config]).expect(0);
    site.call(["--config", &config, "inspect", "--check"])
        .expect(4);
    let mut command = site.command(["inspect", "--check"]);
    command.env("CALLSPOOL_OK_EXIT", "4");
    Outcome::of(command.output().unwrap()).expect(4);
}

#[test]
fn the_number_is_masked_in_every_view() {
    let site = site();
    write_every_kind(&site);
    site.run(&[]).expect(4);
    for arguments in [
        &["inspect"][..],
        &["inspect", "numbered", "remote", "complete", "awaited"],
        &["inspect", "--state", "processed"],
    ] {
        let outcome = site.call(arguments).expect(0);
        assert!(!outcome.stdout.contains("5550100123"), "{}", outcome.stdout);
    }
    let case = site.call(["inspect", "numbered"]).expect(0).stdout;
    assert!(case.contains("+1555•••0123"), "{case}");
}

#[test]
fn a_case_file_says_what_is_next_and_how_to_hurry_it() {
    let site = site();
    backing_off("a").write(&site);
    let case = site.call(["inspect", "a"]).expect(0).stdout;
    let command = format!("$ callspool --root {} requeue a\n", site.root().display());
    assert!(case.contains(&command), "{case}");
    let event = "call data not delivered: server 500, in 41 ms\n";
    assert!(case.contains(event), "{case}");
    assert!(case.contains("  next        not before 20"), "{case}");
}
