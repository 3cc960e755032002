//! A requeue that is killed, that fails, or that comes before a crash was cleared away.

use std::process::Command;

use test_support::Dir;

use crate::cases::Cases;
use crate::cast;
use crate::figures::tell;
use crate::stage::Stage;
use crate::tracer::{SystemCall, Tamper, Tracer};

/// Everything that was delivered, again.
const ALL_AGAIN: [&str; 5] = ["requeue", "--all-processed", "--part", "all", "--force"];

/// A spool whose sessions have all been filed: in full, in part, as failed.
fn filed(name: String) -> Stage {
    let mut stage = Stage::new(name, false, 20, |site| {
        let mut all = cast::ordinary(site);
        all.extend(cast::odd(site));
        all
    });
    stage.order(&["call-data@plain:all:status=422".to_owned()]);
    stage.call(stage.run_command()).expect(4);
    stage.order(&[]);
    stage
}

fn command(stage: &Stage, arguments: &[&str]) -> Command {
    stage.site.command(arguments)
}

/// The system calls of an untouched requeue that are about the spool.
fn calls_of(arguments: &[&str]) -> Vec<SystemCall> {
    let mut stage = filed("untouched".to_owned());
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.watch(&command(&stage, arguments));
    stage.requeue(command, true).expect(0);
    tracer.calls_on(&stage.site.root())
}

/// Tampers with one call of a requeue; the runs after it make good.
fn tamper_with(arguments: &[&str], call: &SystemCall, tamper: Tamper) {
    let what = format!(
        "{arguments:?}: {tamper:?} at {} {}, {}",
        call.name, call.nth, call.line
    );
    let mut stage = filed(what.clone());
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.tamper(&command(&stage, arguments), call, tamper);
    let outcome = stage.requeue(command, true);
    let is_known = match tamper {
        Tamper::Kill => outcome.code == -9,
        Tamper::Error { .. } => matches!(outcome.code, 0 | 2 | 10 | 20),
    };
    assert!(is_known, "{what}: {}\n{}", outcome.code, outcome.stderr);
    stage.drain();
}

fn tamper_with_all(is_sample: bool) {
    let selections: [&[&str]; 3] = [
        &ALL_AGAIN,
        &["requeue", "--failed"],
        &["requeue", "--corrupt"],
    ];
    let mut cases = Cases::default();
    for arguments in selections {
        for call in calls_of(arguments) {
            let changes = ["rename", "renameat2", "fsync", "ftruncate"];
            if is_sample && !(changes.contains(&call.name.as_str()) && call.nth == 1) {
                continue;
            }
            cases.case(|| tamper_with(arguments, &call, Tamper::Kill));
            let is_change = !matches!(call.name.as_str(), "close" | "exit_group");
            if is_change && !is_sample {
                for errno in ["EIO", "ENOSPC"] {
                    let forever = errno == "ENOSPC";
                    let tamper = Tamper::Error { errno, forever };
                    cases.case(|| tamper_with(arguments, &call, tamper));
                }
            }
        }
    }
    tell(&format!("{} requeues killed or failed", cases.done));
    cases.demand_all();
}

#[test]
fn a_requeue_that_is_killed_is_done_or_not_done() {
    tamper_with_all(true);
}

#[test]
#[ignore = "takes minutes: make soak"]
fn soak_a_requeue_that_fails_anywhere_is_done_or_not_done() {
    tamper_with_all(false);
}

/// A run that dies between filing a session and removing its pending document.
#[track_caller]
fn die_with_two_copies(stage: &mut Stage) {
    let tracer = Tracer::beside(&stage.site);
    let removal = SystemCall {
        name: "unlink".to_owned(),
        // Before it come the files that prove that the four directories can be written to.
        nth: 5,
        line: String::new(),
    };
    let command = tracer.tamper(&stage.run_command(), &removal, Tamper::Kill);
    assert_eq!(stage.call(command).code, -9);
    assert_eq!(stage.site.names(Dir::Pending), ["metadata_bare.json"]);
    assert_eq!(stage.site.names(Dir::Processed), ["metadata_bare.json"]);
}

#[test]
fn a_requeue_before_a_crash_was_cleared_away_makes_no_second_document() {
    for (arguments, force) in [
        (&ALL_AGAIN[..], true),
        (&["requeue", "--partial"], false),
        (&["requeue", "bare"], false),
        (&["requeue", "bare", "--part", "all", "--force"], true),
    ] {
        let mut stage = Stage::new(format!("{arguments:?}"), false, 20, |site| {
            let all = cast::odd(site).into_iter();
            all.filter(|origin| {
                let is_it = origin.name == "metadata_bare.json";
                if !is_it {
                    std::fs::remove_file(site.dir(Dir::Pending).join(&origin.name)).unwrap();
                }
                is_it
            })
            .collect()
        });
        die_with_two_copies(&mut stage);
        let command = command(&stage, arguments);
        stage.requeue(command, force).expect(0);
        stage.drain();
        let calls = stage.site.api().calls().len();
        assert_eq!(calls, if force { 2 } else { 1 }, "{arguments:?}");
    }
}
