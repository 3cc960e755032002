//! What is counted, what is listed, and when a failure is charged.

mod ending;

use super::*;
use crate::drain::attempt::End;
use crate::plan::delay;
use crate::report::PartCounts;
use crate::settle::tests::scratch::{NAME, Scratch, impossible_name, name, now};
use crate::spool::Entry;

fn ledger<'a>(spool: &'a LeasedSpool<'a>, policy: &'a Policy) -> Ledger<'a> {
    Ledger::new(spool, policy, now())
}

/// The document of a session in that state.
fn document(upload: &str) -> Document {
    let text = format!(r#"{{"session_id":"s","upload":{upload}}}"#);
    Document::parse(text.as_bytes()).unwrap()
}

const CHARGE: Charge = Charge {
    part: Part::CallData,
    retry_after: None,
};

fn held(name: &OsStr, document: &Document) -> Held {
    Held {
        name: name.to_owned(),
        document: document.clone(),
        charges: vec![CHARGE],
    }
}

fn attempts(document: &Document) -> (u32, u64) {
    (
        document.record.call_data.attempts,
        document.upload_attempts(),
    )
}

#[test]
fn each_fate_is_counted_once() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    ledger.count(Fate::Waiting).unwrap();
    ledger.count(Fate::Waiting).unwrap();
    ledger.settled(&document, Fate::Uploaded);
    let sessions = ledger.summary.sessions;
    assert_eq!((sessions.waiting, sessions.uploaded), (2, 1));
}

#[test]
fn a_session_that_is_left_counts_as_retrying_when_it_failed_before() {
    let (scratch, _) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    for (failed_before, left, retrying) in [(false, 1, 0), (true, 2, 1), (true, 3, 2)] {
        ledger.leave(&Candidate {
            entry: Entry {
                name: NAME.into(),
                modified: now(),
                changed: now(),
            },
            is_untried: !failed_before,
            failed_before,
        });
        assert_eq!(ledger.summary.sessions.left, left);
        assert_eq!(ledger.summary.retrying, retrying);
    }
}

#[test]
fn failed_and_partial_sessions_need_a_person_and_deferred_ones_are_only_listed() {
    let document = document(r#"{"recording":{"state":"missing"}}"#);
    for (fate, new, listed) in [
        (Fate::Failed, 2, 2),
        (Fate::Partial, 2, 2),
        (Fate::Deferred, 0, 2),
        (Fate::Uploaded, 0, 0),
        (Fate::Left, 0, 0),
    ] {
        let (scratch, _) = Scratch::with("");
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        ledger.settled(&document, fate);
        ledger.settled(&document, fate);
        assert_eq!(ledger.summary.needs_attention.new, new, "{fate:?}");
        assert_eq!(ledger.summary.errors.len(), listed, "{fate:?}");
    }
}

#[test]
fn a_session_that_cannot_be_written_is_deferred_and_stays_an_error() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    let name = impossible_name();
    ledger.put_aside(&name, &document, Fate::Left).unwrap_err();
    ledger.hold(held(&name, &document)).unwrap_err();
    ledger
        .charge_and_file(now(), held(&name, &document))
        .unwrap_err();
    assert_eq!(ledger.summary.sessions.deferred, 3);
    assert_eq!(ledger.summary.sessions.left, 0);
    assert!(ledger.take_held().is_empty());
}

