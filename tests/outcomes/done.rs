//! When a session is done: each row of the command line's table.

use serde_json::Value;
use test_support::{Dir, Session, Site, manifest};

use crate::{hits, only_call_data, order, site};

fn states(site: &Site, dir: Dir) -> (String, String) {
    let document = site.document(dir, "s1");
    let of = |part: &str| {
        let state: &Value = &document["upload"][part]["state"];
        state.as_str().unwrap_or("pending").to_owned()
    };
    (of("recording"), of("call_data"))
}

fn remote() -> Session {
    let text = manifest("s1").replace(
        "\"/recordings/s1.ogg\"",
        "\"https://bucket.example/s1.ogg\"",
    );
    Session::new("s1").without_recording_file().manifest(text)
}

fn missing() -> Session {
    Session::new("s1")
        .without_recording_file()
        .without_manifest()
}

/// A session with its recording's part, and the state that it comes to.
fn sessions() -> [(Session, &'static str); 4] {
    [
        (Session::new("s1"), "uploaded"),
        (remote(), "remote"),
        (only_call_data("s1"), "absent"),
        (missing(), "missing"),
    ]
}

#[test]
fn delivered_call_data_archives_the_session() {
    for (session, recording) in sessions() {
        let site = site();
        session.write(&site);
        let (code, fate) = match recording {
            "missing" => (4, "partial"),
            _ => (0, "uploaded"),
        };
        site.run(&[]).expect(code).counts(&[(fate, 1)]);
        let expected = (recording.to_owned(), "uploaded".to_owned());
        assert_eq!(states(&site, Dir::Processed), expected);
        assert_eq!(site.document(Dir::Processed, "s1")["status"], "uploaded");
    }
}

#[test]
fn call_data_that_fails_in_passing_is_all_that_later_runs_send() {
    for (session, recording) in sessions() {
        let site = site();
        session.write(&site);
        order(&site, &["call-data:1-2:status=425"]);
        for _ in 0..2 {
            site.run(&[]).expect(3).counts(&[("deferred", 1)]);
            let expected = (recording.to_owned(), "pending".to_owned());
            assert_eq!(states(&site, Dir::Pending), expected);
            site.lift_backoffs();
        }
        site.run(&[]);
        assert_eq!(site.place("s1"), Dir::Processed, "{recording}");
        let uploads = usize::from(recording == "uploaded");
        assert_eq!(hits(&site), [uploads, 3, 0], "{recording}");
    }
}

#[test]
fn call_data_that_is_given_up_fails_a_session_of_which_nothing_was_delivered() {
    for (arguments, fault, state) in [
        (&["--max-attempts", "20"][..], "status=422", "rejected"),
        (&["--max-attempts", "1"][..], "status=500", "abandoned"),
    ] {
        for (session, recording) in sessions() {
            let site = site();
            session.write(&site);
            order(&site, &[&format!("call-data:all:{fault}")]);
            let (dir, fate, status) = match recording {
                "uploaded" => (Dir::Processed, "partial", "uploaded"),
                _ => (Dir::Failed, "failed", "failed"),
            };
            site.run(arguments).expect(4).counts(&[(fate, 1)]);
            assert_eq!(
                states(&site, dir),
                (recording.to_owned(), state.to_owned()),
                "{fault}"
            );
            assert_eq!(site.document(dir, "s1")["status"], status);
            assert!(site.document(dir, "s1")["upload"]["next_attempt_at"].is_null());
            let before = hits(&site);
            site.run(&[]);
            assert_eq!(hits(&site), before, "{fault}: nothing more is sent");
        }
    }
}

#[test]
fn a_duplicate_recording_is_a_delivered_one() {
    let site = site();
    Session::new("s1").write(&site);
    let body = r#"{"data": {"url": "https://crm.example/there.ogg"}}"#;
    order(
        &site,
        &[
            &format!("upload:1:status=409;body={body}"),
            "call-data:all:status=422",
        ],
    );
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(
        states(&site, Dir::Processed),
        ("duplicate".to_owned(), "rejected".to_owned())
    );
}

#[test]
fn a_recording_that_fails_in_passing_holds_the_call_back_until_its_attempts_are_exhausted() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["upload:all:status=500"]);
    let arguments = ["--max-attempts", "3"];
    for attempt in 1..=2 {
        site.run(&arguments).expect(3).counts(&[("deferred", 1)]);
        assert_eq!(hits(&site), [attempt, 0, 0]);
        site.lift_backoffs();
    }
    let outcome = site.run(&arguments).expect(4).counts(&[("partial", 1)]);
    assert_eq!(hits(&site), [3, 1, 0], "the call goes in the same run");
    assert_eq!(
        states(&site, Dir::Processed),
        ("abandoned".to_owned(), "uploaded".to_owned())
    );
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload"]["recording"]["attempts"], 3);
    assert_eq!(document["upload"]["call_data"]["attempts"], 1);
    assert_eq!(document["upload_attempts"], 3);
    assert_eq!(outcome.report()["errors"][0]["part"], "recording");
    assert!(site.api().calls()[0].body["callDetails"]["recordingUrl"].is_null());
}

