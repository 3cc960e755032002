//! One run at a time.

use std::fs;

use reference_api::Target;
use test_support::{Dir, Session, Site};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::{site, without_campaign, write_sessions};

/// A run that waits for the answer to its only request.
pub(crate) fn run_in_flight(site: &mut Site) -> (Gate, Running) {
    Session::new("a").never_recorded().write(site);
    let gate = Gate::holding_answers(site);
    let run = Running::start(&mut site.command(["run", "--format", "json"]));
    assert!(site.api().wait_for_requests(1, PATIENCE));
    (gate, run)
}

#[test]
fn a_second_run_is_code_11_and_says_who_holds_the_lock_and_since_when() {
    let mut site = site();
    let (gate, run) = run_in_flight(&mut site);
    let second = site.run(&[]).expect(11);
    assert!(second.stdout.is_empty(), "{}", second.stdout);
    let lock = fs::read_to_string(site.dir(Dir::Pending).join(".callspool.lock")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    assert_eq!(lock["pid"], run.pid());
    let who = format!(
        "pid {}, since {}",
        run.pid(),
        lock["started_at"].as_str().unwrap()
    );
    assert!(second.stderr.contains(&who), "{}", second.stderr);

    let outcome = site.call(["-q", "run", "--ok-exit", "11"]).expect(0);
    assert_eq!(outcome.stderr, "");
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().requests().len(), 1);
}

#[test]
fn a_run_told_to_wait_takes_its_turn() {
    let mut site = site();
    let (gate, first) = run_in_flight(&mut site);
    let mut command = site.command(["run", "-v", "--format", "json", "--wait", "5m"]);
    let second = Running::start(&mut command);
    second.wait_for_log("waiting for the lock");
    gate.open();
    first.finish().expect(0).counts(&[("uploaded", 1)]);
    second.finish().expect(0).counts(&[]);
}

#[test]
fn a_run_told_to_wait_gives_up_when_its_time_is_over() {
    let mut site = site();
    let (gate, first) = run_in_flight(&mut site);
    site.run(&["--wait", "300ms"]).expect(11);
    gate.open();
    first.finish().expect(0);
}

#[test]
fn inspect_and_dry_run_work_while_a_run_is_in_flight() {
    let mut site = site();
    let (gate, run) = run_in_flight(&mut site);
    site.call(["inspect"]).expect(0);
    site.call(["inspect", "a"]).expect(0);
    site.call(["inspect", "--check", "--max-age", "2h"])
        .expect(0);
    let plan = site.call(["dry-run", "--format", "json"]).expect(0);
    assert_eq!(plan.json_lines()[0]["action"], "post call data");
    assert_eq!(site.api().hits(Target::Any), 1);
    gate.open();
    run.finish().expect(0);
}

#[test]
fn a_requeue_while_a_run_is_in_flight_is_code_11_and_its_dry_run_is_not() {
    let mut site = site();
    without_campaign("failed").write(&site);
    site.run(&[]).expect(4);
    let (gate, run) = run_in_flight(&mut site);
    site.call(["requeue", "failed"]).expect(11);
    assert_eq!(site.place("failed"), Dir::Failed);
    site.call(["requeue", "failed", "--dry-run"]).expect(0);
    gate.open();
    run.finish().expect(4);
    site.call(["requeue", "failed"]).expect(0);
}

#[test]
fn a_lock_file_that_was_removed_by_hand_is_made_anew() {
    let site = site();
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0);
    fs::remove_file(site.dir(Dir::Pending).join(".callspool.lock")).unwrap();
    write_sessions(&site, &["b"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn what_stands_in_a_lock_file_locks_nothing() {
    for content in [
        "",
        "no json",
        "{}",
        "\u{0}\u{0}\u{0}",
        r#"{"pid": 1, "started_at": "2026-01-01T00:00:00Z"}"#,
        r#"{"pid": 1, "started_at": "2026-01-01T00:00:00Z", "document": "metadata_gone.json", "session_id": "gone"}"#,
    ] {
        let site = site();
        write_sessions(&site, &["a"]);
        fs::write(site.dir(Dir::Pending).join(".callspool.lock"), content).unwrap();
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    }
}

#[test]
fn a_lock_file_that_is_a_link_is_not_followed() {
    let site = site();
    write_sessions(&site, &["a"]);
    let elsewhere = site.home().join("elsewhere");
    fs::write(&elsewhere, "precious").unwrap();
    let lock = site.dir(Dir::Pending).join(".callspool.lock");
    std::os::unix::fs::symlink(&elsewhere, lock).unwrap();
    site.run(&[]).expect(20);
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), "precious");
    assert_eq!(site.api().requests().len(), 0);
}