#[test]
fn a_session_that_is_put_aside_is_written_without_a_charge() {
    let retry = r#","upload_attempts":1"#;
    for (members, fate, retrying) in [
        ("", Fate::Left, 0),
        (retry, Fate::Left, 1),
        (retry, Fate::Deferred, 0),
        ("", Fate::Deferred, 0),
    ] {
        let (scratch, mut document) = Scratch::with(members);
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        document.record.call_data.unconfirmed = true;
        ledger.put_aside(name(), &document, fate).unwrap();
        let (state, written) = scratch.filed().unwrap();
        assert_eq!(state, State::Pending);
        assert_eq!(written.record, document.record);
        assert_eq!(ledger.summary.retrying, retrying, "{members} {fate:?}");
        let sessions = ledger.summary.sessions;
        let counted = (sessions.left, sessions.deferred);
        assert_eq!(counted, if fate == Fate::Left { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn a_session_that_somebody_removed_is_neither_written_nor_held() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    scratch.remove();
    ledger.put_aside(name(), &document, Fate::Left).unwrap();
    ledger.hold(held(name(), &document)).unwrap();
    assert_eq!(ledger.summary.sessions.vanished, 2);
    assert!(ledger.take_held().is_empty());
    assert!(scratch.filed().is_none());
}

#[test]
fn a_held_session_is_written_at_once_and_charged_when_the_service_works() {
    let (scratch, mut document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    document.record.call_data.unconfirmed = true;
    ledger.hold(held(name(), &document)).unwrap();
    let (_, written) = scratch.filed().unwrap();
    assert!(written.record.call_data.unconfirmed);
    assert_eq!(attempts(&written), (0, 0));
    assert_eq!(ledger.summary.sessions.deferred, 0);
    let taken = ledger.take_held();
    assert_eq!(taken.len(), 1);
    ledger.charge_all(taken, now()).unwrap();
    let (state, charged) = scratch.filed().unwrap();
    assert_eq!(state, State::Pending);
    assert_eq!(attempts(&charged), (1, 1));
    let wait = delay(&policy, "s", 1, None);
    let next = charged.record.next_attempt_at.unwrap();
    assert!((now() + wait - next).num_milliseconds().abs() <= 1);
    assert_eq!(ledger.summary.sessions.deferred, 1);
    assert!(ledger.take_held().is_empty());
}

#[test]
fn what_is_left_after_an_error_stays_held() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    let impossible = impossible_name();
    let all = [&impossible, name(), name()].map(|name| held(name, &document));
    ledger.charge_all(all.into(), now()).unwrap_err();
    assert_eq!(ledger.take_held().len(), 2);
    assert_eq!(attempts(&scratch.filed().unwrap().1), (0, 0));
}

#[test]
fn what_is_held_again_comes_before_what_failed_since() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    ledger.hold(held(name(), &document)).unwrap();
    ledger.hold_again(vec![
        held(OsStr::new("first"), &document),
        held(OsStr::new("second"), &document),
    ]);
    let names: Vec<OsString> = ledger.take_held().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["first", "second", NAME]);
}

#[test]
fn the_successful_try_counts_as_an_attempt_of_the_session() {
    let done = r#","upload":{"recording":{"state":"absent"},"call_data":{"state":"uploaded"}}"#;
    for (members, charges, expected) in [
        (done, vec![], (0, 1)),
        ("", vec![], (0, 0)),
        ("", vec![CHARGE], (1, 1)),
        (
            r#","upload":{"recording":{"state":"absent"},"call_data":{"attempts":19}}"#,
            vec![CHARGE],
            (20, 1),
        ),
    ] {
        let (scratch, document) = Scratch::with(members);
        let (lease, policy) = (scratch.lease(), Policy::defaults());
        let mut ledger = ledger(&lease, &policy);
        let held = Held {
            charges,
            ..held(name(), &document)
        };
        ledger.charge_and_file(now(), held).unwrap();
        assert_eq!(attempts(&scratch.filed().unwrap().1), expected, "{members}");
    }
}

#[test]
fn what_every_try_sent_is_added_up() {
    let (scratch, document) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    let parts = PartCounts {
        recordings_uploaded: 1,
        recordings_remote: 2,
        call_data_uploaded: 3,
        duplicates: 4,
        leads_uploaded: 5,
    };
    let attempted = Attempted {
        document,
        charges: Vec::new(),
        end: End::Complete,
        delivered: true,
        rejected: false,
        parts,
    };
    ledger.add_parts(&attempted);
    assert_eq!(ledger.summary.parts, parts);
    ledger.add_parts(&attempted);
    let twice = PartCounts {
        recordings_uploaded: 2,
        recordings_remote: 4,
        call_data_uploaded: 6,
        duplicates: 8,
        leads_uploaded: 10,
    };
    assert_eq!(ledger.summary.parts, twice);
}

#[test]
fn a_session_is_put_off_when_its_next_attempt_is_still_to_come() {
    let (scratch, _) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    let at = |time: DateTime<Utc>| {
        let time = crate::timestamp::format_millis(time);
        document(&format!(r#"{{"next_attempt_at":"{time}"}}"#))
    };
    let second = chrono::TimeDelta::seconds(1);
    for (document, fate, put_off) in [
        (document("{}"), Fate::Deferred, 0),
        (at(now()), Fate::Deferred, 0),
        (at(now() + second), Fate::Deferred, 1),
        (at(now() + second), Fate::Failed, 1),
        (at(now() + second), Fate::Left, 2),
    ] {
        ledger.settled(&document, fate);
        assert_eq!(ledger.summary.put_off, put_off, "{fate:?}");
    }
}

#[test]
fn the_oldest_of_those_that_wait_is_remembered() {
    let (scratch, _) = Scratch::with("");
    let (lease, policy) = (scratch.lease(), Policy::defaults());
    let mut ledger = ledger(&lease, &policy);
    for (seconds, oldest) in [(-5, -5), (-9, -9), (-7, -9)] {
        let at = |seconds| now() + chrono::TimeDelta::seconds(seconds);
        ledger.awaiting_since(at(seconds));
        assert_eq!(ledger.summary.oldest_waiting, Some(at(oldest)));
    }
}
