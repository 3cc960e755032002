//! The world that a simulated run lives in: one disk, one API, one clock, one source of chance.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeZone, Utc};
use fastrand::Rng;

use crate::api::Service;
use crate::disk::model::{Inode, Model};
use crate::faults::{Death, Plan};

/// Thrown through the program's code when its process dies.
#[derive(Debug)]
pub(crate) struct Died;

/// Whether a caught panic is a death, and not a bug.
pub(crate) fn is_death(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Died>()
}

/// How a file is locked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locked {
    /// By which handles.
    pub(crate) handles: BTreeSet<u64>,
    /// Whether others may join them.
    pub(crate) is_shared: bool,
}

/// Everything that is simulated.
pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) disk: Model,
    pub(crate) service: Service,
    pub(crate) now: DateTime<Utc>,
    /// Since the story began; never goes back.
    pub(crate) elapsed: Duration,
    pub(crate) plan: Plan,
    /// Which of the ways is taken in which a loss of power may leave the disk.
    pub(crate) outcome: u64,
    /// Operations in this run so far.
    pub(crate) operations: u64,
    /// Which process lives; what an earlier one still holds is dead.
    pub(crate) process: u64,
    /// Whether the file system can rename without overwriting in one step.
    pub(crate) can_rename_new: bool,
    /// Files that are locked.
    pub(crate) locks: BTreeMap<Inode, Locked>,
    pub(crate) last_handle: u64,
    /// Operations of the disk that failed in this run.
    pub(crate) disk_failures: u64,
    /// Syncs that failed in this run.
    pub(crate) failed_syncs: u64,
    /// Syncs that were tried after one had failed in this run.
    pub(crate) syncs_after_failed: u64,
    /// What happened, for people; `None` when nobody wants to know.
    pub(crate) trace: Option<Vec<String>>,
}

/// A world in many hands.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shared")
    }
}

impl Shared {
    pub(crate) fn new(seed: u64, with_trace: bool) -> Self {
        let start = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single();
        let mut rng = Rng::with_seed(seed);
        let service = Service::new(&mut rng);
        let can_rename_new = rng.u8(..4) > 0;
        Self(Arc::new(Mutex::new(World {
            rng,
            disk: Model::default(),
            service,
            now: start.unwrap_or_default(),
            elapsed: Duration::ZERO,
            plan: Plan::default(),
            outcome: 0,
            operations: 0,
            process: 0,
            can_rename_new,
            locks: BTreeMap::new(),
            last_handle: 0,
            disk_failures: 0,
            failed_syncs: 0,
            syncs_after_failed: 0,
            trace: with_trace.then(Vec::new),
        })))
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a process with what is to go wrong in it.
    pub(crate) fn begin_process(&self, plan: Plan) -> u64 {
        let mut world = self.get();
        world.process += 1;
        world.plan = plan;
        world.operations = 0;
        world.disk_failures = 0;
        world.failed_syncs = 0;
        world.syncs_after_failed = 0;
        world.locks.clear();
        let process = world.process;
        world.note(|| format!("-- process {process}: {plan:?}"));
        process
    }

    /// Counts an operation of a process; `None` when it is dead. At the one that is planned to be the
    /// last the process dies: this does not return then.
    pub(crate) fn count(
        &self,
        process: u64,
        what: impl FnOnce() -> String,
    ) -> Option<MutexGuard<'_, World>> {
        let mut world = self.get();
        if world.process != process {
            return None;
        }
        world.operations += 1;
        let operation = world.operations;
        world.note(|| format!("{operation:5} {}", what()));
        match world.plan.death {
            Some((at, death)) if at == operation => {
                world.die(death);
                drop(world);
                end_thread()
            }
            _ => Some(world),
        }
    }
}

/// The thread's process is dead.
pub(crate) fn end_thread() -> ! {
    resume_unwind(Box::new(Died))
}

impl World {
    /// Time passes.
    pub(crate) fn pass(&mut self, duration: Duration) {
        self.elapsed += duration;
        self.now += duration;
    }

    /// Somebody sets the clock.
    pub(crate) fn jump(&mut self, seconds: i64) {
        self.now += chrono::TimeDelta::seconds(seconds);
        let now = self.now;
        self.note(|| format!("-- the clock jumps by {seconds} s to {now}"));
    }

    pub(crate) fn system_now(&self) -> SystemTime {
        self.now.into()
    }

    pub(crate) fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(text());
        }
    }

    /// The living process ends here, whatever it still holds.
    fn die(&mut self, death: Death) {
        self.note(|| format!("== {death:?}"));
        self.process += 1;
        self.locks.clear();
        if death == Death::PowerLoss {
            let mut rng = Rng::with_seed(self.rng.u64(..) ^ self.outcome);
            self.disk.lose_power(&mut rng);
        }
    }

    /// Whether the operation that was just counted fails, and how.
    pub(crate) fn disk_failure(&mut self) -> Option<io::Error> {
        let operation = self.operations;
        let planned = self.plan.failing.filter(|failing| {
            operation == failing.at || failing.for_ever && operation > failing.at
        });
        let chance = self.plan.chance_per_mille;
        let errno = match planned {
            Some(failing) => failing.errno,
            None if chance > 0 && self.rng.u32(..1000) < chance => {
                crate::faults::ERRORS[self.rng.usize(..crate::faults::ERRORS.len())]
            }
            None => return None,
        };
        self.disk_failures += 1;
        self.note(|| format!("      fails: {errno:?}"));
        Some(errno.into())
    }
}
