//! Every form of an egress manifest, and what becomes of the recording by it.

use serde_json::{Value, json};
use test_support::{Dir, Session, Site, sha256};

use crate::disk::{from_now, sample};
use crate::{OLD, site};

/// A session whose manifest is that sample, with the egress id as that sample has it.
fn session_of(site: &Site, id: &str, egress_id: &str, manifest: &str) -> Session {
    let bare = egress_id.strip_prefix("EG_").unwrap_or(egress_id);
    site.put(
        Dir::Recordings,
        &format!("EG_{bare}.json"),
        sample(manifest),
        OLD,
    );
    Session::new(id)
        .without_recording_file()
        .without_manifest()
        .edit(|document| document["campaign_metadata"]["egressId"] = json!(egress_id))
}

#[test]
fn the_manifest_of_the_egress_service_leads_to_the_recording() {
    for egress_id in ["EG_ReBdRj7Lhcr7", "ReBdRj7Lhcr7"] {
        let site = site();
        session_of(&site, "s1", egress_id, "EG_manifest.json").write(&site);
        let name = "number-_15550100123-1761719171.ogg";
        site.put(Dir::Recordings, name, "OggS sound", OLD);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        let recording = &site.api().recordings()[0];
        assert_eq!(recording.sha256, sha256(b"OggS sound"), "{egress_id}");
        let details = &site.api().calls()[0].body["callDetails"];
        assert_eq!(details["recordingUrl"], recording.url.as_str());
        assert_eq!(details["recordingDuration"], 57);
        assert_eq!(
            site.document(Dir::Processed, "s1")["files"]["recording"],
            format!("recordings/{name}")
        );
    }
}

#[test]
fn an_egress_info_in_camel_case_leads_to_the_recording_of_its_size() {
    let site = site();
    session_of(&site, "s1", "EG_abc", "EG_egressinfo_camel.json").write(&site);
    let sound = vec![b's'; 1_406_083];
    site.put(Dir::Recordings, "number-_15550100-1.ogg", &sound, OLD);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings()[0].sha256, sha256(&sound));
    let details = &site.api().calls()[0].body["callDetails"];
    assert_eq!(details["recordingSize"], 1_406_083);
    assert_eq!(details["recordingDuration"], 57);
}

#[test]
fn an_egress_that_came_to_nothing_is_missing_at_once() {
    for (egress_id, manifest, reason) in [
        ("EG_bad", "EG_egressinfo_failed.json", "EGRESS_FAILED"),
        ("EG_hls", "EG_manifest_hls.json", "hls"),
    ] {
        let site = site();
        // The call has only just ended: there is nothing to wait for all the same.
        session_of(&site, "s1", egress_id, manifest)
            .edit(|document| document["timestamps"]["call_end"] = json!(from_now(-1)))
            .write(&site);
        let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload"]["recording"]["state"], "missing");
        assert_eq!(document["upload"]["recording"]["reason"], reason);
        assert_eq!(document["upload"]["recording"]["attempts"], 0);
        assert!(site.api().recordings().is_empty());
        let details = &site.api().calls()[0].body["callDetails"];
        assert_eq!(details["recordingUrl"], Value::Null);
        assert_eq!(details["recordingSize"], Value::Null);
        assert_eq!(
            outcome.stderr.contains("1 segments"),
            reason == "hls",
            "{}",
            outcome.stderr
        );
    }
}

/// Delivers a session for each manifest, and gives what the API holds of each, by session id.
fn deliver(manifests: &[(&str, Value)], code: i32, counts: &[(&str, u64)]) -> Site {
    let site = site();
    for (id, manifest) in manifests {
        Session::new(id).manifest(manifest.to_string()).write(&site);
    }
    site.run(&[]).expect(code).counts(counts);
    site
}

#[test]
fn every_form_of_a_manifest_means_the_file_of_that_name() {
    let manifests = [
        (
            "relative1",
            json!({"ended_at": 1, "files": [{"filename": "recordings/relative1.ogg"}]}),
        ),
        ("bare1", json!({"files": [{"filename": "bare1.ogg"}]})),
        (
            "absolute1",
            json!({"files": [{"filename": "/recordings/absolute1.ogg", "location": "/recordings/absolute1.ogg"}]}),
        ),
        (
            "elsewhere1",
            json!({"files": [{"filename": "/out/of/container/elsewhere1.ogg"}]}),
        ),
        (
            "location1",
            json!({"files": [{"location": "/recordings/location1.ogg"}]}),
        ),
        (
            "c1",
            json!({"status": "EGRESS_COMPLETE", "fileResults": [{"filename": "c1.ogg", "size": "11", "duration": "57844753917"}]}),
        ),
        (
            "snake1",
            json!({"status": "EGRESS_COMPLETE", "file_results": [{"filename": "snake1.ogg", "size": 15, "duration": 57_844_753_917_u64}]}),
        ),
        ("path1", json!({"file_path": "recordings/path1.ogg"})),
        (
            "filename1",
            json!({"filename": "/recordings/filename1.ogg"}),
        ),
        (
            "limit1",
            json!({"status": "EGRESS_LIMIT_REACHED", "fileResults": [{"filename": "limit1.ogg"}]}),
        ),
        (
            "event1",
            json!({"event": "egress_ended", "egressInfo": {"status": "EGRESS_COMPLETE", "fileResults": [{"filename": "event1.ogg"}]}}),
        ),
    ];
    let site = deliver(&manifests, 0, &[("uploaded", manifests.len() as u64)]);
    let recordings = site.api().recordings();
    for (id, _) in &manifests {
        let hash = sha256(format!("sound of {id}").as_bytes());
        let found: Vec<_> = recordings.iter().filter(|one| one.sha256 == hash).collect();
        assert_eq!(found.len(), 1, "{id}");
        assert_eq!(found[0].original_name, format!("{id}.ogg"));
    }
    for call in site.api().calls() {
        let is_long = ["CALL-c1", "CALL-snake1"].contains(&call.call_id.as_str());
        let expected = if is_long { 57 } else { 33 };
        let details = &call.body["callDetails"];
        assert_eq!(details["recordingDuration"], expected, "{}", call.call_id);
    }
}

