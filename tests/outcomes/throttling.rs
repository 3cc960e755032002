//! What the API asks to wait: sat out when it is short, kept for later runs when it is not.

use std::time::{Duration, SystemTime};

use reference_api::{Action, Fault};
use serde_json::{Value, json};
use test_support::{Dir, Session, Site};

use crate::{Failure, demand_failure, demand_recovery, hits, only_call_data, order, site};

fn state(site: &Site) -> Value {
    let path = site.dir(Dir::Pending).join(".callspool.state");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Whether the API asked to be left alone until about that many seconds from now.
fn asks_for_about(site: &Site, seconds: i64) -> bool {
    let text = state(site)["not_before"].as_str().unwrap().to_owned();
    let until: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
    let ahead = (until - chrono::DateTime::<chrono::Utc>::from(SystemTime::now())).num_seconds();
    (seconds - 120..=seconds).contains(&ahead)
}

#[test]
fn a_long_wait_ends_the_run_and_later_runs_send_nothing_until_it_is_over() {
    let date = chrono::DateTime::<chrono::Utc>::from(SystemTime::now() + Duration::from_secs(3600))
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    for (fault, status, seconds) in [
        ("status=429;retry-after=3600".to_owned(), 429, 3600),
        ("status=503;retry-after=3600".to_owned(), 503, 3600),
        (format!("status=429;retry-after={date}"), 429, 3600),
        // Without a Retry-After it is --min-backoff.
        ("status=429".to_owned(), 429, 300),
        ("status=429;retry-after=soon".to_owned(), 429, 300),
    ] {
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&format!("upload:all:{fault}")]);
        let expected = Failure::stopping("recording", "throttled", status, 5);
        demand_failure(&site, site.run(&[]), expected, &fault);
        assert_eq!(hits(&site), [1, 0, 0], "{fault}");
        assert!(asks_for_about(&site, seconds), "{fault}: {}", state(&site));

        let outcome = site.run(&[]).expect(5).counts(&[("left", 1)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
        assert_eq!(hits(&site), [1, 0, 0], "{fault}: nothing is sent before");
        assert!(asks_for_about(&site, seconds), "{fault}: {}", state(&site));

        demand_recovery(&site, &fault);
        assert_eq!(hits(&site), [2, 1, 0], "{fault}");
        assert!(state(&site)["not_before"].is_null(), "{fault}");
    }
}

#[test]
fn a_wait_for_call_data_keeps_the_recording() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["call-data:all:status=429;retry-after=3600"]);
    let expected = Failure::stopping("call_data", "throttled", 429, 5);
    demand_failure(&site, site.run(&[]), expected, "429");
    demand_recovery(&site, "429");
    assert_eq!(hits(&site), [1, 2, 0]);
}

#[test]
fn a_503_with_retry_after_leaves_open_whether_the_call_arrived() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["call-data:1:stored-status=503;retry-after=0"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [1, 1, 1]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_short_wait_is_sat_out_and_costs_nothing() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["upload:1:status=429;retry-after=1"]);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert!(outcome.report()["duration_seconds"].as_f64().unwrap() >= 1.0);
    assert_eq!(hits(&site), [2, 1, 0]);
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload"]["recording"]["attempts"], 1);
    assert_eq!(document["upload_attempts"], 1);
}

#[test]
fn a_date_that_is_over_is_no_wait() {
    let site = site();
    Session::new("s1").write(&site);
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let fault = Fault::upload(Action::retry_after(429, date)).nth(1);
    site.api().add_fault(fault);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [2, 1, 0]);
}

#[test]
fn a_request_waits_at_most_twice() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["upload:1-2:status=429;retry-after=0"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [3, 1, 0]);

    Session::new("s2").write(&site);
    order(&site, &["upload@s2:1-3:status=429;retry-after=0"]);
    let outcome = site.run(&[]).expect(5).counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
    assert_eq!(hits(&site), [6, 1, 0]);
}

