//! Dry runs, locks, what is remembered, and what a run says.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use test_support::{Dir, Site, manifest, plain_transcript};

use crate::estate::Estate;
use crate::matching::{DEFAULTS, adopt, documents, lines};
use crate::site;

const HOUR: Duration = Duration::from_secs(3600);

/// A transcript with ids, which an hour ago was written.
pub(crate) fn put_call(site: &Site, id: &str, change: impl FnOnce(&mut Value)) {
    let mut transcript: Value = serde_json::from_str(&plain_transcript(id)).unwrap();
    transcript["metadata"] = json!({"campaign_metadata": {
        "campaignId": "c", "voiceAgentId": "v", "clientId": "k", "dialedNumber": "+15550100123",
    }});
    change(&mut transcript);
    let name = format!("transcript_{id}.json");
    site.put(Dir::Conversations, &name, transcript.to_string(), HOUR);
}

/// A recording with the manifest of its egress, which names its call's number and no time.
pub(crate) fn put_recording(site: &Site, id: &str) {
    let bytes = format!("sound of {id}");
    site.put(Dir::Recordings, &format!("{id}.ogg"), bytes, HOUR);
    let mut manifest: Value = serde_json::from_str(&manifest(id)).unwrap();
    manifest["started_at"] = json!(null);
    manifest["ended_at"] = json!(null);
    let name = format!("EG_{id}.json");
    site.put(Dir::Recordings, &name, manifest.to_string(), HOUR);
}

/// Every file below a directory, with its bytes and times.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (i64, i64, Option<Vec<u8>>)> {
    let mut tree = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            tree.extend(self::tree(&path));
        }
        let bytes = metadata.is_file().then(|| fs::read(&path).unwrap());
        tree.insert(path, (metadata.mtime(), metadata.mtime_nsec(), bytes));
    }
    tree
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_the_real_one_does() {
    let site = site();
    Estate::build(&site, 5, 150);
    let before = tree(&site.root());
    let dry = adopt(&site, &["--dry-run"]).expect(4);
    assert_eq!(tree(&site.root()), before);
    let texts = site.call(["adopt", "--dry-run"]).expect(4);
    assert!(
        texts.stdout.contains("would be adopted"),
        "{}",
        texts.stdout
    );
    assert_eq!(tree(&site.root()), before);

    let real = adopt(&site, &[]).expect(4);
    let without_writing = |outcome| {
        let (mut lines, summary) = lines(outcome);
        for line in lines.values_mut() {
            line["dry_run"] = json!(null);
            if line["result"] == "adopted" {
                line["document"] = json!(null);
            }
        }
        (lines, summary)
    };
    assert_eq!(without_writing(&dry), without_writing(&real));
    // Nothing that was there has changed.
    let after = tree(&site.root());
    for (path, content) in &before {
        if !path.is_dir() {
            assert_eq!(after.get(path), Some(content), "{}", path.display());
        }
    }
}

