//! `prune`: what was delivered goes, nothing else does, and nothing of it is delivered again.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use test_support::{Dir, Outcome, Session, Site};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::tree::tree;
use crate::{site, site_with, write_sessions};

/// Everything that was delivered, whatever its age.
const ALL: [&str; 3] = ["prune", "--older-than", "0s"];

/// Prunes with these arguments besides.
fn prune(site: &Site, arguments: &[&str]) -> Outcome {
    site.call(["prune", "--format", "json"].iter().chain(arguments))
}

fn with_files(site: &Site) -> Outcome {
    prune(site, &["--older-than", "0s", "--with-files"])
}

/// A site where these sessions were delivered, each with a lead.
fn delivered(ids: &[&str]) -> Site {
    let site = site();
    for id in ids {
        Session::new(id)
            .age(Duration::from_secs(100 * 86_400))
            .lead(r#"{"name": "Test Person"}"#)
            .write(&site);
    }
    site.run(&[]).expect(0);
    site
}

/// Says that a session was delivered so many days ago.
fn delivered_ago(site: &Site, id: &str, days: u64) {
    let at = SystemTime::now() - Duration::from_secs(days * 86_400);
    let at = chrono::DateTime::<chrono::Utc>::from(at).to_rfc3339();
    let mut document = site.document(Dir::Processed, id);
    for part in ["recording", "call_data"] {
        document["upload"][part]["at"] = json!(at);
    }
    let name = format!("metadata_{id}.json");
    fs::write(site.dir(Dir::Processed).join(name), document.to_string()).unwrap();
}

/// The line about a session.
#[track_caller]
fn line(outcome: &Outcome, id: &str) -> Value {
    let lines = outcome.json_lines();
    let found: Vec<&Value> = lines
        .iter()
        .filter(|line| line["session_id"] == id)
        .collect();
    assert_eq!(found.len(), 1, "{id}: {}", outcome.stdout);
    found[0].clone()
}

/// The files of a session, whatever their directory.
fn files_of(site: &Site, id: &str) -> Vec<String> {
    let dirs = [Dir::Conversations, Dir::Recordings, Dir::Leads];
    let names = dirs.iter().flat_map(|dir| site.names(*dir));
    let is_its = |name: &String| {
        let stem = name.split('.').next().unwrap();
        stem == id
            || stem
                .strip_suffix(id)
                .is_some_and(|rest| rest.ends_with('_'))
    };
    names.filter(is_its).collect()
}

/// Nothing is sent, recorded or adopted, whoever asks.
#[track_caller]
fn nothing_is_sent_again(site: &Site, ids: &[&str]) {
    let before = site.api().requests().len();
    let adopted = site.call(["adopt", "--format", "json"]);
    let is_adopted = |line: &Value| line["result"] == "adopted";
    assert!(
        !adopted.json_lines().iter().any(is_adopted),
        "{}",
        adopted.stdout
    );
    for id in ids {
        let call = json!({"session_id": id, "items": [{"role": "user", "content": "Hello?"}]});
        let mut command = site.command(["record"]);
        let file = site.home().join("call.json");
        fs::write(&file, call.to_string()).unwrap();
        command.stdin(fs::File::open(file).unwrap());
        Outcome::of(command.output().unwrap()).expect(0);
    }
    assert_eq!(site.names(Dir::Pending), Vec::<String>::new());
    site.run(&["--adopt", "--settle", "0s", "--recording-grace", "0s"]);
    assert_eq!(site.api().requests().len(), before);
}

#[test]
fn what_is_older_goes_and_what_is_younger_stays() {
    let site = delivered(&["a", "b", "c"]);
    delivered_ago(&site, "a", 40);
    delivered_ago(&site, "b", 20);
    let outcome = prune(&site, &["--older-than", "30d"]).expect(0);
    assert_eq!(line(&outcome, "a")["result"], "pruned");
    assert_eq!(outcome.json_lines().len(), 1);
    assert_eq!(
        site.names(Dir::Processed),
        ["metadata_b.json", "metadata_c.json"]
    );
    assert_eq!(
        files_of(&site, "a"),
        ["transcript_a.json", "EG_a.json", "a.ogg", "lead_a.json"]
    );
    let text = site.call(["prune", "--older-than", "10d"]).expect(0).stdout;
    assert!(
        text.starts_with("b  pruned: delivered 20d ago; document: "),
        "{text}"
    );
    assert!(text.contains("1 document and 0 files pruned, "), "{text}");
    assert!(text.ends_with("; 1 kept: 1 too young\n"), "{text}");
    nothing_is_sent_again(&site, &["a", "b"]);
}

#[test]
fn what_is_left_of_a_call_is_no_other_calls() {
    let site = site();
    // Nothing but the document says whose it is.
    Session::new("a")
        .age(Duration::from_secs(100 * 86_400))
        .without_recording_file()
        .never_recorded()
        .edit(|document| document["files"]["recording"] = json!("recordings/tape.ogg"))
        .write(&site);
    let age = Duration::from_secs(100 * 86_400);
    site.put(Dir::Recordings, "tape.ogg", "tape", age);
    site.run(&[]).expect(0);
    let unclaimed = |site: &Site| {
        let lines = site.call(["adopt", "--format", "json"]).json_lines();
        let summary = lines
            .iter()
            .find(|line| line["summary"].is_object())
            .unwrap();
        summary["summary"]["unclaimed_recordings"].clone()
    };
    assert_eq!(unclaimed(&site), 0);
    prune(&site, &["--older-than", "0s"]).expect(0);
    assert_eq!(unclaimed(&site), 0);
    // One that was written since is another one.
    site.put(Dir::Recordings, "tape.ogg", "another", Duration::ZERO);
    assert_eq!(unclaimed(&site), 1);
}

#[test]
fn the_latest_stay_whatever_their_age() {
    let site = delivered(&["a", "b", "c"]);
    for (id, days) in [("a", 40), ("b", 60), ("c", 20)] {
        delivered_ago(&site, id, days);
    }
    prune(&site, &["--older-than", "30d", "--keep", "2"]).expect(0);
    assert_eq!(
        site.names(Dir::Processed),
        ["metadata_a.json", "metadata_c.json"]
    );
    prune(&site, &["--keep", "1"]).expect(0);
    assert_eq!(site.names(Dir::Processed), ["metadata_c.json"]);
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let site = delivered(&["a", "b"]);
    let shared = site.dir(Dir::Leads).join("lead_b.json");
    fs::remove_file(&shared).unwrap();
    symlink("lead_a.json", &shared).unwrap();
    let before = tree(&site.root());
    let dry = prune(&site, &["--older-than", "0s", "--with-files", "--dry-run"]);
    assert_eq!(tree(&site.root()), before);
    let wet = with_files(&site);
    assert_eq!(dry.code, wet.code);
    let told = dry.stdout.replace("would be pruned", "pruned");
    assert_eq!(told, wet.stdout);
    assert!(wet.stdout.contains("\"pruned\"") && wet.stdout.contains("\"kept\""));
}

#[test]
fn with_files_all_that_was_delivered_goes_and_once_is_enough() {
    let site = delivered(&["a", "b"]);
    let outcome = with_files(&site).expect(0);
    let roles = |id| -> Vec<String> {
        let line = line(&outcome, id);
        let files = line["files"].as_array().unwrap();
        files.iter().map(|file| file["role"].to_string()).collect()
    };
    assert_eq!(
        roles("a"),
        [
            "\"recording\"",
            "\"manifest\"",
            "\"transcript\"",
            "\"lead\""
        ]
    );
    for dir in [
        Dir::Processed,
        Dir::Conversations,
        Dir::Recordings,
        Dir::Leads,
    ] {
        assert_eq!(site.names(dir), Vec::<String>::new());
    }
    let again = with_files(&site).expect(0);
    assert_eq!(again.stdout, "");
    nothing_is_sent_again(&site, &["a", "b"]);
}

#[test]
fn what_is_not_delivered_is_never_touched() {
    let site = site_with(&[
        "call-data@partial:all:status=422",
        "call-data@failed:all:status=422",
        "call-data@pending:all:status=500",
    ]);
    write_sessions(&site, &["partial", "whole"]);
    Session::new("failed").never_recorded().write(&site);
    Session::new("pending").never_recorded().write(&site);
    site.put(
        Dir::Pending,
        "metadata_torn.json",
        "{\"session",
        Duration::from_secs(3600),
    );
    fs::create_dir(site.dir(Dir::Processed)).unwrap();
    site.put(
        Dir::Processed,
        "metadata_old.json",
        r#"{"session_id": "old", "status": "uploaded", "files": {"conversation": "conversations/old.json"}}"#,
        Duration::from_secs(3600),
    );
    site.put(
        Dir::Conversations,
        "old.json",
        "{}",
        Duration::from_secs(3600),
    );
    site.run(&[]).expect(4);
    let ids = ["partial", "failed", "pending", "torn", "old"];
    let kept = |site: &Site| {
        let mut tree = tree(&site.root());
        tree.retain(|path, (_, _, _, bytes)| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            bytes.is_some() && ids.iter().any(|id| name.contains(id))
        });
        tree
    };
    let before = kept(&site);
    assert!(before.len() >= 10, "{before:?}");
    let outcome = site.call(ALL.iter().chain(&["--with-files"])).expect(0);
    assert!(
        outcome
            .stdout
            .ends_with("; 2 kept: 1 another program's, 1 in part only\n"),
        "{}",
        outcome.stdout
    );
    assert_eq!(kept(&site), before);
    assert_eq!(files_of(&site, "whole"), Vec::<String>::new());
}

