//! What a run that died costs the session that it was working on.

use invariants::{Event, Run};
use serde_json::Value;
use test_support::Dir;

use crate::cast;
use crate::stage::{LONG, Stage};
use crate::tracer::{SystemCall, Tamper, Tracer};

/// A call fails once.
const ONCE: Tamper = Tamper::Error {
    errno: "EIO",
    forever: false,
};

fn call(name: &str, nth: usize) -> SystemCall {
    SystemCall {
        name: name.to_owned(),
        nth,
        line: String::new(),
    }
}

/// How often a pending session was charged because a run died.
fn crashes(stage: &Stage, id: &str) -> usize {
    let document = stage.site.document(Dir::Pending, id);
    let history = document["upload"]["history"].as_array().cloned();
    let is_crash = |entry: &&Value| entry["outcome"] == "crashed";
    history.unwrap_or_default().iter().filter(is_crash).count()
}

#[test]
fn a_death_is_charged_once_however_many_runs_end_before_they_send_anything() {
    let mut stage = Stage::new("charged once", true, 20, cast::ordinary);
    let tracer = Tracer::beside(&stage.site);
    // The first run dies in its first post.
    let command = tracer.tamper(&stage.run_command(), &call("sendto", 1), Tamper::Kill);
    assert_eq!(stage.call(command).code, -9);
    assert_eq!(crashes(&stage, "talk"), 0);
    // Those after it cannot prove that they can write, and send nothing.
    for _ in 0..3 {
        let tamper = Tamper::Error {
            errno: "EIO",
            forever: true,
        };
        let command = tracer.tamper(&stage.run_command(), &call("fsync", 4), tamper);
        stage.call(command).expect(20);
        assert_eq!(crashes(&stage, "talk"), 1);
    }
    let runs = stage.world.events.iter().filter_map(|event| match event {
        Event::Run(Run { report, .. }) => report.as_ref(),
        _ => None,
    });
    assert!(runs.clone().all(|report| report["bytes_sent"] == 0));
    assert_eq!(runs.count(), 3);
    stage.drain();
}

/// A spool with a run that died after its first post was stored.
pub(crate) fn died_in_a_post(name: impl Into<String>) -> Stage {
    let mut stage = Stage::new(name, false, 20, cast::ordinary);
    stage.order(&["call-data:1:stored-stall".to_owned()]);
    let mut process = stage.start(stage.run_command(), true);
    let api = stage.site.api();
    assert!(api.wait_until(LONG, |_| api.calls().len() == 1));
    process.child.kill().unwrap();
    assert_eq!(stage.finish(process).code, -9);
    stage.order(&[]);
    stage
}

/// The calls of that name, of a run after the death, that are about a file.
fn calls(name: &str, file: &str) -> Vec<SystemCall> {
    let mut stage = died_in_a_post("untouched");
    let tracer = Tracer::beside(&stage.site);
    stage.call(tracer.watch(&stage.run_command())).expect(0);
    let mut calls = tracer.calls();
    calls.retain(|call| call.name == name && call.line.contains(file));
    calls
}

#[test]
fn a_session_that_a_run_died_at_is_asked_about_although_the_next_could_not_read_it() {
    // It reads it twice: when it judges it, and when it charges it.
    for opening in calls("openat", "call_metadata/metadata_talk.json")
        .iter()
        .take(2)
    {
        let mut stage = died_in_a_post("asked about later");
        let tracer = Tracer::beside(&stage.site);
        // The next run cannot read it, and ends as if nothing had been.
        let command = tracer.tamper(&stage.run_command(), opening, ONCE);
        let outcome = stage.call(command).expect(4);
        assert_eq!(outcome.sessions("skipped"), 1);
        assert_eq!(outcome.sessions("uploaded"), 2);
        stage.drain();
        let document = stage.site.document(Dir::Processed, "talk");
        assert_eq!(document["upload"]["call_data"]["state"], "duplicate");
        assert_eq!(stage.site.api().calls().len(), 3);
    }
}

#[test]
fn a_run_that_cannot_read_what_a_dead_one_was_doing_sends_nothing() {
    let reading = calls("read", ".callspool.lock").remove(0);
    let mut stage = died_in_a_post("unreadable mark");
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.tamper(&stage.run_command(), &reading, ONCE);
    stage.call(command).expect(20);
    stage.drain();
    assert_eq!(stage.site.api().calls().len(), 3);
}

#[test]
fn a_directory_that_cannot_be_listed_is_not_an_empty_one() {
    let snapshot = calls("getdents64", "/call_metadata>").remove(0);
    let mut stage = died_in_a_post("unreadable directory");
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.tamper(&stage.run_command(), &snapshot, ONCE);
    stage.call(command).expect(10);
    stage.drain();
}
