//! Every exit code, how they go before each other, and the settings that change them.

use reference_api::Target;
use test_support::{Dir, Session, Site};

use crate::{BINARY, site, site_with, without_campaign, write_sessions};

#[test]
fn code_0_is_everything_delivered_and_also_nothing_to_do() {
    let site = site();
    site.run(&[]).expect(0).counts(&[]);
    write_sessions(&site, &["a", "b"]);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(outcome.report()["exit_code"], 0);
}

#[test]
fn code_0_is_also_a_run_that_ends_at_its_batch_size_or_deadline_and_says_so() {
    let site = site();
    write_sessions(&site, &["a", "b"]);
    let outcome = site
        .run(&["--batch-size", "1"])
        .expect(0)
        .counts(&[("uploaded", 1), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("batch_size"));
    let outcome = site
        .run(&["--max-duration", "0s"])
        .expect(0)
        .counts(&[("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("deadline"));
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn code_2_is_a_wrong_command_line() {
    let site = site();
    for wrong in [
        &["run", "--no-such-flag"][..],
        &["deliver"],
        &["run", "--settle", "5x"],
        &["inspect", "--check", "--summary"],
        &["requeue"],
        &["requeue", "--failed", "--partial"],
        &["requeue", "a", "--failed"],
        &["run", "-q", "-v"],
    ] {
        let outcome = site.call(wrong).expect(2);
        assert!(outcome.stdout.is_empty(), "{wrong:?}: {}", outcome.stdout);
        assert!(
            outcome.stderr.starts_with("error: "),
            "{wrong:?}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn code_2_is_a_base_url_that_is_not_the_api() {
    for fault in [
        "any:all:html=404",
        "any:all:status=302;location=https://login.example/?next=x",
    ] {
        let site = site_with(&[fault]);
        write_sessions(&site, &["a", "b"]);
        let outcome = site
            .run(&[])
            .expect(2)
            .counts(&[("deferred", 1), ("left", 1)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some("misdirected"));
        assert_eq!(site.api().requests().len(), 1);
        assert!(
            outcome.stderr.contains(site.api_url()),
            "{}",
            outcome.stderr
        );
        assert!(!outcome.stderr.contains("next=x"), "{}", outcome.stderr);
        assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
    }
}

#[test]
fn code_3_is_a_session_that_will_be_tried_again_in_this_run_and_while_it_backs_off() {
    let site = site_with(&["call-data@a:1:status=500"]);
    write_sessions(&site, &["a", "b"]);
    site.run(&[])
        .expect(3)
        .counts(&[("deferred", 1), ("uploaded", 1)]);
    site.run(&[]).expect(3).counts(&[("backoff", 1)]);
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings().len(), 2);
}

#[test]
fn code_4_stays_until_a_person_acts_and_tells_only_of_this_run_when_asked_to() {
    let site = site();
    without_campaign("a").write(&site);
    site.run(&["--attention", "new"])
        .expect(4)
        .counts(&[("failed", 1)]);
    site.run(&["--attention", "new"]).expect(0).counts(&[]);
    let outcome = site.run(&[]).expect(4).counts(&[]);
    assert_eq!(
        outcome.report()["needs_attention"],
        serde_json::json!({"failed": 1, "corrupt": 0, "new": 0})
    );
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn code_4_is_also_a_partial_of_this_run_and_a_corrupt_document() {
    let site = site();
    Session::new("a")
        .manifest(r#"{"egress_id": "EG_a", "status": "EGRESS_FAILED", "error": "no"}"#)
        .write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    site.run(&[]).expect(0).counts(&[]);

    let hour = std::time::Duration::from_secs(3600);
    site.put(Dir::Pending, "metadata_torn.json", "{\"session_id\":", hour);
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    site.run(&[]).expect(4).counts(&[]);
}

#[test]
fn code_4_is_a_document_whose_status_is_not_callspools_to_act_on() {
    let site = site();
    Session::new("a")
        .edit(|document| document["status"] = "on_hold".into())
        .write(&site);
    site.run(&["--attention", "new"])
        .expect(4)
        .counts(&[("skipped", 1)]);
    assert_eq!(site.place("a"), Dir::Pending);
}

#[test]
fn code_4_is_a_run_that_too_many_rejections_in_a_row_ended() {
    let site = site_with(&["upload:all:status=422", "call-data:all:status=422"]);
    write_sessions(&site, &["a", "b", "c", "d"]);
    let outcome = site.run(&["--breaker", "2"]).expect(4);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rejected"));
    assert_eq!(outcome.sessions("left"), 2);
}

#[test]
fn code_5_is_an_api_that_is_not_there_and_costs_no_session_an_attempt() {
    let mut site = site();
    site.stop_api();
    write_sessions(&site, &["a"]);
    let outcome = site.run(&[]).expect(5).counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
}

#[test]
fn code_5_is_an_api_that_answers_503_to_one_session_after_another() {
    let site = site_with(&["any:all:status=503"]);
    write_sessions(&site, &["a", "b", "c"]);
    site.run(&["--breaker", "2"])
        .expect(5)
        .counts(&[("deferred", 2), ("left", 1)]);
    assert_eq!(site.api().requests().len(), 2);
    for id in ["a", "b", "c"] {
        assert_eq!(site.document(Dir::Pending, id)["upload_attempts"], 0);
    }
}

#[test]
fn code_5_is_an_api_that_throttles_for_longer_than_a_run_waits_and_later_runs_respect_it() {
    let site = site_with(&["any:all:status=429;retry-after=3600"]);
    write_sessions(&site, &["a", "b"]);
    for hits in [1, 1] {
        let outcome = site.run(&[]).expect(5);
        assert_eq!(outcome.stopped_by().as_deref(), Some("throttled"));
        assert_eq!(site.api().requests().len(), hits);
    }
}

#[test]
fn code_10_is_a_spool_that_is_not_there_for_every_command() {
    for command in [
        &["run"][..],
        &["dry-run"],
        &["inspect"],
        &["inspect", "a"],
        &["inspect", "--check"],
        &["requeue", "--failed"],
        &["requeue", "--failed", "--dry-run"],
    ] {
        let site = site();
        std::fs::remove_dir(site.dir(Dir::Pending)).unwrap();
        let outcome = site.call(command).expect(10);
        let dir = site.dir(Dir::Pending);
        assert!(
            outcome.stderr.contains(&dir.display().to_string()),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stdout.is_empty(), "{command:?}: {}", outcome.stdout);
        std::fs::write(dir, "no directory").unwrap();
        site.call(command).expect(10);
        std::fs::remove_dir_all(site.root()).unwrap();
        site.call(command).expect(10);
        assert!(!site.root().exists(), "{command:?} made the root");
    }
}

#[test]
fn code_12_is_a_refused_token_and_costs_no_session_an_attempt() {
    let site = Site::with_api(BINARY, |api| api.token("the right one"));
    write_sessions(&site, &["a", "b"]);
    let outcome = site
        .run(&[])
        .expect(12)
        .counts(&[("deferred", 1), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("auth"));
    assert_eq!(site.api().requests().len(), 1);
    assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
    let mut command = site.command(["run"]);
    command.env("CALLSPOOL_TOKEN", "wrong-one");
    let outcome = test_support::Outcome::of(command.output().unwrap()).expect(12);
    assert!(!outcome.stderr.contains("wrong-one"), "{}", outcome.stderr);
}

/// A site where a session failed before, so that 4 applies to every later run.
fn site_in_need_of_a_person(faults: &[&str]) -> Site {
    let site = site_with(faults);
    without_campaign("failed-before").write(&site);
    site.run(&[]).expect(4);
    site
}

#[test]
fn the_service_and_the_configuration_go_before_attention_and_attention_before_deferred() {
    for (fault, code, stopped_by) in [
        ("any:all:status=401", 12, Some("auth")),
        ("any:all:html=404", 2, Some("misdirected")),
        ("any:all:status=429;retry-after=600", 5, Some("throttled")),
        ("call-data:all:status=500", 4, None),
    ] {
        let site = site_in_need_of_a_person(&[fault]);
        write_sessions(&site, &["a"]);
        let outcome = site.run(&[]).expect(code);
        assert_eq!(outcome.stopped_by().as_deref(), stopped_by);
        assert_eq!(outcome.report()["exit_code"], code);
        assert_eq!(outcome.report()["needs_attention"]["failed"], 1);
        assert_eq!(outcome.sessions("deferred"), 1);
    }
}

#[test]
fn ok_exit_turns_a_code_into_0_and_leaves_it_in_the_report() {
    let site = site_with(&["call-data:all:status=500"]);
    write_sessions(&site, &["a"]);
    let outcome = site.run(&["--ok-exit", "3,11"]).expect(0);
    assert_eq!(outcome.report()["exit_code"], 3);
    let outcome = site.run(&["--ok-exit", "4,11"]).expect(3);
    assert_eq!(outcome.report()["exit_code"], 3);
    assert_eq!(site.api().hits(Target::CallData), 1);

    let outcome = site.call(["-q", "run", "--ok-exit", "3"]).expect(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    let outcome = site.call(["-q", "run"]).expect(3);
    assert_eq!(outcome.stdout, "");
    assert!(
        outcome.stderr.contains("will be tried again"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn ok_exit_also_holds_for_what_no_run_came_to() {
    let site = site();
    std::fs::remove_dir(site.dir(Dir::Pending)).unwrap();
    let outcome = site.call(["-q", "run", "--ok-exit", "10"]).expect(0);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn quiet_prints_nothing_at_all_when_all_went_well_and_keeps_the_json_report() {
    let site = site();
    write_sessions(&site, &["a"]);
    let outcome = site.call(["-q", "run"]).expect(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    assert_eq!(site.place("a"), Dir::Processed);
    let outcome = site.run(&["-q"]).expect(0).counts(&[]);
    assert_eq!(outcome.stderr, "");
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that was skipped says so")]
fn code_2_is_also_a_state_directory_elsewhere_that_is_yet_to_be_made() {
    use std::os::unix::fs::MetadataExt;
    let site = site();
    write_sessions(&site, &["a"]);
    let elsewhere = tempfile::Builder::new()
        .prefix("callspool")
        .tempdir_in("/dev/shm");
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    let Ok(elsewhere) = elsewhere else {
        println!("skipped: there is no /dev/shm to write to");
        return;
    };
    if device(elsewhere.path()) == device(&site.root()) {
        println!("skipped: /dev/shm is on the spool's file system");
        return;
    }
    for flag in ["--processed-dir", "--failed-dir", "--corrupt-dir"] {
        let new = elsewhere.path().join("new");
        let outcome = site.run(&[flag, new.to_str().unwrap()]).expect(2);
        assert!(
            outcome.stderr.contains("different file systems"),
            "{}",
            outcome.stderr
        );
        assert!(!new.exists());
    }
    assert!(site.api().requests().is_empty());
}