#[test]
fn a_file_that_another_document_names_stays_until_that_goes_too() {
    let site = site_with(&["call-data@later:1:status=500"]);
    let shares = |id: &str| {
        Session::new(id)
            .never_recorded()
            .edit(|document| document["files"]["lead"] = json!("leads/shared.json"))
            .write(&site);
    };
    site.put(
        Dir::Leads,
        "shared.json",
        r#"{"name": "Test Person"}"#,
        Duration::from_secs(3600),
    );
    shares("now");
    shares("later");
    site.run(&[]).expect(3);
    let outcome = with_files(&site).expect(0);
    let files = line(&outcome, "now")["files"].clone();
    let lead = files
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["role"] == "lead")
        .cloned();
    let lead = lead.unwrap();
    assert_eq!(
        (&lead["result"], &lead["reason"]),
        (&json!("kept"), &json!("another document names it"))
    );
    assert_eq!(site.names(Dir::Leads), ["shared.json"]);
    site.lift_backoffs();
    site.run(&[]).expect(0);
    with_files(&site).expect(0);
    assert_eq!(site.names(Dir::Leads), Vec::<String>::new());
}

#[test]
fn bytes_that_are_no_document_keep_the_files_that_they_speak_of() {
    let site = delivered(&["abc", "xyz"]);
    let torn = r#"{"session_id": "other", "files": {"conversation": "/srv/conversations/transcript_abc.json", "rec"#;
    site.put(
        Dir::Corrupt,
        "metadata_other.json",
        torn,
        Duration::from_secs(3600),
    );
    with_files(&site).expect(0);
    assert_eq!(site.names(Dir::Conversations), ["transcript_abc.json"]);
    assert_eq!(files_of(&site, "xyz"), Vec::<String>::new());
}

