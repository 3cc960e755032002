//! What is told, and when.

use std::fs;

use rustix::process::Signal;
use test_support::gate::Gate;
use test_support::running::{PATIENCE, Running};
use test_support::{Outcome, Session, Site};

use crate::service::{Reply, Service};
use crate::{CHECK, command, run, site, site_with, write_sessions};

fn start(site: &Site, service: &Service, arguments: &[&str]) -> Running {
    let url = service.url();
    let arguments = [&["run", "--ping-url", &url][..], arguments].concat();
    Running::start(&mut command(site, &arguments))
}

#[test]
fn a_run_tells_that_it_starts_and_how_it_ended_with_the_report() {
    let (site, service) = (site(), Service::content());
    write_sessions(&site, &["a", "b"]);
    run(&site, &service, &[]).expect(0);
    run(&site, &service, &[]).expect(0);
    let pings = service.pings();
    assert_eq!(service.paths(), ["start", "0", "start", "0"]);
    assert!(pings.iter().all(|ping| ping.line.starts_with("POST ")));
    assert_eq!(pings[0].run_id(), pings[1].run_id());
    assert_eq!(pings[2].run_id(), pings[3].run_id());
    assert_ne!(pings[0].run_id(), pings[2].run_id());
    assert_eq!(pings[0].body, "");
    // The text, whatever goes to stdout.
    assert!(
        pings[1]
            .body
            .starts_with("2 sessions pending: 2 delivered in "),
        "{}",
        pings[1].body
    );
    assert!(pings[1].body.contains("\n  sent: 2 recordings, 2 calls, "));
}

#[test]
fn nothing_is_sent_to_the_api_before_the_service_has_heard_of_the_start() {
    let site = site();
    let service = Service::answering(|path| match path.ends_with("/start") {
        true => Reply::Held(200),
        false => Reply::With(200, "OK"),
    });
    write_sessions(&site, &["a"]);
    let run = start(&site, &service, &["--ping-timeout", "1h"]);
    service.wait_for(1);
    assert_eq!(site.api().requests().len(), 0);
    service.release();
    run.finish().expect(0);
    assert_eq!(site.api().calls().len(), 1);
    assert_eq!(service.paths(), ["start", "0"]);
}

#[test]
fn a_query_is_kept() {
    let (site, service) = (site(), Service::content());
    let url = format!("{}/a-slug/?create=1&x=y", service.url());
    site.run(&["--ping-url", &url]).expect(0);
    let pings = service.pings();
    let id = pings[0].run_id();
    let expected = |path: &str| format!("/{CHECK}/a-slug/{path}?create=1&x=y&rid={id}");
    assert_eq!(pings[0].target(), expected("start"));
    assert_eq!(pings[1].target(), expected("0"));
}

#[test]
fn the_code_that_is_told_is_the_one_after_ok_exit() {
    let (site, service) = (site_with(&["call-data:all:status=500"]), Service::content());
    write_sessions(&site, &["a"]);
    run(&site, &service, &["--breaker", "9"]).expect(3);
    site.lift_backoffs();
    run(&site, &service, &["--breaker", "9", "--ok-exit", "3"]).expect(0);
    assert_eq!(service.paths(), ["start", "3", "start", "0"]);
    let report = &service.pings()[3].body;
    assert!(report.contains("exit code 3"), "{report}");
    assert!(report.contains("call_data server 500"), "{report}");
}

#[test]
fn each_end_has_its_code() {
    for (faults, code) in [
        (&["any:all:status=503"][..], "5"),
        (&["any:all:status=401"], "12"),
        (&["any:all:html=404"], "2"),
        (&["any:all:status=422"], "4"),
    ] {
        let (site, service) = (site_with(faults), Service::content());
        write_sessions(&site, &["a", "b", "c"]);
        run(&site, &service, &[]).expect(code.parse().unwrap());
        assert_eq!(service.paths(), ["start", code]);
    }
}

#[test]
fn a_run_that_cannot_begin_tells_only_of_its_end() {
    let (site, service) = (site(), Service::content());
    run(&site, &service, &["--token-file", "/nowhere/token"]).expect(2);
    fs::remove_dir(site.root().join("call_metadata")).unwrap();
    run(&site, &service, &[]).expect(10);
    assert_eq!(service.paths(), ["2", "10"]);
    let bodies: Vec<String> = service.pings().into_iter().map(|ping| ping.body).collect();
    assert!(bodies[0].starts_with("exit code 2: cannot read the token file"));
    assert!(bodies[1].starts_with("exit code 10: there is no spool at "));
}

#[test]
fn a_run_that_finds_the_lock_taken_does_not_end_the_other_ones() {
    let (mut site, service) = (site(), Service::content());
    Session::new("a").never_recorded().write(&site);
    let gate = Gate::holding_answers(&mut site);
    let first = start(&site, &service, &[]);
    assert!(site.api().wait_for_requests(1, PATIENCE));
    run(&site, &service, &[]).expect(11);
    gate.open();
    first.finish().expect(0);
    assert_eq!(service.paths(), ["start", "log", "0"]);
    let pings = service.pings();
    assert_eq!(pings[0].run_id(), pings[2].run_id());
    assert_ne!(pings[0].run_id(), pings[1].run_id());
    assert!(
        pings[1].body.starts_with("exit code 11: "),
        "{:?}",
        pings[1]
    );
}

#[test]
fn a_run_that_is_told_to_stop_still_tells_how_it_ended() {
    let (mut site, service) = (site(), Service::content());
    Session::new("a").never_recorded().write(&site);
    write_sessions(&site, &["b"]);
    let gate = Gate::holding_answers(&mut site);
    let run = start(&site, &service, &[]);
    assert!(site.api().wait_for_requests(1, PATIENCE));
    run.stop(Signal::TERM);
    gate.open();
    run.finish().expect(143);
    assert_eq!(service.paths(), ["start", "143"]);
}

#[test]
fn a_signal_ends_the_wait_for_a_start_and_a_second_one_ends_everything() {
    let (site, service) = (site(), Service::answering(|_| Reply::Silence));
    write_sessions(&site, &["a"]);
    let run = start(&site, &service, &["--ping-timeout", "1h"]);
    service.wait_for(1);
    run.stop(Signal::TERM);
    run.wait_for_log("stopped by signal 15");
    run.signal(Signal::TERM);
    run.finish().expect(143);
    assert_eq!(site.api().requests().len(), 0);
    assert_eq!(service.paths(), ["start"]);
}

#[test]
fn a_run_that_waits_for_an_end_to_be_heard_ends_at_the_second_signal() {
    let site = site();
    let service = Service::answering(|path| match path.ends_with("/start") {
        true => Reply::With(200, "OK"),
        false => Reply::Silence,
    });
    let run = start(&site, &service, &["--ping-timeout", "1h"]);
    service.wait_for(2);
    run.stop(Signal::INT);
    run.signal(Signal::INT);
    run.finish().expect(130);
    assert_eq!(service.paths(), ["start", "0"]);
}

#[test]
fn only_a_run_tells_of_itself() {
    let (site, service) = (site(), Service::content());
    write_sessions(&site, &["a"]);
    let url = service.url();
    for command in [
        &["dry-run"][..],
        &["inspect"],
        &["requeue", "a"],
        &["adopt"],
    ] {
        let arguments = [command, &["--ping-url", &url]].concat();
        Outcome::of(site.command(arguments).output().unwrap()).expect(0);
    }
    assert!(service.pings().is_empty());
    run(&site, &service, &["--adopt"]).expect(0);
    assert_eq!(service.paths(), ["start", "0"]);
}