#[test]
fn a_run_waits_at_most_four_times_the_longest_wait() {
    let site = site().in_sequence();
    for (id, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        only_call_data(id)
            .age(Duration::from_secs(hours * 3600))
            .write(&site);
    }
    order(
        &site,
        &[
            "call-data@-a:1-2:status=429;retry-after=1",
            "call-data@-b:1-2:status=429;retry-after=1",
            "call-data@-c:1-2:status=429;retry-after=1",
        ],
    );
    let outcome = site
        .run(&["--max-wait", "1s"])
        .expect(5)
        .counts(&[("uploaded", 2), ("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
    assert_eq!(hits(&site), [0, 7, 0]);
    let document = site.document(Dir::Pending, "c");
    assert_eq!(document["upload"]["call_data"]["attempts"], 0);
}

#[test]
fn a_wait_up_to_the_longest_is_sat_out_and_one_second_more_is_not() {
    for (retry_after, code, posts) in [("0", 0, 2), ("1", 0, 2), ("2", 5, 1)] {
        let site = site();
        only_call_data("s1").write(&site);
        let fault = Fault::call_data(Action::retry_after(429, retry_after)).nth(1);
        site.api().add_fault(fault);
        site.run(&["--max-wait", "1s"]).expect(code);
        assert_eq!(hits(&site), [0, posts, 0], "{retry_after}");
    }
}

#[test]
fn no_wait_goes_beyond_the_deadline() {
    let site = site();
    only_call_data("s1").write(&site);
    order(&site, &["call-data:1:status=429;retry-after=25"]);
    let outcome = site
        .run(&["--max-duration", "20s"])
        .expect(5)
        .counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
    assert_eq!(hits(&site), [0, 1, 0]);
    assert!(asks_for_about(&site, 25));
}

#[test]
fn what_is_left_of_an_earlier_runs_wait_is_sat_out_when_it_is_short() {
    let site = site();
    only_call_data("s1").write(&site);
    order(&site, &["call-data:1:status=429;retry-after=2"]);
    site.run(&["--max-wait", "0s"]).expect(5);
    assert_eq!(hits(&site), [0, 1, 0]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [0, 2, 0]);
}

#[test]
fn a_wait_further_ahead_than_any_run_sets_is_a_wrong_clocks() {
    let site = site();
    only_call_data("s1").write(&site);
    let path = site.dir(Dir::Pending).join(".callspool.state");
    let far =
        json!({"version": 1, "not_before": "2999-01-01T00:00:00Z", "requests_ms": [], "last": []});
    std::fs::write(path, far.to_string()).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn a_wait_matters_only_to_a_run_that_has_something_to_send() {
    let site = site();
    only_call_data("s1").write(&site);
    order(&site, &["call-data:all:status=429;retry-after=3600"]);
    site.run(&[]).expect(5);
    std::fs::remove_file(site.dir(Dir::Pending).join("metadata_s1.json")).unwrap();
    site.run(&[]).expect(0).counts(&[]);
    only_call_data("s2").write(&site);
    site.run(&[]).expect(5).counts(&[("left", 1)]);
    assert_eq!(hits(&site), [0, 1, 0]);
}

#[test]
fn the_session_at_which_a_run_was_throttled_is_tried_last_even_after_a_run_that_sent_nothing() {
    let site = site().in_sequence();
    for (id, hours) in [("a", 3), ("b", 2), ("c", 1)] {
        only_call_data(id)
            .age(Duration::from_secs(hours * 3600))
            .write(&site);
    }
    order(&site, &["call-data@-a:1:status=429;retry-after=3600"]);
    site.run(&[])
        .expect(5)
        .counts(&[("deferred", 1), ("left", 2)]);
    site.run(&[]).expect(5).counts(&[("left", 3)]);
    crate::let_time_pass(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    assert_eq!(crate::call_ids(&site), ["CALL-b", "CALL-c", "CALL-a"]);
}

#[test]
fn no_retry_after_is_believed_for_longer_than_a_day() {
    let site = site();
    only_call_data("s1").write(&site);
    order(&site, &["call-data:all:status=429;retry-after=99999999999"]);
    site.run(&[]).expect(5);
    assert!(asks_for_about(&site, 24 * 3600), "{}", state(&site));
}

#[test]
fn a_failure_that_names_a_time_is_not_tried_again_before() {
    for (fault, seconds) in [
        ("status=500;retry-after=7200", 7200),
        ("status=403;retry-after=7200", 7200),
        ("status=500;retry-after=1", 0),
    ] {
        let site = site();
        only_call_data("s1").write(&site);
        order(&site, &[&format!("call-data:all:{fault}")]);
        let outcome = site.run(&[]).expect(3).counts(&[("deferred", 1)]);
        let text = outcome.report()["errors"][0]["next_attempt_at"].clone();
        let next: chrono::DateTime<chrono::Utc> = text.as_str().unwrap().parse().unwrap();
        let ahead = (next - chrono::DateTime::<chrono::Utc>::from(SystemTime::now())).num_seconds();
        // The first backoff is 5 minutes, give or take a fifth.
        let expected = if seconds == 0 {
            100..=360
        } else {
            seconds - 120..=seconds
        };
        assert!(expected.contains(&ahead), "{fault}: {ahead}");
        site.run(&[]).expect(3).counts(&[("backoff", 1)]);
        assert_eq!(hits(&site), [0, 1, 0], "{fault}");
    }
}
