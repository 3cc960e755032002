//! A run that is told to stop.

use reference_api::Target;
use rustix::process::Signal;
use test_support::{Dir, Session, Site, sha256};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::{site, site_with, without_campaign, write_sessions};

/// More than the sockets between the program and the API hold.
const LARGE: usize = 48 << 20;

fn start(site: &Site) -> Running {
    Running::start(&mut site.command(["run", "--format", "json"]))
}

/// A run whose call data the API has stored, and whose answer is held back.
fn run_before_its_answer(site: &mut Site) -> (Gate, Running) {
    Session::new("a").never_recorded().write(site);
    Session::new("b").write(site);
    let gate = Gate::holding_answers(site);
    let run = start(site);
    assert!(site.api().wait_until(PATIENCE, |requests| {
        requests
            .first()
            .is_some_and(|request| request.status.is_some())
    }));
    (gate, run)
}

#[test]
fn call_data_in_flight_is_let_end_and_its_answer_recorded() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut site = site();
        let (gate, run) = run_before_its_answer(&mut site);
        run.stop(signal);
        gate.open();
        let outcome = run
            .finish()
            .expect(code)
            .counts(&[("uploaded", 1), ("left", 1)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("signal"));
        assert_eq!(outcome.report()["exit_code"], code);
        assert_eq!(site.place("a"), Dir::Processed);
        assert_eq!(site.api().requests().len(), 1);

        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        assert_eq!(site.api().calls().len(), 2);
        assert_eq!(site.api().hits(Target::Question), 0);
    }
}

#[test]
fn call_data_that_is_not_answered_after_the_signal_is_given_up_as_ambiguous_and_asked_about() {
    let mut site = site();
    let (gate, run) = run_before_its_answer(&mut site);
    run.stop(Signal::TERM);
    let outcome = run.finish().expect(143);
    assert_eq!(outcome.report()["errors"][0]["kind"], "ambiguous");
    assert_eq!(site.place("a"), Dir::Pending);
    gate.open();
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().hits(Target::Question), 1);
    assert_eq!(site.api().calls().len(), 2);
}

#[test]
fn a_recording_in_mid_upload_is_cut_off_at_no_cost_and_sent_once_by_the_next_run() {
    let mut site = site();
    let sound = vec![7; LARGE];
    Session::new("a").recording(sound.clone()).write(&site);
    let gate = Gate::taking(&mut site, 1 << 20);
    let run = start(&site);
    assert!(site.api().wait_for_requests(1, PATIENCE));
    run.stop(Signal::TERM);
    let outcome = run.finish().expect(143).counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("signal"));
    // A request that is not cut off at once is given ten seconds.
    assert!(
        outcome.report()["duration_seconds"].as_f64().unwrap() < 10.0,
        "{}",
        outcome.stdout
    );
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["upload_attempts"], 0);
    assert_eq!(document["upload"]["recording"]["attempts"], 0);
    assert!(document["upload"]["next_attempt_at"].is_null());

    gate.open();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(&sound));
    assert_eq!(site.api().calls().len(), 1);
    let requests = site.api().requests();
    assert_eq!(requests[0].idempotency_key, requests[1].idempotency_key);
}

#[test]
fn a_recording_whose_answer_is_awaited_is_let_end_and_the_next_run_sends_only_the_call_data() {
    let mut site = site();
    write_sessions(&site, &["a"]);
    let gate = Gate::holding_answers(&mut site);
    let run = start(&site);
    assert!(site.api().wait_until(PATIENCE, |requests| {
        requests
            .first()
            .is_some_and(|request| request.status.is_some())
    }));
    run.stop(Signal::TERM);
    gate.open();
    run.finish().expect(143).counts(&[("deferred", 1)]);
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["upload"]["recording"]["state"], "uploaded");
    assert!(document["upload"]["next_attempt_at"].is_null());
    assert_eq!(site.api().hits(Target::CallData), 0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().hits(Target::Upload), 1);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn waiting_as_the_api_asks_ends_at_once() {
    let site = site_with(&["any:all:status=429;retry-after=300"]);
    write_sessions(&site, &["a", "b"]);
    let run = Running::start(&mut site.command(["run", "--format", "json", "--max-wait", "10m"]));
    run.wait_for_log("waiting as the API asks");
    run.signal(Signal::TERM);
    let outcome = run.finish().expect(143);
    assert_eq!(outcome.stopped_by().as_deref(), Some("signal"));
    assert!(outcome.report()["duration_seconds"].as_f64().unwrap() < 300.0);
    assert_eq!(site.api().requests().len(), 1);
    assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
    site.api().clear_faults();
}

#[test]
fn waiting_to_keep_below_the_rate_ends_at_once() {
    let site = site();
    write_sessions(&site, &["a"]);
    let mut command = site.command(["run", "-v", "--format", "json", "--rate", "1/h"]);
    let run = Running::start(command.args(["--max-wait", "2h"]));
    run.wait_for_log("waiting to keep below the rate");
    run.signal(Signal::INT);
    run.finish().expect(130);
    assert_eq!(site.api().requests().len(), 1);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings().len(), 1);
}

#[test]
fn waiting_for_the_lock_ends_at_once() {
    let mut site = site();
    let (gate, first) = run_before_its_answer(&mut site);
    let second = Running::start(&mut site.command(["run", "-v", "--wait", "1h"]));
    second.wait_for_log("waiting for the lock");
    second.signal(Signal::TERM);
    second.finish().expect(143);
    gate.open();
    first.finish().expect(0);
}

#[test]
fn a_second_signal_ends_the_program_at_once_and_the_next_run_delivers_exactly_once() {
    let mut site = site();
    let (gate, run) = run_before_its_answer(&mut site);
    run.stop(Signal::TERM);
    run.signal(Signal::TERM);
    let outcome = run.finish().expect(143);
    assert_eq!(outcome.stdout, "");
    assert_eq!(site.place("a"), Dir::Pending);
    gate.open();
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().calls().len(), 2);
    assert_eq!(site.api().recordings().len(), 1);
    assert_eq!(site.api().hits(Target::Question), 1);
}

#[test]
fn a_signal_goes_before_attention_and_deferred() {
    let mut site = site();
    without_campaign("failed-before").write(&site);
    site.run(&[]).expect(4);
    let (gate, run) = run_before_its_answer(&mut site);
    run.stop(Signal::TERM);
    gate.open();
    let outcome = run.finish().expect(143);
    assert_eq!(outcome.report()["needs_attention"]["failed"], 1);
}
