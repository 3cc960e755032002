//! When a recording is whole, and how long it is awaited.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::situation::*;
use crate::plan::{Action, RecordingStep};
use crate::session::{FileFacts, Lookup};
use crate::timestamp;

const SETTLING: Action = Action::Settle { what: "recording" };

/// A document's timestamps, each so many seconds ago.
fn times(times: &[(&str, i64)]) -> String {
    let members: Vec<String> = times
        .iter()
        .map(|(name, seconds)| format!(r#""{name}":"{}""#, timestamp::format(ago(*seconds))))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Checks that a recording's grace runs from that many seconds ago.
fn assert_grace_from(timestamps: &str, modified: i64, from: i64) {
    let action = session()
        .egress()
        .timestamps(timestamps)
        .document_aged(modified)
        .action();
    let case = format!("{timestamps} {modified}");
    if from < GRACE {
        assert_eq!(action, wait(GRACE - from), "{case}");
    } else {
        let Action::Deliver(delivery) = action else {
            panic!("{case}: {action:?}");
        };
        assert_eq!(delivery.recording, missing("not_found"), "{case}");
    }
}

#[test]
fn the_grace_runs_from_the_end_of_the_call() {
    let other = GRACE * 2;
    for end in [GRACE - 1, GRACE, GRACE + 1, 1, 0] {
        let timestamps = times(&[("call_end", end), ("metadata_saved", other)]);
        assert_grace_from(&timestamps, other, end);
    }
    // A later saving and an even later writing do not prolong it.
    let timestamps = times(&[("call_end", GRACE), ("metadata_saved", 1)]);
    assert_grace_from(&timestamps, 0, GRACE);
}

#[test]
fn without_an_end_that_is_past_the_grace_runs_from_the_saving() {
    for saved in [GRACE - 1, GRACE, GRACE + 1, 0] {
        for timestamps in [
            times(&[("metadata_saved", saved)]),
            times(&[("call_end", -1), ("metadata_saved", saved)]),
            times(&[("metadata_saved", saved), ("call_start", GRACE * 2)]),
            times(&[("metadata_saved", saved)]).replace('{', r#"{"call_end":"soon","#),
            times(&[("metadata_saved", saved)]).replace('{', r#"{"call_end":null,"#),
        ] {
            assert_grace_from(&timestamps, GRACE * 2, saved);
        }
    }
}

#[test]
fn without_either_the_grace_runs_from_the_documents_own_time() {
    for modified in [GRACE - 1, GRACE, GRACE + 1, 0, -1] {
        for timestamps in [
            "{}".to_owned(),
            "null".to_owned(),
            times(&[("call_end", -1)]),
            times(&[("call_end", -1), ("metadata_saved", -1)]),
        ] {
            assert_grace_from(&timestamps, modified, modified);
        }
    }
}

#[test]
fn the_grace_is_the_policys_and_never_overflows() {
    let mut situation = session().egress().call_ended(5);
    situation.policy.recording_grace = Duration::from_secs(5);
    assert_eq!(situation.recording(), missing("not_found"));
    let mut situation = session().egress().call_ended(0);
    situation.policy.recording_grace = Duration::ZERO;
    assert_eq!(situation.recording(), missing("not_found"));
    let mut situation = session().egress();
    situation.policy.recording_grace = Duration::MAX;
    let until = DateTime::<Utc>::MAX_UTC;
    assert_eq!(situation.action(), Action::Wait { until });
}

/// A recording that is found by its manifest, without a size in it.
fn by_manifest(file: FileFacts) -> Situation {
    session()
        .manifest(r#"{"files":[{"filename":"call.ogg"}]}"#)
        .found(vec![Lookup::Here(file)])
}

/// A recording that is found by the document's path.
fn by_path(file: FileFacts) -> Situation {
    session().named(Lookup::Here(file))
}

const BOTH: [fn(FileFacts) -> Situation; 2] = [by_manifest, by_path];

#[test]
fn a_recording_settles_until_it_is_old_enough() {
    for situation in BOTH {
        for age in [0, 1, SETTLE - 1, -1, -SETTLE] {
            for call_ended in [1, GRACE + 1] {
                let action = situation(aged_file("call.ogg", age))
                    .call_ended(call_ended)
                    .action();
                assert_eq!(action, SETTLING, "{age} {call_ended}");
            }
        }
        for age in [SETTLE, SETTLE + 1] {
            let delivery = situation(aged_file("call.ogg", age)).delivery();
            assert!(
                matches!(delivery.recording, RecordingStep::Upload(_)),
                "{age}"
            );
            assert!(delivery.warnings.is_empty(), "{age}");
        }
    }
}

#[test]
fn a_time_far_ahead_is_a_wrong_clock_and_gives_a_warning() {
    for situation in BOTH {
        let delivery = situation(aged_file("call.ogg", -SETTLE - 1)).delivery();
        assert!(matches!(delivery.recording, RecordingStep::Upload(_)));
        let [warning] = delivery.warnings.as_slice() else {
            panic!("{:?}", delivery.warnings);
        };
        assert!(warning.contains("clock"), "{warning}");
    }
}

/// A session with a manifest, a transcript and a lead, its files of these ages.
fn of_ages(document: i64, manifest: i64, transcript: i64, lead: i64) -> Situation {
    session()
        .manifest_aged(r#"{"files":[{"filename":"call.ogg"}]}"#, manifest)
        .found(vec![Lookup::Here(file("call.ogg"))])
        .document_aged(document)
        .transcript(transcript_of("{\"items\":[]}", transcript))
        .lead(lead_of("{}", lead))
}

#[test]
fn every_file_from_far_ahead_is_told_of_by_its_name() {
    const FAR: i64 = -SETTLE - 1;
    let warning = |what: &str| format!("the {what}'s time lies in the future: a clock is wrong");
    for (situation, told) in [
        (of_ages(FAR, 0, 0, 0), vec!["document"]),
        (of_ages(0, FAR, 0, 0), vec!["egress manifest"]),
        (of_ages(0, 0, FAR, 0), vec!["transcript"]),
        (of_ages(0, 0, 0, FAR), vec!["lead file"]),
        (
            of_ages(FAR, FAR, FAR, FAR),
            vec!["document", "egress manifest", "transcript", "lead file"],
        ),
        (of_ages(-SETTLE, -SETTLE, -SETTLE, -SETTLE), Vec::new()),
    ] {
        let expected: Vec<String> = told.into_iter().map(warning).collect();
        assert_eq!(situation.delivery().warnings, expected);
    }
}

#[test]
fn the_settle_age_is_the_policys() {
    let at = |age| {
        let mut situation = by_path(aged_file("call.ogg", age));
        situation.policy.settle = Duration::from_secs(5);
        situation
    };
    assert_eq!(at(4).action(), SETTLING);
    assert_eq!(at(5).sent_name(), "call.ogg");
}

/// A recording of that size, whose manifest says that it has another.
fn sized(len_bytes: u64, manifest_size: u64) -> Situation {
    let text = format!(r#"{{"files":[{{"filename":"call.ogg","size":{manifest_size}}}]}}"#);
    let facts = FileFacts {
        len_bytes,
        ..file("call.ogg")
    };
    session().manifest(&text).found(vec![Lookup::Here(facts)])
}

#[test]
fn a_size_that_is_not_the_manifests_settles_until_the_grace_is_over() {
    for len_bytes in [LEN - 1, LEN + 1] {
        let at = |age| sized(len_bytes, LEN).call_ended(age);
        assert_eq!(at(GRACE - 1).action(), SETTLING, "{len_bytes}");
        for age in [GRACE, GRACE + 1] {
            let delivery = at(age).delivery();
            let RecordingStep::Upload(sent) = delivery.recording else {
                panic!("not sent: {len_bytes}");
            };
            assert!(sent.size_mismatch, "{len_bytes}");
            assert_eq!(sent.file.len_bytes, len_bytes);
            assert_eq!(delivery.warnings.len(), 1, "{:?}", delivery.warnings);
            assert!(delivery.warnings[0].contains("size"));
        }
    }
}

#[test]
fn a_size_that_is_the_manifests_or_that_nobody_knows_is_no_mismatch() {
    for manifest_size in [LEN, 0] {
        for call_ended in [1, GRACE + 1] {
            let delivery = sized(LEN, manifest_size).call_ended(call_ended).delivery();
            let RecordingStep::Upload(sent) = delivery.recording else {
                panic!("not sent: {manifest_size}");
            };
            assert!(!sent.size_mismatch);
            assert!(delivery.warnings.is_empty());
        }
    }
}

#[test]
fn an_empty_file_is_awaited_and_then_missing() {
    let empty = FileFacts {
        len_bytes: 0,
        ..file("call.ogg")
    };
    for situation in BOTH {
        let at = |age| situation(empty.clone()).call_ended(age);
        assert_eq!(at(GRACE - 1).action(), wait(1));
        assert_eq!(at(GRACE).recording(), missing("empty"));
        let one = FileFacts {
            len_bytes: 1,
            ..empty.clone()
        };
        assert_eq!(situation(one).sent().file.len_bytes, 1);
    }
}

#[test]
fn an_empty_file_whose_manifest_has_a_size_settles_first() {
    assert_eq!(sized(0, LEN).call_ended(GRACE - 1).action(), SETTLING);
    assert_eq!(
        sized(0, LEN).call_ended(GRACE).recording(),
        missing("empty")
    );
}

#[test]
fn nothing_waits_for_a_clock_that_is_a_day_ahead() {
    const DAY: i64 = 24 * 3600;
    assert_grace_from("{}", -DAY, -DAY);
    let action = session().egress().timestamps("{}").document_aged(-DAY - 1);
    assert_eq!(action.recording(), missing("not_found"));
}
