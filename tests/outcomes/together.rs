//! Several sessions at a time: as many requests are under way at once, and everything that holds for
//! one session at a time holds for them.

use std::time::Duration;

use reference_api::Target;
use rustix::process::Signal;
use serde_json::Value;
use test_support::gate::Gate;
use test_support::running::Running;
use test_support::{Dir, Session, Site};

use crate::{call_ids, hits, only_call_data, order, site, site_with};

const LONG: Duration = Duration::from_secs(60);

const FOUR: [&str; 2] = ["--jobs", "4"];

/// Sessions without a recording, the first the oldest.
fn write_calls(site: &Site, ids: &[&str]) {
    for (age, id) in (1..).zip(ids.iter().rev()) {
        only_call_data(id)
            .age(Duration::from_secs(age * 3600))
            .write(site);
    }
}

fn documents_in_work(site: &Site) -> Vec<String> {
    let text = std::fs::read(site.dir(Dir::Pending).join(".callspool.lock")).unwrap();
    let holder: Value = serde_json::from_slice(&text).unwrap();
    let also = holder["also"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = std::iter::once(&holder)
        .chain(&also)
        .filter_map(|in_work| in_work["session_id"].as_str().map(str::to_owned))
        .collect();
    ids.sort();
    ids
}

fn crashes(document: &Value) -> usize {
    let history = document["upload"]["history"].as_array().unwrap();
    let crashed = history.iter().filter(|entry| entry["outcome"] == "crashed");
    crashed.count()
}

#[test]
fn as_many_sessions_are_worked_on_at_a_time_as_there_are_jobs() {
    let mut site = site();
    write_calls(&site, &["a", "b", "c", "d", "e", "f"]);
    let gate = Gate::holding_answers(&mut site);
    let mut command = site.command(["run", "--format", "json"]);
    let run = Running::start(command.args(FOUR));
    // No answer has come, and four have been asked for.
    assert!(site.api().wait_for_requests(4, LONG));
    assert_eq!(documents_in_work(&site), ["a", "b", "c", "d"]);
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 6)]);
    assert_eq!(hits(&site), [0, 6, 0]);
    assert_eq!(site.api().connections(), 4);
}

#[test]
fn each_session_is_delivered_once_with_its_recording() {
    let site = site_with(false);
    let ids: Vec<String> = (0..40).map(|number| format!("s{number:02}")).collect();
    for id in &ids {
        Session::new(id).write(&site);
    }
    site.run(&["--jobs", "8"])
        .expect(0)
        .counts(&[("uploaded", 40)]);
    assert_eq!(hits(&site), [40, 40, 0]);
    let mut calls = call_ids(&site);
    calls.sort();
    let expected: Vec<String> = ids.iter().map(|id| format!("CALL-{id}")).collect();
    assert_eq!(calls, expected);
    for call in site.api().calls() {
        let url = call.body["callDetails"]["recordingUrl"].as_str();
        assert!(url.is_some(), "{}", call.body);
    }
}

