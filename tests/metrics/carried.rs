//! What a run writes, and what it takes over from the runs before it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use test_support::gate::Gate;
use test_support::running::{PATIENCE, Running};
use test_support::{Outcome, Session, Site};

use crate::figures::Figures;
use crate::{figures, file, promtool, run, site, site_with, write_sessions};

const HOUR: Duration = Duration::from_secs(3600);

/// The calls of these tests were years ago.
const PATIENT: [&str; 2] = ["--recording-grace", "3650d"];

#[test]
fn a_run_writes_what_it_did_for_everybody_to_read() {
    let site = site();
    let before = now();
    Session::new("a")
        .lead("{\"name\": \"Test Person\"}")
        .write(&site);
    Session::new("b").never_recorded().write(&site);
    run(&site, &[]).expect(0);
    let figures = figures(&site);
    figures.expect("callspool_last_run_sessions", &[("uploaded", 2)]);
    figures.expect("callspool_session_outcomes_total", &[("uploaded", 2)]);
    figures.expect("callspool_runs_total", &[("0", 1)]);
    figures.expect("callspool_sessions", &[]);
    figures.expect("callspool_last_run_stopped", &[]);
    let parts = [("recording", 1), ("call_data", 2), ("lead", 1)];
    figures.expect("callspool_parts_delivered_total", &parts);
    figures.expect_values(&[
        ("callspool_last_run_exit_code", 0.0),
        ("callspool_oldest_pending_age_seconds", 0.0),
        ("callspool_ambiguous_posts_total", 0.0),
        (
            "callspool_requests_total{request=\"call_data\",outcome=\"answered\"}",
            2.0,
        ),
        (
            "callspool_request_duration_seconds_count{request=\"recording\"}",
            1.0,
        ),
    ]);
    for time in [
        "callspool_last_run_timestamp_seconds",
        "callspool_last_success_timestamp_seconds",
        "callspool_last_delivery_timestamp_seconds",
        "callspool_sessions_counted_timestamp_seconds",
    ] {
        assert!((before..=now()).contains(&figures.value(time)), "{time}");
    }
    assert_eq!(
        figures.get("callspool_oldest_pending_timestamp_seconds"),
        None
    );
    let metadata = fs::metadata(file(&site)).unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o644);
}

/// Now, in whole milliseconds at most.
fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    (now.unwrap().as_secs_f64() * 1000.0).floor() / 1000.0
}

#[test]
fn what_is_not_delivered_is_told_by_its_state_and_age() {
    let site = site_with(&["call-data@tried:all:status=500"]);
    Session::new("tried").age(3 * HOUR).write(&site);
    Session::new("waiting")
        .without_recording_file()
        .without_manifest()
        .age(Duration::from_secs(600))
        .write(&site);
    Session::new("young").age(Duration::ZERO).write(&site);
    Session::new("failed")
        .edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
        .age(2 * HOUR)
        .write(&site);
    run(&site, &PATIENT).expect(4);
    let figures = figures(&site);
    let states = [
        ("backoff", 1),
        ("waiting", 1),
        ("settling", 1),
        ("failed", 1),
    ];
    figures.expect("callspool_sessions", &states);
    let old = figures.value("callspool_oldest_pending_age_seconds");
    assert!((10_800.0..10_900.0).contains(&old), "{old}");
    let since = figures.value("callspool_oldest_pending_timestamp_seconds");
    let ended = figures.value("callspool_last_run_timestamp_seconds");
    assert!((ended - since - old).abs() < 0.01, "{ended} {since} {old}");
    let waiting = figures.value("callspool_oldest_waiting_age_seconds");
    assert!((600.0..700.0).contains(&waiting), "{waiting}");
}

#[test]
fn what_a_run_did_not_come_to_is_due_and_the_oldest_that_waits_is_remembered() {
    let site = site();
    Session::new("waiting")
        .without_recording_file()
        .without_manifest()
        .age(Duration::from_secs(600))
        .write(&site);
    run(&site, &PATIENT).expect(0);
    let oldest = "callspool_oldest_waiting_timestamp_seconds";
    let first = figures(&site);
    Session::new("old").age(3 * HOUR).write(&site);
    run(&site, &["--max-duration", "0s"]).expect(0);
    let second = figures(&site);
    second.expect("callspool_sessions", &[("due", 2)]);
    second.expect("callspool_last_run_stopped", &[("deadline", 1)]);
    assert_eq!(second.value(oldest), first.value(oldest));
}

