//! A session is recorded once, however often and by however many.

use std::fs;
use std::thread;

use serde_json::json;
use test_support::Dir;

use crate::{call, record, site, tree};

#[test]
fn a_second_time_changes_nothing_and_says_so() {
    let site = site();
    record(&site, &call("x")).expect(0);
    let document = site.dir(Dir::Pending).join("metadata_x.json");
    let before = fs::read(&document).unwrap();
    let mut other = call("x");
    other["items"] = json!([]);
    let outcome = record(&site, &other).expect(0);
    let line = outcome.json_lines().remove(0);
    assert_eq!(line["created"], false);
    assert_eq!(line["document"], document.to_str().unwrap());
    let transcript = site.dir(Dir::Conversations).join("transcript_x.json");
    assert_eq!(line["transcript"], transcript.to_str().unwrap());
    assert!(
        outcome
            .stderr
            .contains("the session was recorded before and is pending; nothing was changed"),
        "{}",
        outcome.stderr
    );
    assert_eq!(fs::read(&document).unwrap(), before);
    assert_eq!(tree(&site).len(), 2);
}

#[test]
fn a_session_that_went_on_is_known_wherever_it_is() {
    let site = site();
    let mut failed = call("x");
    failed["campaign_metadata"] = json!({});
    record(&site, &failed).expect(0);
    site.run(&[]).expect(4);
    let line = record(&site, &call("x")).expect(0).json_lines().remove(0);
    assert_eq!(
        (&line["created"], &line["state"]),
        (&json!(false), &json!("failed"))
    );
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn of_many_at_once_one_records() {
    let site = site();
    let created: Vec<bool> = thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let site = &site;
                scope.spawn(move || {
                    let mut input = call("x");
                    input["items"][0]["content"] = json!(format!("try {number}"));
                    let line = record(site, &input).expect(0).json_lines().remove(0);
                    line["created"].as_bool().unwrap()
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(created.iter().filter(|created| **created).count(), 1);
    assert_eq!(
        tree(&site),
        ["Pending/metadata_x.json", "Conversations/transcript_x.json"]
    );
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn sessions_that_end_together_are_all_recorded() {
    let site = site();
    thread::scope(|scope| {
        for number in 0..12 {
            let site = &site;
            scope.spawn(move || record(site, &call(&format!("s{number}"))).expect(0));
        }
    });
    site.run(&[]).expect(0).counts(&[("uploaded", 12)]);
}

#[test]
fn a_transcript_that_a_dead_producer_left_is_used_again() {
    let site = site();
    record(&site, &call("x")).expect(0);
    // What a crash before the document leaves.
    fs::remove_file(site.dir(Dir::Pending).join("metadata_x.json")).unwrap();
    let line = record(&site, &call("x")).expect(0).json_lines().remove(0);
    assert_eq!(line["created"], true);
    assert_eq!(site.names(Dir::Conversations), ["transcript_x.json"]);
}
