//! What a test has done, in numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use crate::stage::Stage;

/// Counts of one test.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Spools.
    pub(crate) spools: u64,
    /// Sessions in them.
    pub(crate) sessions: u64,
    /// Processes that were killed in time, by what they were doing.
    pub(crate) kills: BTreeMap<String, u64>,
    /// Processes that had ended before the kill.
    pub(crate) too_late: u64,
    /// Requests that the API saw.
    pub(crate) requests: u64,
    /// Calls that the API holds more than once.
    pub(crate) calls_twice: u64,
    /// Recordings that the API holds more than once.
    pub(crate) recordings_twice: u64,
}

impl Figures {
    /// Processes that were killed in time.
    pub(crate) fn killed(&self) -> u64 {
        self.kills.values().sum()
    }

    /// Adds what a spool came to.
    pub(crate) fn add(&mut self, stage: &Stage) {
        self.spools += 1;
        self.sessions += stage.world.origins.len() as u64;
        self.requests += stage.world.api.len() as u64;
        let mut calls: BTreeMap<String, u64> = BTreeMap::new();
        for call in stage.site.api().calls() {
            *calls.entry(call.raw_body).or_default() += 1;
        }
        let mut recordings: BTreeMap<String, u64> = BTreeMap::new();
        for recording in stage.site.api().recordings() {
            // Under another key it was sent again on purpose.
            let key = recording.idempotency_key.unwrap_or_default();
            *recordings.entry(key).or_default() += 1;
        }
        self.calls_twice += surplus(&calls);
        self.recordings_twice += surplus(&recordings);
    }
}

fn surplus(counts: &BTreeMap<String, u64>) -> u64 {
    counts.values().map(|count| count - 1).sum()
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} kills ({} came too late) on {} spools with {} sessions, {} requests; \
             stored twice: {} calls, {} recordings",
            self.killed(),
            self.too_late,
            self.spools,
            self.sessions,
            self.requests,
            self.calls_twice,
            self.recordings_twice,
        )?;
        for (place, count) in &self.kills {
            write!(formatter, "\n  {count:6}  {place}")?;
        }
        Ok(())
    }
}

/// Tells figures also of a test that passes.
pub(crate) fn tell(text: &str) {
    let told = writeln!(io::stderr().lock(), "{text}");
    told.unwrap();
}
