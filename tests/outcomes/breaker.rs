//! The breaker: failures in a row are the service's, rejections in a row the API's change.

use std::net::TcpListener;
use std::time::Duration;

use test_support::{Dir, Session, Site};

use crate::question::refused_url;
use crate::{call_ids, hits, only_call_data, order, site};

/// Sessions of call data alone, the first the oldest.
fn with_calls(ids: &[&str]) -> Site {
    let site = site();
    write_calls(&site, ids);
    site
}

fn write_calls(site: &Site, ids: &[&str]) {
    for (index, id) in (0_u64..).zip(ids) {
        only_call_data(id)
            .age(Duration::from_secs(10_000 - index * 60))
            .write(site);
    }
}

fn attempts(site: &Site, id: &str) -> u64 {
    let document = site.document(Dir::Pending, id);
    assert_eq!(
        document["upload"]["next_attempt_at"].is_string(),
        document["upload_attempts"] != 0
    );
    document["upload_attempts"].as_u64().unwrap()
}

#[test]
fn three_failing_sessions_in_a_row_end_the_run_and_none_is_charged() {
    for fault in ["status=500", "html=502", "not-success", "stored-reset"] {
        let site = with_calls(&["a", "b", "c", "d", "e"]).in_sequence();
        order(&site, &[&format!("call-data:all:{fault}")]);
        let outcome = site
            .run(&[])
            .expect(5)
            .counts(&[("deferred", 3), ("left", 2)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
        assert_eq!(hits(&site), [0, 3, 0], "{fault}");
        for id in ["a", "b", "c"] {
            assert_eq!(attempts(&site, id), 0, "{fault}");
        }

        site.api().clear_faults();
        site.run(&[]).expect(0).counts(&[("uploaded", 5)]);
        let calls = call_ids(&site);
        assert_eq!(calls.len(), 5, "{fault}: stored once each");
        if fault != "stored-reset" {
            assert_eq!(calls[4], "CALL-c", "{fault}: where the run stopped, last");
        }
    }
}

#[test]
fn two_failing_sessions_before_one_that_is_delivered_are_charged() {
    let site = with_calls(&["a", "b", "c", "d"]).in_sequence();
    order(&site, &["call-data:1-2:status=500"]);
    let outcome = site
        .run(&[])
        .expect(3)
        .counts(&[("deferred", 2), ("uploaded", 2)]);
    assert_eq!(outcome.stopped_by(), None);
    assert_eq!(attempts(&site, "a"), 1);
    assert_eq!(attempts(&site, "b"), 1);
    site.run(&[]).expect(3).counts(&[("backoff", 2)]);
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().calls().len(), 4);
}

#[test]
fn a_delivery_starts_the_count_anew() {
    let site = with_calls(&["a", "b", "c", "d", "e"]).in_sequence();
    order(
        &site,
        &["call-data:1-2:status=500", "call-data:4-5:status=500"],
    );
    let outcome = site
        .run(&[])
        .expect(3)
        .counts(&[("deferred", 4), ("uploaded", 1)]);
    assert_eq!(outcome.stopped_by(), None);
    for id in ["a", "b", "d", "e"] {
        assert_eq!(attempts(&site, id), 1, "{id}");
    }
}

#[test]
fn what_failed_before_a_delivery_is_charged_although_the_breaker_trips_later() {
    let site = with_calls(&["a", "b", "c", "d", "e", "f"]).in_sequence();
    order(
        &site,
        &["call-data:1:status=500", "call-data:3-:status=500"],
    );
    site.run(&[])
        .expect(5)
        .counts(&[("deferred", 4), ("uploaded", 1), ("left", 1)]);
    assert_eq!(attempts(&site, "a"), 1);
    for id in ["c", "d", "e"] {
        assert_eq!(attempts(&site, id), 0, "{id}");
    }
}

#[test]
fn what_failed_before_a_rejection_is_charged_although_the_breaker_trips_later() {
    let site = with_calls(&["a", "b", "c", "d", "e"]).in_sequence();
    order(
        &site,
        &[
            "call-data:1:status=500",
            "call-data:2:status=400",
            "call-data:3-:status=500",
        ],
    );
    site.run(&[])
        .expect(5)
        .counts(&[("deferred", 4), ("failed", 1)]);
    assert_eq!(attempts(&site, "a"), 1);
    for id in ["c", "d", "e"] {
        assert_eq!(attempts(&site, id), 0, "{id}");
    }
}

#[test]
fn the_breakers_size_is_a_setting() {
    for (breaker, tried) in [("1", 1), ("2", 2), ("5", 5)] {
        let site = with_calls(&["a", "b", "c", "d", "e", "f"]).in_sequence();
        order(&site, &["call-data:all:status=500"]);
        site.run(&["--breaker", breaker])
            .expect(5)
            .counts(&[("deferred", tried), ("left", 6 - tried)]);
    }
}

#[test]
fn fewer_failures_than_the_breaker_are_the_sessions() {
    let site = with_calls(&["a", "b"]);
    order(&site, &["call-data:all:status=500"]);
    let outcome = site.run(&[]).expect(3).counts(&[("deferred", 2)]);
    assert_eq!(outcome.stopped_by(), None);
    assert_eq!(attempts(&site, "a"), 1);
    assert_eq!(attempts(&site, "b"), 1);
}

#[test]
fn rejections_in_a_row_end_the_run() {
    let site = with_calls(&["a", "b", "c", "d", "e"]).in_sequence();
    order(&site, &["call-data:all:status=400"]);
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("failed", 3), ("left", 2)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rejected"));
    assert_eq!(hits(&site), [0, 3, 0]);
    assert_eq!(site.names(Dir::Failed).len(), 3);
    assert_eq!(site.names(Dir::Pending).len(), 2);
}

#[test]
fn rejections_with_a_delivery_between_do_not_end_the_run() {
    let site = with_calls(&["a", "b", "c", "d", "e"]).in_sequence();
    order(
        &site,
        &["call-data:1-2:status=400", "call-data:4-:status=400"],
    );
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("failed", 4), ("uploaded", 1)]);
    assert_eq!(outcome.stopped_by(), None);
}

