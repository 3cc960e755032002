//! Connections that nginx or the API close while nobody uses them.

use std::collections::BTreeSet;

use reference_api::ReferenceApi;
use test_support::{Dir, Failure, Session, Site, let_time_pass};

use crate::nginx::Settings;
use crate::{BINARY, demand_delivered, fails_until_lifted, hits, noted, put_nginx_before, site};

#[test]
fn a_connection_for_each_request_is_as_good() {
    for settings in ["keepalive_requests 1;", "keepalive_timeout 0;"] {
        let mut site = site();
        for id in ["a", "b", "c"] {
            Session::new(id).write(&site);
        }
        let _nginx = put_nginx_before(&mut site, &Settings::default().server(settings));
        site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
        demand_delivered(&site, &["a", "b", "c"]);
        assert_eq!(hits(&site), [3, 3, 0], "{settings}");
        let connections: BTreeSet<String> =
            noted(&site, "x-front-connection").into_iter().collect();
        assert_eq!(connections.len(), 6, "{settings}");
    }
}

/// Whether a request meets a connection that is being closed is chance here; what must come of it
/// is not. The API knows nothing again, so that a post that is sent twice is there twice.
#[test]
fn idle_connections_that_close_at_once_lose_nothing_double_nothing_and_cost_only_what_failed() {
    let mut site = Site::with_api(BINARY, |api: ReferenceApi| api.dedupe(false));
    let ids: Vec<String> = (10..40).map(|number| format!("s{number}")).collect();
    for id in &ids {
        Session::new(id).write(&site);
    }
    let settings = Settings::default().server("keepalive_timeout 1ms;");
    let _nginx = put_nginx_before(&mut site, &settings);
    let mut failures = Vec::new();
    while !site.names(Dir::Pending).is_empty() {
        let outcome = site.run(&[]);
        let report = outcome.report();
        let errors = report["errors"].as_array().unwrap();
        assert_eq!(report["exit_code"], if errors.is_empty() { 0 } else { 3 });
        for error in errors {
            assert!(["ambiguous", "network"].contains(&error["kind"].as_str().unwrap()));
            failures.push(error["session_id"].as_str().unwrap().to_owned());
        }
        assert!(failures.len() < 10, "{failures:?}");
        let_time_pass(&site);
    }
    assert_eq!(site.api().calls().len(), ids.len());
    for id in &ids {
        let document = site.document(Dir::Processed, id);
        let failed = failures.iter().filter(|failed| *failed == id).count();
        assert_eq!(document["upload_attempts"], failed + 1, "{id}");
    }
    let connections: BTreeSet<String> = noted(&site, "x-front-connection").into_iter().collect();
    assert!(connections.len() > 1, "no connection was closed");
}

/// nginx must not send a post again by itself: what it says instead is 502.
#[test]
fn a_connection_to_the_api_that_breaks_when_it_is_used_again_is_an_unavailable_api() {
    let settings = Settings::default()
        .backend("server API; keepalive 1;")
        .location("proxy_http_version 1.1; proxy_set_header Connection '';");
    let site = fails_until_lifted(
        &settings,
        &["upload:1:reset-next"],
        Failure::passing("call_data", "unavailable", 502),
    );
    assert_eq!(hits(&site), [1, 2, 1]);
}
