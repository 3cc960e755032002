//! Tells stories by their seeds, and sweeps; prints what was not as it must be.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::{Parser, ValueEnum};
use simulation::{Sweep, Swept, Told, sweep, tell};

/// Runs callspool's own code over a simulated disk, API and clock.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to try.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Replay one seed and print what happened in it.
    #[arg(long)]
    replay: Option<u64>,
    /// Instead of stories: let every operation of each seed's first run fail, or be the last.
    #[arg(long, value_enum)]
    sweep: Option<Kind>,
    /// In a sweep: take every so-many-th operation only.
    #[arg(long, default_value_t = 1)]
    stride: u64,
    /// Sessions that a run works on at a time. With more than one the threads' order is the
    /// machine's, and a seed does not tell the same story twice.
    #[arg(long, default_value_t = 1)]
    lanes: usize,
    /// Seeds that are worked on at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Each operation fails.
    Failing,
    /// The process dies at each operation.
    Dying,
    /// The process dies at each operation, and the next one at each of its own.
    DyingTwice,
}

/// What all seeds together came to.
#[derive(Default)]
struct Sum {
    stories: u64,
    processes: u64,
    deaths: u64,
    sessions: u64,
    requests: u64,
    disk_failures: u64,
    operations: u64,
    wrong: Vec<String>,
}

impl Sum {
    fn add_told(&mut self, told: Told) {
        self.stories += 1;
        self.processes += told.processes;
        self.deaths += told.deaths;
        self.sessions += told.sessions;
        self.requests += told.requests;
        self.disk_failures += told.disk_failures;
        let seed = told.seed;
        let wrong = told.violations.into_iter();
        self.wrong
            .extend(wrong.map(|text| format!("seed {seed}: {text}")));
    }

    fn add_swept(&mut self, swept: Swept) {
        self.stories += swept.stories;
        self.operations += swept.operations;
        self.wrong.extend(swept.violations);
    }

    fn text(&self) -> String {
        format!(
            "{} stories, {} processes ({} of them died), {} sessions, {} requests, {} failed operations of the disk, {} operations swept: {} violations\n",
            self.stories,
            self.processes,
            self.deaths,
            self.sessions,
            self.requests,
            self.disk_failures,
            self.operations,
            self.wrong.len()
        )
    }
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut stdout = io::stdout().lock();
    if let Some(seed) = arguments.replay {
        let told = tell(seed, arguments.lanes, true);
        for line in &told.trace {
            writeln!(stdout, "{line}")?;
        }
        for violation in &told.violations {
            writeln!(stdout, "violation: {violation}")?;
        }
        return Ok(code(told.violations.is_empty()));
    }
    let sum = try_seeds(&arguments);
    for wrong in sum.wrong.iter().take(20) {
        writeln!(stdout, "violation: {wrong}")?;
    }
    if !sum.wrong.is_empty() && arguments.sweep.is_none() && arguments.lanes == 1 {
        writeln!(stdout, "replay a seed with: make simulate REPLAY=<seed>")?;
    }
    write!(stdout, "{}", sum.text())?;
    Ok(code(sum.wrong.is_empty()))
}

fn code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Tries all seeds, some at the same time; stops soon after the first that goes wrong.
fn try_seeds(arguments: &Arguments) -> Sum {
    let sum = Mutex::new(Sum::default());
    let next = AtomicU64::new(arguments.first);
    let end = arguments.first.saturating_add(arguments.seeds);
    let is_wrong = AtomicBool::new(false);
    let work = || {
        while !is_wrong.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let kind = arguments.sweep.map(|kind| match kind {
                Kind::Failing => Sweep::Failing,
                Kind::Dying => Sweep::Dying,
                Kind::DyingTwice => Sweep::DyingTwice,
            });
            let add: Box<dyn FnOnce(&mut Sum)> = match kind {
                None => {
                    let told = tell(seed, arguments.lanes, false);
                    Box::new(|sum| sum.add_told(told))
                }
                Some(kind) => {
                    let swept = sweep(seed, kind, arguments.stride);
                    Box::new(|sum| sum.add_swept(swept))
                }
            };
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            add(&mut sum);
            is_wrong.fetch_or(!sum.wrong.is_empty(), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(work);
        }
    });
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}
