//! nginx's own limit for the rate of requests.

use std::time::Duration;

use test_support::{Dir, Failure, Session, demand_failure, demand_recovery};

use crate::nginx::Settings;
use crate::{fails_until_lifted, hits, one_session, put_nginx_before, site};

/// One request a minute for everybody; more are refused with a status.
fn one_a_minute(status: u16, more: &str) -> Settings {
    limited("1r/m", status, more)
}

fn limited(rate: &str, status: u16, more: &str) -> Settings {
    Settings::default()
        .http(&format!(
            "limit_req_zone $server_name zone=all:1m rate={rate};"
        ))
        .server(&format!(
            "limit_req zone=all; limit_req_status {status}; {more}"
        ))
}

#[test]
fn a_429_without_a_time_stops_the_run_and_costs_nothing() {
    let (site, nginx) = one_session(&one_a_minute(429, ""));
    let expected = Failure::stopping("call_data", "throttled", 429, 5);
    demand_failure(&site, site.run(&[]), expected, "429");
    assert_eq!(hits(&site), [1, 0, 0]);
    // The next run keeps away for the least backoff, and says so.
    let outcome = site.run(&[]).expect(5).counts(&[("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
    nginx.reload(&Settings::default());
    demand_recovery(&site, "429");
    assert_eq!(hits(&site), [1, 1, 0]);
}

#[test]
fn a_503_without_a_time_is_an_api_that_is_not_available() {
    let site = fails_until_lifted(
        &one_a_minute(503, ""),
        &[],
        Failure::passing("call_data", "unavailable", 503),
    );
    // nginx did not pass the post on; the program cannot know that, and asks.
    assert_eq!(hits(&site), [1, 1, 1]);
}

#[test]
fn a_time_that_is_too_long_stops_the_run_with_either_status() {
    for status in [429, 503] {
        let site = fails_until_lifted(
            &one_a_minute(status, "add_header Retry-After 3600 always;"),
            &[],
            Failure::stopping("call_data", "throttled", status, 5),
        );
        assert_eq!(hits(&site)[..2], [1, 1], "{status}");
    }
}

#[test]
fn a_short_time_is_sat_out_and_then_nginx_lets_the_request_pass() {
    // After a 503 the program asks before it posts again, so that two requests must pass.
    for (status, settings) in [
        (
            429,
            limited("1r/s", 429, "add_header Retry-After 1 always;"),
        ),
        (
            503,
            Settings::default()
                .http("limit_req_zone $server_name zone=all:1m rate=1r/s;")
                .server("limit_req zone=all burst=1 nodelay; add_header Retry-After 2 always;"),
        ),
    ] {
        let mut site = site().in_sequence();
        Session::new("s0")
            .never_recorded()
            .age(Duration::from_secs(7200))
            .write(&site);
        Session::new("s1").write(&site);
        let _nginx = put_nginx_before(&mut site, &settings);
        let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
        assert_eq!(outcome.stopped_by(), None);
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload_attempts"], 1, "{status}");
        let history = &document["upload"]["history"];
        let refused = history
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["outcome"] == "throttled" && entry["status"] == status)
            .count();
        assert!(refused > 0, "{history}");
        assert_eq!(site.api().calls().len(), 2, "{status}");
        assert_eq!(site.api().recordings().len(), 1, "{status}");
    }
}
