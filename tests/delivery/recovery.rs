//! What an earlier run left half done, documents of another status, and names that are taken.

use std::fs;

use serde_json::{Value, json};
use test_support::{Dir, Session};

use crate::disk::{document_path, tree};
use crate::{OLD, site};

#[test]
fn a_status_that_is_nobodys_here_is_skipped_and_shown() {
    let site = site();
    for (id, status) in [
        ("s1", json!("on_hold")),
        ("s2", json!("")),
        ("s3", json!(7)),
        ("s4", json!("Uploaded")),
    ] {
        Session::new(id)
            .edit(|document| document["status"] = status)
            .write(&site);
    }
    let before = tree(&site.dir(Dir::Pending));
    site.run(&[]).expect(4).counts(&[("skipped", 4)]);
    assert_eq!(tree(&site.dir(Dir::Pending)), before);
    assert!(site.api().requests().is_empty());
}

#[test]
fn documents_that_are_done_are_moved_without_the_network() {
    let mut site = site();
    for (id, status) in [("done", "uploaded"), ("given_up", "failed")] {
        Session::new(id)
            .edit(|document| document["status"] = json!(status))
            .write(&site);
    }
    let bytes = |dir, id| fs::read(document_path(&site, dir, id)).unwrap();
    let before = [bytes(Dir::Pending, "done"), bytes(Dir::Pending, "given_up")];
    site.stop_api();
    // The failed one needs a person.
    let outcome = site.run(&[]).expect(4).counts(&[("recovered", 2)]);
    assert_eq!(outcome.report()["needs_attention"]["failed"], 1);
    let bytes = |dir, id| fs::read(document_path(&site, dir, id)).unwrap();
    assert_eq!(bytes(Dir::Processed, "done"), before[0]);
    assert_eq!(bytes(Dir::Failed, "given_up"), before[1]);
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn a_document_that_is_archived_already_is_a_crashs_residue_and_sends_nothing() {
    let site = site();
    let pending = Session::new("s1").write(&site);
    let before = fs::read(&pending).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let archived = fs::read(document_path(&site, Dir::Processed, "s1")).unwrap();

    // The run wrote the archived one and died before it removed this one.
    site.put(Dir::Pending, "metadata_s1.json", &before, OLD);
    site.run(&[]).expect(0).counts(&[("recovered", 1)]);
    assert!(site.names(Dir::Pending).is_empty());
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
    assert_eq!(
        fs::read(document_path(&site, Dir::Processed, "s1")).unwrap(),
        archived
    );
    assert_eq!(site.api().requests().len(), 2);
}

#[test]
fn a_failed_document_that_is_filed_already_is_a_residue_too() {
    let site = site();
    let pending = Session::new("s1").transcript("torn").write(&site);
    let before = fs::read(&pending).unwrap();
    site.run(&[]).expect(4).counts(&[("failed", 1)]);
    site.put(Dir::Pending, "metadata_s1.json", &before, OLD);
    site.run(&[]).expect(4).counts(&[("recovered", 1)]);
    assert_eq!(site.names(Dir::Failed), ["metadata_s1.json"]);
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn another_document_of_the_session_is_delivered_and_archived_under_a_number() {
    let site = site();
    Session::new("s1").write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    for number in 1..=2 {
        Session::new("s1")
            .edit(|document| {
                let saved = format!("2025-10-30T00:00:0{number}Z");
                document["timestamps"]["metadata_saved"] = Value::from(saved);
                document["number"] = json!(number);
            })
            .write(&site);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    }
    assert_eq!(
        site.names(Dir::Processed),
        [
            "metadata_s1.1.json",
            "metadata_s1.2.json",
            "metadata_s1.json"
        ]
    );
    let number = |name| {
        let text = fs::read_to_string(site.dir(Dir::Processed).join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["number"].clone()
    };
    assert_eq!(number("metadata_s1.json"), Value::Null);
    assert_eq!(number("metadata_s1.1.json"), 1);
    assert_eq!(number("metadata_s1.2.json"), 2);
    // The API knows the call: once is enough.
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn another_session_on_the_same_name_is_delivered_too() {
    let site = site();
    Session::new("s1").write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    Session::new("s1")
        .edit(|document| document["session_id"] = json!("other"))
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 2);
    assert_eq!(site.names(Dir::Processed).len(), 2);
}

#[test]
fn state_directories_are_made_for_their_owner_alone_and_others_never() {
    use std::os::unix::fs::PermissionsExt;
    let site = site();
    for dir in [Dir::Conversations, Dir::Recordings, Dir::Leads] {
        fs::remove_dir(site.dir(dir)).unwrap();
    }
    site.run(&[]).expect(0).counts(&[]);
    for dir in [Dir::Processed, Dir::Failed, Dir::Corrupt] {
        let mode = fs::metadata(site.dir(dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700, "{dir:?}");
    }
    for dir in [Dir::Conversations, Dir::Recordings, Dir::Leads] {
        assert!(!site.dir(dir).exists(), "{dir:?}");
    }
}

#[test]
fn a_document_without_times_is_a_residue_only_of_the_very_same_one() {
    let site = site();
    let without_times = |note: &str| {
        Session::new("s1").edit(|document| {
            document.as_object_mut().unwrap().remove("timestamps");
            document["note"] = json!(note);
        })
    };
    let pending = without_times("first").write(&site);
    let before = fs::read(&pending).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    // What a crash leaves.
    site.put(Dir::Pending, "metadata_s1.json", &before, OLD);
    site.run(&[]).expect(0).counts(&[("recovered", 1)]);
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
    // What an agent writes: another document, which nothing but its content tells apart.
    without_times("second").write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(
        site.names(Dir::Processed),
        ["metadata_s1.1.json", "metadata_s1.json"]
    );
}

#[test]
fn a_persons_copy_of_a_failed_document_is_tried_again() {
    let site = site();
    Session::new("s1")
        .edit(|document| document["campaign_metadata"]["campaignId"] = json!(null))
        .write(&site);
    site.run(&[]).expect(4).counts(&[("failed", 1)]);

    let mut document = site.document(Dir::Failed, "s1");
    document["status"] = json!("ready_for_upload");
    document["campaign_metadata"]["campaignId"] = json!("mended");
    document["upload"]["call_data"]["state"] = json!("pending");
    let text = document.to_string();
    site.put(Dir::Pending, "metadata_s1.json", text, OLD);
    // The failed one still stands beside it.
    site.run(&[]).expect(4).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls()[0].body["campaignId"], "mended");
}

#[test]
fn the_longest_names_find_room_for_a_number_and_a_note() {
    let site = site();
    let id = "x".repeat(241);
    let name = format!("metadata_{id}.json");
    assert_eq!(name.len(), 255);
    let session = |saved: &str| {
        let saved = saved.to_owned();
        let session = Session::new("s1").edit(|document| {
            document["timestamps"]["metadata_saved"] = json!(saved);
        });
        let path = session.write(&site);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        site.put(Dir::Pending, &name, bytes, OLD);
    };
    session("2025-10-29T13:51:31Z");
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    session("2025-10-29T13:51:32Z");
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.names(Dir::Processed).len(), 2);

    site.put(Dir::Pending, &name, "torn", OLD);
    site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    let corrupt = site.names(Dir::Corrupt);
    assert!(corrupt.contains(&name), "{corrupt:?}");
    assert!(
        corrupt.iter().any(|name| name.ends_with(".error.txt")),
        "{corrupt:?}"
    );
    site.call(["requeue", "--corrupt"]).expect(0);
    assert!(site.names(Dir::Corrupt).is_empty());
}

#[test]
fn what_a_crash_left_of_a_session_that_was_given_up_at_the_end_of_a_run_is_a_residue() {
    let site = site();
    Session::new("s1").write(&site);
    site.api()
        .add_fault(reference_api::Fault::parse("any:all:status=500").unwrap());
    site.run(&["--max-attempts", "1"])
        .expect(4)
        .counts(&[("failed", 1)]);
    let requests = site.api().requests().len();

    // The run wrote the failure down first and charged it later, when it filed the document.
    let mut document = site.document(Dir::Failed, "s1");
    document["status"] = json!("ready_for_upload");
    document["upload_attempts"] = json!(0);
    for part in ["recording", "call_data"] {
        document["upload"][part]["state"] = json!("pending");
        document["upload"][part]["attempts"] = json!(0);
    }
    let history = document["upload"]["history"].as_array_mut().unwrap();
    history.retain(|entry| entry["outcome"] != "abandoned");
    site.put(Dir::Pending, "metadata_s1.json", document.to_string(), OLD);
    site.run(&[]).expect(4).counts(&[("recovered", 1)]);
    assert!(site.names(Dir::Pending).is_empty());
    assert_eq!(site.names(Dir::Failed), ["metadata_s1.json"]);
    assert_eq!(site.api().requests().len(), requests);
}

#[test]
fn a_requeue_removes_what_a_crash_left_of_the_session_first() {
    let site = site();
    let pending = Session::new("s1").transcript("torn").write(&site);
    let before = fs::read(&pending).unwrap();
    site.run(&[]).expect(4).counts(&[("failed", 1)]);
    site.put(Dir::Pending, "metadata_s1.json", &before, OLD);
    site.call(["requeue", "--failed"]).expect(0);
    assert_eq!(site.names(Dir::Pending), ["metadata_s1.json"]);
    assert!(site.names(Dir::Failed).is_empty());
    let document = site.document(Dir::Pending, "s1");
    assert_eq!(document["upload"]["history"][1]["outcome"], "requeued");
}

#[test]
fn a_requeue_that_was_interrupted_is_taken_back() {
    let site = site();
    Session::new("s1").transcript("torn").write(&site);
    site.run(&[]).expect(4).counts(&[("failed", 1)]);
    let failed = document_path(&site, Dir::Failed, "s1");
    let bytes = fs::read(&failed).unwrap();
    // It had moved the document, and had not rewritten it yet.
    site.put(Dir::Pending, "metadata_s1.json", &bytes, OLD);
    fs::remove_file(&failed).unwrap();
    site.run(&[]).expect(4).counts(&[("recovered", 1)]);
    assert_eq!(fs::read(&failed).unwrap(), bytes);
    assert!(site.names(Dir::Pending).is_empty());
}
