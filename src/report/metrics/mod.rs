//! A run's figures for Prometheus. Pure: a run and the figures before it go in, a text comes out.
//!
//! What happens again and again is a counter, which goes on from run to run by way of the file
//! itself; what is true of the last run, or of the spool at its end, is a gauge. A run that cannot
//! know a gauge leaves it as it was.

mod counters;
mod exposition;
mod gauges;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::exit_code::ExitCode;
use super::summary::RunSummary;
use crate::spool::Shard;
use exposition::{Exposition, Sample};

pub use exposition::{Previous, PreviousError};

/// What lies in the spool after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Files in call_metadata/.
    pub pending: u64,
    /// The time of the oldest of them.
    pub oldest_pending: Option<DateTime<Utc>>,
}

/// A run, as far as it got.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    /// The spool's root: what tells this file's figures from another's.
    pub spool: &'a str,
    /// The shard that was run; its figures are its own, too.
    pub shard: Option<Shard>,
    /// How the run ended, before `--ok-exit`.
    pub exit: ExitCode,
    /// When.
    pub ended_at: DateTime<Utc>,
    /// How long it took.
    pub duration_seconds: f64,
    /// Whether it was kept away by another run, which tells its own figures.
    pub was_kept_away: bool,
    /// What it did; `None` when it came to nothing.
    pub summary: Option<&'a RunSummary>,
    /// What it left; `None` when that could not be seen.
    pub backlog: Option<Backlog>,
}

/// The figures, after a run, in Prometheus' text format.
pub fn metrics_text(facts: &RunFacts<'_>, previous: &Previous) -> String {
    let mut page = Exposition::new(facts.spool, facts.shard, previous);
    page.gauge(
        "callspool_build_info",
        "The version that wrote these figures.",
        Some(&[(vec![("version", env!("CARGO_PKG_VERSION"))], 1.0)]),
    );
    gauges::last_run(&mut page, facts);
    gauges::backlog(&mut page, facts);
    counters::runs(&mut page, facts.exit);
    let empty = RunSummary::new(facts.ended_at);
    let summary = facts.summary.unwrap_or(&empty);
    counters::outcomes(&mut page, &summary.sessions);
    counters::delivered(&mut page, &summary.parts, summary.bytes_sent);
    counters::requests(&mut page, &summary.requests);
    page.finish()
}

/// A sample for each value of a label.
fn samples<'a>(label: &'static str, counts: &[(&'a str, u64)]) -> Vec<Sample<'a>> {
    counts
        .iter()
        .map(|(word, value)| (vec![(label, *word)], count(*value)))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and bytes are far below 2^52"
)]
fn count(value: u64) -> f64 {
    value as f64
}

fn seconds(time: DateTime<Utc>) -> f64 {
    to_seconds(time.timestamp_millis())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are far below 2^52"
)]
fn to_seconds(millis: i64) -> f64 {
    millis.max(0) as f64 / 1000.0
}
