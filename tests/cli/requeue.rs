//! requeue: which sessions are meant, and what is done to them.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use reference_api::Target;
use serde_json::Value;
use test_support::{Dir, Outcome, Session, Site};

use crate::kinds::{backing_off, write_every_kind};
use crate::tree::tree;
use crate::{BINARY, site, site_with, without_campaign, write_sessions};

/// A site where these sessions failed for lack of a campaign.
fn failed(ids: &[&str]) -> Site {
    let site = site();
    for id in ids {
        without_campaign(id).write(&site);
    }
    site.run(&[]).expect(4);
    assert_eq!(site.names(Dir::Failed).len(), ids.len());
    site
}

/// What was done for each session.
fn results(outcome: &Outcome) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    outcome
        .json_lines()
        .iter()
        .map(|line| (text(line, "document"), text(line, "result")))
        .collect()
}

#[test]
fn an_id_is_a_session_id_or_a_files_stem() {
    for id in ["a", "metadata_a", "metadata_a.json"] {
        let site = failed(&["a", "b"]);
        site.call(["requeue", id]).expect(0);
        assert_eq!(site.place("a"), Dir::Pending);
        assert_eq!(site.place("b"), Dir::Failed);
    }
    let site = site();
    let session =
        without_campaign("file").edit(|document| document["session_id"] = "call 7".into());
    for id in ["call 7", "file"] {
        session.write(&site);
        site.run(&[]).expect(4);
        site.call(["requeue", id]).expect(0);
        assert_eq!(site.place("file"), Dir::Pending);
    }
}

