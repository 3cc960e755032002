//! What a run that died costs the session that it was working on.

use invariants::{Event, Run};
use serde_json::Value;
use test_support::Dir;

use crate::cast;
use crate::stage::Stage;
use crate::tracer::{SystemCall, Tamper, Tracer};

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
        let command = tracer.tamper(&stage.run_command(), &call("fsync", 3), tamper);
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
