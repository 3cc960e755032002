//! Documents that cannot be read, and what lies about beside documents.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;
use test_support::{Dir, Session, Site};

use crate::disk::{make_fifo, modify, padded, tree, write};
use crate::{OLD, YOUNG, site};

const TORN: &str = r#"{"session_id": "torn", "dialed_number": "+1555"#;

#[test]
fn a_torn_document_settles_while_it_is_young() {
    let site = site();
    for (name, seconds) in [("metadata_a.json", -10), ("metadata_b.json", 30)] {
        let path = site.put(Dir::Pending, name, TORN, OLD);
        modify(&path, seconds);
    }
    // No session id yet, or nothing at all yet.
    site.put(Dir::Pending, "metadata_c.json", "{}", YOUNG);
    site.put(Dir::Pending, "metadata_d.json", "", YOUNG);
    let before = tree(&site.dir(Dir::Pending));
    site.run(&[]).expect(0).counts(&[("settling", 4)]);
    assert_eq!(tree(&site.dir(Dir::Pending)), before);
    assert!(site.names(Dir::Corrupt).is_empty());
    assert!(site.api().requests().is_empty());
}

/// Demands that these bytes were quarantined as they were, and that a note says why.
#[track_caller]
fn assert_quarantined(site: &Site, name: &str, bytes: &[u8]) {
    let dir = site.dir(Dir::Corrupt);
    assert_eq!(fs::read(dir.join(name)).unwrap(), bytes, "{name}");
    let note = fs::read_to_string(dir.join(format!("{name}.error.txt"))).unwrap();
    assert!(note.len() > 20, "{note}");
    assert!(!note.contains("+1555"), "personal data in a note: {note}");
    assert!(!site.dir(Dir::Pending).join(name).exists());
}

#[test]
fn bytes_that_never_become_a_document_are_quarantined_unchanged() {
    let site = site();
    let contents: [(&str, &[u8]); 10] = [
        ("metadata_torn.json", TORN.as_bytes()),
        ("metadata_empty.json", b""),
        ("metadata_binary.json", b"\xff\xfe\x00{}"),
        ("metadata_array.json", b"[{\"session_id\": \"x\"}]"),
        ("metadata_null.json", b"null"),
        ("metadata_noid.json", b"{\"dialed_number\": \"+1555\"}"),
        ("metadata_nullid.json", b"{\"session_id\": null}"),
        ("metadata_number.json", b"{\"session_id\": 5}"),
        ("metadata_blank.json", b"{\"session_id\": \"\"}"),
        ("metadata_two.json", b"{\"session_id\": \"x\"} {}"),
    ];
    for (name, bytes) in contents {
        site.put(Dir::Pending, name, bytes, OLD);
    }
    let ahead = site.put(Dir::Pending, "metadata_ahead.json", TORN, OLD);
    modify(&ahead, 600);
    Session::new("good").write(&site);
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("corrupt", 11), ("uploaded", 1)]);
    for (name, bytes) in contents {
        assert_quarantined(&site, name, bytes);
    }
    assert_quarantined(&site, "metadata_ahead.json", TORN.as_bytes());
    assert_eq!(outcome.report()["needs_attention"]["corrupt"], 11);
    assert_eq!(site.names(Dir::Corrupt).len(), 22);

    // It stays a person's business on every run.
    site.run(&[]).expect(4).counts(&[]);
    site.run(&["--attention", "new"]).expect(0).counts(&[]);
}

