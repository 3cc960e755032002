//! Connections: kept, closed by the other side at the wrong moment, and good again.

use std::time::Duration;

use reference_api::ReferenceApi;
use test_support::{Dir, Session, Site, sha256};

use crate::{BINARY, call_ids, order};

const COUNT: usize = 8;

fn site_of_sessions(set_up: impl FnOnce(ReferenceApi) -> ReferenceApi) -> Site {
    let site = Site::with_api(BINARY, set_up);
    for index in 0..COUNT {
        Session::new(&format!("s{index}")).write(&site);
    }
    site
}

/// Runs until nothing is left, then demands that everything arrived exactly once.
#[track_caller]
fn drain(site: &Site, faults_last: usize) {
    for round in 0..20 {
        if round == faults_last {
            site.api().clear_faults();
        }
        site.run(&["--breaker", "1000"]);
        site.lift_backoffs();
        if site.names(Dir::Pending).is_empty() {
            break;
        }
    }
    assert!(site.names(Dir::Pending).is_empty());
    assert_eq!(site.names(Dir::Processed).len(), COUNT);
    let mut calls = call_ids(site);
    calls.sort();
    let expected: Vec<String> = (0..COUNT).map(|index| format!("CALL-s{index}")).collect();
    assert_eq!(calls, expected, "each call exactly once");
    for call in site.api().calls() {
        let recordings = site.api().recordings();
        let linked = recordings
            .iter()
            .find(|one| Some(&one.url) == call.recording_url.as_ref())
            .unwrap();
        let id = call.call_id.trim_start_matches("CALL-");
        assert_eq!(linked.sha256, sha256(format!("sound of {id}").as_bytes()));
    }
}

#[test]
fn many_sessions_use_one_connection() {
    let site = site_of_sessions(|api| api).in_sequence();
    site.run(&[]).expect(0);
    assert_eq!(site.api().requests().len(), 2 * COUNT);
    // One that idled for a second, on a machine that is very busy, is not used again.
    assert!(
        site.api().connections() <= 3,
        "{}",
        site.api().connections()
    );
}

#[test]
fn an_answer_that_refuses_keeps_the_connection() {
    let site = site_of_sessions(|api| api).in_sequence();
    order(
        &site,
        &["call-data@s3:all:status=425", "upload@s5:all:status=403"],
    );
    site.run(&[]).expect(3);
    assert!(
        site.api().connections() <= 3,
        "{}",
        site.api().connections()
    );
}

#[test]
fn a_server_that_closes_unannounced_doubles_nothing() {
    let site = site_of_sessions(|api| api.dedupe(false));
    order(&site, &["any:all:close-unannounced"]);
    drain(&site, 5);
    assert_eq!(site.api().recordings().len(), COUNT, "each recording once");
}

#[test]
fn a_server_that_resets_a_kept_connection_doubles_nothing() {
    let site = site_of_sessions(|api| api.dedupe(false));
    order(&site, &["any:all:reset-next"]);
    drain(&site, 5);
    assert_eq!(site.api().recordings().len(), COUNT, "each recording once");
}

#[test]
fn a_server_that_closes_idle_connections_at_once_doubles_nothing() {
    let site = site_of_sessions(|api| api.dedupe(false).idle_timeout(Duration::from_millis(1)));
    drain(&site, 0);
    assert_eq!(site.api().recordings().len(), COUNT, "each recording once");
}

#[test]
fn answers_lost_all_over_double_no_call() {
    let site = site_of_sessions(|api| api.dedupe(false));
    order(
        &site,
        &[
            "call-data:2-4:stored-reset",
            "call-data:6:stored-cut",
            "question:1:reset",
            "question:3:stored-cut",
            "upload:2:stored-reset",
            "upload:5:stored-cut",
        ],
    );
    drain(&site, 19);
}

#[test]
fn answers_lost_all_over_double_nothing_where_keys_are_known() {
    let site = site_of_sessions(|api| api);
    order(
        &site,
        &[
            "call-data:2-4:stored-reset",
            "question:all:unanswerable",
            "upload:2-4:stored-reset",
            "upload:7:stored-cut",
        ],
    );
    drain(&site, 19);
    assert_eq!(site.api().recordings().len(), COUNT, "each recording once");
}

#[test]
fn a_backlog_that_is_full_costs_nothing() {
    // Nobody accepts, and the kernel soon stops doing so for them.
    let deaf = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = deaf.local_addr().unwrap();
    let mut waiting = Vec::new();
    let short = Duration::from_millis(200);
    while let Ok(connection) = std::net::TcpStream::connect_timeout(&address, short) {
        waiting.push(connection);
        assert!(waiting.len() < 1000);
    }
    let mut site = Site::new(BINARY);
    Session::new("s1").write(&site);
    Session::new("s2").write(&site);
    let url = site.api_url().to_owned();
    site.set_api_url(format!("http://{address}/api"));
    let outcome = site
        .run(&["--connect-timeout", "300ms"])
        .expect(5)
        .counts(&[("deferred", 2)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    for id in ["s1", "s2"] {
        assert_eq!(site.document(Dir::Pending, id)["upload_attempts"], 0);
    }
    drop(waiting);
    site.set_api_url(url);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
}
