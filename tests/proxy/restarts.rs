//! nginx's own processes come and go while a run is under way.

use reference_api::Target;
use test_support::gate::Gate;
use test_support::running::{PATIENCE, Running};
use test_support::{
    Dir, Failure, Session, Site, demand_failure, demand_recovery, let_time_pass, sha256,
};

use crate::nginx::{Nginx, Settings};
use crate::{LARGE, demand_delivered, hits, noted, put_nginx_before, site};

fn start(site: &Site) -> Running {
    Running::start(&mut site.command(["run", "--format", "json"]))
}

/// A run whose first request the API has dealt with, and whose answers are held back behind nginx.
fn run_before_its_first_answer(sessions: &[Session]) -> (Site, Gate, Nginx, Running) {
    let mut site = site().in_sequence();
    for session in sessions {
        session.write(&site);
    }
    let gate = Gate::holding_answers(&mut site);
    let nginx = put_nginx_before(&mut site, &Settings::default());
    let run = start(&site);
    assert!(site.api().wait_until(PATIENCE, |requests| {
        requests
            .first()
            .is_some_and(|request| request.status.is_some())
    }));
    (site, gate, nginx, run)
}

fn keys(site: &Site, target: Target) -> Vec<Option<String>> {
    site.api()
        .requests()
        .into_iter()
        .filter(|request| request.target == Some(target))
        .map(|request| request.idempotency_key)
        .collect()
}

#[test]
fn a_worker_killed_in_mid_upload_breaks_it_off_and_the_next_run_sends_it_under_the_same_key() {
    let mut site = site().in_sequence();
    let sound = vec![7; LARGE];
    Session::new("s1").recording(sound.clone()).write(&site);
    let gate = Gate::taking(&mut site, 1 << 20);
    let unbuffered = Settings::default().location("proxy_request_buffering off;");
    let nginx = put_nginx_before(&mut site, &unbuffered);
    let run = start(&site);
    assert!(site.api().wait_for_requests(1, PATIENCE));
    nginx.kill_worker();
    let expected = Failure::passing("recording", "network", None);
    demand_failure(&site, run.finish(), expected, "killed");
    gate.open();
    demand_recovery(&site, "killed");
    assert_eq!(hits(&site), [2, 1, 0]);
    let keys = keys(&site, Target::Upload);
    assert_eq!(keys[0], keys[1]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(&sound));
}

#[test]
fn a_worker_killed_before_a_recordings_answer_leaves_one_recording() {
    let (site, gate, nginx, run) = run_before_its_first_answer(&[Session::new("s1")]);
    nginx.kill_worker();
    let expected = Failure::passing("recording", "ambiguous", None);
    demand_failure(&site, run.finish(), expected, "killed");
    gate.open();
    demand_recovery(&site, "killed");
    assert_eq!(hits(&site), [2, 1, 0]);
    assert_eq!(site.api().recordings().len(), 1);
    let keys = keys(&site, Target::Upload);
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_worker_killed_before_the_answer_to_call_data_leaves_a_call_that_is_asked_for() {
    let session = Session::new("s1").never_recorded();
    let (site, gate, nginx, run) = run_before_its_first_answer(&[session]);
    nginx.kill_worker();
    let expected = Failure::passing("call_data", "ambiguous", None);
    demand_failure(&site, run.finish(), expected, "killed");
    gate.open();
    let_time_pass(&site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["duplicates"], 1);
    assert_eq!(hits(&site), [0, 1, 1]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_reload_in_mid_run_is_not_noticed() {
    let (site, gate, nginx, run) =
        run_before_its_first_answer(&[Session::new("a"), Session::new("b")]);
    nginx.reload(&Settings::default());
    gate.open();
    let outcome = run.finish().expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(outcome.stopped_by(), None);
    demand_delivered(&site, &["a", "b"]);
    assert_eq!(hits(&site), [2, 2, 0]);
    let processes = noted(&site, "x-front-process");
    assert_ne!(processes[0], processes[1], "the old one must have gone");
    assert_eq!(processes[1..], vec![processes[1].clone(); 3]);
}

#[test]
fn a_stop_in_mid_run_is_an_outage_that_nobody_is_charged_for() {
    for graceful in [false, true] {
        let sessions = ["a", "b", "c", "d"].map(Session::new);
        let (mut site, gate, mut nginx, run) = run_before_its_first_answer(&sessions);
        if graceful {
            nginx.retire();
        } else {
            nginx.stop();
        }
        gate.open();
        let outcome = run
            .finish()
            .expect(5)
            .counts(&[("deferred", 3), ("left", 1)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
        for id in ["a", "b", "c", "d"] {
            let document = site.document(Dir::Pending, id);
            assert_eq!(document["upload_attempts"], 0, "{id}");
            assert!(document["upload"]["next_attempt_at"].is_null(), "{id}");
        }
        let sent = if graceful { "uploaded" } else { "pending" };
        let states: Vec<_> = ["a", "b", "c", "d"]
            .map(|id| site.document(Dir::Pending, id)["upload"]["recording"]["state"].clone())
            .into_iter()
            .filter(|state| state == sent)
            .collect();
        assert!(!states.is_empty());

        site.set_api_url(site.api().base_url());
        let _next = put_nginx_before(&mut site, &Settings::default());
        site.run(&[]).expect(0).counts(&[("uploaded", 4)]);
        demand_delivered(&site, &["a", "b", "c", "d"]);
        assert_eq!(hits(&site), [if graceful { 4 } else { 5 }, 4, 0]);
    }
}