#[test]
fn all_that_a_killed_run_worked_on_are_charged_once_and_asked_about() {
    for fault in ["stall", "stored-stall"] {
        let site = site_with(false);
        write_calls(&site, &["a", "b", "c", "d", "e"]);
        order(&site, &[&format!("call-data:1-3:{fault}")]);
        let mut command = site.command(["run"]);
        let mut child = command
            .args(["--jobs", "3"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let all_there = site.api().wait_until(LONG, |requests| {
            let whole = requests
                .iter()
                .filter(|request| request.body_sha256.is_some());
            whole.count() == 3
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(all_there, "{:?}", site.api().requests());
        assert_eq!(documents_in_work(&site), ["a", "b", "c"], "{fault}");

        site.run(&["--jobs", "3"])
            .expect(0)
            .counts(&[("uploaded", 5)]);
        let mut calls = call_ids(&site);
        calls.sort();
        let expected = ["CALL-a", "CALL-b", "CALL-c", "CALL-d", "CALL-e"];
        assert_eq!(calls, expected, "{fault}: once each");
        assert_eq!(site.api().hits(Target::Question), 3, "{fault}");
        for (id, crashed) in [("a", 1), ("b", 1), ("c", 1), ("d", 0), ("e", 0)] {
            let document = site.document(Dir::Processed, id);
            assert_eq!(crashes(&document), crashed, "{fault}: {id}");
        }
    }
}

#[test]
fn the_rate_is_kept_by_all_together() {
    let site = site();
    write_calls(&site, &["a", "b", "c", "d", "e", "f"]);
    let outcome = site.run(&["--jobs", "4", "--rate", "3/h"]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rate"));
    assert_eq!(hits(&site), [0, 3, 0]);
    assert_eq!(outcome.sessions("uploaded"), 3);
    assert_eq!(outcome.sessions("left"), 3);
}

#[test]
fn sessions_that_the_rate_cuts_in_two_have_not_failed_however_many_they_are() {
    let site = site();
    for id in ["a", "b", "c", "d"] {
        Session::new(id).write(&site);
    }
    let outcome = site.run(&["--jobs", "4", "--rate", "4/h"]).expect(0);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rate"));
    let requests = hits(&site);
    assert_eq!(requests.iter().sum::<usize>(), 4, "{requests:?}");
    assert_eq!(outcome.report()["sessions"]["conserved"], true);
}

#[test]
fn no_more_sessions_are_begun_than_the_batch_has() {
    let site = site();
    write_calls(&site, &["a", "b", "c", "d", "e", "f"]);
    let outcome = site.run(&["--jobs", "4", "--batch-size", "2"]).expect(0);
    assert_eq!(hits(&site), [0, 2, 0]);
    assert_eq!(outcome.sessions("left"), 4);
}

#[test]
fn credentials_that_are_refused_stop_all_and_cost_nobody_an_attempt() {
    let site = site();
    write_calls(&site, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    order(&site, &["any:all:status=401"]);
    site.run(&FOUR).expect(12);
    assert!(hits(&site)[1] <= 4, "{:?}", hits(&site));
    for id in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        assert_eq!(
            site.document(Dir::Pending, id)["upload_attempts"],
            0,
            "{id}"
        );
    }
}

#[test]
fn a_wait_that_the_api_asks_of_one_is_a_wait_for_all() {
    let site = site();
    write_calls(&site, &["a", "b", "c", "d", "e", "f"]);
    order(&site, &["call-data:1-4:status=429;retry-after=1"]);
    site.run(&FOUR).expect(0).counts(&[("uploaded", 6)]);
    // Each was told to wait once, and none was sent in vain while all waited.
    assert_eq!(hits(&site), [0, 10, 0]);
}

#[test]
fn a_signal_ends_all_that_is_under_way_and_leaves_the_rest() {
    let mut site = site();
    for id in ["a", "b", "c", "d", "e", "f"] {
        Session::new(id).recording(vec![7; 4 << 20]).write(&site);
    }
    let gate = Gate::taking(&mut site, 100_000);
    let mut command = site.command(["run", "--format", "json"]);
    let run = Running::start(command.args(FOUR));
    gate.wait_until_full();
    run.signal(Signal::TERM);
    let outcome = run.finish().expect(143);
    assert_eq!(outcome.sessions("uploaded"), 0);
    assert_eq!(outcome.report()["sessions"]["conserved"], true);
    for id in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(
            site.document(Dir::Pending, id)["upload_attempts"],
            0,
            "{id}"
        );
    }
}

#[test]
fn two_documents_of_a_session_take_turns() {
    let site = site();
    write_calls(&site, &["a"]);
    let pending = site.dir(Dir::Pending);
    let text = std::fs::read_to_string(pending.join("metadata_a.json")).unwrap();
    std::fs::write(pending.join("metadata_a_again.json"), text).unwrap();
    site.run(&FOUR).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(hits(&site), [0, 2, 0]);
    assert_eq!(site.api().calls().len(), 1);
    // Another lane would have made a connection of its own.
    assert_eq!(site.api().connections(), 1);
}
