//! Every system call that touches the spool fails, or is the last one of its process.

use std::collections::BTreeMap;

use invariants::Origin;
use test_support::Dir;

use crate::cases::Cases;
use crate::cast;
use crate::charged::died_in_a_post;
use crate::figures::tell;
use crate::stage::Stage;
use crate::tracer::{SystemCall, Tamper, Tracer};

/// Errors that a call may fail with.
const ERRORS: [&str; 5] = ["EIO", "ENOSPC", "EACCES", "EMFILE", "EXDEV"];

/// Which error a call of a name can meet: those that change something meet all of them.
fn errors_of(name: &str) -> &'static [&'static str] {
    match name {
        "read" | "pread64" | "getdents64" | "statx" | "newfstatat" | "flock" => &["EIO", "EACCES"],
        "close" | "connect" | "sendto" | "recvfrom" | "exit_group" => &[],
        _ => &ERRORS,
    }
}

/// A spool in which a run does everything that it can do to a spool.
fn stage(name: String) -> Stage {
    let stage = Stage::new(name, false, 20, |site| {
        let mut all = cast::ordinary(site);
        all.extend(cast::odd(site));
        all
    });
    stage.order(&faults());
    stage
}

/// A spool on which a failure is held back and charged when another session is delivered in part.
fn two_that_fail(name: String) -> Stage {
    let stage = Stage::new(name, false, 20, |site| {
        let all = cast::ordinary(site).into_iter();
        let of_interest = |origin: &Origin| origin.name != "metadata_prospect.json";
        let (kept, gone): (Vec<_>, Vec<_>) = all.partition(of_interest);
        for origin in gone {
            std::fs::remove_file(site.dir(Dir::Pending).join(origin.name)).unwrap();
        }
        kept
    });
    stage.order(&["call-data:all:status=500".to_owned()]);
    stage
}

/// What makes a run write each kind of end: pending again, partial, failed.
fn faults() -> Vec<String> {
    [
        "talk:all:status=500",
        "plain:all:status=500",
        "prospect:all:status=422",
        "cloud:all:status=422",
    ]
    .map(|fault| format!("call-data@{fault}"))
    .to_vec()
}

/// The calls of an untouched run that are about the spool; of one name only when
/// `CALLSPOOL_SOAK_CALLS` gives it.
fn calls_of_a_run(scene: Scene, code: i32) -> Vec<SystemCall> {
    let mut stage = scene("untouched".to_owned());
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.watch(&stage.run_command());
    stage.call(command).expect(code);
    let mut calls = tracer.calls_on(&stage.site.root());
    if let Ok(name) = std::env::var("CALLSPOOL_SOAK_CALLS") {
        calls.retain(|call| call.name == name);
    }
    calls
}

/// A spool of that name.
type Scene = fn(String) -> Stage;

/// Exit codes by what failed.
type Codes = BTreeMap<(String, i32), usize>;

