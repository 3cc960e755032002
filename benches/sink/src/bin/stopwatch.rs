//! `stopwatch`: runs a program and prints what it took, as JSON: wall time, processor time and peak
//! memory of it and all that it waited for.
//!
//! It is small, for a process counts as peak memory what its parent had when it was forked.

#![expect(clippy::disallowed_methods, reason = "measuring is reading the clock")]

use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;

/// Runs a program and prints what it took.
#[derive(Parser)]
struct Arguments {
    /// How often.
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// A program without arguments that is run before each time, measured likewise.
    #[arg(long)]
    pair: Option<String>,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

/// What one run took.
#[derive(Serialize)]
struct Lap {
    is_pair: bool,
    started_unix_ns: u128,
    wall_ns: u128,
    user_us: i64,
    system_us: i64,
    /// The largest of any process so far, in KiB.
    max_rss_kib: i64,
    /// The exit status; `null` when a signal ended it.
    status: Option<i32>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let (program, rest) = arguments
        .command
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let mut laps = Vec::new();
    for _ in 0..arguments.times {
        if let Some(pair) = &arguments.pair {
            laps.push(lap(&mut Command::new(pair), true)?);
        }
        laps.push(lap(Command::new(program).args(rest), false)?);
    }
    // The program's own output is on stdout: this goes to stderr, as the last line.
    writeln!(io::stderr(), "\n{}", serde_json::to_string(&laps)?)
}

fn lap(command: &mut Command, is_pair: bool) -> io::Result<Lap> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let watch = Instant::now();
    let status = command.status()?;
    let wall = watch.elapsed();
    let after = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let user = |usage: &Usage| usage.user_time().num_microseconds();
    let system = |usage: &Usage| usage.system_time().num_microseconds();
    Ok(Lap {
        is_pair,
        started_unix_ns: started.as_nanos(),
        wall_ns: wall.as_nanos(),
        user_us: user(&after) - user(&before),
        system_us: system(&after) - system(&before),
        max_rss_kib: after.max_rss(),
        status: status.code(),
    })
}
