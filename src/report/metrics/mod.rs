//! A run's figures for Prometheus. Pure: a run and the figures before it go in, a text comes out.
//!
//! What happens again and again is a counter, which goes on from run to run by way of the file
//! itself; what is true of the last run, or of the spool at its end, is a gauge. A run that cannot
//! know a gauge leaves it as it was.

mod exposition;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::exit_code::ExitCode;
use super::requests::{DURATION_LIMITS, RequestCounts, RequestKind, RequestOutcome};
use super::summary::{PartCounts, RunSummary, SessionCounts, Stop};
use crate::outcome::FailureKind;
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

/// The exit codes that every file counts from the start, so that the first of each shows as an
/// increase. Others come when they happen.
const EXIT_CODES: [ExitCode; 12] = [
    ExitCode::Ok,
    ExitCode::Internal,
    ExitCode::Usage,
    ExitCode::Deferred,
    ExitCode::Attention,
    ExitCode::Unavailable,
    ExitCode::NoSpool,
    ExitCode::Locked,
    ExitCode::Auth,
    ExitCode::Durability,
    ExitCode::Signal(2),
    ExitCode::Signal(15),
];

/// What a request that failed on the wire may have come to.
const REQUEST_FAILURES: [FailureKind; 11] = [
    FailureKind::Rejected,
    FailureKind::Misdirected,
    FailureKind::Auth,
    FailureKind::Throttled,
    FailureKind::Unavailable,
    FailureKind::Server,
    FailureKind::Network,
    FailureKind::Ambiguous,
    FailureKind::Protocol,
    FailureKind::Cancelled,
    FailureKind::Changed,
];

/// The figures, after a run, in Prometheus' text format.
pub fn metrics_text(facts: &RunFacts<'_>, previous: &Previous) -> String {
    let mut page = Exposition::new(facts.spool, previous);
    page.gauge(
        "callspool_build_info",
        "The version that wrote these figures.",
        Some(&[(vec![("version", env!("CARGO_PKG_VERSION"))], 1.0)]),
    );
    last_run(&mut page, facts);
    backlog(&mut page, facts);
    runs(&mut page, facts.exit);
    let empty = RunSummary::new(facts.ended_at);
    let summary = facts.summary.unwrap_or(&empty);
    outcomes(&mut page, &summary.sessions);
    delivered(&mut page, &summary.parts, summary.bytes_sent);
    requests(&mut page, &summary.requests);
    page.finish()
}

fn last_run(page: &mut Exposition<'_>, facts: &RunFacts<'_>) {
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

fn backlog(page: &mut Exposition<'_>, facts: &RunFacts<'_>) {
    let seen = facts.summary.zip(facts.backlog);
    page.gauge(
        "callspool_sessions",
        "The sessions in the spool that are not delivered, by state, at the end of a run.",
        seen.map(|(summary, backlog)| samples("state", &states(summary, backlog)))
            .as_deref(),
    );
    page.value(
        "callspool_sessions_counted_timestamp_seconds",
        "When the sessions in the spool were counted.",
        seen.map(|_| seconds(facts.ended_at)),
    );
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
            seen.map(|(summary, _)| summary.oldest_waiting),
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

/// What is not delivered, by state. What came during the run is due, as far as is known.
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

fn runs(page: &mut Exposition<'_>, exit: ExitCode) {
    let mut codes: Vec<u8> = EXIT_CODES.iter().map(|code| code.code()).collect();
    if !codes.contains(&exit.code()) {
        codes.push(exit.code());
    }
    let words: Vec<String> = codes.iter().map(u8::to_string).collect();
    let counts: Vec<(&str, u64)> = codes
        .iter()
        .zip(&words)
        .map(|(code, word)| (word.as_str(), u64::from(*code == exit.code())))
        .collect();
    page.counter(
        "callspool_runs_total",
        "Runs by exit code, before --ok-exit.",
        &samples("exit_code", &counts),
    );
}

fn outcomes(page: &mut Exposition<'_>, counts: &SessionCounts) {
    page.counter(
        "callspool_session_outcomes_total",
        "What became of sessions that runs have worked on; a session that is deferred counts each time.",
        &samples("outcome", &[
            ("uploaded", counts.uploaded),
            ("partial", counts.partial),
            ("deferred", counts.deferred),
            ("failed", counts.failed),
            ("corrupt", counts.corrupt),
            ("vanished", counts.vanished),
            ("recovered", counts.recovered),
        ]),
    );
}

fn delivered(page: &mut Exposition<'_>, parts: &PartCounts, bytes_sent: u64) {
    page.counter(
        "callspool_parts_delivered_total",
        "Recordings, calls and leads that the API took.",
        &samples(
            "part",
            &[
                ("recording", parts.recordings_uploaded),
                ("call_data", parts.call_data_uploaded),
                ("lead", parts.leads_uploaded),
            ],
        ),
    );
    let alone = [
        (
            "callspool_recordings_remote_total",
            "Recordings that egress had put into cloud storage.",
            parts.recordings_remote,
        ),
        (
            "callspool_duplicates_total",
            "Recordings and calls that the API already had.",
            parts.duplicates,
        ),
        (
            "callspool_sent_bytes_total",
            "Bytes of recordings and call data that were sent.",
            bytes_sent,
        ),
    ];
    for (name, help, value) in alone {
        page.counter(name, help, &[(Vec::new(), count(value))]);
    }
}

fn requests(page: &mut Exposition<'_>, requests: &RequestCounts) {
    let words = [RequestOutcome::ANSWERED]
        .into_iter()
        .chain(REQUEST_FAILURES.map(FailureKind::as_str));
    let samples: Vec<Sample<'_>> = RequestKind::ALL
        .into_iter()
        .flat_map(|kind| words.clone().map(move |word| (kind, word)))
        .map(|(kind, word)| {
            let labels = vec![("request", kind.as_str()), ("outcome", word)];
            (labels, count(requests.with_outcome(kind, word)))
        })
        .collect();
    page.counter(
        "callspool_requests_total",
        "Requests to the API by what they came to.",
        &samples,
    );
    page.counter(
        "callspool_ambiguous_posts_total",
        "Posts of call data after which it was not known whether the API has them.",
        &[(Vec::new(), count(requests.ambiguous_posts))],
    );
    durations(page, requests);
    page.counter(
        "callspool_waited_seconds_total",
        "Time that runs have waited for their own rate, or because the API asked for it.",
        &[
            (
                vec![("reason", "rate")],
                requests.waited_for_rate.as_secs_f64(),
            ),
            (
                vec![("reason", "throttled")],
                requests.waited_throttled.as_secs_f64(),
            ),
        ],
    );
}

fn durations(page: &mut Exposition<'_>, requests: &RequestCounts) {
    const BUCKET: &str = "callspool_request_duration_seconds_bucket";
    page.histogram(
        "callspool_request_duration_seconds",
        "How long requests to the API took.",
    );
    for kind in RequestKind::ALL {
        let durations = requests.durations(kind);
        let request = ("request", kind.as_str());
        let mut so_far = 0;
        for (limit, class) in DURATION_LIMITS.iter().zip(durations.classes) {
            so_far += class;
            page.part(
                BUCKET,
                &[request, ("le", &limit.to_string())],
                count(so_far),
            );
        }
        page.part(BUCKET, &[request, ("le", "+Inf")], count(durations.count));
        page.part(
            "callspool_request_duration_seconds_sum",
            &[request],
            durations.sum_seconds,
        );
        page.part(
            "callspool_request_duration_seconds_count",
            &[request],
            count(durations.count),
        );
    }
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
