//! What is true of the last run, and of the spool at its end.

use chrono::{DateTime, Utc};

use super::exposition::Exposition;
use super::{Backlog, RunFacts, samples, seconds, to_seconds};
use crate::report::exit_code::ExitCode;
use crate::report::summary::{RunSummary, SessionCounts, Stop};

pub(super) fn last_run(page: &mut Exposition<'_>, facts: &RunFacts<'_>) {
    let known = !facts.was_kept_away;
    let ended_at = seconds(facts.ended_at);
    let exit = f64::from(facts.exit.code());
    page.value(
        "callspool_last_run_timestamp_seconds",
        "When the last run ended. A run that another one kept away does not count.",
        known.then_some(ended_at),
    );
    page.value(
        "callspool_last_run_duration_seconds",
        "How long the last run took.",
        known.then_some(facts.duration_seconds),
    );
    page.value(
        "callspool_last_run_exit_code",
        "The exit code of the last run, before --ok-exit.",
        known.then_some(exit),
    );
    let stopped_by = facts.summary.and_then(|summary| summary.stopped_by);
    let stopped_by = stopped_by.map(Stop::as_str);
    page.gauge(
        "callspool_last_run_stopped",
        "Whether that made the last run end early.",
        known
            .then(|| {
                samples(
                    "reason",
                    &Stop::WORDS.map(|word| (word, u64::from(stopped_by == Some(word)))),
                )
            })
            .as_deref(),
    );
    let counts = facts.summary.map(|summary| summary.sessions);
    page.gauge(
        "callspool_last_run_sessions",
        "The sessions of the last run by what became of them.",
        known
            .then(|| samples("fate", &fates(&counts.unwrap_or_default())))
            .as_deref(),
    );
    let delivered = counts.is_some_and(|counts| counts.uploaded + counts.partial > 0);
    const SUCCESS: &str = "callspool_last_success_timestamp_seconds";
    let success = match facts.exit {
        ExitCode::Ok => Some(ended_at),
        _ if known && !page.had(SUCCESS) => Some(0.0),
        _ => None,
    };
    page.value(
        SUCCESS,
        "When a run last ended with exit code 0; 0 when none has.",
        success,
    );
    page.value(
        "callspool_last_delivery_timestamp_seconds",
        "When a run last ended that had delivered a session.",
        delivered.then_some(ended_at),
    );
}

fn fates(counts: &SessionCounts) -> [(&'static str, u64); 12] {
    [
        ("uploaded", counts.uploaded),
        ("partial", counts.partial),
        ("deferred", counts.deferred),
        ("failed", counts.failed),
        ("corrupt", counts.corrupt),
        ("waiting", counts.waiting),
        ("settling", counts.settling),
        ("backoff", counts.backoff),
        ("skipped", counts.skipped),
        ("vanished", counts.vanished),
        ("left", counts.left),
        ("recovered", counts.recovered),
    ]
}

pub(super) fn backlog(page: &mut Exposition<'_>, facts: &RunFacts<'_>) {
    let seen = facts.summary.zip(facts.backlog);
    page.gauge(
        "callspool_sessions",
        "The sessions in the spool that are not delivered, by state, at the end of a run. What it did not look at is due.",
        seen.map(|(summary, backlog)| samples("state", &states(summary, backlog)))
            .as_deref(),
    );
    page.value(
        "callspool_sessions_counted_timestamp_seconds",
        "When the sessions in the spool were counted.",
        seen.map(|_| seconds(facts.ended_at)),
    );
    oldest(page, facts);
}

/// The oldest sessions, as times and as ages: the times go on being true until the next run.
fn oldest(page: &mut Exposition<'_>, facts: &RunFacts<'_>) {
    let seen = facts.summary.zip(facts.backlog);
    let oldest = [
        (
            [
                "callspool_oldest_pending_timestamp_seconds",
                "callspool_oldest_pending_age_seconds",
            ],
            [
                "Since when the oldest pending session is there; absent when none is pending.",
                "How old the oldest pending session was at the end of the run; 0 when none is pending.",
            ],
            seen.map(|(_, backlog)| backlog.oldest_pending),
        ),
        (
            [
                "callspool_oldest_waiting_timestamp_seconds",
                "callspool_oldest_waiting_age_seconds",
            ],
            [
                "Since when the oldest session is there whose recording is awaited; absent when none is.",
                "How old the oldest session whose recording is awaited was at the end of the run; 0 when none is.",
            ],
            // A run that ended early has not looked at all that may wait.
            seen.filter(|(summary, _)| {
                summary.stopped_by.is_none() || summary.oldest_waiting.is_some()
            })
            .map(|(summary, _)| summary.oldest_waiting),
        ),
    ];
    for ([timestamp, age], [timestamp_help, age_help], time) in oldest {
        match time {
            // Neither a value nor that of before.
            Some(None) => page.gauge(timestamp, timestamp_help, Some(&[])),
            time => page.value(timestamp, timestamp_help, time.flatten().map(seconds)),
        }
        let old = |time| {
            facts
                .ended_at
                .signed_duration_since(time)
                .num_milliseconds()
        };
        let millis = time.map(|time: Option<DateTime<Utc>>| time.map_or(0, old));
        page.value(age, age_help, millis.map(to_seconds));
    }
}

/// What is not delivered, by state. What came during the run, or what it did not come to, is due as
/// far as is known.
fn states(summary: &RunSummary, backlog: Backlog) -> [(&'static str, u64); 7] {
    let counts = &summary.sessions;
    let backoff = counts.backoff + summary.put_off;
    let not_due = counts.waiting + counts.settling + counts.skipped + backoff;
    [
        ("due", backlog.pending.saturating_sub(not_due)),
        ("waiting", counts.waiting),
        ("settling", counts.settling),
        ("backoff", backoff),
        ("skipped", counts.skipped),
        ("failed", summary.needs_attention.failed),
        ("corrupt", summary.needs_attention.corrupt),
    ]
}