#[test]
fn what_was_changed_or_is_a_link_or_not_there_to_see_keeps_its_document() {
    let site = delivered(&["changed", "longer", "link", "outside", "well"]);
    let later = SystemTime::now() + Duration::from_secs(60);
    let file = fs::File::options()
        .write(true)
        .open(site.dir(Dir::Conversations).join("transcript_changed.json"))
        .unwrap();
    file.set_modified(later).unwrap();
    let recording = site.dir(Dir::Recordings).join("longer.ogg");
    let modified = fs::metadata(&recording).unwrap().modified().unwrap();
    fs::write(&recording, "more or less").unwrap();
    let file = fs::File::options().write(true).open(&recording).unwrap();
    file.set_modified(modified).unwrap();
    for (name, target) in [
        ("link", "transcript_well.json"),
        ("outside", "/etc/hostname"),
    ] {
        let path = site
            .dir(Dir::Conversations)
            .join(format!("transcript_{name}.json"));
        fs::remove_file(&path).unwrap();
        symlink(target, path).unwrap();
    }
    let before = tree(&site.root());
    let outcome = with_files(&site).expect(4);
    for (id, reason) in [
        (
            "changed",
            "its transcript: it was changed after it was delivered",
        ),
        (
            "longer",
            "its recording: it was changed after it was delivered",
        ),
        ("link", "its transcript: a link"),
        (
            "outside",
            "its transcript: a link that leads out of its directory",
        ),
    ] {
        let line = line(&outcome, id);
        assert_eq!(line["result"], "kept", "{line}");
        assert_eq!(line["reason"], reason, "{line}");
    }
    // The link names the transcript too.
    assert_eq!(line(&outcome, "well")["result"], "pruned");
    assert_eq!(site.names(Dir::Processed).len(), 4);
    let after = tree(&site.root());
    for id in ["changed", "longer", "link", "outside"] {
        let of = |tree: &crate::tree::Tree| -> Vec<_> {
            let own = |path: &Path| path.file_name().unwrap().to_string_lossy().contains(id);
            tree.iter()
                .filter(|(path, _)| own(path))
                .map(|(path, facts)| (path.clone(), facts.clone()))
                .collect()
        };
        assert_eq!(of(&after), of(&before), "{id}");
    }
    assert!(
        site.dir(Dir::Conversations)
            .join("transcript_well.json")
            .exists()
    );

    fs::rename(site.dir(Dir::Recordings), site.home().join("unmounted")).unwrap();
    fs::remove_file(site.dir(Dir::Conversations).join("transcript_link.json")).unwrap();
    let outcome = with_files(&site).expect(4);
    let reason = line(&outcome, "link")["reason"].to_string();
    assert!(
        reason.contains("recordings cannot be looked into"),
        "{reason}"
    );
}

