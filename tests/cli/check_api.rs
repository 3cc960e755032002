//! `check`: the way to the API, its certificate, its clock, and what it makes of a question.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use reference_api::Target;
use serde_json::{Value, json};
use test_support::{Authority, Dir, Site};

use crate::check::demand;
use crate::{BINARY, site, site_with};

fn report(site: &Site, arguments: &[&str], code: i32) -> Value {
    let outcome = site.call(["check", "--format", "json"].iter().chain(arguments));
    outcome.expect(code).report()
}

/// The line about the answer to a question that goes wrong in that way.
fn answer(fault: &str, code: i32) -> Value {
    let site = site_with(&[&format!("question:all:{fault}")]);
    let report = report(&site, &["--response-timeout", "1s"], code);
    assert_eq!(site.api().hits(Target::Question), 1, "{fault}: asked once");
    assert_eq!(
        site.api().requests().len(),
        1,
        "{fault}: nothing else is sent"
    );
    report
}

#[test]
fn what_the_api_makes_of_the_question_decides() {
    for (fault, code, status, found, advice) in [
        (
            "status=401",
            2,
            "error",
            "refused the credentials",
            "--token-file",
        ),
        ("status=403", 2, "error", "forbids", "--token-file"),
        (
            "unanswerable",
            3,
            "warning",
            "page for browsers",
            "--api-url",
        ),
        (
            "status=404;body=nothing here",
            3,
            "warning",
            "does not know the question",
            "token",
        ),
        ("html=200", 2, "error", "page for browsers", "--api-url"),
        (
            "status=301;location=https://crm.example.com/",
            2,
            "error",
            "redirects to",
            "--api-url",
        ),
        (
            "status=429;retry-after=90",
            3,
            "warning",
            "asks to wait",
            "wait for 1m 30s",
        ),
        (
            "status=503;retry-after=30",
            3,
            "warning",
            "asks to wait",
            "wait for 30s",
        ),
        ("status=503", 3, "warning", "not available", "try again"),
        ("status=500", 3, "warning", "status 500", "try again"),
        ("not-json", 2, "error", "no JSON object", "--api-url"),
        ("stall", 2, "error", "timed out", "is up"),
        ("reset", 2, "error", "connection reset", "is up"),
    ] {
        demand(&answer(fault, code), "answer", status, found, advice);
    }
}

#[test]
fn a_refused_token_is_not_shown_even_where_the_api_shows_it() {
    const TOKEN: &str = "wrong-token-0815";
    for fault in ["echo=401", "echo=400", "echo=500"] {
        let site = site_with(&[&format!("question:all:{fault}")]);
        let mut command = site.command(["check", "-vv"]);
        let output = command.env("CALLSPOOL_TOKEN", TOKEN).output().unwrap();
        let text = format!("{output:?}");
        assert!(!text.contains(TOKEN), "{text}");
    }
}

/// The report on an API whose clock is so many seconds ahead.
fn with_clock(ahead: i64, code: i32) -> Value {
    let now = DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::seconds(ahead);
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT");
    let body = r#"{"success": false}"#;
    let fault = format!("question:all:status=404;date={date};body={body}");
    report(&site_with(&[&fault]), &[], code)
}

#[test]
fn a_clock_that_is_wrong_is_told_of() {
    demand(&with_clock(0, 0), "clock", "ok", "agrees", "");
    demand(
        &with_clock(-100, 3),
        "clock",
        "warning",
        "ahead of the API",
        "NTP",
    );
    demand(
        &with_clock(100, 3),
        "clock",
        "warning",
        "behind the API",
        "NTP",
    );
    demand(
        &with_clock(-3600, 2),
        "clock",
        "error",
        "1h ahead of the API",
        "NTP",
    );
}

#[test]
fn a_port_where_nobody_listens_and_one_that_is_silent_are_errors() {
    let mut site = site();
    site.stop_api();
    let closed = report(&site, &[], 2);
    demand(
        &closed,
        "connection",
        "error",
        "connection refused",
        "--api-url",
    );
    demand(&closed, "answer", "skipped", "there is no connection", "");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    site.set_api_url(format!("https://{}/api", silent.local_addr().unwrap()));
    let silent = report(&site, &["--connect-timeout", "1s"], 2);
    demand(
        &silent,
        "connection",
        "error",
        "no connection within 1 s",
        "firewalls",
    );
    demand(&silent, "name", "ok", "127.0.0.1", "");
}

