//! Leads in the middle of a call, and too late for it.

use std::fs;

use serde_json::json;
use test_support::{Dir, Site};

use crate::{BINARY, call, lead, record, record_lead, site};

#[test]
fn the_same_lead_twice_is_one_and_of_several_the_last_counts() {
    let site = site();
    let first = record_lead(&site, &lead("x"))
        .expect(0)
        .json_lines()
        .remove(0);
    let again = record_lead(&site, &lead("x"))
        .expect(0)
        .json_lines()
        .remove(0);
    assert_eq!(
        (&first["created"], &again["created"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(first["lead"], again["lead"]);
    assert_eq!(site.names(Dir::Leads), ["lead_x.json"]);
    let mut other = lead("x");
    other["budget"] = json!("1000");
    record_lead(&site, &other).expect(0);
    // Back to the first: that is the last word, and so a file of its own.
    record_lead(&site, &lead("x")).expect(0);
    assert_eq!(
        site.names(Dir::Leads),
        ["lead_x.1.json", "lead_x.2.json", "lead_x.json"]
    );
    record(&site, &call("x")).expect(0);
    let document = site.document(Dir::Pending, "x");
    assert_eq!(document["files"]["lead"], "leads/lead_x.2.json");
    site.run(&[]).expect(0);
    assert_eq!(site.api().calls()[0].body["lead"]["budget"], "");
}

#[test]
fn a_lead_that_comes_with_its_call_is_written_with_it() {
    let site = site();
    let mut input = call("x");
    let mut own = lead("x");
    own.as_object_mut().unwrap().remove("session_id");
    input["lead"] = own;
    record(&site, &input).expect(0);
    site.run(&[]).expect(0);
    let calls = site.api().calls();
    let lead = &calls[0].body["lead"];
    assert_eq!(lead["email"], "t@example.com");
    assert_eq!(lead["status"], "new");
    assert_eq!(lead["campaign_metadata"], input["campaign_metadata"]);
}

#[test]
fn a_lead_after_its_call_is_kept_and_told_of_and_can_be_delivered() {
    // An API that knows a call already may leave it as it is.
    let site = Site::with_api(BINARY, |api| api.dedupe(false));
    record(&site, &call("x")).expect(0);
    site.run(&[]).expect(0);
    let outcome = record_lead(&site, &lead("x")).expect(4);
    let line = outcome.json_lines().remove(0);
    let document = site.dir(Dir::Processed).join("metadata_x.json");
    assert_eq!(line["too_late_for"], document.to_str().unwrap());
    assert!(
        outcome.stderr.contains("is processed")
            && outcome
                .stderr
                .contains("callspool requeue --part call-data --force x"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("Test Person"));
    // As the message says.
    let text = fs::read_to_string(&document).unwrap();
    let text = text.replace("\"lead\": null", "\"lead\": \"leads/lead_x.json\"");
    fs::write(&document, text).unwrap();
    site.call(["requeue", "--part", "call-data", "--force", "x"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let calls = site.api().calls();
    assert_eq!(calls.last().unwrap().body["lead"]["name"], "Test Person");
}

#[test]
fn a_lead_that_its_call_has_already_is_no_news() {
    let site = site();
    record_lead(&site, &lead("x")).expect(0);
    record(&site, &call("x")).expect(0);
    record_lead(&site, &lead("x")).expect(0);
    site.run(&[]).expect(0);
    record_lead(&site, &lead("x")).expect(0);
    assert_eq!(site.names(Dir::Leads), ["lead_x.json"]);
}
