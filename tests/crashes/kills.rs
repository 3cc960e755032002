//! Processes that are killed at moments that nobody chose.

use std::process::Command;
use std::time::{Duration, Instant};

use fastrand::Rng;
use invariants::Part;

use crate::cases::Cases;
use crate::cast;
use crate::figures::{Figures, tell};
use crate::stage::{LONG, Process, Stage};

/// Processes that are killed on one spool before it is drained.
const KILLS_EACH: usize = 12;

/// What may go wrong with the n-th request for a target.
const FAULTS: [&str; 25] = [
    "upload:N:status=500",
    "upload:N:status=503",
    "upload:N:status=413",
    "upload:N:stored-reset",
    "upload:N:stored-cut",
    "upload:N:stored-status=500",
    "upload:N:reset-after=5000",
    "upload:N:wrong-size",
    "upload:N:not-json",
    "upload:N:close-unannounced",
    "upload:N:status=401",
    "call-data:N:status=500",
    "call-data:N:stored-status=502",
    "call-data:N:stored-reset",
    "call-data:N:stored-cut",
    "call-data:N:conflict",
    "call-data:N:not-success",
    "call-data:N:status=422",
    "call-data:N:status=429",
    "call-data:N:reset",
    "call-data:N:reset-next",
    "question:N:status=500",
    "question:N:unanswerable",
    "question:N:ignore-call-id",
    "question:N:stored-cut",
];

/// Places at which a process can be held until it is killed.
const HOLDS: [&str; 5] = [
    "upload:N:stall",
    "upload:N:stored-stall",
    "call-data:N:stall",
    "call-data:N:stored-stall",
    "question:N:stall",
];

#[test]
fn whatever_a_kill_interrupts_the_next_runs_make_good() {
    kill_many(1, 30);
}

/// `CALLSPOOL_SOAK_KILLS` says how many (2,000), `CALLSPOOL_SOAK_SEED` from where.
#[test]
#[ignore = "takes minutes: make soak"]
fn soak_thousands_of_kills_lose_nothing() {
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap())
    };
    let seed = number("CALLSPOOL_SOAK_SEED", fastrand::u64(1..1_000_000));
    kill_many(seed, number("CALLSPOOL_SOAK_KILLS", 2_000));
}

/// Kills that many processes, on as many spools as that takes.
fn kill_many(seed: u64, kills: u64) {
    tell(&format!(
        "CALLSPOOL_SOAK_SEED={seed} CALLSPOOL_SOAK_KILLS={kills}"
    ));
    let usual = time_of_a_run();
    let mut figures = Figures::default();
    let mut cases = Cases::default();
    let mut spool = seed;
    while figures.killed() < kills {
        cases.case(|| one_spool(spool, usual, &mut figures));
        spool += 1;
    }
    tell(&figures.to_string());
    cases.demand_all();
    assert!(
        figures.kills.len() > 5,
        "the kills do not spread: {figures}"
    );
}

/// How long a run takes that nobody kills.
fn time_of_a_run() -> Duration {
    let mut stage = Stage::new("unkilled", true, 20, |site| {
        let mut all = cast::ordinary(site);
        all.push(cast::long(site));
        all
    });
    let start = Instant::now();
    stage.call(stage.run_command()).expect(0);
    start.elapsed()
}

fn one_spool(seed: u64, usual: Duration, figures: &mut Figures) {
    let mut rng = Rng::with_seed(seed);
    let dedupe = rng.bool();
    let max_attempts = if rng.u8(..4) == 0 { 3 } else { 1000 };
    let name = format!("spool {seed} (dedupe {dedupe}, max-attempts {max_attempts})");
    let mut stage = Stage::new(name, dedupe, max_attempts, |site| {
        cast::mixed(site, &mut rng)
    });
    for _ in 0..KILLS_EACH {
        stage.order(&some_faults(&mut rng));
        let is_drained = stage.is_drained();
        if is_drained && rng.bool() {
            break;
        }
        if is_drained || rng.u8(..6) == 0 {
            killed_requeue(&mut stage, &mut rng, usual, figures);
        } else {
            killed_run(&mut stage, &mut rng, usual, figures);
        }
    }
    stage.drain();
    figures.add(&stage);
}

