//! Whose fault a 403 is: one session's, or the credentials'.

use std::time::Duration;

use test_support::{Dir, Session};

use crate::{hits, only_call_data, order, site};

#[test]
fn a_403_for_two_sessions_in_a_row_is_the_credentials_fault_and_costs_neither_an_attempt() {
    let site = site().in_sequence();
    for (id, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        Session::new(id)
            .age(Duration::from_secs(hours * 3600))
            .write(&site);
    }
    order(&site, &["upload:all:status=403"]);
    let outcome = site
        .run(&[])
        .expect(12)
        .counts(&[("deferred", 2), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("auth"));
    assert_eq!(hits(&site), [2, 0, 0]);
    for id in ["a", "b"] {
        let document = site.document(Dir::Pending, id);
        assert_eq!(document["upload"]["recording"]["attempts"], 0, "{id}");
        assert_eq!(document["upload_attempts"], 0, "{id}");
        assert!(document["upload"]["next_attempt_at"].is_null(), "{id}");
    }
    site.api().clear_faults();
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
}

#[test]
fn a_403_that_an_answer_parts_from_the_next_is_each_sessions_own() {
    let site = site().in_sequence();
    for (id, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        only_call_data(id)
            .age(Duration::from_secs(hours * 3600))
            .write(&site);
    }
    order(
        &site,
        &["call-data@-a:all:status=403", "call-data@-c:all:status=403"],
    );
    let outcome = site
        .run(&[])
        .expect(3)
        .counts(&[("deferred", 2), ("uploaded", 1)]);
    assert_eq!(outcome.stopped_by(), None);
    for id in ["a", "c"] {
        let document = site.document(Dir::Pending, id);
        assert_eq!(document["upload"]["call_data"]["attempts"], 1, "{id}");
        assert_eq!(document["upload"]["call_data"]["error"]["kind"], "server");
    }
}

#[test]
fn a_403_for_both_parts_of_one_session_is_still_one_session() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["any:all:status=403"]);
    let outcome = site
        .run(&["--max-attempts", "1"])
        .expect(4)
        .counts(&[("failed", 1)]);
    assert_eq!(outcome.stopped_by(), None);
    assert_eq!(hits(&site), [1, 1, 0]);
}
