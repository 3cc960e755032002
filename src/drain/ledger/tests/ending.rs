//! Why a run ends, what that costs the sessions held back, and what is wrong with each.

use std::io;

use super::*;

const AWAY: &str = r#"{"call_data":{"error":{"kind":"unavailable","message":"no connection"}}}"#;

#[test]
fn the_first_reason_to_stop_stands_unless_something_could_not_be_recorded() {
    let (scratch, _) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    ledger.stop_on_error(Ok(()));
    assert_eq!(ledger.summary.stopped_by, None);
    ledger.stop(Stop::Rejected, Some("first".to_owned()));
    ledger.stop(Stop::Auth, Some("second".to_owned()));
    assert_eq!(ledger.summary.stopped_by, Some(Stop::Rejected));
    assert_eq!(ledger.summary.stop_message.as_deref(), Some("first"));
    ledger.stop_on_error(Err(unrecorded()));
    assert_eq!(ledger.summary.stopped_by, Some(Stop::Durability));
    assert_eq!(
        ledger.summary.stop_message.as_deref(),
        Some("cannot sync a.json: no space")
    );
}

#[test]
fn an_empty_message_is_none() {
    let (scratch, _) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    ledger.stop(Stop::Auth, Some(String::new()));
    assert_eq!(ledger.summary.stop_message, None);
}

#[test]
fn only_a_run_that_ended_for_the_services_fault_charges_nobody() {
    for (stop, charged) in [
        (None, true),
        (Some(Stop::Deadline), true),
        (Some(Stop::BatchSize), true),
        (Some(Stop::Rate), true),
        (Some(Stop::Rejected), true),
        (Some(Stop::Signal(15)), true),
        (Some(Stop::Unavailable), false),
        (Some(Stop::Throttled), false),
        (Some(Stop::Auth), false),
        (Some(Stop::Misdirected), false),
    ] {
        let (scratch, document) = Scratch::with("");
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        ledger.hold(held(name(), &document)).unwrap();
        if let Some(stop) = stop {
            ledger.stop(stop, None);
        }
        ledger.close(false, now());
        let spent = u32::from(charged);
        assert_eq!(attempts(&scratch.filed().unwrap().1).0, spent, "{stop:?}");
        assert_eq!(ledger.summary.sessions.deferred, 1, "{stop:?}");
        assert_eq!(ledger.summary.stopped_by, stop);
    }
}

fn unrecorded() -> SpoolError {
    SpoolError {
        operation: "sync",
        path: "a.json".into(),
        source: io::Error::other("no space"),
    }
}

#[test]
fn after_an_error_of_the_disk_nothing_is_charged_whatever_else_ended_the_run() {
    for stop in [None, Some(Stop::Rejected), Some(Stop::Signal(15))] {
        let (scratch, document) = Scratch::with("");
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        ledger.hold(held(name(), &document)).unwrap();
        if let Some(stop) = stop {
            ledger.stop(stop, None);
        }
        ledger.stop_on_error(Err(unrecorded()));
        ledger.close(false, now());
        assert_eq!(attempts(&scratch.filed().unwrap().1).0, 0, "{stop:?}");
        assert_eq!(ledger.summary.sessions.deferred, 1, "{stop:?}");
    }
}

#[test]
fn a_run_that_never_reached_the_service_ended_because_it_is_away() {
    for (stop, expected) in [
        (None, Stop::Unavailable),
        (Some(Stop::Deadline), Stop::Unavailable),
        (Some(Stop::BatchSize), Stop::Unavailable),
        (Some(Stop::Rate), Stop::Unavailable),
        (Some(Stop::Signal(15)), Stop::Signal(15)),
        (Some(Stop::Misdirected), Stop::Misdirected),
    ] {
        let (scratch, _) = Scratch::with("");
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        ledger.hold(held(name(), &document(AWAY))).unwrap();
        if let Some(stop) = stop {
            ledger.stop(stop, None);
        }
        ledger.close(true, now());
        assert_eq!(ledger.summary.stopped_by, Some(expected));
        let is_away = expected == Stop::Unavailable;
        let message = is_away.then_some("no connection");
        assert_eq!(ledger.summary.stop_message.as_deref(), message, "{stop:?}");
    }
}

#[test]
fn a_charge_that_cannot_be_written_ends_the_run() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    ledger.held.push(held(&impossible_name(), &document));
    ledger.held.push(held(name(), &document));
    ledger.close(false, now());
    assert_eq!(ledger.summary.stopped_by, Some(Stop::Durability));
    assert_eq!(ledger.summary.sessions.deferred, 2);
    assert_eq!(attempts(&scratch.filed().unwrap().1), (0, 0));
}

#[test]
fn the_report_says_what_is_wrong_with_a_session() {
    let uploaded = r#""recording":{"state":"uploaded"}"#;
    let without = |what| format!(r#"{{{uploaded},"call_data":{{"without":["{what}"]}}}}"#);
    for (upload, part, kind, message) in [
        (
            AWAY.to_owned(),
            Part::CallData,
            "unavailable",
            "no connection",
        ),
        (
            r#"{"recording":{"state":"missing","reason":"hls"}}"#.to_owned(),
            Part::Recording,
            "missing",
            "the recording is missing: hls",
        ),
        (
            r#"{"recording":{"state":"missing"}}"#.to_owned(),
            Part::Recording,
            "missing",
            "the recording is missing: not_found",
        ),
        (
            r#"{"recording":{"state":"uploaded","size_mismatch":true}}"#.to_owned(),
            Part::Recording,
            "size_mismatch",
            "the recording's size is not the manifest's",
        ),
        (
            format!(r#"{{{uploaded},"call_data":{{"unlinked":true}}}}"#),
            Part::CallData,
            "unlinked",
            "sent again complete, but the API kept the incomplete call that it had",
        ),
        (
            without("recording"),
            Part::CallData,
            "incomplete",
            "the call went without its recording",
        ),
        (
            without("lead"),
            Part::CallData,
            "incomplete",
            "the call went without its lead: the file is not there",
        ),
        (
            without("transcript"),
            Part::CallData,
            "incomplete",
            "the call went without a transcript: none is named or there",
        ),
    ] {
        let error = session_error(&document(&upload)).unwrap();
        assert_eq!(
            (error.part, error.kind.as_str(), error.message.as_str()),
            (part, kind, message)
        );
        assert_eq!(error.session_id, "s");
    }
    assert_eq!(session_error(&document(&format!("{{{uploaded}}}"))), None);
}
