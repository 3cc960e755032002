//! A service that is away, or not content. No run ends differently for it.

use std::fs;

use test_support::{Outcome, Site};

use crate::service::{Reply, Service, nobody};
use crate::{CHECK, run, site, write_sessions};

/// Delivers a session in spite of the service, and gives the warnings.
#[track_caller]
fn delivers(site: &Site, outcome: Outcome) -> Vec<String> {
    let outcome = outcome.expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
    outcome
        .stderr
        .lines()
        .filter(|line| line.contains("level=warn"))
        .map(|line| line.split_once("reason=").unwrap().1.to_owned())
        .collect()
}

#[test]
fn a_service_that_is_not_there_costs_two_lines() {
    let site = site();
    write_sessions(&site, &["a"]);
    let url = format!("http://{}/{CHECK}", nobody());
    let warnings = delivers(&site, site.run(&["--ping-url", &url]));
    let refused = "\"the connection to 127.0.0.1 failed: connection refused\"";
    assert_eq!(warnings, [refused, refused]);
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let (site, service) = (site(), Service::answering(|_| Reply::Silence));
    write_sessions(&site, &["a"]);
    let arguments = ["--ping-timeout", "2s", "--format", "json"];
    let warnings = delivers(&site, run(&site, &service, &arguments));
    service.wait_for(2);
    assert_eq!(service.paths(), ["start", "0"]);
    let silent = "\"no answer within 2s; --ping-timeout is how long a ping may take\"";
    assert_eq!(warnings, [silent, silent]);
}

#[test]
fn a_service_that_fails_is_tried_once_more() {
    let (site, service) = (site(), Service::answering(|_| Reply::With(500, "")));
    write_sessions(&site, &["a"]);
    let warnings = delivers(&site, run(&site, &service, &["--format", "json"]));
    assert_eq!(service.paths(), ["start", "start", "0", "0"]);
    assert_eq!(warnings, ["\"it answered with status 500\""; 2]);
}

#[test]
fn what_the_service_refuses_is_not_tried_again_and_no_redirect_is_followed() {
    for (reply, reason) in [
        (Reply::With(404, "not found"), "it answered with status 404"),
        (Reply::With(302, ""), "it answered with status 302"),
        (
            Reply::With(200, "OK (not found)"),
            "it does not know the check: the ping URL is wrong, or the check was deleted",
        ),
        (
            Reply::With(200, "OK (rate limited)"),
            "it takes no more pings for now",
        ),
    ] {
        let (site, service) = (site(), Service::answering(move |_| reply));
        write_sessions(&site, &["a"]);
        let warnings = delivers(&site, run(&site, &service, &["--format", "json"]));
        assert_eq!(service.paths(), ["start", "0"]);
        assert_eq!(warnings, [format!("\"{reason}\""), format!("\"{reason}\"")]);
    }
}

#[test]
fn a_url_that_is_none_is_code_2_before_anything_is_done() {
    let site = site();
    write_sessions(&site, &["a"]);
    for (url, why) in [
        ("hc.example.com/hush", "is no ping URL"),
        ("ftp://hc.example.com/hush", "is no ping URL"),
        ("https://user:hush@hc.example.com/", "user name"),
        ("http://hc.example.com/hush", "plain http to hc.example.com"),
    ] {
        let outcome = site.run(&["--ping-url", url]).expect(2);
        let text = &outcome.stderr;
        assert!(
            text.contains("--ping-url: ") && text.contains(why),
            "{text}"
        );
        assert!(!text.contains("hush"), "{text}");
    }
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn a_quiet_run_that_ends_well_keeps_even_this_to_itself() {
    let site = site();
    let url = format!("http://{}/{CHECK}", nobody());
    let outcome = site.call(["-q", "run", "--ping-url", &url]).expect(0);
    assert_eq!(outcome.stdout + &outcome.stderr, "");
}

#[test]
fn the_url_may_come_from_the_config_file() {
    let (site, service) = (site(), Service::content());
    let config = site.home().join("config.toml");
    let text = format!(
        "root = {:?}\napi_url = {:?}\nping_url = {:?}\n",
        site.root(),
        site.api_url(),
        service.url()
    );
    fs::write(&config, text).unwrap();
    let mut command = site.bare_command();
    command.arg("--config").arg(&config).arg("run");
    Outcome::of(command.output().unwrap()).expect(0);
    assert_eq!(service.paths(), ["start", "0"]);
}
