//! A run that died with a request in flight, and what the next one makes of it.

use std::time::Duration;

use reference_api::Target;
use serde_json::Value;
use test_support::{Dir, Session, Site};

use crate::{call_ids, hits, only_call_data, order, site_with};

const LONG: Duration = Duration::from_secs(60);

/// Starts a run and kills it once that many requests have come whole and stall.
#[track_caller]
pub(crate) fn kill_at_request(site: &Site, count: usize) {
    kill_run_at_request(site, &[], count);
}

/// [`kill_at_request`] with further arguments.
#[track_caller]
fn kill_run_at_request(site: &Site, arguments: &[&str], count: usize) {
    let mut child = site
        .command(["run"].iter().chain(arguments))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let is_there = site.api().wait_until(LONG, |requests| {
        requests.len() == count
            && requests
                .last()
                .is_some_and(|last| last.body_sha256.is_some())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_there, "{:?}", site.api().requests());
}

fn lock_file(site: &Site) -> Vec<u8> {
    std::fs::read(site.dir(Dir::Pending).join(".callspool.lock")).unwrap()
}

pub(crate) fn history(document: &Value, outcome: &str) -> usize {
    document["upload"]["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["outcome"] == outcome)
        .count()
}

/// Three sessions, the first the oldest.
fn three_sessions(dedupe: bool) -> Site {
    let site = site_with(dedupe);
    for (id, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        Session::new(id)
            .age(Duration::from_secs(hours * 3600))
            .write(&site);
    }
    site
}

#[test]
fn a_session_that_a_run_died_at_is_charged_asked_about_and_taken_last() {
    for (fault, posts) in [("stall", 4), ("stored-stall", 3)] {
        let site = three_sessions(false).in_sequence();
        order(&site, &[&format!("call-data:1:{fault}")]);
        kill_at_request(&site, 2);
        let holder: Value = serde_json::from_slice(&lock_file(&site)).unwrap();
        assert_eq!(holder["session_id"], "a", "{fault}");
        assert_eq!(site.place("a"), Dir::Pending);

        site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
        assert_eq!(hits(&site), [3, posts, 1], "{fault}: no recording twice");
        let mut calls = call_ids(&site);
        if fault == "stall" {
            assert_eq!(calls, ["CALL-b", "CALL-c", "CALL-a"], "taken last");
        }
        calls.sort();
        assert_eq!(calls, ["CALL-a", "CALL-b", "CALL-c"], "{fault}: once each");
        let last_two: Vec<_> = site
            .api()
            .requests()
            .iter()
            .skip(6)
            .map(|request| request.target.unwrap())
            .collect();
        assert_eq!(last_two[0], Target::Question, "{fault}: asked first");

        let document = site.document(Dir::Processed, "a");
        assert_eq!(history(&document, "crashed"), 1, "{fault}");
        assert_eq!(document["upload"]["call_data"]["attempts"], 2, "{fault}");
        assert_eq!(document["upload_attempts"], 2, "{fault}");
        assert_eq!(document["upload"]["recording"]["attempts"], 1, "{fault}");
        for id in ["b", "c"] {
            let document = site.document(Dir::Processed, id);
            assert_eq!(document["upload_attempts"], 1, "{id}");
        }
        assert!(lock_file(&site).is_empty());
        site.run(&[]).expect(0).counts(&[]);
    }
}

#[test]
fn a_run_that_died_while_it_sent_a_recording_sends_it_again_under_the_same_key() {
    for fault in ["stall", "stored-stall"] {
        let site = three_sessions(true).in_sequence();
        order(&site, &[&format!("upload:1:{fault}")]);
        kill_at_request(&site, 1);
        site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
        assert_eq!(site.api().recordings().len(), 3, "{fault}");
        assert_eq!(site.api().calls().len(), 3, "{fault}");
        let keys = crate::keys(&site, Target::Upload);
        assert_eq!(keys[0], keys[3], "{fault}: taken last, under the same key");
        let document = site.document(Dir::Processed, "a");
        assert_eq!(history(&document, "crashed"), 1, "{fault}");
        assert_eq!(document["upload"]["recording"]["attempts"], 2, "{fault}");
        assert!(lock_file(&site).is_empty());
    }
}

#[test]
fn a_session_that_kills_every_run_is_given_up_and_starves_nobody() {
    let site = three_sessions(true).in_sequence();
    order(&site, &["call-data@-a:all:stall"]);
    kill_at_request(&site, 2);
    // Both others are delivered, then it is asked about and posted again.
    kill_at_request(&site, 2 + 4 + 2);
    assert_eq!(call_ids(&site), ["CALL-b", "CALL-c"]);
    let outcome = site
        .call(["run", "--format", "json", "--max-attempts", "2"])
        .expect(4)
        .counts(&[("partial", 1)]);
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["kind"], "crashed");
    assert_eq!(error["attempts"], 2);
    assert_eq!(site.place("a"), Dir::Processed);
    assert_eq!(hits(&site), [3, 4, 1]);
}

#[test]
fn a_crash_needs_no_backoff_to_pass() {
    let site = three_sessions(false).in_sequence();
    order(&site, &["call-data:1:stored-stall"]);
    kill_at_request(&site, 2);
    let outcome = site.run(&["--batch-size", "2"]).expect(3);
    assert_eq!(outcome.sessions("uploaded"), 2);
    assert_eq!(outcome.sessions("left"), 1);
    // Charged once, although a second run has seen it.
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["upload"]["call_data"]["attempts"], 1);
    assert!(document["upload"]["next_attempt_at"].is_null());
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 3);
    let document = site.document(Dir::Processed, "a");
    assert_eq!(history(&document, "crashed"), 1);
}

#[test]
fn a_killed_run_does_not_forget_what_counts_against_the_rate() {
    let site = three_sessions(true).in_sequence();
    order(&site, &["call-data@b:1:stall"]);
    let arguments = ["--rate", "100/min,4/h"];
    kill_run_at_request(&site, &arguments, 4);
    site.api().clear_faults();
    // Two requests of the first session count; the question and one more make it four.
    site.run(&arguments).expect(3);
    let sent = site.api().requests().len() - 4;
    assert_eq!(sent, 2);
    assert_eq!(
        site.run(&arguments).expect(3).stopped_by().as_deref(),
        Some("rate")
    );
    assert_eq!(site.api().requests().len(), 6);
}

#[test]
fn a_crash_is_not_charged_to_a_recording_that_never_was() {
    let site = site_with(false);
    only_call_data("a").write(&site);
    order(&site, &["call-data:1:stall"]);
    kill_at_request(&site, 1);
    site.run(&["--max-attempts", "2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    let document = site.document(Dir::Processed, "a");
    assert_eq!(document["upload"]["recording"]["state"], "absent");
    assert_eq!(document["upload"]["recording"]["attempts"], 0);
    assert_eq!(document["upload"]["call_data"]["attempts"], 2);
}
