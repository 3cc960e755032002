//! One run, or one requeue, as a process of the simulated world.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callspool::clock::Clock;
use callspool::drain::{Drain, Judgement, Limits, judge};
use callspool::interrupt::Interrupt;
use callspool::plan::{Again, Policy, Requeued, assess, requeue as reopen};
use callspool::report::{AttentionMode, ExitCode, run_json};
use callspool::session::Status;
use callspool::settle;
use callspool::spool::{DocumentReading, LeaseError, OpenError, Shard, Spool, State};
use invariants::End;
use serde_json::Value;

use crate::api::{Meanwhile, SimulatedApi};
use crate::clock::SimulatedClock;
use crate::disk::SimulatedDisk;
use crate::faults::{Death, Plan};
use crate::layout::layout;
use crate::world::{Shared, is_death};

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) report: Option<Value>,
    /// A run was let in while this one held the lease.
    pub(crate) let_in_twice: bool,
}

/// Makes one run, of the whole spool or of one shard.
pub(crate) fn run(
    world: &Shared,
    plan: Plan,
    policy: &Policy,
    limits: &Limits,
    lanes: usize,
    shard: Option<Shard>,
) -> Ended {
    let process = world.begin_process(plan);
    if let Some(shard) = shard {
        world.get().note(|| format!("-- of shard {shard}"));
    }
    let let_in_twice = AtomicBool::new(false);
    let meanwhile = || {
        let is_now = world.get().rng.u8(..12) == 0;
        if is_now {
            let_in_twice.fetch_or(is_let_in(world, process, shard), Ordering::Relaxed);
            look_around(world, process, policy);
        }
    };
    let ended = live(world, plan, || {
        let meanwhile = || Box::new(meanwhile) as Meanwhile<'_>;
        let (exit, report) = run_to_end(world, process, policy, limits, shard, (lanes, &meanwhile));
        (End::Exit(i32::from(exit.code())), report)
    });
    Ended {
        let_in_twice: let_in_twice.into_inner(),
        ..ended
    }
}

/// Puts a session back to pending, as an operator's process does.
pub(crate) fn requeue(
    world: &Shared,
    plan: Plan,
    state: State,
    name: &str,
    again: Again,
    force: bool,
) -> Ended {
    let process = world.begin_process(plan);
    live(world, plan, || {
        let exit = requeue_to_end(world, process, state, name, again, force);
        (End::Exit(i32::from(exit.code())), None)
    })
}

/// Lets a process live until it ends or dies. Any other panic is a bug, and goes on.
pub(crate) fn live(
    world: &Shared,
    plan: Plan,
    process: impl FnOnce() -> (End, Option<Value>),
) -> Ended {
    let (end, report) = match catch_unwind(AssertUnwindSafe(process)) {
        Ok(ended) => ended,
        Err(payload) if is_death(&*payload) => match plan.death {
            Some((_, Death::PowerLoss)) => (End::PowerLost, None),
            _ => (End::Killed, None),
        },
        Err(payload) => std::panic::resume_unwind(payload),
    };
    world.get().note(|| format!("-- ended: {end:?}"));
    Ended {
        end,
        report,
        let_in_twice: false,
    }
}

fn open(world: &Shared, process: u64) -> Result<Spool, OpenError> {
    Spool::open_on(
        Arc::new(SimulatedDisk::new(world.clone(), process)),
        layout(),
    )
}

/// As the `run` command does it.
fn run_to_end<'w>(
    world: &Shared,
    process: u64,
    policy: &Policy,
    limits: &Limits,
    shard: Option<Shard>,
    (lanes, meanwhile): (usize, &dyn Fn() -> Meanwhile<'w>),
) -> (ExitCode, Option<Value>) {
    let clock = SimulatedClock::new(world.clone(), process);
    let interrupt = Interrupt::default();
    let spool = match open(world, process) {
        Ok(spool) => spool.dealt(shard),
        Err(OpenError::NoSpool { .. }) => return (ExitCode::NoSpool, None),
        Err(OpenError::FileSystems { .. }) => return (ExitCode::Usage, None),
    };
    let (leased, died) = match spool.lease(clock.now()) {
        Ok(leased) => leased,
        Err(LeaseError::Spool(_)) => return (ExitCode::Durability, None),
        Err(_) => return (ExitCode::Locked, None),
    };
    let api = |_| SimulatedApi::new(world.clone(), process, interrupt.clone(), meanwhile());
    let apis = (0..lanes).map(api).collect();
    let drain = Drain::new(
        &leased,
        apis,
        &clock,
        interrupt.clone(),
        policy,
        limits,
        None,
    );
    let Ok(mut summary) = drain.run(died.as_ref()) else {
        return (ExitCode::NoSpool, None);
    };
    if !summary.is_unrecorded
        && let Err(error) = leased.release()
    {
        summary.note_unrecorded(&error);
    }
    let exit = summary.exit_code(AttentionMode::Standing);
    (exit, serde_json::from_str(&run_json(&summary, exit)).ok())
}

/// As the `requeue` command does it for one document.
fn requeue_to_end(
    world: &Shared,
    process: u64,
    state: State,
    name: &str,
    again: Again,
    force: bool,
) -> ExitCode {
    let now = world.get().now;
    let Ok(spool) = open(world, process) else {
        return ExitCode::NoSpool;
    };
    let Ok((leased, died)) = spool.lease(now) else {
        return ExitCode::Durability;
    };
    if let DocumentReading::Document(mut document) = spool.read_document(state, name.as_ref())
        && !matches!(document.status(), Status::Other(_))
        && let Requeued::Due(_) = reopen(&mut document.record, again, force)
        && settle::put_back(&leased, state, name.as_ref(), &mut document, now).is_err()
    {
        return ExitCode::Durability;
    }
    if died.is_none() && leased.release().is_err() {
        return ExitCode::Durability;
    }
    ExitCode::Ok
}

/// Whether a second run is let in beside the one that goes on: one of the whole spool, of the same
/// shard, or of another count.
fn is_let_in(world: &Shared, process: u64, shard: Option<Shard>) -> bool {
    let now = world.get().now;
    let other = shard.and_then(|shard| Shard::new(0, shard.count() + 1));
    let mut tried = vec![None];
    tried.extend(shard.map(Some));
    tried.extend(other.map(Some));
    tried
        .into_iter()
        .any(|shard| open(world, process).is_ok_and(|spool| spool.dealt(shard).lease(now).is_ok()))
}

/// What `dry-run` and `inspect` do beside a run: they look at everything, and must get through.
fn look_around(world: &Shared, process: u64, policy: &Policy) {
    let now = world.get().now;
    let Ok(spool) = open(world, process) else {
        return;
    };
    let Ok(listed) = spool.list(State::Pending) else {
        return;
    };
    for entry in listed.iter() {
        let (name, modified) = (entry.name.clone(), entry.modified);
        if let Judgement::Due(_) = judge(&spool, entry, policy, now)
            && let DocumentReading::Document(document) = spool.read_document(State::Pending, &name)
        {
            let dossier = spool.gather(&name, *document, modified);
            assess(&dossier, policy, now);
        }
    }
}
