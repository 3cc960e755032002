//! A run that comes to a failure, and the run after it.

use std::fs;

use serde_json::Value;

use crate::outcome::Outcome;
use crate::site::{Dir, Site};

/// Lets time pass: every backoff, and the wait that the API asked for, are over.
pub fn let_time_pass(site: &Site) {
    site.lift_backoffs();
    let state = site.dir(Dir::Pending).join(".callspool.state");
    let Ok(bytes) = fs::read(&state) else { return };
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    value["not_before"] = Value::Null;
    fs::write(&state, value.to_string()).unwrap();
}

/// A failure that leaves its session pending.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The exit code.
    pub code: i32,
    /// The part that failed, as it is named in reports.
    pub part: &'a str,
    /// The kind of the failure.
    pub kind: &'a str,
    /// The status, when there was an answer.
    pub status: Option<u16>,
    /// Attempts that the part has been charged.
    pub attempts: u64,
    /// What the report says why the run ended early.
    pub stopped_by: Option<&'a str>,
}

impl<'a> Failure<'a> {
    /// One that costs an attempt and passes.
    pub fn passing(part: &'a str, kind: &'a str, status: impl Into<Option<u16>>) -> Self {
        Self {
            code: 3,
            part,
            kind,
            status: status.into(),
            attempts: 1,
            stopped_by: None,
        }
    }

    /// One that stops the run and costs nothing.
    pub fn stopping(
        part: &'a str,
        kind: &'a str,
        status: impl Into<Option<u16>>,
        code: i32,
    ) -> Self {
        Self {
            code,
            attempts: 0,
            stopped_by: Some(kind),
            ..Self::passing(part, kind, status)
        }
    }
}

/// Demands that a run with the one session `s1` came to a failure, in the report and on disk.
#[track_caller]
pub fn demand_failure(site: &Site, outcome: Outcome, expected: Failure<'_>, what: &str) -> Outcome {
    let outcome = outcome.expect(expected.code).counts(&[("deferred", 1)]);
    let report = outcome.report();
    assert_eq!(
        outcome.stopped_by().as_deref(),
        expected.stopped_by,
        "{what}"
    );
    assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{what}");
    let error = &report["errors"][0];
    assert_eq!(error["session_id"], "s1", "{what}");
    assert_eq!(error["part"], expected.part, "{what}: {error}");
    assert_eq!(error["kind"], expected.kind, "{what}: {error}");
    assert_eq!(
        error["status"].as_u64(),
        expected.status.map(u64::from),
        "{what}: {error}"
    );
    assert_eq!(error["attempts"], expected.attempts, "{what}: {error}");

    assert_eq!(site.place("s1"), Dir::Pending, "{what}");
    let document = site.document(Dir::Pending, "s1");
    assert_eq!(document["status"], "ready_for_upload", "{what}");
    assert!(document["last_upload_attempt"].is_string(), "{what}");
    assert_eq!(document["upload_attempts"], expected.attempts, "{what}");
    let upload = &document["upload"];
    let part = &upload[expected.part];
    assert_eq!(part["state"], "pending", "{what}");
    assert_eq!(part["attempts"], expected.attempts, "{what}");
    assert_eq!(part["error"]["kind"], expected.kind, "{what}");
    assert_eq!(
        upload["next_attempt_at"].is_string(),
        expected.attempts > 0,
        "{what}"
    );
    let history = upload["history"].as_array().unwrap();
    assert!(
        history
            .iter()
            .any(|entry| { entry["outcome"] == expected.kind && entry["part"] == expected.part }),
        "{what}: {history:?}"
    );
    outcome
}

/// Lifts the faults and runs until nothing is due: the session `s1` must be delivered by the first
/// run, as one call that names a recording which is there, and no later run may send anything.
#[track_caller]
pub fn demand_recovery(site: &Site, what: &str) -> Outcome {
    site.api().clear_faults();
    let_time_pass(site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.place("s1"), Dir::Processed, "{what}");
    let calls = site.api().calls();
    assert_eq!(calls.len(), 1, "{what}: stored exactly once");
    let url = calls[0].recording_url.as_deref().unwrap();
    let recordings = site.api().recordings();
    assert!(
        recordings.iter().any(|recording| recording.url == url),
        "{what}: {url} in {recordings:?}"
    );
    let before = site.api().requests().len();
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(site.api().requests().len(), before, "{what}");
    outcome
}