#[test]
fn counters_go_on_and_a_success_is_remembered() {
    let site = site_with(&["call-data:2:stored-reset"]);
    write_sessions(&site, &["a"]);
    run(&site, &[]).expect(0);
    let first = figures(&site);
    write_sessions(&site, &["b"]);
    run(&site, &[]).expect(3);
    let second = figures(&site);
    let success = "callspool_last_success_timestamp_seconds";
    assert_eq!(second.value(success), first.value(success));
    second.expect("callspool_runs_total", &[("0", 1), ("3", 1)]);
    second.expect(
        "callspool_session_outcomes_total",
        &[("uploaded", 1), ("deferred", 1)],
    );
    second.expect_values(&[
        ("callspool_last_run_exit_code", 3.0),
        ("callspool_ambiguous_posts_total", 1.0),
        (
            "callspool_requests_total{request=\"call_data\",outcome=\"ambiguous\"}",
            1.0,
        ),
    ]);
    // Bytes of both runs, and a delivery that the second did not have.
    let bytes = "callspool_sent_bytes_total";
    assert!(second.value(bytes) > first.value(bytes));
    let delivery = "callspool_last_delivery_timestamp_seconds";
    assert_eq!(second.value(delivery), first.value(delivery));

    site.lift_backoffs();
    run(&site, &[]).expect(0);
    let third = figures(&site);
    assert!(third.value(success) > second.value(success));
    third.expect_values(&[
        ("callspool_duplicates_total", 1.0),
        (
            "callspool_requests_total{request=\"question\",outcome=\"answered\"}",
            1.0,
        ),
    ]);
}

#[test]
fn every_way_to_end_writes_its_code() {
    let (due, failed) = (&[("due", 3)][..], &[("failed", 3)][..]);
    let charged = &[("backoff", 2), ("due", 1)][..];
    for (faults, code, reason, states) in [
        (&["any:all:status=503"][..], 5, Some("unavailable"), due),
        (&["any:all:status=401"], 12, Some("auth"), due),
        (&["any:all:html=404"], 2, Some("misdirected"), due),
        (&["any:all:status=422"], 4, Some("rejected"), failed),
        (&["call-data:all:status=500"], 3, None, charged),
    ] {
        let site = site_with(faults);
        write_sessions(&site, &["a", "b", "c"]);
        run(
            &site,
            &[
                "--breaker",
                "3",
                "--batch-size",
                if code == 3 { "2" } else { "0" },
            ],
        )
        .expect(code);
        let figures = figures(&site);
        figures.expect_values(&[("callspool_last_run_exit_code", f64::from(code))]);
        figures.expect("callspool_runs_total", &[(&code.to_string(), 1)]);
        figures.expect_values(&[("callspool_last_success_timestamp_seconds", 0.0)]);
        figures.expect("callspool_sessions", states);
        if let Some(reason) = reason {
            figures.expect("callspool_last_run_stopped", &[(reason, 1)]);
        }
    }
}

#[test]
fn a_throttled_run_tells_how_long_it_waited() {
    let site = site_with(&["call-data:1:status=429;retry-after=1"]);
    write_sessions(&site, &["a"]);
    run(&site, &[]).expect(0);
    let figures = figures(&site);
    let waited = figures.value("callspool_waited_seconds_total{reason=\"throttled\"}");
    assert!(waited >= 1.0, "{waited}");
    figures.expect_values(&[
        ("callspool_waited_seconds_total{reason=\"rate\"}", 0.0),
        (
            "callspool_requests_total{request=\"call_data\",outcome=\"throttled\"}",
            1.0,
        ),
    ]);
}

#[test]
fn a_run_without_a_spool_or_a_token_leaves_the_spools_figures() {
    let site = site_with(&["call-data:all:status=500"]);
    write_sessions(&site, &["a"]);
    run(&site, &[]).expect(3);
    let before = figures(&site);
    run(&site, &["--token-file", "/nowhere/token"]).expect(2);
    let after = figures(&site);
    assert_eq!(after.of_the_spool(), before.of_the_spool());
    after.expect("callspool_last_run_sessions", &[]);

    fs::rename(site.root(), site.home().join("away")).unwrap();
    run(&site, &[]).expect(10);
    let after = figures(&site);
    assert_eq!(after.of_the_spool(), before.of_the_spool());
    after.expect("callspool_runs_total", &[("3", 1), ("2", 1), ("10", 1)]);
    let run_at = "callspool_last_run_timestamp_seconds";
    assert!(after.value(run_at) > before.value(run_at));
}