#[test]
fn no_line_holds_a_number_or_an_address() {
    let site = site();
    Estate::build(&site, 6, 150);
    for arguments in [
        &["adopt", "-v", "--dry-run"][..],
        &["adopt", "-vv", "--format", "json"],
        &["adopt"],
        &["run", "-v", "--adopt", "--batch-size", "20"],
    ] {
        let outcome = site.call(arguments);
        for text in [&outcome.stdout, &outcome.stderr] {
            for secret in ["15550100", "1555010", "@example.com", "Test Person"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    }
}

#[test]
fn one_adopts_at_a_time() {
    let site = site();
    put_call(&site, "a", |_| {});
    let lock = fs::File::create(site.dir(Dir::Pending).join(".callspool.lock")).unwrap();
    lock.lock().unwrap();
    adopt(&site, &[]).expect(11);
    assert_eq!(documents(&site).len(), 0);
    adopt(&site, &["--dry-run"]).expect(0);
    drop(lock);
    adopt(&site, &[]).expect(0);
    assert_eq!(documents(&site).len(), 1);
}

#[test]
fn a_document_has_the_campaign_metadata_byte_for_byte() {
    let site = site();
    let id = "session_1";
    let campaign = r#"{"campaignId":"c","score":1E+2,"n":12345678901234567890123,"s":"\/"}"#;
    let text = plain_transcript(id);
    let (start, _) = text.split_once("\"items\"").unwrap();
    let text = format!("{start}\"items\":[],\"metadata\":{{\"campaign_metadata\":{campaign}}}}}");
    site.put(
        Dir::Conversations,
        &format!("transcript_{id}.json"),
        text,
        HOUR,
    );
    put_recording(&site, "e");
    let name = format!("recording_{id}.ogg");
    site.put(Dir::Recordings, &name, "sound", HOUR);
    adopt(&site, &[]).expect(0);
    let path = site.dir(Dir::Pending).join(format!("metadata_{id}.json"));
    let text = fs::read_to_string(path).unwrap();
    for kept in ["1E+2", "12345678901234567890123", r#""\/""#] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    let document = site.document(Dir::Pending, id);
    assert_eq!(
        document["files"]["recording"],
        "recordings/recording_session_1.ogg"
    );
    assert_eq!(
        document["files"]["conversation"],
        "conversations/transcript_session_1.json"
    );
    assert_eq!(
        document["timestamps"]["call_end"],
        "2025-10-29T10:16:52.652193Z"
    );
    assert_eq!(document["adopted"]["recording"], "file name");
}

#[test]
fn what_is_young_waits_and_needs_nobody() {
    let site = site();
    put_call(&site, "a", |transcript| {
        // The call ended in the future: its file's time counts.
        transcript["end_time"] = json!("2999-01-01T00:00:00Z");
    });
    let path = site.dir(Dir::Conversations).join("transcript_a.json");
    let bytes = fs::read(&path).unwrap();
    site.put(
        Dir::Conversations,
        "transcript_cut.json",
        "{\"items",
        Duration::ZERO,
    );
    for (age, result) in [(0, "settling"), (600, "waiting"), (1801, "adopted")] {
        let age = Duration::from_secs(age);
        site.put(Dir::Conversations, "transcript_a.json", &bytes, age);
        let (lines, _) = lines(&adopt(&site, &["--dry-run"]).expect(0));
        assert_eq!(lines["transcript_a.json"]["result"], result, "{age:?}");
        assert_eq!(lines["transcript_cut.json"]["result"], "settling");
    }
    site.put(Dir::Conversations, "transcript_cut.json", "{\"items", HOUR);
    let (lines, _) = lines(&adopt(&site, &["--dry-run"]).expect(4));
    assert_eq!(lines["transcript_cut.json"]["result"], "unreadable");
}

#[test]
fn times_at_the_ends_of_the_calendar_harm_nobody() {
    let site = site();
    for (id, start, end) in [
        ("a", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("b", "-262143-01-01T00:00:00Z", "+262142-12-31T23:59:59Z"),
        ("c", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"),
    ] {
        put_call(&site, id, |transcript| {
            transcript["start_time"] = json!(start);
            transcript["end_time"] = json!(end);
        });
    }
    put_recording(&site, "e");
    let mut manifest: Value = serde_json::from_str(&manifest("f")).unwrap();
    manifest["started_at"] = json!(1);
    manifest["ended_at"] = json!(i64::MAX);
    site.put(Dir::Recordings, "EG_f.json", manifest.to_string(), HOUR);
    for second in [0, i64::MAX] {
        let name = format!("number-_15550100123-{second}.ogg");
        site.put(Dir::Recordings, &name, "sound", HOUR);
    }
    let (lines, _) = lines(&adopt(&site, &[]).expect(4));
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_is_remembered_changes_no_decision() {
    let site = site();
    let estate = Estate::build(&site, 7, 120);
    let memory = site.dir(Dir::Pending).join(".callspool.adopted");
    let fresh = lines(&adopt(&site, &["--dry-run"]).expect(4));
    // Remember without adopting: a transcript that is too young for everything else.
    adopt(&site, &["--recording-grace", "3650d", "--settle", "0s"]);
    assert!(memory.exists());
    let some: Vec<&String> = estate.transcripts.keys().collect();
    let changed = site.dir(Dir::Conversations).join(some[0]);
    let text = fs::read_to_string(&changed).unwrap();
    for damage in [&b""[..], b"callspool adoption\n{}", b"\xff\xfe"] {
        let kept = fs::read(&memory).unwrap();
        let after = lines(&adopt(&site, &["--dry-run"]));
        fs::write(&memory, damage).unwrap();
        assert_eq!(lines(&adopt(&site, &["--dry-run"])).0, after.0);
        fs::write(&memory, kept).unwrap();
    }
    // A file that has changed is read again.
    fs::write(
        &changed,
        text.replace("call", "CALL").replace("items", "Items"),
    )
    .unwrap();
    let after = lines(&adopt(&site, &["--dry-run"])).0;
    if fresh.0[some[0]]["result"] != "named" && text.contains("\"items\"") {
        assert_eq!(after[some[0]]["result"], "foreign");
    }
}

#[test]
fn a_run_reports_what_it_could_not_tell() {
    let site = site();
    put_call(&site, "a", |_| {});
    put_call(&site, "b", |_| {});
    put_recording(&site, "e");
    put_call(&site, "c", |transcript| {
        transcript["metadata"]["campaign_metadata"]["dialedNumber"] = json!("+15550100999");
    });
    let run = ["run", "--adopt", "--format", "json"];
    let outcome = site.call(run).expect(4);
    let report = outcome.report();
    assert_eq!(report["adoption"]["adopted"], 1);
    assert_eq!(report["adoption"]["ambiguous"], 2);
    assert_eq!(report["sessions"]["uploaded"], 1);
    assert!(outcome.stderr.contains("2 ambiguous"), "{}", outcome.stderr);
    let text = site.call(["run", "--adopt"]).expect(4).stdout;
    assert!(
        text.contains("adoption: 3 transcripts: 2 ambiguous, 1 named"),
        "{text}"
    );
    // What was told before is nothing new.
    let new = ["run", "--adopt", "--attention", "new"];
    site.call(new).expect(0);
    // Without being asked a run adopts nothing.
    let plain = site.run(&[]).expect(0).report();
    assert_eq!(plain["adoption"], Value::Null);
    let plan = site.call(["dry-run", "--adopt"]).expect(4);
    let told = plan
        .stdout
        .lines()
        .filter(|line| line.contains("not adopted, ambiguous"));
    assert_eq!(told.count(), 2, "{}", plan.stdout);
}

#[test]
fn a_dry_run_of_a_run_that_adopts_names_what_it_would_adopt() {
    let site = site();
    put_call(&site, "a", |_| {});
    let plan = site
        .call(["dry-run", "--adopt", "--format", "json"])
        .expect(0);
    let lines = plan.json_lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["session_id"], "a");
    let action = lines[0]["action"].as_str().unwrap();
    assert!(action.starts_with("adopt and deliver: "), "{action}");
    assert_eq!(documents(&site).len(), 0);
}

#[test]
fn directories_that_cannot_be_read_keep_no_run_from_delivering() {
    let site = site();
    test_support::Session::new("x").write(&site);
    fs::write(site.root().join("processed_uploads"), "no directory").unwrap();
    let arguments = ["run", "--adopt", "--format", "json"];
    let outcome = site.call(arguments.iter().chain(&DEFAULTS)).expect(4);
    let report = outcome.report();
    assert_eq!(report["sessions"]["uploaded"], 1);
    let error = report["adoption"]["error"].as_str().unwrap();
    assert!(error.contains("processed_uploads"), "{error}");
    site.call(["adopt"]).expect(10);
}

#[test]
fn the_lock_of_those_who_add_is_left_to_the_group() {
    let site = site();
    put_call(&site, "s1", |_| {});
    adopt(&site, &[]).expect(0);
    let mode = |name: &str| {
        fs::metadata(site.dir(Dir::Pending).join(name))
            .unwrap()
            .mode()
            & 0o777
    };
    assert_eq!(mode(".callspool.record.lock"), 0o660);
    assert_eq!(mode("metadata_s1.json"), 0o600);
}

#[test]
fn a_dry_run_that_would_adopt_says_what_it_would_not() {
    let site = site();
    for name in ["transcript_1.json", "transcript_2.json"] {
        let text = plain_transcript("s1").replace("}", if name.contains('1') { "}" } else { " }" });
        site.put(Dir::Conversations, name, text, HOUR);
    }
    let told = site.call(["dry-run", "--adopt"]).expect(4);
    assert!(
        told.stdout.contains("not adopted, ambiguous"),
        "{}",
        told.stdout
    );
}

#[test]
fn a_document_that_names_its_transcript_in_a_way_of_its_own_names_it() {
    for path in [
        "/srv/agent/../agent/conversations/transcript_s1.json",
        "D:transcript_s1.json",
        "..\\conversations\\transcript_s1.json",
    ] {
        let site = site();
        put_call(&site, "s1", |_| {});
        let document =
            json!({"session_id": "o", "status": "uploaded", "files": {"conversation": path}});
        let dir = site.dir(Dir::Processed);
        fs::create_dir(&dir).unwrap();
        site.put(
            Dir::Processed,
            "metadata_o.json",
            document.to_string(),
            HOUR,
        );
        adopt(&site, &[]).expect(0);
        assert!(site.names(Dir::Pending).is_empty(), "{path}");
    }
}

#[test]
fn marks_whose_volume_is_not_mounted_are_not_taken_for_none() {
    let site = site();
    put_call(&site, "s1", |_| {});
    std::os::unix::fs::symlink("/nowhere/at/all", site.root().join("processed_uploads")).unwrap();
    adopt(&site, &[]).expect(10);
    assert!(site.names(Dir::Pending).is_empty());
}
