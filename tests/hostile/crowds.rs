//! Directories with more in them than anybody would look at.

use std::fs::{self, File};

use test_support::{Dir, Site};

use crate::disk::within;
use crate::guarded::Guarded;

/// Fills a directory with empty files of names that are nobody's.
fn crowd(guarded: &Guarded, dir: Dir, count: usize) {
    let dir = guarded.site.dir(dir);
    fs::create_dir_all(&dir).unwrap();
    for number in 0..count {
        File::create(dir.join(format!("foreign-{number}.json"))).unwrap();
    }
}

/// Names that are nobody's in every directory change nothing.
fn run_in_a_crowd(count: usize, limit: u64) {
    let guarded = Guarded::new();
    for dir in [Dir::Pending, Dir::Processed, Dir::Recordings] {
        crowd(&guarded, dir, count);
    }
    for arguments in [
        &["dry-run"][..],
        &["inspect"],
        &["inspect", "--check", "--max-age", "1d"],
    ] {
        within(&guarded.site, limit, arguments).expect(0);
    }
    guarded.run_within(limit, 0, &[]);
    assert_eq!(guarded.site.names(Dir::Pending).len(), count);
    assert_eq!(guarded.site.names(Dir::Processed).len(), count + 2);
}

#[test]
fn foreign_names_by_the_thousand_are_passed_over() {
    run_in_a_crowd(30_000, 128);
}

#[test]
#[ignore = "makes three million files; make soak"]
fn foreign_names_by_the_million_are_passed_over() {
    run_in_a_crowd(1_000_000, 128);
}

/// Documents that share their bytes but for what they are called and who they are.
fn documents(site: &Site, count: usize) {
    let dir = site.dir(Dir::Pending);
    for number in 0..count {
        let text = format!(
            r#"{{"session_id":"s{number}","campaign_metadata":{{"campaignId":"c","voiceAgentId":"v","clientId":"k"}},"files":{{"conversation":"t.json"}}}}"#
        );
        fs::write(dir.join(format!("metadata_s{number}.json")), text).unwrap();
    }
}

#[test]
#[ignore = "makes a million documents; make soak"]
fn of_a_million_documents_a_batch_is_delivered_and_the_rest_is_counted() {
    let count = 1_000_000;
    let guarded = Guarded::new();
    documents(&guarded.site, count);
    let transcript = r#"{"items":[{"role":"user","content":"hi"}]}"#;
    guarded
        .site
        .put(Dir::Conversations, "t.json", transcript, crate::OLD);
    let left = count as u64 + 2 - 100;
    let arguments = ["run", "--format", "json"];
    within(&guarded.site, 128, &arguments)
        .expect(0)
        .counts(&[("uploaded", 100), ("left", left)]);
    let inspected = within(
        &guarded.site,
        128,
        &["inspect", "--summary", "--format", "json"],
    );
    assert_eq!(inspected.expect(0).report()["pending"], left);
}
