//! How much a run does, how fast, and in which order.

use std::time::Duration;

use test_support::{Dir, Session, Site};

use crate::{call_ids, hits, only_call_data, order, site};

/// Writes a session of call data alone that is so many minutes old.
fn write(site: &Site, id: &str, minutes: u64) {
    only_call_data(id)
        .age(Duration::from_secs(minutes * 60))
        .write(site);
}

#[test]
fn a_rate_is_never_exceeded_and_counts_across_runs() {
    let site = site();
    for minutes in 60..65 {
        write(&site, &format!("s{minutes}"), minutes);
    }
    let arguments = ["--rate", "3/min"];
    let outcome = site
        .run(&arguments)
        .expect(0)
        .counts(&[("uploaded", 3), ("left", 2)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rate"));
    site.run(&arguments).expect(0).counts(&[("left", 2)]);
    assert_eq!(hits(&site), [0, 3, 0]);
    // Another rate counts what was sent before.
    site.run(&["--rate", "4/min"])
        .expect(0)
        .counts(&[("uploaded", 1), ("left", 1)]);
    site.run(&["--rate", "100/min,4/h"])
        .expect(0)
        .counts(&[("left", 1)]);
    assert_eq!(hits(&site), [0, 4, 0]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn a_rate_counts_every_request() {
    let site = site();
    write(&site, "s1", 60);
    order(&site, &["call-data:1:status=500"]);
    let arguments = ["--rate", "3/min"];
    site.run(&arguments).expect(3);
    site.lift_backoffs();
    // The question and the post are the second and the third.
    site.run(&arguments).expect(0).counts(&[("uploaded", 1)]);
    write(&site, "s2", 60);
    site.run(&arguments).expect(0).counts(&[("left", 1)]);
    assert_eq!(hits(&site), [0, 2, 1]);
}

#[test]
fn a_session_that_the_rate_cuts_in_two_has_not_failed() {
    let site = site();
    Session::new("s1").write(&site);
    Session::new("s2").write(&site);
    let outcome = site
        .run(&["--rate", "3/min"])
        .expect(0)
        .counts(&[("uploaded", 1), ("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rate"));
    assert_eq!(hits(&site), [2, 1, 0]);
    let left = site.names(Dir::Pending);
    assert_eq!(left.len(), 1);
    site.run(&["--rate", "3/min"])
        .expect(0)
        .counts(&[("left", 1)]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [2, 2, 0], "the recording went once");
}

#[test]
fn a_batch_ends_the_run_with_the_rest_left() {
    let site = site();
    for minutes in 60..65 {
        write(&site, &format!("s{minutes}"), minutes);
    }
    let outcome = site
        .run(&["--batch-size", "2"])
        .expect(0)
        .counts(&[("uploaded", 2), ("left", 3)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("batch_size"));
    let outcome = site
        .run(&["--batch-size", "3"])
        .expect(0)
        .counts(&[("uploaded", 3)]);
    assert_eq!(outcome.stopped_by(), None, "nothing was left");
}

#[test]
fn a_batch_of_zero_has_no_limit() {
    let site = site();
    for minutes in 0..105 {
        write(&site, &format!("s{minutes}"), minutes + 60);
    }
    site.run(&["--batch-size", "0"])
        .expect(0)
        .counts(&[("uploaded", 105)]);
}

#[test]
fn a_batch_has_a_hundred_sessions_unless_said_otherwise() {
    let site = site();
    for minutes in 0..101 {
        write(&site, &format!("s{minutes}"), minutes + 60);
    }
    site.run(&[])
        .expect(0)
        .counts(&[("uploaded", 100), ("left", 1)]);
}

#[test]
fn no_session_is_started_after_the_deadline() {
    let site = site();
    write(&site, "s1", 60);
    let outcome = site
        .run(&["--max-duration", "0s"])
        .expect(0)
        .counts(&[("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("deadline"));
    assert!(site.api().requests().is_empty());
}

#[test]
fn new_sessions_and_retries_take_turns_each_oldest_first() {
    let site = site().in_sequence();
    write(&site, "r1", 500);
    write(&site, "r2", 400);
    order(&site, &["call-data:all:status=500"]);
    site.run(&[]).expect(3).counts(&[("deferred", 2)]);
    site.api().clear_faults();
    site.lift_backoffs();
    for (id, minutes) in [("n3", 60), ("n1", 900), ("n2", 450), ("n4", 30)] {
        write(&site, id, minutes);
    }
    site.run(&["--batch-size", "4"])
        .expect(0)
        .counts(&[("uploaded", 4), ("left", 2)]);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(
        call_ids(&site),
        [
            "CALL-n1", "CALL-r1", "CALL-n2", "CALL-r2", "CALL-n3", "CALL-n4"
        ]
    );
}

#[test]
fn neither_failing_sessions_nor_new_ones_starve_the_others() {
    let site = site();
    write(&site, "bad1", 900);
    write(&site, "bad2", 800);
    order(&site, &["call-data@bad:all:status=425"]);
    site.run(&[]).expect(3);
    for round in 0..3 {
        site.lift_backoffs();
        write(&site, &format!("good{round}"), 60);
        site.run(&["--batch-size", "2"]).expect(3);
        assert_eq!(site.api().calls().len(), round + 1);
    }
}