#[test]
fn call_data_has_attempts_of_its_own_after_the_recording_was_given_up() {
    let site = site();
    Session::new("s1").write(&site);
    order(
        &site,
        &["upload:all:status=500", "call-data:1-2:status=425"],
    );
    let arguments = ["--max-attempts", "2"];
    site.run(&arguments).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [1, 0, 0]);
    site.lift_backoffs();
    site.run(&arguments).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [2, 1, 0]);
    assert_eq!(
        states(&site, Dir::Pending),
        ("abandoned".to_owned(), "pending".to_owned())
    );
    let document = site.document(Dir::Pending, "s1");
    assert_eq!(document["upload"]["call_data"]["attempts"], 1);
    assert_eq!(document["upload_attempts"], 2, "one try is charged once");
    site.lift_backoffs();
    site.run(&arguments).expect(4).counts(&[("failed", 1)]);
    assert_eq!(hits(&site), [2, 2, 0]);
    assert_eq!(
        states(&site, Dir::Failed),
        ("abandoned".to_owned(), "abandoned".to_owned())
    );
}

#[test]
fn a_rejected_recording_leaves_call_data_to_be_tried_on() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["upload:all:status=413", "call-data:1:status=425"]);
    site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(
        states(&site, Dir::Pending),
        ("rejected".to_owned(), "pending".to_owned())
    );
    site.lift_backoffs();
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(hits(&site), [1, 2, 0]);
    assert_eq!(
        states(&site, Dir::Processed),
        ("rejected".to_owned(), "uploaded".to_owned())
    );
}

#[test]
fn a_session_of_which_both_parts_are_rejected_fails() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["any:all:status=400"]);
    let outcome = site.run(&[]).expect(4).counts(&[("failed", 1)]);
    assert_eq!(outcome.report()["needs_attention"]["failed"], 1);
    assert_eq!(hits(&site), [1, 1, 0]);
    assert_eq!(
        states(&site, Dir::Failed),
        ("rejected".to_owned(), "rejected".to_owned())
    );
    // It stays 4 until a person acts.
    site.run(&[]).expect(4).counts(&[]);
    assert_eq!(hits(&site), [1, 1, 0]);
}

#[test]
fn attempts_are_exhausted_at_the_last_and_not_before() {
    for (max_attempts, places) in [("1", 1), ("2", 2), ("3", 3)] {
        let site = site();
        only_call_data("s1").write(&site);
        order(&site, &["call-data:all:status=425"]);
        for attempt in 1..=places {
            assert_eq!(site.place("s1"), Dir::Pending);
            site.run(&["--max-attempts", max_attempts])
                .expect(if attempt == places { 4 } else { 3 });
            site.lift_backoffs();
        }
        assert_eq!(site.place("s1"), Dir::Failed);
        assert_eq!(hits(&site), [0, places, 0]);
    }
}
