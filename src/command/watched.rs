//! A run that others watch: its figures go to a file, and a monitoring service is told of it. None
//! of that changes how the run ends.

use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::failure::CommandFailure;
use super::metrics;
use super::ping::Pinger;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::interrupt::Interrupt;
use crate::redact::Redactor;
use crate::report::{self, Backlog, ExitCode, RunFacts, RunSummary};
use crate::spool::{Listed, Spool, State};
use crate::upload::ping::Ping;

/// The longest line of a report that is told.
const MAX_LINE_CHARS: usize = 400;

/// What those who watch are told, as it comes to be known.
pub(super) struct Watch<'a> {
    settings: &'a Settings,
    started: Instant,
    pinger: Option<Pinger>,
    /// The spool was this run's alone.
    has_begun: bool,
    backlog: Option<Backlog>,
    summary: Option<RunSummary>,
}

/// Carries a run out and tells those who watch how it ended, be it by a panic.
pub(super) fn watched(
    settings: &Settings,
    run: impl FnOnce(&mut Watch<'_>) -> Result<ExitCode, CommandFailure>,
) -> Result<ExitCode, CommandFailure> {
    let mut watch = Watch {
        settings,
        started: SystemClock.monotonic(),
        pinger: Pinger::new(settings),
        has_begun: false,
        backlog: None,
        summary: None,
    };
    // What the closure leaves behind after a panic is only read.
    let result = panic::catch_unwind(AssertUnwindSafe(|| run(&mut watch)));
    match result {
        Ok(Ok(exit)) => watch.tell(exit, None),
        Ok(Err(ref failure)) => watch.tell(failure.exit, Some(&failure.line())),
        Err(_) => watch.tell(
            ExitCode::Internal,
            Some("a bug; where it is stands in the log"),
        ),
    }
    result.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

impl Watch<'_> {
    /// The spool is this run's alone, and nothing is sent yet.
    pub(super) fn begin(&mut self, interrupt: &Interrupt) {
        self.has_begun = true;
        if let Some(pinger) = &mut self.pinger {
            pinger.start(interrupt);
        }
    }

    /// Looks at what is left in the spool, for the figures.
    pub(super) fn look_at(&mut self, spool: &Spool) {
        if self.settings.metrics_file.is_none() {
            return;
        }
        match spool.list(State::Pending) {
            Ok(listed) => self.backlog = Some(backlog(&listed)),
            Err(error) => {
                log::warn!(reason:% = error; "the figures do not tell what is pending");
            }
        }
    }

    /// The run came to its end.
    pub(super) fn done(&mut self, summary: RunSummary) {
        self.summary = Some(summary);
    }

    fn tell(&mut self, exit: ExitCode, failure: Option<&str>) {
        let was_kept_away =
            !self.has_begun && matches!(exit, ExitCode::Locked | ExitCode::Signal(_));
        let ended_at: DateTime<Utc> = SystemClock.now();
        // Where it cannot be told which shard was meant, it is not known whose figures they are.
        if let (Some(path), Ok(shard)) = (&self.settings.metrics_file, self.settings.shard()) {
            let took = SystemClock.monotonic().duration_since(self.started);
            let facts = RunFacts {
                spool: &metrics::spool_name(&self.settings.root),
                shard,
                exit,
                ended_at,
                duration_seconds: took.as_secs_f64(),
                was_kept_away,
                summary: self.summary.as_ref(),
                backlog: self.backlog,
            };
            metrics::write(path, &facts);
        }
        let ping = match was_kept_away {
            // The run that has the spool tells of itself; its start must stand.
            true => Ping::Log,
            false => Ping::End(exit.code_with_ok(&self.settings.ok_exit)),
        };
        let body = self.body(exit, failure, ended_at);
        if let Some(pinger) = &mut self.pinger {
            pinger.end(ping, body);
        }
    }

    /// The report, fit to leave the machine.
    fn body(&self, exit: ExitCode, failure: Option<&str>, ended_at: DateTime<Utc>) -> String {
        let text = match (&self.summary, failure) {
            (_, Some(failure)) => format!("exit code {exit}: {failure}"),
            (Some(summary), None) => {
                let view = report::View::plain(ended_at);
                let text = report::run_text(summary, exit, self.settings.max_attempts, &view);
                report::plain(&text)
            }
            (None, None) => format!("exit code {exit}"),
        };
        let redactor = Redactor::new();
        let lines: Vec<String> = text
            .lines()
            .map(|line| redactor.scrub(line, MAX_LINE_CHARS))
            .collect();
        lines.join("\n") + "\n"
    }
}

fn backlog(listed: &Listed) -> Backlog {
    Backlog {
        pending: listed.len() as u64,
        oldest_pending: listed.get(0).map(|oldest| oldest.modified),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Environment, Inputs, Layer, RawValue, Setting, Source, resolve};

    #[test]
    fn a_run_that_panics_is_told_of_and_goes_on_panicking() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("callspool.prom");
        let mut flags = Layer::default();
        let source = Source::Flag("metrics-file");
        let text = file.clone().into_os_string();
        flags.set(Setting::MetricsFile, RawValue { text, source });
        let settings = resolve(Inputs {
            flags,
            config: None,
            environment: &Environment::default(),
            default_config: &dir.path().join("none.toml"),
        })
        .unwrap();
        let result =
            panic::catch_unwind(|| watched(&settings, |_| panic!("a bug that a test has made")));
        assert!(result.is_err());
        let text = fs::read_to_string(&file).unwrap();
        let bug = |line: &str| line.contains("exit_code=\"1\"}") && line.ends_with("} 1");
        assert!(text.lines().any(bug), "{text}");
    }
}
