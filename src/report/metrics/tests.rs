use std::time::Duration;

use chrono::DateTime;

use super::counters::EXIT_CODES;
use super::*;
use crate::outcome::FailureKind;
use crate::report::{RequestCounts, RequestKind, RequestOutcome, Stop};

const SPOOL: &str = "/srv/agent";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_761_732_980 + seconds, 0).unwrap()
}

fn summary() -> RunSummary {
    let mut summary = RunSummary::new(at(0));
    summary.sessions.pending = 12;
    summary.sessions.uploaded = 7;
    summary.sessions.deferred = 1;
    summary.sessions.waiting = 2;
    summary.sessions.settling = 1;
    summary.sessions.left = 1;
    summary.put_off = 1;
    summary.parts.recordings_uploaded = 6;
    summary.parts.call_data_uploaded = 7;
    summary.bytes_sent = 8_712_345;
    summary.oldest_waiting = Some(at(-600));
    summary.needs_attention.failed = 2;
    let mut requests = RequestCounts::default();
    requests.count(
        RequestKind::CallData,
        RequestOutcome::Failed {
            kind: FailureKind::Ambiguous,
            fate_unknown: true,
        },
        Duration::from_millis(60_250),
    );
    requests.count(
        RequestKind::Recording,
        RequestOutcome::Answered,
        Duration::from_millis(120),
    );
    summary.requests = requests;
    summary
}

fn facts(summary: Option<&RunSummary>, exit: ExitCode) -> RunFacts<'_> {
    RunFacts {
        spool: SPOOL,
        shard: None,
        exit,
        ended_at: at(2),
        duration_seconds: 1.5,
        was_kept_away: exit == ExitCode::Locked,
        summary,
        backlog: summary.map(|_| Backlog {
            pending: 6,
            oldest_pending: Some(at(-7200)),
        }),
    }
}

fn previous(text: &str) -> Previous {
    Previous::parse(text, SPOOL, None).unwrap()
}

/// The values of the series of that name, as they are written.
fn values(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.starts_with(&format!("{name}{{")))
        .map(|line| line.split_once('{').unwrap().1.to_owned())
        .collect()
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(series));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn a_run_is_told_in_full() {
    let summary = summary();
    let text = metrics_text(
        &facts(Some(&summary), ExitCode::Deferred),
        &Previous::default(),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn counters_add_up_and_the_last_success_stays() {
    let mut good = RunSummary::new(at(0));
    good.sessions.pending = 2;
    good.sessions.uploaded = 2;
    let first = metrics_text(&facts(Some(&good), ExitCode::Ok), &Previous::default());
    let bad = summary();
    let mut later = facts(Some(&bad), ExitCode::Deferred);
    later.ended_at = at(300);
    let second = metrics_text(&later, &previous(&first));
    let outcomes = "callspool_session_outcomes_total{spool=\"/srv/agent\",outcome=\"uploaded\"}";
    assert!((value(&second, outcomes) - 9.0).abs() < f64::EPSILON);
    for (name, seconds) in [
        ("callspool_last_run_timestamp_seconds", 300),
        ("callspool_last_success_timestamp_seconds", 2),
        ("callspool_last_delivery_timestamp_seconds", 300),
    ] {
        let expected = format!("spool=\"/srv/agent\"}} {}", 1_761_732_980 + seconds);
        assert_eq!(values(&second, name), [expected], "{name}");
    }
    let runs = values(&second, "callspool_runs_total");
    assert_eq!(runs.iter().filter(|line| line.ends_with(" 1")).count(), 2);
    assert_eq!(runs.len(), EXIT_CODES.len());
}

#[test]
fn a_run_that_saw_nothing_leaves_the_spools_figures_as_they_were() {
    let summary = summary();
    let first = metrics_text(
        &facts(Some(&summary), ExitCode::Deferred),
        &Previous::default(),
    );
    let second = metrics_text(&facts(None, ExitCode::NoSpool), &previous(&first));
    for name in [
        "callspool_sessions",
        "callspool_sessions_counted_timestamp_seconds",
        "callspool_oldest_pending_timestamp_seconds",
        "callspool_oldest_waiting_age_seconds",
        "callspool_sent_bytes_total",
    ] {
        let mut before = values(&first, name);
        before.sort();
        let mut after = values(&second, name);
        after.sort();
        assert_eq!(after, before, "{name}");
        assert!(!after.is_empty(), "{name}");
    }
    let exit = "callspool_last_run_exit_code{spool=\"/srv/agent\"}";
    assert!((value(&second, exit) - 10.0).abs() < f64::EPSILON);
    let fates = values(&second, "callspool_last_run_sessions");
    assert!(fates.iter().all(|line| line.ends_with(" 0")), "{fates:?}");
}

#[test]
fn a_run_that_was_kept_away_counts_itself_and_nothing_else() {
    let summary = summary();
    let first = metrics_text(
        &facts(Some(&summary), ExitCode::Deferred),
        &Previous::default(),
    );
    let mut away = facts(None, ExitCode::Locked);
    away.ended_at = at(900);
    let second = metrics_text(&away, &previous(&first));
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let locked = "callspool_runs_total{spool=\"/srv/agent\",exit_code=\"11\"}";
    let expected = first.replace(&format!("{locked} 0"), &format!("{locked} 1"));
    assert_eq!(sorted(&second), sorted(&expected));
    // Where nothing was known before, nothing is made up.
    let alone = metrics_text(&away, &Previous::default());
    assert!(values(&alone, "callspool_last_run_exit_code").is_empty());
    assert!(values(&alone, "callspool_sessions").is_empty());
}

#[test]
fn an_empty_spool_has_no_oldest_session() {
    let old = summary();
    let first = metrics_text(&facts(Some(&old), ExitCode::Deferred), &Previous::default());
    let empty = RunSummary::new(at(60));
    let mut now = facts(Some(&empty), ExitCode::Ok);
    now.backlog = Some(Backlog {
        pending: 0,
        oldest_pending: None,
    });
    let second = metrics_text(&now, &previous(&first));
    for which in ["pending", "waiting"] {
        let timestamp = format!("callspool_oldest_{which}_timestamp_seconds");
        assert!(values(&second, &timestamp).is_empty());
        let age = format!("callspool_oldest_{which}_age_seconds");
        assert_eq!(values(&second, &age), ["spool=\"/srv/agent\"} 0"]);
    }
}

#[test]
fn what_made_the_run_end_is_the_one_reason_that_is_1() {
    for (stop, word) in [
        (Stop::Signal(15), "signal"),
        (Stop::Durability, "durability"),
        (Stop::BatchSize, "batch_size"),
    ] {
        let mut summary = RunSummary::new(at(0));
        summary.stopped_by = Some(stop);
        let text = metrics_text(&facts(Some(&summary), ExitCode::Ok), &Previous::default());
        let reasons = values(&text, "callspool_last_run_stopped");
        let ones: Vec<&String> = reasons.iter().filter(|line| line.ends_with(" 1")).collect();
        assert_eq!(
            ones,
            [&format!("spool=\"/srv/agent\",reason=\"{word}\"}} 1")]
        );
        assert_eq!(reasons.len(), 10);
    }
}

#[test]
fn an_exit_code_without_a_place_gets_one() {
    let text = metrics_text(&facts(None, ExitCode::Signal(1)), &Previous::default());
    let code = "callspool_runs_total{spool=\"/srv/agent\",exit_code=\"129\"}";
    assert!((value(&text, code) - 1.0).abs() < f64::EPSILON);
}