fn some_faults(rng: &mut Rng) -> Vec<String> {
    let count = rng.usize(..4);
    let fault = |rng: &mut Rng| {
        let hit = rng.u8(1..5).to_string();
        FAULTS[rng.usize(..FAULTS.len())].replace('N', &hit)
    };
    (0..count).map(|_| fault(rng)).collect()
}

fn killed_run(stage: &mut Stage, rng: &mut Rng, usual: Duration, figures: &mut Figures) {
    let kind = rng.u8(..5);
    if kind == 0 {
        let hit = rng.u8(1..4).to_string();
        let hold = HOLDS[rng.usize(..HOLDS.len())].replace('N', &hit);
        stage.order(&[hold]);
    }
    let mut process = stage.start(stage.run_command(), true);
    match kind {
        0 => wait_for(stage, &mut process, |requests| {
            let last = requests.last();
            last.is_some_and(|last| {
                last.fault
                    .as_deref()
                    .is_some_and(|fault| fault.contains("stall"))
                    && last.body_sha256.is_some()
            })
        }),
        1 | 2 => {
            let count = rng.usize(1..7);
            wait_for(stage, &mut process, |requests| requests.len() >= count);
            if kind == 1 {
                pause_for(stage, usual.mul_f64(rng.f64() / 10.0));
            }
        }
        _ => pause_for(stage, usual.mul_f64(rng.f64() * 0.7)),
    }
    process.child.kill().unwrap();
    let outcome = stage.finish(process);
    if outcome.code < 0 {
        *figures.kills.entry(place(stage)).or_default() += 1;
    } else {
        figures.too_late += 1;
    }
}

fn killed_requeue(stage: &mut Stage, rng: &mut Rng, usual: Duration, figures: &mut Figures) {
    let sessions: Vec<String> = stage
        .world
        .origins
        .iter()
        .filter_map(|origin| origin.session_id.clone())
        .collect();
    let forced = ["--part", "all", "--force"];
    let (arguments, force): (Vec<&str>, bool) = match rng.u8(..6) {
        0..=2 => (vec!["--all-processed", "--part", "all", "--force"], true),
        3 => (vec!["--partial"], false),
        4 => (vec!["--failed"], false),
        _ => {
            let id = &sessions[rng.usize(..sessions.len())];
            let all = rng.bool();
            let mut arguments = vec![id.as_str()];
            arguments.extend(forced.iter().filter(|_| all));
            (arguments, all)
        }
    };
    let command: Command = stage.site.command(["requeue"].iter().chain(&arguments));
    stage.note_requeue(force);
    let mut process = stage.start(command, false);
    pause_for(stage, usual.mul_f64(rng.f64() / 6.0));
    process.child.kill().unwrap();
    let outcome = stage.finish(process);
    if outcome.code < 0 {
        let place = "in a requeue".to_owned();
        *figures.kills.entry(place).or_default() += 1;
    } else {
        assert!(matches!(outcome.code, 0 | 2), "{}", outcome.stderr);
        figures.too_late += 1;
    }
}

/// The time of the kill: this is the fault, and waits for nothing.
fn pause_for(stage: &Stage, time: Duration) {
    stage.site.api().wait_until(time, |_| false);
}

/// Waits until the requests of a process are as wished, or it has ended.
fn wait_for(
    stage: &Stage,
    process: &mut Process,
    is_so: impl Fn(&[reference_api::ReceivedRequest]) -> bool,
) {
    let start = Instant::now();
    let before = process.requests_before;
    while start.elapsed() < LONG {
        let is_there = stage
            .site
            .api()
            .wait_until(Duration::from_millis(5), |requests| {
                is_so(requests.get(before..).unwrap_or_default())
            });
        if is_there || process.child.try_wait().unwrap().is_some() {
            return;
        }
    }
    panic!("the process neither sent what was waited for nor ended");
}

/// What the process that was just killed was doing, as far as the API knows.
fn place(stage: &Stage) -> String {
    let event = stage.world.events.len() - 1;
    let mut sent = stage.world.api.iter().rev();
    let Some(last) = sent.find(|request| request.event == event) else {
        return "before the first request".to_owned();
    };
    let what = match last.part {
        Part::Recording => "an upload",
        Part::CallData => "a post",
        Part::Question => "a question",
    };
    match last.reply {
        invariants::Reply::Nothing if last.stored => format!("after {what} was stored, unanswered"),
        invariants::Reply::Nothing => format!("in {what}"),
        _ => format!("after the answer to {what}"),
    }
}
