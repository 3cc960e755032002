//! `check`: settings, token, directories and lock, without changing anything.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use reference_api::Target;
use serde_json::{Value, json};
use test_support::{Dir, Outcome, Session, Site};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::tree::tree;
use crate::{BINARY, site, write_sessions};

/// A user who owns nothing, for a test that root runs: root is denied nothing.
const NOBODY: u32 = 65534;

fn check(site: &Site, arguments: &[&str]) -> Outcome {
    site.call(["check", "--format", "json"].iter().chain(arguments))
}

/// The lines of that name, or of `section/name`.
fn lines(report: &Value, name: &str) -> Vec<Value> {
    let all = report["checks"].as_array().unwrap().iter();
    let is_meant = |line: &&Value| match name.split_once('/') {
        Some((section, name)) => line["section"] == section && line["name"] == name,
        None => line["name"] == name,
    };
    all.filter(is_meant).cloned().collect()
}

/// The one line of that name.
#[track_caller]
fn line(report: &Value, name: &str) -> Value {
    let found = lines(report, name);
    assert_eq!(found.len(), 1, "{name} in {report:#}");
    found[0].clone()
}

/// Demands a status of the line of that name, and texts in what was found and in the advice.
#[track_caller]
pub(crate) fn demand(report: &Value, name: &str, status: &str, found: &str, advice: &str) {
    let line = line(report, name);
    assert_eq!(line["status"], status, "{line}");
    assert!(line["found"].as_str().unwrap().contains(found), "{line}");
    let given = line["advice"].as_str().unwrap_or_default();
    assert!(given.contains(advice), "{line}");
    assert_eq!(advice.is_empty(), given.is_empty(), "{line}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_spool_that_is_well_is_code_0_and_is_left_as_it_is() {
    let site = site();
    write_sessions(&site, &["a"]);
    let before = tree(&site.root());
    let report = check(&site, &[]).expect(0).report();
    assert_eq!(tree(&site.root()), before);
    assert_eq!(report["version"], 1);
    assert_eq!(report["command"], "check");
    assert_eq!(report["exit_code"], 0);
    let count = report["checks"].as_array().unwrap().len();
    let counts = json!({"ok": count, "warnings": 0, "errors": 0, "skipped": 0});
    assert_eq!(report["counts"], counts, "{report:#}");
    for line in report["checks"].as_array().unwrap() {
        let members: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = ["advice", "found", "name", "section", "status"];
        assert_eq!(members.len(), expected.len(), "{line}");
        assert!(expected.iter().all(|name| members.contains(name)), "{line}");
    }
    assert_eq!(site.api().hits(Target::Question), 1);
    assert_eq!(site.api().requests().len(), 1);
    assert_eq!(
        site.api().requests()[0].query.as_deref(),
        Some("callId=CALL-callspool-check&limit=1")
    );
    assert_eq!(site.call(["check", "-q"]).expect(0).stdout, "");
}

#[test]
fn a_run_before_and_after_finds_nothing_of_a_check() {
    let site = site();
    write_sessions(&site, &["a"]);
    check(&site, &[]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let before = tree(&site.root());
    check(&site, &[]).expect(0);
    assert_eq!(tree(&site.root()), before);
}

#[test]
fn offline_nothing_is_connected_to() {
    let site = site();
    let report = check(&site, &["--offline"]).expect(0).report();
    demand(&report, "connection", "skipped", "--offline", "");
    assert_eq!(site.api().connections(), 0);
    let text = site.call(["check", "--offline"]).expect(0).stdout;
    assert!(
        text.ends_with("nothing is wrong with what was looked at\n"),
        "{text}"
    );
}

#[test]
fn every_setting_is_shown_with_its_source() {
    let site = site();
    let config = site.home().join("config.toml");
    fs::write(&config, "batch_size = 7\n\nrate = \"5/min\"\n").unwrap();
    set_mode(&config, 0o644);
    let shown = |arguments: &[&str]| {
        let mut command = site.command(arguments);
        command
            .env("CALLSPOOL_BREAKER", "5")
            .env("CALLSPOOL_API_URI", "x");
        command.arg("--config").arg(&config);
        Outcome::of(command.output().unwrap()).expect(3)
    };
    let outcome = shown(&["check", "--offline", "--format", "json"]);
    let report = outcome.report();
    let file = config.to_str().unwrap();
    demand(
        &report,
        "config file",
        "ok",
        &format!("{file}, mode 0644"),
        "",
    );
    demand(
        &report,
        "batch-size",
        "ok",
        &format!("7 ({file} line 1)"),
        "",
    );
    demand(&report, "rate", "ok", &format!("5/min ({file} line 3)"), "");
    demand(&report, "breaker", "ok", "5 (CALLSPOOL_BREAKER)", "");
    demand(&report, "format", "ok", "json (flag --format)", "");
    assert_eq!(lines(&report, "max-wait"), Vec::<Value>::new());
    demand(
        &report,
        "environment",
        "warning",
        "CALLSPOOL_API_URI",
        "correct its name",
    );
    assert_eq!(outcome.stderr, "", "it is told once");

    let report = shown(&["check", "--offline", "--format", "json", "-v"]).report();
    demand(&report, "max-wait", "ok", "30s (default)", "");
    demand(&report, "token-file", "ok", "not set (default)", "");
}

#[test]
fn a_config_file_that_others_may_change_is_told_of() {
    let site = site();
    let config = site.home().join("config.toml");
    fs::write(&config, "batch_size = 7\n").unwrap();
    for (mode, code, status, advice) in [
        (0o666, 2, "error", "chmod go-w "),
        (0o664, 3, "warning", "chmod g-w "),
        (0o640, 0, "ok", ""),
    ] {
        set_mode(&config, mode);
        let outcome = check(&site, &["--offline", "--config", config.to_str().unwrap()]);
        let report = outcome.expect(code).report();
        demand(
            &report,
            "config file",
            status,
            &format!("mode {mode:04o}"),
            advice,
        );
    }
}

#[test]
fn a_config_file_that_cannot_be_used_is_code_2_and_its_line_is_named() {
    let site = site();
    let config = site.home().join("config.toml");
    fs::write(&config, "\nbatchsize = 7\n").unwrap();
    let outcome = check(&site, &["--config", config.to_str().unwrap()]).expect(2);
    for text in ["line 2", "batchsize", "batch_size"] {
        assert!(outcome.stderr.contains(text), "{}", outcome.stderr);
    }
}

#[test]
fn a_token_that_others_may_read_is_told_of_and_never_shown() {
    const TOKEN: &str = "right-token-4711";
    let site = Site::with_api(BINARY, |api| api.token(TOKEN));
    let path = site.home().join("token");
    fs::write(&path, TOKEN).unwrap();
    for (mode, code, status, advice) in [
        (0o600, 0, "ok", ""),
        (0o640, 3, "warning", "chmod 600 "),
        (0o644, 3, "warning", "chmod o= "),
        (0o602, 3, "warning", "chmod o= "),
    ] {
        set_mode(&path, mode);
        let outcome = check(&site, &["-v", "--token-file", path.to_str().unwrap()]);
        let outcome = outcome.expect(code);
        assert!(!outcome.stdout.contains(TOKEN) && !outcome.stderr.contains(TOKEN));
        demand(
            &outcome.report(),
            "token file",
            status,
            &format!("mode {mode:04o}"),
            advice,
        );
        demand(
            &outcome.report(),
            "answer",
            "ok",
            "the token is accepted",
            "",
        );
    }
    fs::write(&path, " \n").unwrap();
    let report = check(&site, &["--token-file", path.to_str().unwrap()])
        .expect(2)
        .report();
    demand(&report, "token file", "error", "token", "one line");
    demand(&report, "answer", "skipped", "the token cannot be used", "");
    let mut command = site.command(["check", "--format", "json"]);
    let outcome = Outcome::of(command.env("CALLSPOOL_TOKEN", TOKEN).output().unwrap()).expect(0);
    demand(&outcome.report(), "variable", "ok", "CALLSPOOL_TOKEN", "");
    assert!(!outcome.stdout.contains(TOKEN));
}

#[test]
fn what_is_missing_is_told_of_by_what_it_means() {
    let site = site();
    for dir in [Dir::Conversations, Dir::Recordings, Dir::Leads] {
        fs::remove_dir(site.dir(dir)).unwrap();
    }
    let report = check(&site, &["--offline"]).expect(3).report();
    demand(&report, "processed-dir", "ok", "a run makes it", "");
    for name in ["conversations-dir", "recordings-dir", "leads-dir"] {
        demand(&report, name, "warning", "is not there", name);
    }
    fs::remove_dir(site.dir(Dir::Pending)).unwrap();
    let report = check(&site, &["--offline"]).expect(2).report();
    demand(
        &report,
        "metadata-dir",
        "error",
        "there is no spool",
        "--metadata-dir",
    );
    fs::remove_dir(site.root()).unwrap();
    let report = check(&site, &["--offline"]).expect(2).report();
    demand(
        &report,
        "directories/root",
        "error",
        "there is no spool",
        "--root",
    );
    demand(&report, "lock", "ok", "free", "");
}

#[test]
fn a_file_in_a_directorys_place_and_a_link_to_nowhere_are_errors() {
    let site = site();
    fs::write(site.dir(Dir::Processed), "").unwrap();
    symlink("/nowhere/at/all", site.dir(Dir::Failed)).unwrap();
    let elsewhere = site.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, site.dir(Dir::Corrupt)).unwrap();
    set_mode(&site.dir(Dir::Leads), 0o777);
    let report = check(&site, &["--offline"]).expect(2).report();
    demand(
        &report,
        "processed-dir",
        "error",
        "is no directory",
        "--processed-dir",
    );
    demand(&report, "failed-dir", "error", "leads nowhere", "create it");
    let target = fs::canonicalize(&elsewhere).unwrap();
    demand(
        &report,
        "corrupt-dir",
        "ok",
        &format!("a link to {}", target.display()),
        "",
    );
    demand(&report, "leads-dir", "warning", "anybody", "chmod o-w ");
}

/// The program as somebody who is denied what a mode denies: root is not.
fn as_somebody(site: &Site, arguments: &[&str]) -> Command {
    let binary = site.home().join("callspool");
    // Copied by another process: a child that other tests start just then would keep the copy open
    // for writing, and what is open so cannot be run.
    let copied = Command::new("cp").arg(BINARY).arg(&binary).status();
    assert!(copied.unwrap().success());
    set_mode(&binary, 0o755);
    let mut command = Command::new(&binary);
    command
        .env_clear()
        .arg("--root")
        .arg(site.root())
        .args(arguments);
    if rustix::process::geteuid().is_root() {
        set_mode(site.home(), 0o755);
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

#[test]
fn rights_that_are_missing_are_errors_with_what_to_do() {
    let site = site();
    if rustix::process::geteuid().is_root() {
        for path in [site.root(), site.dir(Dir::Pending)] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let dirs = [Dir::Processed, Dir::Failed];
    for dir in dirs {
        fs::create_dir(site.dir(dir)).unwrap();
    }
    set_mode(&site.dir(Dir::Processed), 0o555);
    set_mode(&site.dir(Dir::Failed), 0o755);
    set_mode(&site.dir(Dir::Leads), 0o000);
    set_mode(&site.dir(Dir::Pending), 0o755);
    let mut command = as_somebody(&site, &["check", "--offline", "--format", "json"]);
    let report = Outcome::of(command.output().unwrap()).expect(2).report();
    let advice = "let the user that runs callspool";
    demand(
        &report,
        "processed-dir",
        "error",
        "permission denied",
        advice,
    );
    demand(&report, "leads-dir", "error", "permission denied", advice);
    demand(&report, "metadata-dir", "ok", "read and write", "");
    set_mode(&site.root(), 0o555);
    let mut command = as_somebody(&site, &["check", "--offline", "--format", "json"]);
    let report = Outcome::of(command.output().unwrap()).expect(2).report();
    demand(
        &report,
        "corrupt-dir",
        "error",
        "cannot be made, permission denied",
        "0700",
    );
    set_mode(&site.root(), 0o755);
}

#[test]
fn state_directories_on_two_file_systems_are_an_error() {
    let site = site();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    let elsewhere = Path::new("/dev/shm");
    assert!(
        elsewhere.is_dir() && device(elsewhere) != device(&site.root()),
        "this test needs a second file system at /dev/shm: mount a tmpfs there"
    );
    let dir = tempfile::tempdir_in(elsewhere).unwrap();
    let report = check(
        &site,
        &["--offline", "--failed-dir", dir.path().to_str().unwrap()],
    );
    let report = report.expect(2).report();
    demand(
        &report,
        "file system",
        "error",
        "on different ones",
        "by rename",
    );
    assert_eq!(lines(&report, "space").len(), 2, "{report:#}");
}

#[test]
fn a_run_under_way_is_named_and_not_disturbed() {
    let mut site = site();
    Session::new("a").never_recorded().write(&site);
    let gate = Gate::holding_answers(&mut site);
    let run = Running::start(&mut site.command(["run", "--format", "json"]));
    assert!(site.api().wait_for_requests(1, PATIENCE));
    let report = check(&site, &["--offline"]).expect(0).report();
    let found = format!("held by process {} for ", run.pid());
    demand(&report, "lock", "ok", &found, "");
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    let report = check(&site, &["--offline"]).expect(0).report();
    demand(&report, "lock", "ok", "free", "");
}

#[test]
fn a_run_that_was_killed_is_told_of_until_the_next_has_gone_on_from_there() {
    let mut site = site();
    Session::new("a").never_recorded().write(&site);
    let _gate = Gate::holding_answers(&mut site);
    let run = Running::start(&mut site.command(["run"]));
    assert!(site.api().wait_for_requests(1, PATIENCE));
    run.signal(rustix::process::Signal::KILL);
    run.finish();
    let report = check(&site, &["--offline"]).expect(3).report();
    demand(
        &report,
        "lock",
        "warning",
        "did not end in good order, while it worked on a",
        "next run",
    );
    site.set_api_url(site.api().base_url());
    site.run(&[]).expect(0);
    let report = check(&site, &["--offline"]).expect(0).report();
    demand(&report, "lock", "ok", "free", "");
}

#[test]
fn what_a_config_file_says_of_exit_codes_hides_nothing_from_whoever_asks() {
    let site = site();
    fs::remove_dir(site.dir(Dir::Leads)).unwrap();
    let config = site.home().join("config.toml");
    fs::write(&config, "ok_exit = [2, 3]\n").unwrap();
    set_mode(&config, 0o644);
    let config = config.to_str().unwrap();
    check(&site, &["--offline", "--config", config]).expect(3);
    check(&site, &["--offline", "--ok-exit", "3"]).expect(0);
}

#[test]
fn where_figures_cannot_be_written_is_a_warning_and_a_pings_secret_is_not_shown() {
    let site = site();
    let file = |path: &str| check(&site, &["--offline", "--metrics-file", path]);
    let dir = site.home().to_str().unwrap();
    let report = file(&format!("{dir}/callspool.prom")).expect(0).report();
    demand(&report, "monitoring/metrics-file", "ok", dir, "");
    let report = file(&format!("{dir}/nowhere/callspool.prom"))
        .expect(3)
        .report();
    demand(
        &report,
        "monitoring/metrics-file",
        "warning",
        "may not be written",
        "this user",
    );
    let secret = "https://hc.example.com/ping/4711-hush";
    let outcome = check(&site, &["--offline", "--ping-url", secret]).expect(0);
    demand(&outcome.report(), "ping-url", "ok", "hc.example.com", "");
    assert!(!outcome.stdout.contains("hush"), "{}", outcome.stdout);
}
