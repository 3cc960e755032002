//! Leads: torn, late, absent.

use serde_json::{Value, json};
use test_support::{Dir, Session};

use crate::disk::{before_now, document_path, modify, padded, tree};
use crate::{OLD, YOUNG, site};

const TORN: &str = r#"{"name": "Test Per"#;

/// A session whose document names a lead file that is not there.
fn without_lead_file(id: &str) -> Session {
    Session::new(id).edit(|document| document["files"]["lead"] = json!("leads/gone.json"))
}

#[test]
fn a_lead_is_found_by_either_member_of_the_document() {
    let site = site();
    site.put(Dir::Leads, "l.json", r#"{"name": "Test"}"#, OLD);
    for (id, by_files, by_campaign) in [
        ("s1", json!("/home/agent/leads/l.json"), Value::Null),
        ("s2", Value::Null, json!("leads/l.json")),
        ("s3", json!("leads/l.json"), json!("leads/other.json")),
    ] {
        Session::new(id)
            .edit(|document| {
                document["files"]["lead"] = by_files;
                document["campaign_metadata"]["lead_file"] = by_campaign;
            })
            .write(&site);
    }
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    assert_eq!(outcome.report()["parts"]["leads_uploaded"], 3);
    for call in site.api().calls() {
        assert_eq!(call.body["lead"], json!({"name": "Test"}));
    }
}

#[test]
fn a_torn_lead_settles_while_it_is_young_and_fails_the_session_after() {
    let site = site();
    Session::new("s1").lead(TORN).write(&site);
    let lead = site.dir(Dir::Leads).join("lead_s1.json");
    modify(&lead, -10);
    let before = tree(&site.dir(Dir::Pending));
    site.run(&[]).expect(0).counts(&[("settling", 1)]);
    assert_eq!(tree(&site.dir(Dir::Pending)), before);

    modify(&lead, -70);
    let outcome = site.run(&[]).expect(4).counts(&[("failed", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "invalid_lead");
    assert!(site.api().requests().is_empty());
}

#[test]
fn a_lead_of_4_mib_is_read_and_a_larger_one_is_not() {
    let site = site();
    for (id, len) in [("fits", 4 << 20), ("large", (4 << 20) + 1)] {
        let text = padded(r#"{"name": "Test"}"#, len);
        Session::new(id).lead(text).write(&site);
    }
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("uploaded", 1), ("failed", 1)]);
    assert_eq!(outcome.report()["errors"][0]["session_id"], "large");
    assert_eq!(outcome.report()["errors"][0]["kind"], "invalid_lead");
    assert_eq!(site.api().calls()[0].call_id, "CALL-fits");
}

#[test]
fn a_lead_that_is_not_there_is_awaited_until_the_document_has_settled() {
    let site = site();
    without_lead_file("s1").write(&site);
    let document = document_path(&site, Dir::Pending, "s1");
    modify(&document, before_now(YOUNG));
    site.run(&[]).expect(0).counts(&[("settling", 1)]);
    assert!(site.api().requests().is_empty());

    modify(&document, -70);
    let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(outcome.report()["parts"]["leads_uploaded"], 0);
    let call = &site.api().calls()[0].body;
    assert_eq!(call["lead"], json!({}));
    assert_eq!(call["transcription"]["lead_generated"], false);
    assert_eq!(site.api().recordings().len(), 1);
}

#[test]
fn a_document_from_a_little_ahead_is_young_and_one_from_far_ahead_has_a_wrong_clock() {
    let site = site();
    without_lead_file("s1").write(&site);
    let document = document_path(&site, Dir::Pending, "s1");
    modify(&document, 30);
    site.run(&[]).expect(0).counts(&[("settling", 1)]);
    modify(&document, 600);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
}