#[test]
fn an_egress_without_files_is_missing() {
    let manifests = [
        (
            "empty",
            json!({"egress_id": "EG_empty", "ended_at": 5, "files": []}),
        ),
        (
            "none",
            json!({"egressId": "EG_none", "status": "EGRESS_COMPLETE"}),
        ),
        (
            "aborted",
            json!({"status": "EGRESS_ABORTED", "file_results": [{"filename": "aborted.ogg"}]}),
        ),
        ("limit", json!({"status": "EGRESS_LIMIT_REACHED"})),
    ];
    let site = deliver(&manifests, 4, &[("partial", 4)]);
    assert!(site.api().recordings().is_empty());
    assert_eq!(site.api().calls().len(), 4);
    for (id, reason) in [
        ("empty", "no_files"),
        ("none", "no_files"),
        ("aborted", "EGRESS_ABORTED"),
        ("limit", "EGRESS_LIMIT_REACHED"),
    ] {
        let recording = &site.document(Dir::Processed, id)["upload"]["recording"];
        assert_eq!(
            (&recording["state"], &recording["reason"]),
            (&json!("missing"), &json!(reason))
        );
    }
}

#[test]
fn a_recording_in_the_cloud_is_passed_on_by_its_url_and_never_uploaded() {
    let file = |location: &str| json!({"ended_at": 5, "files": [{"filename": "recordings/x.ogg", "location": location, "size": 77}]});
    let manifests = [
        ("https", file("https://bucket.example.com/x.ogg?sig=a%2Fb")),
        ("http", file("http://bucket.example.com/x.ogg")),
        ("s3", file("s3://bucket/x.ogg")),
        ("gs", file("gs://bucket/x.ogg")),
        (
            "hls",
            json!({"ended_at": 5, "playlists": [{"location": "https://bucket.example.com/x.m3u8", "segments": []}]}),
        ),
    ];
    let site = site();
    for (id, manifest) in &manifests {
        // A file of that name is there too: it is not sent.
        Session::new(id).manifest(manifest.to_string()).write(&site);
    }
    site.put(Dir::Recordings, "x.ogg", "local copy", OLD);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 5)]);
    assert_eq!(outcome.report()["parts"]["recordings_remote"], 5);
    assert_eq!(outcome.report()["parts"]["recordings_uploaded"], 0);
    assert!(site.api().recordings().is_empty());
    for (id, manifest) in &manifests {
        let location = manifest
            .pointer("/files/0/location")
            .or(manifest.pointer("/playlists/0/location"));
        let record = &site.document(Dir::Processed, id)["upload"]["recording"];
        assert_eq!(record["state"], "remote");
        assert_eq!(Some(&record["url"]), location);
        let calls = site.api().calls();
        let call = calls
            .iter()
            .find(|call| call.call_id == format!("CALL-{id}"))
            .unwrap();
        assert_eq!(Some(&call.body["callDetails"]["recordingUrl"]), location);
    }
}

#[test]
fn of_several_files_the_first_audio_or_video_that_exists_is_sent_and_the_others_are_named() {
    let site = site();
    let manifest = json!({"ended_at": 5, "files": [
        {"filename": "recordings/s1.json"},
        {"filename": "recordings/gone.ogg"},
        {"filename": "recordings/s1.ogg"},
        {"filename": "recordings/second.mp4"},
    ]});
    site.put(Dir::Recordings, "s1.json", "{}", OLD);
    site.put(Dir::Recordings, "second.mp4", "second", OLD);
    Session::new("s1")
        .manifest(manifest.to_string())
        .write(&site);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(b"sound of s1"));
    for other in ["s1.json", "gone.ogg", "second.mp4"] {
        assert!(
            outcome.stderr.contains(other),
            "{other}: {}",
            outcome.stderr
        );
    }
}
