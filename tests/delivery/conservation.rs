//! One spool with a session of every fate: each is counted once, is in one place, and what is not
//! touched stays as it was.

use std::time::Duration;

use reference_api::{Action, Fault};
use serde_json::json;
use test_support::{Dir, Session, Site};

use crate::disk::{assets, document_path, from_now, tree};
use crate::{OLD, YOUNG, site};

/// The sessions, with where each must be in the end.
const PLACES: [(&str, Dir); 12] = [
    ("uploaded", Dir::Processed),
    ("partial", Dir::Processed),
    ("recovered", Dir::Processed),
    ("residue", Dir::Processed),
    ("failed", Dir::Failed),
    ("corrupt", Dir::Corrupt),
    ("deferred", Dir::Pending),
    ("waiting", Dir::Pending),
    ("settling", Dir::Pending),
    ("backoff", Dir::Pending),
    ("skipped", Dir::Pending),
    ("left", Dir::Pending),
];

/// Those of which nothing may change.
const UNTOUCHED: [&str; 5] = ["waiting", "settling", "backoff", "skipped", "left"];

fn fill(site: &Site) {
    let hours = |count: u32| count * OLD;
    Session::new("residue").write(site);
    let residue = document_path(site, Dir::Pending, "residue");
    let bytes = std::fs::read(&residue).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    site.put(Dir::Pending, "metadata_residue.json", bytes, OLD);

    // The oldest come first: with a batch of three, the youngest is left.
    Session::new("deferred").age(hours(9)).write(site);
    Session::new("uploaded")
        .lead("{}")
        .age(hours(8))
        .write(site);
    Session::new("partial")
        .without_recording_file()
        .age(hours(7))
        .write(site);
    Session::new("failed")
        .edit(|document| document["campaign_metadata"] = json!({}))
        .age(hours(6))
        .write(site);
    Session::new("waiting")
        .without_manifest()
        .edit(|document| document["timestamps"]["call_end"] = json!(from_now(-60)))
        .age(hours(6))
        .write(site);
    Session::new("backoff")
        .edit(|document| {
            document["upload_attempts"] = json!(1);
            document["upload"] = json!({"next_attempt_at": from_now(3600)});
        })
        .write(site);
    Session::new("skipped")
        .edit(|document| document["status"] = json!("on_hold"))
        .write(site);
    Session::new("recovered")
        .edit(|document| document["status"] = json!("uploaded"))
        .write(site);
    site.put(Dir::Pending, "metadata_corrupt.json", "{torn", OLD);
    site.put(Dir::Pending, "metadata_settling.json", "{torn", YOUNG);
    Session::new("left")
        .age(Duration::from_secs(600))
        .write(site);
}

#[test]
fn every_session_is_counted_once_and_is_in_one_place() {
    let site = site();
    fill(&site);
    site.api()
        .add_fault(Fault::call_data(Action::status(500)).only_for("CALL-deferred"));
    let files = assets(&site);
    let pending = tree(&site.dir(Dir::Pending));
    let outcome = site.run(&["--batch-size", "3"]).expect(4).counts(&[
        ("uploaded", 1),
        ("partial", 1),
        ("deferred", 1),
        ("failed", 1),
        ("corrupt", 1),
        ("waiting", 1),
        ("settling", 1),
        ("backoff", 1),
        ("skipped", 1),
        ("left", 1),
        ("recovered", 2),
    ]);
    let report = outcome.report();
    assert_eq!(report["sessions"]["pending"], 10);
    assert_eq!(report["sessions"]["conserved"], true);
    assert_eq!(report["exit_code"], 4);
    assert_eq!(report["stopped_by"], "batch_size");
    assert_eq!(
        report["parts"],
        json!({"recordings_uploaded": 2, "recordings_remote": 0, "call_data_uploaded": 2, "duplicates": 0, "leads_uploaded": 1})
    );
    assert_eq!(report["success_rate"], 0.5);
    assert_eq!(
        report["needs_attention"],
        json!({"failed": 1, "corrupt": 1, "new": 3})
    );

    for (id, dir) in PLACES {
        assert_eq!(site.place(id), dir, "{id}");
    }
    let count: usize = [Dir::Pending, Dir::Processed, Dir::Failed]
        .map(|dir| site.names(dir).len())
        .iter()
        .sum();
    assert_eq!(count, PLACES.len() - 1, "besides the corrupt one");
    assert_eq!(
        site.names(Dir::Corrupt),
        ["metadata_corrupt.json", "metadata_corrupt.json.error.txt"]
    );
    assert_eq!(assets(&site), files);
    let after = tree(&site.dir(Dir::Pending));
    for id in UNTOUCHED {
        let name = std::path::PathBuf::from(format!("metadata_{id}.json"));
        assert_eq!(after[&name], pending[&name], "{id}");
    }
    assert!(
        after
            .keys()
            .all(|name| !name.to_string_lossy().starts_with('.')),
        "temporary files were left: {after:?}"
    );
}

#[test]
fn the_runs_that_follow_deliver_what_is_left_and_touch_nothing_else() {
    let site = site();
    fill(&site);
    site.run(&["--batch-size", "3"]).expect(4);
    let archived = tree(&site.dir(Dir::Processed));
    let outcome = site.run(&[]).expect(4);
    let outcome = outcome.counts(&[
        ("uploaded", 1),
        ("waiting", 1),
        ("settling", 1),
        ("backoff", 1),
        ("skipped", 1),
    ]);
    assert_eq!(outcome.report()["errors"], json!([]));
    for (name, facts) in archived {
        assert_eq!(tree(&site.dir(Dir::Processed))[&name], facts, "{name:?}");
    }
    let calls = site.api().calls();
    let mut ids: Vec<_> = calls.iter().map(|call| call.call_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "CALL-deferred",
            "CALL-left",
            "CALL-partial",
            "CALL-residue",
            "CALL-uploaded"
        ]
    );
}

#[test]
fn dry_run_changes_nothing_on_disk() {
    let site = site();
    fill(&site);
    let before = tree(&site.root());
    let hits = site.api().requests().len();
    site.call(["dry-run", "--format", "json"]);
    site.call(["inspect"]);
    assert_eq!(tree(&site.root()), before);
    assert_eq!(site.api().requests().len(), hits);
}
