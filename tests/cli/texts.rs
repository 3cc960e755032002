//! What people read: reports, lists, case files, errors, as they are printed.

use std::fs;

use test_support::{Dir, Outcome, Session, Site};

use crate::kinds::{backing_off, write_every_kind};
use crate::{BINARY, site, site_with, without_campaign, write_sessions};

/// Compares a text with its snapshot; what differs from run to run is replaced.
macro_rules! assert_text {
    ($site:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(&regex_of($site.home().to_str().unwrap()), "[home]");
        settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
        settings.add_filter(r"(127\.0\.0\.1|localhost):\d+", "$1:[port]");
        settings.add_filter(r"in \d+\.\d s", "in [duration]");
        settings.add_filter(r"ended, after \d+d( \d+h)?", "ended, after [days]");
        settings.add_filter(r"in \d+[dhms]( \d+[dhms])?\)", "in [distance])");
        settings.add_filter(r"(now|\d+[dhms]( \d+[dhms])? ago)\)", "[distance] ago)");
        settings.add_filter(
            r"\[time\]  (now|\d+[dhms]( \d+[dhms])? ago) +",
            "[time]  [distance] ago  ",
        );
        settings.add_filter(r"request_id=[0-9a-f-]+", "request_id=[id]");
        settings.add_filter(
            r"settling, in the spool for \d+s",
            "settling, in the spool for [age]",
        );
        settings.add_filter(r"ms=\d+", "ms=[ms]");
        settings.add_filter(r"\d+ ms", "[ms] ms");
        settings.add_filter(r"\d+ settings are not set", "[number] settings are not set");
        settings.add_filter(r"mode \d{4}, owner \d+:\d+", "mode [mode], owner [owner]");
        settings.add_filter(r"[\d.]+ GiB of [\d.]+ GiB", "[free] of [total]");
        settings.add_filter(r"recordings/\d{6,}\d*", "recordings/[number]");
        settings.bind(|| insta::assert_snapshot!($text));
    }};
}

/// A pattern that matches this text only.
fn regex_of(text: &str) -> String {
    text.replace('.', "\\.")
}

/// Both streams of a command, as a person at a terminal sees them.
fn screen(site: &Site, arguments: &[&str]) -> String {
    let outcome = site.call(arguments);
    on_screen(&outcome)
}

fn on_screen(outcome: &Outcome) -> String {
    let mut text = String::new();
    if !outcome.stdout.is_empty() {
        text.push_str(&format!("--- stdout\n{}", outcome.stdout));
    }
    if !outcome.stderr.is_empty() {
        text.push_str(&format!("--- stderr\n{}", outcome.stderr));
    }
    format!("{text}--- exit code {}\n", outcome.code)
}

#[test]
fn run_delivers() {
    let site = site();
    write_sessions(&site, &["a", "b"]);
    assert_text!(site, screen(&site, &["run"]));
}

#[test]
fn run_with_nothing_to_do() {
    let site = site();
    assert_text!(site, screen(&site, &["run"]));
}

#[test]
fn run_meets_every_kind() {
    let site = site_with(&["call-data@never:1:status=500"]);
    write_every_kind(&site);
    assert_text!(site, screen(&site, &["run"]));
}

#[test]
fn run_is_stopped() {
    let mut text = String::new();
    for fault in [
        "any:all:status=503",
        "any:all:status=429;retry-after=3600",
        "any:all:status=401",
        "any:all:status=302;location=https://login.example/",
        "any:all:html=404",
        "any:all:status=422;body={\"success\": false, \"message\": \"voiceAgentId is unknown\"}",
        "any:all:not-json",
    ] {
        let site = site_with(&[fault]);
        write_sessions(&site, &["a", "b", "c", "d"]);
        let outcome = site.call(["run", "--breaker", "2"]);
        let screen = on_screen(&outcome).replace(site.home().to_str().unwrap(), "[home]");
        text.push_str(&format!("=== {fault}\n{screen}\n"));
    }
    assert_text!(site(), text);
}

#[test]
fn run_finds_no_api() {
    let mut site = site();
    site.stop_api();
    write_sessions(&site, &["a"]);
    assert_text!(site, screen(&site, &["run"]));
}

#[test]
fn run_cannot_write() {
    let site = site();
    write_sessions(&site, &["a"]);
    fs::write(site.dir(Dir::Processed), "no directory").unwrap();
    assert_text!(site, screen(&site, &["run"]));
}

#[test]
fn dry_run_of_every_kind() {
    let site = site();
    write_every_kind(&site);
    assert_text!(site, screen(&site, &["dry-run"]));
}

#[test]
fn inspect_before_and_after_a_run() {
    let site = site();
    write_every_kind(&site);
    let before = screen(&site, &["inspect"]);
    site.run(&[]).expect(4);
    let after = screen(&site, &["inspect"]);
    let summary = screen(&site, &["inspect", "--summary"]);
    let partial = screen(&site, &["inspect", "--state", "partial"]);
    assert_text!(
        site,
        format!(
            "=== before\n{before}\n=== after\n{after}\n=== summary\n{summary}\n=== partial\n{partial}"
        )
    );
}

