//! Recordings: awaited, settling, half written, missing.

use serde_json::{Value, json};
use test_support::{Dir, Session, Site, sha256};

use crate::disk::{document_path, from_now, modify, padded, tree};
use crate::{OLD, site};

/// A session whose call ended that many seconds from now.
fn ended(id: &str, seconds: i64) -> Session {
    Session::new(id).edit(|document| {
        document["timestamps"]["call_end"] = json!(from_now(seconds));
    })
}

/// Demands that a run leaves everything as it is.
#[track_caller]
fn assert_untouched(site: &Site, counts: &[(&str, u64)]) {
    let before = tree(&site.root());
    site.run(&[]).expect(0).counts(counts);
    assert_eq!(tree(&site.root()), before);
    assert!(site.api().requests().is_empty());
}

#[test]
fn a_recording_without_a_manifest_is_awaited_and_costs_no_attempt() {
    let site = site();
    ended("manifest", -1700).without_manifest().write(&site);
    ended("file", -1700).without_recording_file().write(&site);
    ended("both", -1700)
        .without_manifest()
        .without_recording_file()
        .write(&site);
    // No egress, but a path: the file is expected.
    ended("path", -1700)
        .never_recorded()
        .edit(|document| document["files"]["recording"] = json!("recordings/late.ogg"))
        .write(&site);
    assert_untouched(&site, &[("waiting", 4)]);
}

#[test]
fn an_egress_under_way_is_as_no_manifest() {
    let site = site();
    for status in ["EGRESS_STARTING", "EGRESS_ACTIVE", "EGRESS_ENDING"] {
        let manifest =
            json!({"status": status, "fileResults": [{"filename": format!("{status}.ogg")}]});
        ended(status, -60)
            .manifest(manifest.to_string())
            .write(&site);
    }
    assert_untouched(&site, &[("waiting", 3)]);
}

#[test]
fn the_recording_that_comes_while_it_is_awaited_is_sent() {
    let site = site();
    ended("s1", -60)
        .without_manifest()
        .without_recording_file()
        .write(&site);
    site.run(&[]).expect(0).counts(&[("waiting", 1)]);
    ended("s1", -60).write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings()[0].sha256, sha256(b"sound of s1"));
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload_attempts"], 1);
    assert_eq!(document["upload"]["recording"]["attempts"], 1);
}

#[test]
fn after_the_grace_the_call_goes_without_its_recording() {
    let site = site();
    ended("s1", -1900).without_manifest().write(&site);
    let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(outcome.report()["needs_attention"]["new"], 1);
    let record = &site.document(Dir::Processed, "s1")["upload"];
    assert_eq!(record["recording"]["state"], "missing");
    assert_eq!(record["recording"]["attempts"], 0);
    assert_eq!(record["call_data"]["state"], "uploaded");
    let details = &site.api().calls()[0].body["callDetails"];
    assert_eq!(details["recordingUrl"], Value::Null);
    assert!(site.api().recordings().is_empty());
}

#[test]
fn the_grace_counts_from_the_end_of_the_call_else_from_what_is_known() {
    let site = site();
    let times = |id: &str, call_end: Value, saved: Value, age: i64| {
        Session::new(id)
            .without_manifest()
            .edit(|document| {
                document["timestamps"]["call_end"] = call_end;
                document["timestamps"]["metadata_saved"] = saved;
            })
            .write(&site);
        modify(&document_path(&site, Dir::Pending, id), age);
    };
    let (late, soon) = (json!(from_now(-3000)), json!(from_now(-300)));
    let ahead = json!(from_now(9000));
    // The end of the call decides, whatever the others say.
    times("end_over", late.clone(), soon.clone(), -300);
    times("end_waits", soon.clone(), late.clone(), -3000);
    // One in the future says nothing.
    times("saved_over", ahead.clone(), late.clone(), -300);
    times("saved_waits", ahead.clone(), soon.clone(), -3000);
    times("file_over", ahead.clone(), ahead.clone(), -3000);
    times("file_waits", Value::Null, ahead, -300);
    site.run(&[])
        .expect(4)
        .counts(&[("partial", 3), ("waiting", 3)]);
    for id in ["end_over", "saved_over", "file_over"] {
        assert_eq!(site.place(id), Dir::Processed, "{id}");
    }
    for id in ["end_waits", "saved_waits", "file_waits"] {
        assert_eq!(site.place(id), Dir::Pending, "{id}");
    }
    // The operator's own grace.
    site.run(&["--recording-grace", "1m"])
        .expect(4)
        .counts(&[("partial", 3)]);
}