/// A run in the middle of its only request.
fn run_in_flight(site: &mut Site) -> (Gate, Running) {
    Session::new("a").never_recorded().write(site);
    let gate = Gate::holding_answers(site);
    let file = file(site);
    let arguments = ["run", "--metrics-file", file.to_str().unwrap()];
    let running = Running::start(&mut site.command(arguments));
    assert!(site.api().wait_for_requests(1, PATIENCE));
    (gate, running)
}

#[test]
fn a_run_that_finds_the_lock_taken_counts_itself_and_nothing_else() {
    let mut site = site();
    run(&site, &[]).expect(0);
    let before = figures(&site);
    let (gate, first) = run_in_flight(&mut site);
    run(&site, &[]).expect(11);
    let locked = "callspool_runs_total{exit_code=\"11\"}";
    assert_eq!(figures(&site), before.with(locked, 1.0));
    gate.open();
    first.finish().expect(0);
    figures(&site).expect("callspool_runs_total", &[("0", 2), ("11", 1)]);
}

#[test]
fn a_run_that_is_told_to_stop_writes_its_figures() {
    let mut site = site();
    write_sessions(&site, &["b"]);
    let (gate, running) = run_in_flight(&mut site);
    running.stop(Signal::TERM);
    gate.open();
    running.finish().expect(143);
    let figures = figures(&site);
    figures.expect("callspool_runs_total", &[("143", 1)]);
    figures.expect("callspool_last_run_stopped", &[("signal", 1)]);
    // One was left, of the other the recording alone was sent.
    figures.expect("callspool_sessions", &[("due", 2)]);
}

#[test]
fn two_spools_have_two_files_that_are_one_page_together() {
    let (first, second) = (site(), site());
    write_sessions(&first, &["a"]);
    write_sessions(&second, &["a"]);
    run(&first, &[]).expect(0);
    run(&second, &[]).expect(0);
    let texts = [&first, &second].map(|site| fs::read_to_string(file(site)).unwrap());
    let one = Figures::parse(&texts[0], &first.root());
    let other = Figures::parse(&texts[1], &second.root());
    assert_eq!(one.names(), other.names());
    // As the collector puts them together: a head once, and no series twice.
    let mut lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    let heads = lines.iter().filter(|line| line.starts_with('#')).count();
    lines.sort_unstable();
    lines.dedup();
    let kept = lines.iter().filter(|line| line.starts_with('#')).count();
    assert_eq!(kept * 2, heads);
    let series: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.rsplit_once("} "))
        .map(|(series, _)| series)
        .collect();
    let mut once = series.clone();
    once.dedup();
    assert_eq!(series, once);
    promtool::check_metrics(&texts[0]);
}

#[test]
fn one_spool_is_one_however_its_root_is_written() {
    let site = site();
    run(&site, &[]).expect(0);
    let file = file(&site);
    for root in ["spool", "./spool/", "spool/."] {
        let mut command = site.bare_command();
        command.current_dir(site.home()).args(["--root", root]);
        command.args(["--api-url", site.api_url()]);
        command.arg("--metrics-file").arg(&file).arg("run");
        let outcome = Outcome::of(command.output().unwrap()).expect(0);
        assert!(!outcome.stderr.contains("level=warn"), "{}", outcome.stderr);
    }
    figures(&site).expect("callspool_runs_total", &[("0", 4)]);
}

#[test]
fn no_session_person_or_secret_is_in_the_file() {
    let site = site_with(&["call-data:1:echo=422"]);
    Session::new("session_15550100123_x")
        .lead("{\"name\": \"Test Person\", \"email\": \"t@example.com\"}")
        .write(&site);
    write_sessions(&site, &["b"]);
    run(&site, &["--ping-url", "http://127.0.0.1:9/hush"]).expect(4);
    let text = fs::read_to_string(file(&site)).unwrap();
    for word in [
        "5550100123",
        "session_1555",
        "Person",
        "example.com",
        "hush",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn only_a_run_writes_figures() {
    let site = site();
    write_sessions(&site, &["a"]);
    let file = file(&site);
    for command in [
        &["dry-run"][..],
        &["inspect"],
        &["requeue", "a"],
        &["adopt"],
    ] {
        let arguments = [&["--metrics-file", file.to_str().unwrap()], command].concat();
        site.call(arguments).expect(0);
        assert!(!file.exists(), "{command:?}");
    }
}
