//! dry-run: what it promises is what run does, and it touches nothing.

use std::collections::BTreeMap;

use reference_api::Target;
use test_support::{Dir, Outcome, Session, Site};

use crate::kinds::write_every_kind;
use crate::tree::tree;
use crate::{site, site_with, without_campaign, write_sessions};

/// The action planned for each session.
fn plan(site: &Site, arguments: &[&str]) -> (Outcome, BTreeMap<String, String>) {
    let arguments = [&["dry-run", "--format", "json"], arguments].concat();
    let outcome = site.call(arguments);
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let actions = outcome
        .json_lines()
        .iter()
        .map(|line| (text(line, "session_id"), text(line, "action")))
        .collect();
    (outcome, actions)
}

#[test]
fn it_sends_nothing_writes_nothing_and_takes_no_lock() {
    let site = site();
    write_every_kind(&site);
    let before = tree(&site.root());
    site.call(["dry-run"]).expect(4);
    site.call(["dry-run", "--format", "json", "-vv"]).expect(4);
    site.call(["-q", "dry-run", "--ok-exit", "4"]).expect(0);
    assert_eq!(tree(&site.root()), before);
    assert!(!site.dir(Dir::Pending).join(".callspool.lock").exists());
    assert!(!site.dir(Dir::Processed).exists());
    assert_eq!(site.api().hits(Target::Any), 0);
    assert_eq!(site.api().connections(), 0);
}

#[test]
fn run_does_with_each_session_what_dry_run_said() {
    let site = site();
    write_every_kind(&site);
    let (outcome, actions) = plan(&site, &[]);
    outcome.expect(4);
    let documents = site.names(Dir::Pending).len();
    assert_eq!(actions.len(), documents, "{actions:#?}");
    let run = site.run(&[]).expect(4).counts(&[
        ("uploaded", 4),
        ("partial", 1),
        ("deferred", 1),
        ("failed", 3),
        ("corrupt", 1),
        ("waiting", 1),
        ("settling", 2),
        ("backoff", 1),
        ("skipped", 1),
        ("recovered", 1),
    ]);
    let sent: Vec<String> = site
        .api()
        .recordings()
        .into_iter()
        .map(|stored| stored.original_name)
        .collect();
    for (id, action) in &actions {
        let stem = id.trim_start_matches("metadata_").trim_end_matches(".json");
        let place = site.place(stem);
        let expected = match action.split([':', ',']).next().unwrap() {
            "upload recording" | "post call data" | "go without the recording (not_found)" => {
                Dir::Processed
            }
            action if action.starts_with("finish a move to processed") => Dir::Processed,
            "fail" => Dir::Failed,
            "corrupt" => Dir::Corrupt,
            "settle" | "skip" | "retry later" => Dir::Pending,
            action if action.starts_with("wait for recording until ") => Dir::Pending,
            action if action.starts_with("back off until ") => Dir::Pending,
            action => panic!("{id}: {action}"),
        };
        assert_eq!(place, expected, "{id}: {action}");
        if action.starts_with("upload recording") && id != "numbered" {
            assert!(sent.contains(&format!("{id}.ogg")), "{id}: {sent:?}");
        }
    }
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!(run.report()["parts"]["call_data_uploaded"], 5);
}

#[test]
fn it_names_the_files_with_their_sizes_and_masks_the_number_in_them() {
    let site = site();
    write_every_kind(&site);
    let lines = site.call(["dry-run", "--format", "json"]).expect(4);
    let line = |id: &str| {
        let lines = lines.json_lines();
        lines
            .into_iter()
            .find(|line| line["session_id"] == id)
            .unwrap()
    };
    let files = line("complete")["files"].clone();
    assert_eq!(files[0]["role"], "recording");
    assert_eq!(files[0]["name"], "complete.ogg");
    assert_eq!(files[0]["bytes"], "sound of complete".len());
    assert_eq!(files[1]["role"], "transcript");
    assert_eq!(files[2]["role"], "lead");
    let text = site.call(["dry-run"]).expect(4).stdout;
    for output in [&lines.stdout, &text] {
        assert!(output.contains("number-_"), "{output}");
        assert!(!output.contains("15550100123"), "{output}");
    }
}

#[test]
fn its_order_is_runs_order() {
    let site = site();
    write_sessions(&site, &["a", "b"]);
    for id in ["c", "d"] {
        Session::new(id)
            .edit(|document| {
                document["upload_attempts"] = 1.into();
                document["upload"] = serde_json::json!({
                    "call_data": {"state": "pending", "attempts": 1, "error": {"kind": "server", "status": 500, "message": "x", "at": "2026-01-01T00:00:00Z"}},
                });
            })
            .write(&site);
    }
    let lines = site
        .call(["dry-run", "--format", "json"])
        .expect(3)
        .json_lines();
    let planned: Vec<String> = lines
        .iter()
        .map(|line| format!("CALL-{}", line["session_id"].as_str().unwrap()))
        .collect();
    site.run(&[]).expect(0);
    let sent: Vec<String> = site
        .api()
        .calls()
        .into_iter()
        .map(|call| call.call_id)
        .collect();
    assert_eq!(sent, planned);
}

#[test]
fn it_leaves_what_is_beyond_the_batch() {
    let site = site();
    write_sessions(&site, &["a", "b", "c"]);
    let (_, actions) = plan(&site, &["--batch-size", "2"]);
    let left = actions
        .values()
        .filter(|action| action.starts_with("leave for a later run"))
        .count();
    assert_eq!(left, 1, "{actions:?}");
    site.run(&["--batch-size", "2"])
        .counts(&[("uploaded", 2), ("left", 1)]);
}

#[test]
fn it_exits_as_run_would_before_sending() {
    let site = site_with(&["call-data@a:1:status=500"]);
    site.call(["dry-run"]).expect(0);
    write_sessions(&site, &["a"]);
    site.call(["dry-run"]).expect(0);
    site.run(&[]).expect(3);
    let outcome = site.call(["dry-run"]).expect(3);
    assert!(
        outcome.stdout.contains("back off until"),
        "{}",
        outcome.stdout
    );
    site.call(["dry-run", "--ok-exit", "3"]).expect(0);
    without_campaign("b").write(&site);
    site.call(["dry-run"]).expect(4);
    site.run(&[]).expect(4);
    site.call(["dry-run"]).expect(4);
    site.call(["dry-run", "--attention", "new"]).expect(3);
}

#[test]
fn an_empty_spool_is_an_empty_plan() {
    let outcome = site().call(["dry-run", "--format", "json"]).expect(0);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn it_says_until_when_the_api_wants_to_be_left_alone() {
    let site = site();
    write_sessions(&site, &["a", "b"]);
    site.api()
        .add_fault(reference_api::Fault::parse("upload:1:status=429;retry-after=3600").unwrap());
    site.run(&[]).expect(5);
    let outcome = site.call(["dry-run"]).expect(5);
    assert_eq!(
        outcome
            .stdout
            .matches("the API asked to be left alone until")
            .count(),
        2
    );
    let outcome = site.call(["inspect"]).expect(0);
    assert!(
        outcome
            .stdout
            .contains("the API asked to be left alone until"),
        "{}",
        outcome.stdout
    );
    let outcome = site.run(&[]).expect(5).counts(&[("left", 2)]);
    assert!(
        outcome
            .stderr
            .contains("the API asked to be left alone until"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.api().hits(Target::Upload), 1);
}