#[test]
fn a_young_recording_settles_whatever_it_looks_like() {
    let site = site();
    // Long after the grace, with a manifest, with and without a size, by a path.
    let sized = json!({"status": "EGRESS_COMPLETE", "fileResults": [{"filename": "sized.ogg", "size": "14"}]});
    Session::new("sized")
        .manifest(sized.to_string())
        .write(&site);
    Session::new("plain").write(&site);
    Session::new("ahead").write(&site);
    site.put(Dir::Recordings, "path.ogg", "sound", OLD);
    Session::new("path")
        .never_recorded()
        .edit(|document| document["files"]["recording"] = json!("recordings/path.ogg"))
        .write(&site);
    for (id, seconds) in [("sized", -10), ("plain", -20), ("ahead", 30), ("path", -10)] {
        modify(
            &site.dir(Dir::Recordings).join(format!("{id}.ogg")),
            seconds,
        );
    }
    assert_untouched(&site, &[("settling", 4)]);
}

#[test]
fn a_recording_from_far_ahead_has_a_wrong_clock_and_is_sent_with_a_warning() {
    let site = site();
    Session::new("s1").write(&site);
    modify(&site.dir(Dir::Recordings).join("s1.ogg"), 600);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert!(outcome.stderr.contains("future"), "{}", outcome.stderr);
}