#[test]
fn a_name_that_there_is_not_is_an_error() {
    let mut site = site();
    site.set_api_url("https://no-such-host.invalid/api");
    let report = report(&site, &["--connect-timeout", "5s"], 2);
    demand(
        &report,
        "connection",
        "error",
        "cannot find no-such-host.invalid",
        "name service",
    );
}

/// A site whose API has a certificate that is valid until the end of a year.
fn tls_site(authority: &Authority, host: &str, last_year: i32) -> Site {
    let issued = authority.issue(host, 2020, last_year);
    Site::with_api(BINARY, |api| {
        api.tls(issued.certificate, issued.key).host("localhost")
    })
}

#[test]
fn a_certificate_is_shown_whether_it_is_trusted_or_not() {
    let authority = Authority::new();
    let mut trusted = tls_site(&authority, "localhost", 4000);
    let unknown = report(&trusted, &[], 2);
    demand(
        &unknown,
        "connection",
        "error",
        "issuer is not known",
        "--ca-file",
    );
    demand(
        &unknown,
        "certificate",
        "skipped",
        "issued by Private Authority",
        "",
    );
    assert_eq!(trusted.api().requests().len(), 0);

    trusted.set_ca_file(authority.pem());
    let well = report(&trusted, &[], 0);
    demand(&well, "certificate", "ok", "TLS 1.3; of ", "");
    demand(&well, "certificate", "ok", "valid until 4000-12-31", "");

    let mut expired = tls_site(&authority, "localhost", 2021);
    expired.set_ca_file(authority.pem());
    let expired = report(&expired, &[], 2);
    demand(
        &expired,
        "connection",
        "error",
        "has expired",
        "certificate",
    );
    demand(
        &expired,
        "certificate",
        "error",
        "2021-12-31: expired ",
        "renew",
    );

    let mut other = tls_site(&authority, "crm.example.com", 4000);
    other.set_ca_file(authority.pem());
    let other = report(&other, &[], 2);
    demand(
        &other,
        "connection",
        "error",
        "for another host",
        "certificate",
    );
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let authority = Authority::new();
    let soon = DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::days(12);
    let issued = authority.issue_until("localhost", soon.year(), soon.month(), soon.day());
    let mut site = Site::with_api(BINARY, |api| {
        api.tls(issued.certificate, issued.key).host("localhost")
    });
    site.set_ca_file(authority.pem());
    let report = report(&site, &[], 3);
    demand(
        &report,
        "certificate",
        "warning",
        "11 days left",
        "renew it",
    );
}

#[test]
fn an_api_that_asked_to_be_left_alone_is_left_alone() {
    let site = site();
    let state =
        json!({"version": 1, "not_before": "2999-01-01T00:00:00Z", "requests_ms": [], "last": []});
    site.put(
        Dir::Pending,
        ".callspool.state",
        state.to_string(),
        Duration::ZERO,
    );
    let report = report(&site, &[], 3);
    demand(
        &report,
        "answer",
        "warning",
        "until 2999-01-01T00:00:00Z",
        "wait",
    );
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn without_a_place_to_send_to_and_with_a_bad_ca_file_it_is_an_error() {
    let site = Site::without_api(BINARY);
    demand(
        &report(&site, &[], 2),
        "API/api-url",
        "error",
        "not set",
        "api_url",
    );
    let mut site = crate::site();
    site.set_ca_file("no certificate");
    site.set_api_url("https://localhost:1/api");
    demand(
        &report(&site, &[], 2),
        "API/ca-file",
        "error",
        "--ca-file",
        "correct it",
    );
    let authority = site.home().join("authority.pem");
    fs::remove_file(authority).unwrap();
    demand(
        &report(&site, &[], 2),
        "API/ca-file",
        "error",
        "--ca-file",
        "correct it",
    );
}