#[test]
fn inspect_an_empty_spool() {
    let site = site();
    let overview = screen(&site, &["inspect"]);
    let state = screen(&site, &["inspect", "--state", "failed"]);
    let check = screen(&site, &["inspect", "--check"]);
    assert_text!(site, format!("{overview}\n{state}\n{check}"));
}

#[test]
fn case_files_of_every_kind_before_and_after_a_run() {
    let site = site();
    write_every_kind(&site);
    let ids = [
        "complete",
        "numbered",
        "awaited",
        "backing-off",
        "campaign-missing",
        "unsafe-path",
        "recording-missing",
        "transcript-missing",
        "remote",
        "on-hold",
        "torn-old",
        "fresh",
    ];
    let command = [&["inspect"], &ids[..]].concat();
    let before = screen(&site, &command);
    site.run(&[]).expect(4);
    let after = screen(&site, &command);
    assert_text!(site, format!("=== before\n{before}\n=== after\n{after}"));
}

#[test]
fn checks_for_a_monitor() {
    let site = site();
    write_sessions(&site, &["a", "b"]);
    let mut text = screen(&site, &["inspect", "--check", "--max-age", "2h"]);
    text.push_str(&screen(&site, &["inspect", "--check"]));
    text.push_str(&screen(
        &site,
        &[
            "inspect",
            "--check",
            "--max-age",
            "2h",
            "--max-pending",
            "1",
        ],
    ));
    without_campaign("c").write(&site);
    site.run(&[]).expect(4);
    text.push_str(&screen(&site, &["inspect", "--check"]));
    assert_text!(site, text);
}

#[test]
fn requeue_of_every_kind() {
    let site = site();
    write_every_kind(&site);
    site.run(&[]).expect(4);
    let mut text = String::new();
    for arguments in [
        &["requeue", "--failed", "--dry-run"][..],
        &["requeue", "--failed"],
        &["requeue", "--failed"],
        &["requeue", "--corrupt"],
        &["requeue", "--partial"],
        &[
            "requeue",
            "complete",
            "on-hold",
            "backing-off",
            "nobody",
            "nothing",
        ],
        &["requeue", "complete", "--part", "all"],
        &["requeue", "complete", "--part", "all", "--force"],
        &["inspect", "complete"],
    ] {
        text.push_str(&format!(
            "$ callspool {}\n{}\n",
            arguments.join(" "),
            screen(&site, arguments)
        ));
    }
    assert_text!(site, text);
}

#[test]
fn a_check_of_what_is_well_and_of_what_is_not() {
    let site = site();
    write_sessions(&site, &["a"]);
    let mut text = screen(&site, &["check"]);
    let poor = site_with(&["question:all:status=401"]);
    fs::remove_dir(poor.dir(Dir::Leads)).unwrap();
    fs::write(poor.dir(Dir::Failed), "").unwrap();
    text.push_str(&screen(&poor, &["check"]).replace(poor.home().to_str().unwrap(), "[poor]"));
    text.push_str(
        &screen(&poor, &["-q", "check"]).replace(poor.home().to_str().unwrap(), "[poor]"),
    );
    assert_text!(site, text);
}

#[test]
fn typical_errors() {
    let site = site();
    write_sessions(&site, &["a"]);
    let file = |name: &str, text: &str| {
        let path = site.home().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let unknown_key = file("unknown.toml", "root = \"/srv/agent\"\nbatchsize = 5\n");
    let wrong_type = file("type.toml", "batch_size = \"five\"\nsettle = 5\n");
    let empty = file("empty-token", "\n");
    let missing = site.home().join("missing").to_str().unwrap().to_owned();
    let mut text = String::new();
    for arguments in [
        &["run", "--settle", "5x"][..],
        &["run", "--batch-sise", "5"],
        &["run", "--rate", "100"],
        &["run", "--api-url", "http://crm.example/api"],
        &["run", "--api-url", "crm.example/api"],
        &["run", "--config", &missing],
        &["run", "--config", &unknown_key],
        &["run", "--config", &wrong_type],
        &["run", "--token-file", &missing],
        &["run", "--token-file", &empty],
        &["run", "--ca-file", &missing],
        &["run", "--root", &missing],
        &["run", "--processed-dir", "call_metadata"],
        &["inspect", "nobody"],
        &["inspect", "--state", "lost"],
        &["requeue"],
        &["requeue", "nobody"],
        &["requeue", "--failed", "--error", "rejectet"],
        &["deliver"],
    ] {
        let line = format!("$ callspool {}\n", arguments.join(" "));
        text.push_str(&format!("{line}{}\n", screen(&site, arguments)));
    }
    let no_api = Site::without_api(BINARY);
    text.push_str(&format!(
        "$ callspool run  (no --api-url)\n{}",
        screen(&no_api, &["run"])
    ));
    assert_text!(site, text);
}

#[test]
fn a_case_file_with_history() {
    let site = site();
    Session::new("a").lead("{}").write(&site);
    backing_off("a").write(&site);
    assert_text!(site, screen(&site, &["inspect", "a"]));
}