#[test]
fn of_several_outputs_what_was_not_sent_stays_with_its_manifest() {
    let site = site();
    let manifest = json!({"egress_id": "EG_a", "started_at": 1, "ended_at": 2, "files": [
        {"filename": "a.ogg"}, {"filename": "a.mp4"}]});
    Session::new("a")
        .manifest(manifest.to_string())
        .write(&site);
    site.put(Dir::Recordings, "a.mp4", "film", Duration::from_secs(3600));
    site.run(&[]).expect(0);
    let outcome = with_files(&site).expect(0);
    assert_eq!(site.names(Dir::Recordings), ["EG_a.json", "a.mp4"]);
    let text = line(&outcome, "a").to_string();
    assert!(text.contains("it was not delivered"), "{text}");
    nothing_is_sent_again(&site, &["a"]);
}

#[test]
fn a_document_that_comes_back_is_not_delivered_again() {
    let site = site();
    let path = Session::new("a").write(&site);
    let copy = fs::read(&path).unwrap();
    site.run(&[]).expect(0);
    prune(&site, &["--older-than", "0s"]).expect(0);
    let before = site.api().requests().len();
    fs::write(&path, &copy).unwrap();
    let outcome = site.run(&[]).expect(0);
    assert_eq!(outcome.sessions("recovered"), 1);
    assert_eq!(site.names(Dir::Pending), Vec::<String>::new());
    assert_eq!(site.api().requests().len(), before);

    // Another call of the same id is another call.
    Session::new("a")
        .edit(|document| document["timestamps"]["metadata_saved"] = json!("2026-01-01T00:00:00Z"))
        .write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn a_document_that_a_person_brings_back_to_be_sent_again_is_sent() {
    let site = delivered(&["a"]);
    let document = site.dir(Dir::Processed).join("metadata_a.json");
    let copy = fs::read(&document).unwrap();
    prune(&site, &["--older-than", "0s"]).expect(0);
    fs::write(&document, copy).unwrap();
    site.call(["requeue", "a", "--part", "call-data", "--force"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn what_is_left_of_a_call_holds_nothing_of_a_person() {
    let site = delivered(&["call_15550100123"]);
    with_files(&site).expect(0);
    let left = fs::read_to_string(site.dir(Dir::Processed).join(".callspool.pruned")).unwrap();
    assert!(
        left.lines().count() == 2 && !left.contains("15550100"),
        "{left}"
    );
    nothing_is_sent_again(&site, &["call_15550100123"]);
}

#[test]
fn an_unreadable_document_keeps_all_files() {
    let site = delivered(&["a"]);
    // Larger than a document may be: its bytes are not read.
    site.put(
        Dir::Corrupt,
        "metadata_b.json",
        vec![b'x'; 17 << 20],
        Duration::from_secs(3600),
    );
    let outcome = with_files(&site).expect(4);
    let reason = line(&outcome, "a")["reason"].to_string();
    assert!(
        reason.contains("metadata_b.json cannot be read"),
        "{reason}"
    );
    assert_eq!(files_of(&site, "a").len(), 4);
    prune(&site, &["--older-than", "0s"]).expect(0);
}

#[test]
fn while_a_run_is_under_way_nothing_goes() {
    let mut site = delivered(&["a"]);
    Session::new("b").never_recorded().write(&site);
    let gate = Gate::holding_answers(&mut site);
    let sent = site.api().requests().len();
    let run = Running::start(&mut site.command(["run"]));
    assert!(site.api().wait_for_requests(sent + 1, PATIENCE));
    prune(&site, &["--older-than", "0s"]).expect(11);
    assert_eq!(site.names(Dir::Processed), ["metadata_a.json"]);
    gate.open();
    run.finish().expect(0);
}

/// Keeps a prune from removing files, as an agent does that records just then.
fn record_lock(site: &Site) -> fs::File {
    let path = site.dir(Dir::Pending).join(".callspool.record.lock");
    let lock = fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let lock = lock.unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_file_that_a_new_document_names_by_then_stays() {
    let site = delivered(&["a", "b"]);
    let lock = record_lock(&site);
    let arguments = [&ALL[..], &["-v", "--with-files", "--format", "json"]].concat();
    let prune = Running::start(&mut site.command(arguments));
    prune.wait_for_log("planned what to prune");
    let document = json!({"session_id": "new", "files": {"lead": "leads/lead_a.json"}});
    site.put(
        Dir::Pending,
        "metadata_new.json",
        document.to_string(),
        Duration::ZERO,
    );
    drop(lock);
    let outcome = prune.finish().expect(4);
    let reason = &line(&outcome, "a")["reason"];
    assert_eq!(reason, "another document names one of its files");
    assert_eq!(files_of(&site, "a").len(), 4);
    assert_eq!(line(&outcome, "b")["result"], "pruned");
    assert_eq!(site.names(Dir::Processed), ["metadata_a.json"]);
}

#[test]
fn what_a_document_shares_that_has_changed_by_then_stays_too() {
    let site = site();
    for id in ["a", "b"] {
        Session::new(id)
            .age(Duration::from_secs(100 * 86_400))
            .edit(|document| document["files"]["lead"] = json!("leads/shared.json"))
            .write(&site);
    }
    let age = Duration::from_secs(100 * 86_400);
    site.put(Dir::Leads, "shared.json", "{}", age);
    site.run(&[]).expect(0);
    delivered_ago(&site, "a", 2);
    delivered_ago(&site, "b", 1);
    let lock = record_lock(&site);
    let arguments = [&ALL[..], &["-v", "--with-files", "--format", "json"]].concat();
    let prune = Running::start(&mut site.command(arguments));
    prune.wait_for_log("planned what to prune");
    delivered_ago(&site, "a", 3);
    drop(lock);
    let outcome = prune.finish().expect(4);
    assert_eq!(
        line(&outcome, "a")["reason"],
        "it has changed while it was looked at"
    );
    assert_eq!(
        line(&outcome, "b")["reason"],
        "another document names one of its files"
    );
    assert_eq!(site.names(Dir::Leads), ["shared.json"]);
    assert_eq!(files_of(&site, "a").len(), 3);
}

#[test]
fn a_signal_ends_it_between_two_documents() {
    let site = delivered(&["a", "b", "c"]);
    let lock = record_lock(&site);
    let arguments = [&ALL[..], &["-v", "--with-files"]].concat();
    let prune = Running::start(&mut site.command(arguments));
    prune.wait_for_log("planned what to prune");
    prune.signal(rustix::process::Signal::TERM);
    prune.wait_for_log("told to stop");
    drop(lock);
    prune.finish().expect(128 + 15);
    let left = site.names(Dir::Processed).len();
    assert!((2..=3).contains(&left), "{left}");
    let files: usize = ["a", "b", "c"]
        .iter()
        .map(|id| files_of(&site, id).len())
        .sum();
    assert_eq!(files, 4 * left);
    with_files(&site).expect(0);
    assert_eq!(site.names(Dir::Processed), Vec::<String>::new());
}

#[test]
fn a_damaged_list_of_what_went_is_not_written_over() {
    let site = delivered(&["a"]);
    let list = site.dir(Dir::Processed).join(".callspool.pruned");
    fs::write(&list, "something else\n").unwrap();
    let outcome = prune(&site, &["--older-than", "0s"]).expect(20);
    assert!(
        outcome.stderr.contains(".callspool.pruned"),
        "{}",
        outcome.stderr
    );
    assert_eq!(fs::read_to_string(&list).unwrap(), "something else\n");
    assert_eq!(site.names(Dir::Processed), ["metadata_a.json"]);
    // Calls are delivered all the same.
    write_sessions(&site, &["b"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

mod erasure {
    use super::*;

    fn erase(site: &Site, id: &str, more: &[&str]) -> Outcome {
        let arguments = ["--session", id, "--with-files"];
        prune(site, &[&arguments[..], more].concat())
    }

    #[test]
    fn one_call_goes_wholly_and_what_the_api_has_is_named() {
        let site = delivered(&["a", "ab"]);
        site.put(Dir::Leads, "lead_a.1.json", "{}", Duration::from_secs(3600));
        site.put(
            Dir::Conversations,
            "transcript_a.1.json",
            "{}",
            Duration::from_secs(3600),
        );
        let outcome = erase(&site, "a", &[]).expect(0);
        let line = line(&outcome, "a");
        assert_eq!(line["call_id"], "CALL-a");
        assert!(
            line["recording_url"]
                .as_str()
                .unwrap()
                .contains("/uploads/"),
            "{line}"
        );
        assert_eq!(files_of(&site, "a"), Vec::<String>::new());
        assert_eq!(files_of(&site, "ab").len(), 4);
        assert_eq!(site.names(Dir::Processed), ["metadata_ab.json"]);
        let again = erase(&site, "a", &[]).expect(0);
        assert_eq!(again.json_lines()[0]["result"], "gone");
        nothing_is_sent_again(&site, &["a"]);
        assert_eq!(site.names(Dir::Processed), ["metadata_ab.json"]);
    }

    #[test]
    fn what_an_earlier_prune_left_of_it_goes() {
        let site = delivered(&["a", "b"]);
        prune(&site, &["--older-than", "0s"]).expect(0);
        assert_eq!(files_of(&site, "a").len(), 4);
        let dry = erase(&site, "a", &["--dry-run"]).expect(0);
        assert_eq!(files_of(&site, "a").len(), 4);
        let outcome = erase(&site, "a", &[]).expect(0);
        assert_eq!(
            dry.stdout.replace("would be pruned", "pruned"),
            outcome.stdout
        );
        let line = line(&outcome, "a");
        assert_eq!(line["result"], "pruned");
        assert_eq!(line["reason"], "its document was pruned before");
        assert_eq!(files_of(&site, "a"), Vec::<String>::new());
        assert_eq!(files_of(&site, "b").len(), 4);
        let again = erase(&site, "a", &[]).expect(0);
        assert_eq!(again.json_lines()[0]["result"], "gone");
        nothing_is_sent_again(&site, &["a", "b"]);

        // What was written since is of another call.
        let path = site.dir(Dir::Conversations).join("transcript_b.json");
        let later = SystemTime::now() + Duration::from_secs(60);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(later).unwrap();
        erase(&site, "b", &[]).expect(4);
        assert_eq!(files_of(&site, "b").len(), 4);
    }

    #[test]
    fn all_copies_of_its_document_go() {
        let site = delivered(&["a"]);
        let dir = site.dir(Dir::Processed);
        fs::copy(dir.join("metadata_a.json"), dir.join("metadata_a.1.json")).unwrap();
        erase(&site, "a", &[]).expect(0);
        assert_eq!(site.names(Dir::Processed), Vec::<String>::new());
        assert_eq!(files_of(&site, "a"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_delivered_or_not_there_is_refused_with_what_to_do() {
        let site = site_with(&[
            "call-data@partial:all:status=422",
            "call-data@failed:all:status=422",
            "call-data@pending:all:status=500",
        ]);
        write_sessions(&site, &["partial", "whole"]);
        Session::new("failed").never_recorded().write(&site);
        Session::new("pending").never_recorded().write(&site);
        site.run(&[]).expect(4);
        let torn = r#"{"session_id": "torn", "#;
        site.put(
            Dir::Corrupt,
            "metadata_x.json",
            torn,
            Duration::from_secs(3600),
        );
        let before = tree(&site.root());
        for (id, advice) in [
            ("partial", "--partial"),
            ("failed", "requeue it"),
            ("pending", "let a run deliver it first"),
            ("torn", "mend it"),
            ("nobody", "callspool inspect"),
            ("who", "callspool inspect"),
        ] {
            let outcome = erase(&site, id, &[]).expect(2);
            assert_eq!(line(&outcome, id)["result"], "refused");
            assert!(outcome.stderr.contains(advice), "{}", outcome.stderr);
        }
        let mut after = tree(&site.root());
        let mut before = before;
        // The lock's time tells that somebody had it.
        for tree in [&mut before, &mut after] {
            tree.retain(|path, _| path.is_file() && !path.ends_with(".callspool.lock"));
        }
        assert_eq!(after, before);

        let all = [
            "prune",
            "--session",
            "nobody",
            "--session",
            "whole",
            "--with-files",
        ];
        site.call(all).expect(2);
        assert_eq!(
            files_of(&site, "whole"),
            Vec::<String>::new(),
            "the others are done"
        );
        erase(&site, "partial", &["--partial"]).expect(0);
        assert_eq!(files_of(&site, "partial"), Vec::<String>::new());
    }

    #[test]
    fn what_adoption_remembers_of_it_goes_too() {
        let site = delivered(&["a"]);
        site.call(["adopt"]);
        let memory = site.dir(Dir::Pending).join(".callspool.adopted");
        assert!(memory.exists());
        erase(&site, "a", &[]).expect(0);
        assert!(!memory.exists());
    }
}

#[test]
fn only_what_the_api_has_is_said_to_be_there_and_with_no_number() {
    let site = site_with(&["call-data:1:status=422"]);
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let path = site.dir(Dir::Processed).join("metadata_a.json");
    let mut document = site.document(Dir::Processed, "a");
    let number = document["dialed_number"].as_str().unwrap().to_owned();
    document["upload"]["recording"]["url"] = format!("https://x.example/u?to={number}").into();
    fs::write(&path, document.to_string()).unwrap();
    let outcome = site.call([
        "prune",
        "--session",
        "a",
        "--partial",
        "--with-files",
        "--dry-run",
    ]);
    let text = outcome.expect(0).stdout;
    assert!(
        text.contains("the API still has the recording https://x.example/u?to="),
        "{text}"
    );
    assert!(!text.contains("CALL-a"), "{text}");
    assert!(!text.contains(&number), "{text}");
}