/// One run with one tampered call, and the runs that make good.
fn fail_one(
    scene: Scene,
    call: &SystemCall,
    (errno, forever): (&'static str, bool),
    codes: &mut Codes,
) {
    let what = format!(
        "{} {errno}{} at {}",
        call.name,
        if forever { " from then on" } else { "" },
        call.line
    );
    let mut stage = scene(what.clone());
    let tracer = Tracer::beside(&stage.site);
    let tamper = Tamper::Error { errno, forever };
    let command = tracer.tamper(&stage.run_command(), call, tamper);
    let outcome = stage.call(command);
    assert!(
        matches!(outcome.code, 0 | 3 | 4 | 10 | 20),
        "{what}: {}\n{}\n{}",
        outcome.code,
        outcome.stdout,
        outcome.stderr
    );
    let calls = tracer.calls();
    let is_tampered = |call: &&SystemCall| call.line.ends_with("(INJECTED)");
    let tampered = calls.iter().find(is_tampered).unwrap_or_else(|| {
        panic!("{what}: the call never came: the run took another way");
    });
    *codes
        .entry((format!("{} {errno}", tampered.place()), outcome.code))
        .or_default() += 1;
    if matches!(call.name.as_str(), "fsync" | "fdatasync") {
        assert_eq!(outcome.code, 20, "{what}\n{}", outcome.stderr);
        let again = calls
            .iter()
            .skip_while(|call| !call.line.ends_with("(INJECTED)"))
            .skip(1)
            .filter(|later| later.name.ends_with("sync") && later.path() == tampered.path());
        assert_eq!(again.count(), 0, "{what}: synced again");
    }
    stage.drain();
}

/// Every `step`-th of the calls, each with the errors that it can meet.
fn fail_all(step: usize) {
    let calls = calls_of_a_run(stage, 4);
    let mut codes = Codes::new();
    let mut cases = Cases::default();
    let all = calls.iter().flat_map(|call| {
        let errors = errors_of(&call.name).iter();
        errors.flat_map(move |errno| [false, true].map(|forever| (call, *errno, forever)))
    });
    for (call, errno, forever) in all.step_by(step) {
        cases.case(|| fail_one(stage, call, (errno, forever), &mut codes));
    }
    let mut text = format!(
        "{} runs with a failing call, of {} calls\n",
        cases.done,
        calls.len()
    );
    for ((place, code), count) in &codes {
        text += &format!("  {count:4}  exit {code:3}  {place}\n");
    }
    tell(&text);
    cases.demand_all();
}

#[test]
fn a_system_call_that_fails_loses_nothing() {
    fail_all(211);
}

#[test]
#[ignore = "takes minutes: make soak"]
fn soak_every_system_call_that_fails_after_a_death_loses_nothing() {
    let scene: Scene = |name| died_in_a_post(name);
    let mut cases = Cases::default();
    let mut codes = Codes::new();
    for call in calls_of_a_run(scene, 0) {
        let errors = errors_of(&call.name).iter().take(1);
        for (errno, forever) in errors.flat_map(|errno| [(*errno, false), (*errno, true)]) {
            cases.case(|| fail_one(scene, &call, (errno, forever), &mut codes));
        }
    }
    tell(&format!(
        "{} runs with a failing call after a death",
        cases.done
    ));
    cases.demand_all();
}

#[test]
fn a_sync_that_failed_is_not_tried_again() {
    let mut calls = calls_of_a_run(two_that_fail, 3);
    calls.retain(|call| call.name.ends_with("sync"));
    let mut cases = Cases::default();
    for call in &calls {
        cases.case(|| fail_one(two_that_fail, call, ("EIO", false), &mut Codes::new()));
    }
    assert!(cases.done > 10);
    cases.demand_all();
}

#[test]
#[ignore = "takes minutes: make soak"]
fn soak_every_system_call_that_fails_loses_nothing() {
    fail_all(1);
}

/// One run that is killed at a call, a second one that is killed too, and those that make good.
fn kill_at(call: &SystemCall, second: &SystemCall) {
    let what = format!("killed at {} {}, {}", call.name, call.nth, call.line);
    let mut stage = stage(what.clone());
    let tracer = Tracer::beside(&stage.site);
    let command = tracer.tamper(&stage.run_command(), call, Tamper::Kill);
    let outcome = stage.call(command);
    assert_eq!(outcome.code, -9, "{what}: {}", outcome.stderr);
    // The second may take another way and end before that call.
    let command = tracer.tamper(&stage.run_command(), second, Tamper::Kill);
    stage.call(command);
    stage.drain();
}

fn kill_at_all(step: usize) {
    let calls = calls_of_a_run(stage, 4);
    let mut cases = Cases::default();
    for (place, call) in calls.iter().enumerate().step_by(step) {
        cases.case(|| kill_at(call, &calls[(place * 7919) % calls.len()]));
    }
    tell(&format!(
        "{} runs killed at a call, of {} calls; each time the next run was killed too",
        cases.done,
        calls.len()
    ));
    cases.demand_all();
}

#[test]
fn a_kill_at_a_system_call_loses_nothing() {
    kill_at_all(61);
}

#[test]
#[ignore = "takes minutes: make soak"]
fn soak_a_kill_at_every_system_call_loses_nothing() {
    kill_at_all(1);
}