#[test]
fn a_changed_api_cannot_make_a_whole_backlog_partial() {
    for fault in ["call-data:all:status=422", "upload:all:status=415"] {
        let site = site().in_sequence();
        for index in 0..6 {
            Session::new(&format!("s{index}")).write(&site);
        }
        order(&site, &[fault]);
        let outcome = site
            .run(&[])
            .expect(4)
            .counts(&[("partial", 3), ("left", 3)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("rejected"), "{fault}");
        assert_eq!(site.names(Dir::Pending).len(), 3, "{fault}");
    }
}

#[test]
fn a_run_without_a_connection_ends_with_5_and_charges_nobody() {
    for count in [1, 2, 3, 4] {
        let ids = &["a", "b", "c", "d"][..count];
        let mut site = with_calls(ids).in_sequence();
        let url = site.api_url().to_owned();
        site.set_api_url(refused_url());
        let tried = count.min(3) as u64;
        let outcome = site
            .run(&[])
            .expect(5)
            .counts(&[("deferred", tried), ("left", count as u64 - tried)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
        for error in outcome.report()["errors"].as_array().unwrap() {
            assert_eq!(error["kind"], "unavailable");
            assert!(error["status"].is_null());
            assert_eq!(error["attempts"], 0);
        }
        for id in ids {
            assert_eq!(site.document(Dir::Pending, id)["upload_attempts"], 0);
        }
        site.set_api_url(url);
        site.run(&[])
            .expect(0)
            .counts(&[("uploaded", count as u64)]);
    }
}

#[test]
fn a_run_without_a_connection_ends_with_5_also_when_its_batch_is_full() {
    let mut site = with_calls(&["a", "b"]);
    site.set_api_url(refused_url());
    let outcome = site
        .run(&["--batch-size", "1"])
        .expect(5)
        .counts(&[("deferred", 1), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
}

#[test]
fn a_connection_that_is_neither_made_nor_refused_costs_nothing() {
    // The kernel takes the connection; nobody answers the TLS handshake.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut site = with_calls(&["a", "b"]);
    let url = site.api_url().to_owned();
    site.set_api_url(format!("https://{}/api", silent.local_addr().unwrap()));
    let outcome = site
        .run(&["--connect-timeout", "300ms"])
        .expect(5)
        .counts(&[("deferred", 2)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    for id in ["a", "b"] {
        assert_eq!(site.document(Dir::Pending, id)["upload_attempts"], 0);
    }
    site.set_api_url(url);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(hits(&site), [0, 2, 0], "nothing was asked about");
}

#[test]
fn a_name_that_does_not_exist_is_an_outage() {
    let mut site = with_calls(&["a"]);
    site.set_api_url("https://callspool.invalid/api");
    let outcome = site.run(&[]).expect(5).counts(&[("deferred", 1)]);
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["kind"], "unavailable");
    assert_eq!(error["attempts"], 0);
}

#[test]
fn an_api_that_stops_in_mid_run_is_an_outage() {
    let mut site = with_calls(&["a", "b", "c", "d"]);
    order(&site, &["call-data:1:status=500"]);
    site.run(&["--batch-size", "1"]).expect(3);
    site.stop_api();
    let outcome = site
        .run(&[])
        .expect(5)
        .counts(&[("deferred", 3), ("backoff", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    assert_eq!(attempts(&site, "a"), 1);
}

#[test]
fn a_rejection_shows_that_the_service_works() {
    let site = site().in_sequence();
    for (id, minutes) in [("s1", 64), ("s2", 63), ("s3", 62), ("s4", 61)] {
        Session::new(id)
            .age(Duration::from_secs(minutes * 60))
            .write(&site);
    }
    // Two sessions fail, the third is rejected at one path and fails at the other.
    order(
        &site,
        &[
            "upload:1-2:status=500",
            "upload:3:status=400",
            "call-data:1:status=500",
        ],
    );
    site.run(&[])
        .expect(3)
        .counts(&[("deferred", 3), ("uploaded", 1)]);
    for id in ["s1", "s2", "s3"] {
        assert_eq!(
            site.document(Dir::Pending, id)["upload_attempts"],
            1,
            "{id}"
        );
    }
}