#[test]
fn after_an_outage_all_that_waits_for_its_next_attempt_is_due_at_once() {
    let site = site();
    backing_off("a").write(&site);
    backing_off("b").write(&site);
    write_sessions(&site, &["new"]);
    let shown = site.call(["requeue", "--pending", "--dry-run", "--format", "json"]);
    let would = |name: &str| (name.to_owned(), "would be requeued".to_owned());
    let both = vec![would("metadata_a.json"), would("metadata_b.json")];
    assert_eq!(results(&shown.expect(0)), both);
    let none = site.call(["requeue", "--pending", "--error", "rejected"]);
    assert!(none.expect(0).stdout.contains("nothing to requeue"));
    site.run(&[])
        .expect(3)
        .counts(&[("uploaded", 1), ("backoff", 2)]);
    site.call(["requeue", "--pending", "--error", "server"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
}

#[test]
fn what_may_have_arrived_is_asked_about_before_it_is_sent() {
    // It takes a second post of a call for another call.
    let site = Site::with_api(BINARY, |api| api.dedupe(false));
    write_sessions(&site, &["delivered", "new"]);
    let backup = std::fs::read(site.dir(Dir::Pending).join("metadata_delivered.json")).unwrap();
    site.run(&[]).expect(0);
    let hour = Duration::from_secs(3600);
    site.put(Dir::Pending, "metadata_delivered.json", backup, hour);
    std::fs::remove_file(site.dir(Dir::Processed).join("metadata_delivered.json")).unwrap();
    write_sessions(&site, &["later"]);
    let asked = site.call(["requeue", "--pending", "--ask-first"]).expect(0);
    assert_eq!(asked.stdout.matches("the API is asked first").count(), 2);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(outcome.report()["parts"]["duplicates"], 1);
    assert_eq!(site.api().calls().len(), 3);
    // Nobody asks about what is delivered.
    let again = site.call(["requeue", "delivered", "--ask-first"]).expect(0);
    assert!(again.stdout.contains("nothing is left to send"));
}

#[test]
fn an_id_means_all_its_numbered_copies() {
    let site = failed(&["a"]);
    // The same session, saved once more.
    without_campaign("a")
        .edit(|document| document["timestamps"]["metadata_saved"] = "2025-10-29T14:00:00Z".into())
        .write(&site);
    site.run(&[]).expect(4);
    assert_eq!(
        site.names(Dir::Failed),
        ["metadata_a.1.json", "metadata_a.json"]
    );
    site.call(["requeue", "metadata_a"]).expect(0);
    assert!(site.names(Dir::Failed).is_empty());
    assert_eq!(
        site.names(Dir::Pending),
        ["metadata_a.1.json", "metadata_a.json"]
    );
}

#[test]
fn ids_may_come_on_stdin() {
    let site = failed(&["a", "b", "c", "d"]);
    let mut child = site
        .command(["requeue", "--format", "json", "a", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ids = b"b\n\n  metadata_c.json \r\n";
    child.stdin.take().unwrap().write_all(ids).unwrap();
    let outcome = Outcome::of(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(outcome.json_lines().len(), 3);
    assert_eq!(site.names(Dir::Failed), ["metadata_d.json"]);
}

#[test]
fn no_ids_on_stdin_are_nothing_to_do() {
    let site = failed(&["a"]);
    let outcome = site.call(["requeue", "-"]).expect(0);
    assert!(
        outcome.stdout.contains("nothing to requeue"),
        "{}",
        outcome.stdout
    );
    assert_eq!(site.place("a"), Dir::Failed);
}

#[test]
fn failed_sessions_go_back_with_attempts_at_zero_and_their_history_kept() {
    let site = failed(&["a", "b"]);
    let outcome = site
        .call(["requeue", "--failed", "--format", "json"])
        .expect(0);
    assert_eq!(outcome.json_lines().len(), 2);
    for id in ["a", "b"] {
        let document = site.document(Dir::Pending, id);
        assert_eq!(document["status"], "ready_for_upload");
        assert_eq!(document["upload_attempts"], 0);
        let outcomes: Vec<&str> = document["upload"]["history"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["outcome"].as_str())
            .collect();
        assert_eq!(outcomes, ["missing_campaign", "requeued"]);
    }
    site.run(&["--default-campaign-id", "c"])
        .expect(0)
        .counts(&[("uploaded", 2)]);
}

#[test]
fn a_pending_sessions_backoff_is_lifted() {
    let site = site();
    backing_off("a").write(&site);
    site.run(&[]).expect(3).counts(&[("backoff", 1)]);
    site.call(["requeue", "a"]).expect(0);
    let document = site.document(Dir::Pending, "a");
    assert!(document["upload"]["next_attempt_at"].is_null());
    assert_eq!(document["upload"]["recording"]["state"], "uploaded");
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().hits(Target::Upload), 0);
}

#[test]
fn failed_ones_can_be_picked_by_age_and_by_error() {
    let site = failed(&["a", "b"]);
    Session::new("c").transcript("[]").write(&site);
    site.run(&[]).expect(4);
    let picked = |filters: &[&str]| {
        let arguments = ["requeue", "--failed", "--dry-run", "--format", "json"];
        let outcome = site.call(arguments.iter().chain(filters)).expect(0);
        outcome.json_lines().len()
    };
    assert_eq!(picked(&[]), 3);
    assert_eq!(picked(&["--error", "invalid_transcript"]), 1);
    assert_eq!(picked(&["--error", "missing-campaign"]), 2);
    assert_eq!(picked(&["--error", "auth"]), 0);
    assert_eq!(picked(&["--since", "1h"]), 3);
    assert_eq!(picked(&["--since", "1h", "--error", "missing_campaign"]), 2);

    let path = site.dir(Dir::Failed).join("metadata_a.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["last_upload_attempt"] = crate::kinds::seconds_from_now(-7200).into();
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(picked(&["--since", "1h"]), 2);
    assert_eq!(picked(&["--since", "3h"]), 3);
}

#[test]
fn partial_ones_are_sent_what_they_lack() {
    let site = site();
    Session::new("a")
        .without_manifest()
        .without_recording_file()
        .write(&site);
    write_sessions(&site, &["whole"]);
    site.run(&[])
        .expect(4)
        .counts(&[("partial", 1), ("uploaded", 1)]);
    // The recording comes after all.
    let old = Duration::from_secs(3600);
    site.put(
        Dir::Recordings,
        "EG_a.json",
        test_support::manifest("a"),
        old,
    );
    site.put(Dir::Recordings, "a.ogg", "late sound", old);
    let outcome = site
        .call(["requeue", "--partial", "--format", "json"])
        .expect(0);
    assert_eq!(
        results(&outcome),
        [("metadata_a.json".to_owned(), "requeued".to_owned())]
    );
    site.run(&[]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 2);
    assert_eq!(recordings[1].original_name, "a.ogg");
}

#[test]
fn corrupt_bytes_go_back_as_they_are_and_are_delivered_once_mended() {
    let site = site();
    let old = Duration::from_secs(3600);
    site.put(Dir::Pending, "metadata_a.json", "{\"session_id\":", old);
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    assert_eq!(
        site.names(Dir::Corrupt),
        ["metadata_a.json", "metadata_a.json.error.txt"]
    );
    let torn = std::fs::read(site.dir(Dir::Corrupt).join("metadata_a.json")).unwrap();
    assert_eq!(torn, b"{\"session_id\":");

    site.call(["requeue", "--corrupt"]).expect(0);
    assert_eq!(site.names(Dir::Pending), ["metadata_a.json"]);
    assert!(site.names(Dir::Corrupt).is_empty());
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);

    Session::new("a").write(&site);
    let path = site.dir(Dir::Pending).join("metadata_a.json");
    std::fs::rename(path, site.dir(Dir::Corrupt).join("metadata_a.json")).unwrap();
    site.call(["requeue", "a"]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn what_has_nothing_left_to_send_stays_and_says_so() {
    let site = site();
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0);
    let before = tree(&site.dir(Dir::Processed));
    let outcome = site.call(["requeue", "a"]).expect(0);
    assert!(
        outcome.stdout.contains("nothing is left to send"),
        "{}",
        outcome.stdout
    );
    site.call(["requeue", "--all-processed"]).expect(0);
    assert_eq!(tree(&site.dir(Dir::Processed)), before);
    site.run(&[]).expect(0).counts(&[]);
}

#[test]
fn an_unknown_id_is_code_2_and_the_others_are_done() {
    let site = failed(&["a", "b"]);
    let outcome = site
        .call(["requeue", "a", "nobody", "b", "nothing"])
        .expect(2);
    assert!(
        outcome.stderr.contains("nobody, nothing"),
        "{}",
        outcome.stderr
    );
    assert!(site.names(Dir::Failed).is_empty());
    // Of nothing there is no table.
    assert_eq!(site.call(["requeue", "nobody"]).expect(2).stdout, "");
}

#[test]
fn a_document_whose_status_is_not_callspools_to_act_on_is_left_alone() {
    let site = site();
    Session::new("a")
        .edit(|document| document["status"] = "on_hold".into())
        .write(&site);
    let before = tree(&site.dir(Dir::Pending).join("metadata_a.json"));
    let outcome = site
        .call(["requeue", "a", "--part", "all", "--force"])
        .expect(0);
    assert!(outcome.stdout.contains("unchanged"), "{}", outcome.stdout);
    assert_eq!(
        tree(&site.dir(Dir::Pending).join("metadata_a.json")),
        before
    );
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let site = site();
    write_every_kind(&site);
    site.run(&[]).expect(4);
    for selection in [
        &["--failed"][..],
        &["--corrupt"],
        &["--partial"],
        &["--all-processed", "--part", "all", "--force"],
        &["backing-off", "complete"],
    ] {
        let arguments = [&["requeue", "--format", "json"], selection].concat();
        let before = tree(&site.root());
        let dry = site.call(arguments.iter().chain(&["--dry-run"])).expect(0);
        assert_eq!(tree(&site.root()), before, "{selection:?}");
        let real = site.call(arguments).expect(0);
        let expected: Vec<_> = results(&dry)
            .into_iter()
            .map(|(name, result)| (name, result.replace("would be requeued", "requeued")))
            .collect();
        assert_eq!(results(&real), expected, "{selection:?}");
        assert!(!expected.is_empty());
    }
}

#[test]
fn a_requeue_keeps_what_the_customer_wrote_and_the_documents_time() {
    let site = site();
    let text = r#"{"session_id":"a","weird":1E+2,"big":12345678901234567890123,"status":"ready_for_upload","esc":"\/","campaign_metadata":{}}"#;
    let path = site.put(
        Dir::Pending,
        "metadata_a.json",
        text,
        Duration::from_secs(86_400),
    );
    let modified = std::fs::metadata(path).unwrap().modified().unwrap();
    site.run(&[]).expect(4);
    site.call(["requeue", "a"]).expect(0);
    let path = site.dir(Dir::Pending).join("metadata_a.json");
    let after = std::fs::read_to_string(&path).unwrap();
    for kept in ["1E+2", "12345678901234567890123", r#""\/""#] {
        assert!(after.contains(kept), "{kept}: {after}");
    }
    assert_eq!(
        std::fs::metadata(path).unwrap().modified().unwrap(),
        modified
    );
}

#[test]
fn a_session_given_up_after_its_attempts_gets_all_of_them_again() {
    let site = site_with(&["call-data:1-2:status=500"]);
    Session::new("a").never_recorded().write(&site);
    site.run(&["--max-attempts", "2"]).expect(3);
    site.lift_backoffs();
    site.run(&["--max-attempts", "2"])
        .expect(4)
        .counts(&[("failed", 1)]);
    site.call(["requeue", "a"]).expect(0);
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["upload"]["call_data"]["attempts"], 0);
    site.run(&["--max-attempts", "2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
}