#[test]
fn a_document_of_16_mib_is_read_and_a_larger_one_is_corrupt() {
    let site = site();
    for (id, len) in [("fits", 16 << 20), ("large", (16 << 20) + 1)] {
        let document = json!({
            "session_id": id,
            "campaign_metadata": {"campaignId": "c", "voiceAgentId": "v", "clientId": "k"},
            "files": {"conversation": "t.json"},
        });
        let text = padded(&document.to_string(), len);
        site.put(Dir::Pending, &format!("metadata_{id}.json"), text, OLD);
    }
    site.put(Dir::Conversations, "t.json", r#"{"items": []}"#, OLD);
    site.run(&[])
        .expect(4)
        .counts(&[("uploaded", 1), ("corrupt", 1)]);
    assert_eq!(site.api().calls()[0].call_id, "CALL-fits");
    let quarantined = site.dir(Dir::Corrupt).join("metadata_large.json");
    assert_eq!(fs::metadata(quarantined).unwrap().len(), (16 << 20) + 1);
}

#[test]
fn quarantine_never_overwrites_what_is_there() {
    let site = site();
    for text in ["{first", "{second", "{third"] {
        site.put(Dir::Pending, "metadata_x.json", text, OLD);
        site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    }
    assert_quarantined(&site, "metadata_x.json", b"{first");
    assert_quarantined(&site, "metadata_x.1.json", b"{second");
    assert_quarantined(&site, "metadata_x.2.json", b"{third");
}

#[test]
fn what_is_no_document_by_its_name_or_kind_is_left_alone() {
    let site = site();
    let outside = write(
        &site.home().join("outside/metadata_link.json"),
        r#"{"session_id": "outside"}"#,
    );
    for name in [
        "metadata_x.json~",
        "metadata_x.json.bak",
        "metadata_x.json.tmp",
        "metadata_x.JSON",
        "Metadata_x.json",
        ".metadata_x.json",
        ".metadata_x.json.swp",
        "session_x.json",
        "notes.txt",
        "metadata",
    ] {
        site.put(Dir::Pending, name, TORN, OLD);
    }
    let dir = site.dir(Dir::Pending);
    write(&dir.join("metadata_dir.json/metadata_inner.json"), TORN);
    symlink(&outside, dir.join("metadata_link.json")).unwrap();
    symlink("nowhere", dir.join("metadata_dangling.json")).unwrap();
    make_fifo(&dir.join("metadata_fifo.json"));
    let before = tree(&dir);
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(tree(&dir), before);
    assert!(site.api().requests().is_empty());
    assert!(outside.exists());
}

#[test]
fn temporary_files_of_a_dead_run_are_removed_after_an_hour() {
    let site = site();
    let hour = 3600;
    let dir = site.dir(Dir::Pending);
    for (name, age) in [
        (".callspool.4194305.0.tmp", hour + 60),
        (".callspool.4194305.1.tmp", hour - 60),
        (".callspool.4194305.2.other", hour + 60),
        (".somebody.tmp", hour + 60),
    ] {
        let path = site.put(Dir::Pending, name, "{half", OLD);
        modify(&path, -age);
    }
    site.run(&[]).expect(0).counts(&[]);
    let left: Vec<_> = tree(&dir).into_keys().collect();
    assert_eq!(
        left.iter()
            .map(|path| path.to_str().unwrap())
            .collect::<Vec<_>>(),
        [
            ".callspool.4194305.1.tmp",
            ".callspool.4194305.2.other",
            ".somebody.tmp"
        ]
    );
}

#[test]
fn settle_is_the_operators_to_set() {
    let site = site();
    site.put(Dir::Pending, "metadata_a.json", TORN, OLD);
    site.run(&["--settle", "2h"])
        .expect(0)
        .counts(&[("settling", 1)]);
    site.put(Dir::Pending, "metadata_b.json", TORN, YOUNG);
    site.run(&["--settle", "0s"])
        .expect(4)
        .counts(&[("corrupt", 2)]);
}

#[test]
fn a_time_far_ahead_is_told_of() {
    let site = site();
    let torn = site.put(Dir::Pending, "metadata_torn.json", TORN, OLD);
    modify(&torn, 600);
    let outcome = site.run(&[]).expect(4).counts(&[("corrupt", 1)]);
    assert!(outcome.stderr.contains("future"), "{}", outcome.stderr);

    for file in [
        "call_metadata/metadata_s1.json",
        "conversations/transcript_s1.json",
        "leads/lead_s1.json",
        "recordings/EG_s1.json",
    ] {
        let site = crate::site();
        Session::new("s1").lead("{}").write(&site);
        modify(&site.root().join(file), 600);
        let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        assert!(
            outcome.stderr.contains("future"),
            "{file}: {}",
            outcome.stderr
        );
    }
}
