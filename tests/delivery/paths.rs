//! Paths as agents write them, and where they lead on this host.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;
use test_support::{Dir, Session, plain_transcript, sha256};

use crate::disk::write;
use crate::{OLD, site};

#[test]
fn a_path_of_any_host_means_the_file_in_the_configured_directory() {
    let site = site();
    let paths = [
        "/home/agent/livekit/conversations/@",
        "/@",
        "/app/@",
        "conversations/@",
        "./conversations/@",
        "conversations//@",
        "@",
        "C:\\agent\\conversations\\@",
        "C:/agent/conversations/@",
        "conversations\\@",
        "\\\\host\\share\\conversations\\@",
    ];
    for (index, path) in paths.iter().enumerate() {
        let id = format!("s{index}");
        let path = path.replace('@', &format!("odd_name_{index}.json"));
        site.put(
            Dir::Conversations,
            &format!("odd_name_{index}.json"),
            plain_transcript(&id),
            OLD,
        );
        Session::new(&id)
            .without_transcript_file()
            .edit(|document| document["files"]["conversation"] = json!(path))
            .write(&site);
    }
    // The path as it really is on this host.
    let own = site.dir(Dir::Conversations).join("own.json");
    site.put(Dir::Conversations, "own.json", plain_transcript("own"), OLD);
    Session::new("own")
        .without_transcript_file()
        .edit(|document| document["files"]["conversation"] = json!(own))
        .write(&site);
    let count = paths.len() as u64 + 1;
    site.run(&[]).expect(0).counts(&[("uploaded", count)]);
    for call in site.api().calls() {
        assert_eq!(
            call.body["transcription"]["total_items"], 2,
            "{}",
            call.call_id
        );
    }
}

#[test]
fn the_last_two_components_go_before_the_last() {
    let site = site();
    let recordings = site.dir(Dir::Recordings);
    write(&recordings.join("day1/call.ogg"), "day one");
    write(&recordings.join("call.ogg"), "no day");
    for path in ["day1/call.ogg", "call.ogg"] {
        crate::disk::modify(&recordings.join(path), -3600);
    }
    for (id, path) in [
        ("two", "/home/agent/recordings/day1/call.ogg"),
        ("relative", "recordings/day1/call.ogg"),
        ("one", "/home/agent/recordings/day2/call.ogg"),
    ] {
        Session::new(id)
            .never_recorded()
            .edit(|document| document["files"]["recording"] = json!(path))
            .write(&site);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    for (id, path, sound) in [
        ("two", "recordings/day1/call.ogg", "day one"),
        ("relative", "recordings/day1/call.ogg", "day one"),
        ("one", "recordings/call.ogg", "no day"),
    ] {
        let document = site.document(Dir::Processed, id);
        assert_eq!(document["files"]["recording"], path);
        let url = &document["upload"]["recording"]["url"];
        let recordings = site.api().recordings();
        let stored = recordings.iter().find(|one| url == one.url.as_str());
        assert_eq!(stored.unwrap().sha256, sha256(sound.as_bytes()), "{id}");
    }
}

#[test]
fn links_that_stay_inside_are_followed() {
    let site = site();
    let recordings = site.dir(Dir::Recordings);
    Session::new("s1").write(&site);
    fs::create_dir(recordings.join("store")).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "what is laid out for a test need not be durable"
    )]
    fs::rename(recordings.join("s1.ogg"), recordings.join("store/real.ogg")).unwrap();
    symlink("store/real.ogg", recordings.join("s1.ogg")).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings()[0].sha256, sha256(b"sound of s1"));
    assert_eq!(site.api().recordings()[0].original_name, "s1.ogg");
}

#[test]
fn a_configured_directory_may_itself_be_a_link() {
    let site = site();
    Session::new("s1").lead("{}").write(&site);
    for (dir, name) in [
        (Dir::Conversations, "c"),
        (Dir::Recordings, "r"),
        (Dir::Leads, "l"),
    ] {
        let elsewhere = site.home().join(name);
        #[expect(
            clippy::disallowed_methods,
            reason = "what is laid out for a test need not be durable"
        )]
        fs::rename(site.dir(dir), &elsewhere).unwrap();
        symlink(&elsewhere, site.dir(dir)).unwrap();
    }
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.report()["parts"]["recordings_uploaded"], 1);
    assert_eq!(outcome.report()["parts"]["leads_uploaded"], 1);
}

#[test]
fn directories_may_be_configured_to_be_elsewhere() {
    let site = site();
    Session::new("s1").lead("{}").write(&site);
    let elsewhere = site.home().join("archive");
    fs::create_dir(&elsewhere).unwrap();
    let flag = format!("--processed-dir={}", elsewhere.display());
    site.run(&[&flag]).expect(0).counts(&[("uploaded", 1)]);
    assert!(elsewhere.join("metadata_s1.json").is_file());
    assert!(!site.dir(Dir::Processed).exists());
}