#[test]
fn a_torn_manifest_settles_while_it_is_young_and_is_as_none_after() {
    let site = site();
    ended("s1", -60)
        .manifest(r#"{"egress_id": "EG_s1", "fi"#)
        .write(&site);
    let manifest = site.dir(Dir::Recordings).join("EG_s1.json");
    modify(&manifest, -10);
    assert_untouched(&site, &[("settling", 1)]);
    modify(&manifest, -70);
    assert_untouched(&site, &[("waiting", 1)]);
    site.run(&["--recording-grace", "10s"])
        .expect(4)
        .counts(&[("partial", 1)]);
}

#[test]
fn a_manifest_over_4_mib_is_as_none() {
    let site = site();
    for (id, len) in [("fits", 4 << 20), ("large", (4 << 20) + 1)] {
        let manifest = test_support::manifest(id);
        ended(id, -60).manifest(padded(&manifest, len)).write(&site);
    }
    site.run(&[])
        .expect(0)
        .counts(&[("uploaded", 1), ("waiting", 1)]);
    assert_eq!(site.place("fits"), Dir::Processed);
}

/// A session of which the manifest says that its recording has that many bytes; it has 11.
fn sized(id: &str, size: u64, call_end: i64) -> Session {
    let manifest = json!({"status": "EGRESS_COMPLETE", "fileResults": [{"filename": format!("{id}.ogg"), "size": size.to_string()}]});
    ended(id, call_end)
        .manifest(manifest.to_string())
        .recording("eleven byte")
}

#[test]
fn a_recording_of_another_size_than_the_manifests_settles_until_the_grace_is_over() {
    let site = site();
    sized("short", 12, -60).write(&site);
    sized("long", 10, -60).write(&site);
    assert_untouched(&site, &[("settling", 2)]);
    sized("exact", 11, -60).write(&site);
    site.run(&[])
        .expect(0)
        .counts(&[("settling", 2), ("uploaded", 1)]);
    assert_eq!(site.place("exact"), Dir::Processed);

    // The copy ends.
    site.put(Dir::Recordings, "short.ogg", "eleven byte.", OLD);
    // The other one's never does.
    sized("long", 10, -1900).write(&site);
    site.run(&[])
        .expect(4)
        .counts(&[("partial", 1), ("uploaded", 1)]);
    let record = &site.document(Dir::Processed, "long")["upload"]["recording"];
    assert_eq!(record["state"], "uploaded");
    assert_eq!(record["size_mismatch"], true);
    let details = |id: &str| {
        let calls = site.api().calls();
        let call = calls.iter().find(|call| call.call_id.ends_with(id));
        call.unwrap().body["callDetails"]["recordingSize"].clone()
    };
    assert_eq!((details("long"), details("short")), (json!(11), json!(12)));
}

#[test]
fn the_documents_own_path_waits_for_the_manifest_only_where_there_is_an_egress() {
    let site = site();
    let with_path = |session: Session, path: &str| {
        session.without_manifest().edit(|document| {
            document["files"]["recording"] = json!(path);
        })
    };
    with_path(ended("young", -60), "recordings/young.ogg").write(&site);
    with_path(ended("old", -1900), "/home/agent/recordings/old.ogg").write(&site);
    with_path(ended("plain", -60).never_recorded(), "recordings/plain.ogg").write(&site);
    site.put(Dir::Recordings, "plain.ogg", "sound of plain", OLD);
    site.run(&[])
        .expect(0)
        .counts(&[("waiting", 1), ("uploaded", 2)]);
    assert_eq!(site.place("young"), Dir::Pending);
    let mut hashes: Vec<_> = site
        .api()
        .recordings()
        .into_iter()
        .map(|one| one.sha256)
        .collect();
    hashes.sort();
    let mut expected = [sha256(b"sound of old"), sha256(b"sound of plain")];
    expected.sort();
    assert_eq!(hashes, expected);
    assert_eq!(
        site.document(Dir::Processed, "old")["files"]["recording"],
        "recordings/old.ogg"
    );
    // The manifest comes, and leads to the same file.
    ended("young", -60)
        .edit(|document| document["files"]["recording"] = json!("recordings/young.ogg"))
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn a_call_that_was_never_recorded_is_complete_without_a_recording() {
    let site = site();
    Session::new("s1").never_recorded().write(&site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["recordings_uploaded"], 0);
    let record = &site.document(Dir::Processed, "s1")["upload"]["recording"];
    assert_eq!(record["state"], "absent");
    let details = &site.api().calls()[0].body["callDetails"];
    assert_eq!(details["recordingUrl"], Value::Null);
    assert_eq!(details["recordingSize"], Value::Null);
    assert_eq!(site.api().requests().len(), 1);
}

#[test]
fn an_empty_recording_is_no_recording() {
    let site = site();
    ended("waits", -60).recording("").write(&site);
    ended("over", -1900).recording("").write(&site);
    site.run(&[])
        .expect(4)
        .counts(&[("waiting", 1), ("partial", 1)]);
    assert!(site.api().recordings().is_empty());
}

#[test]
fn a_documents_own_path_may_be_an_address_in_the_cloud() {
    let site = site();
    let url = "https://bucket.example.com/s1.ogg";
    Session::new("s1")
        .never_recorded()
        .edit(|document| document["files"]["recording"] = json!(url))
        .write(&site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["recordings_remote"], 1);
    assert!(site.api().recordings().is_empty());
    let details = &site.api().calls()[0].body["callDetails"];
    assert_eq!(details["recordingUrl"], url);
}

#[test]
fn the_manifests_length_goes_with_a_call_whose_recording_does_not() {
    let site = site();
    Session::new("s1").without_recording_file().write(&site);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let details = &site.api().calls()[0].body["callDetails"];
    assert_eq!(details["recordingUrl"], serde_json::Value::Null);
    assert_eq!(details["recordingDuration"], 57);
    assert_eq!(details["duration"], 33);
}
