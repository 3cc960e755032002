//! The recipes of the operations guide, as they stand there.
//!
//! The API takes a second post of a call for another call, and keeps every copy of a recording that
//! comes under a new key: what is delivered twice is there twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reference_api::{Fault, ReferenceApi, Target};
use test_support::{Dir, Guide, Outcome, Session, Site};

const BINARY: &str = env!("CARGO_BIN_EXE_callspool");
const GUIDE: Guide = Guide(include_str!("../../docs/operations.md"));

fn site(set_up: impl FnOnce(ReferenceApi) -> ReferenceApi) -> Site {
    let site = Site::with_api(BINARY, set_up);
    configure(&site, &site.root());
    site
}

/// Where `/etc/callspool` is for a test.
fn etc(site: &Site) -> PathBuf {
    site.home().join("etc")
}

/// Where a spool is moved to.
fn new_root(site: &Site) -> PathBuf {
    site.home().join("new")
}

fn configure(site: &Site, root: &Path) {
    fs::create_dir_all(etc(site)).unwrap();
    let text = format!(
        "root = {root:?}\napi_url = {:?}\ntoken_file = {:?}\n",
        site.api_url(),
        etc(site).join("token"),
    );
    fs::write(etc(site).join("config.toml"), text).unwrap();
    if !etc(site).join("token").exists() {
        fs::write(etc(site).join("token"), "the-token-of-before").unwrap();
    }
}

/// A recipe: the guide's one block that holds a text, run by sh as the guide says, with callspool
/// in the PATH and its settings in the config file.
#[track_caller]
fn recipe(site: &Site, holding: &str, stdin: &str) -> Outcome {
    let (root, new, etc) = (site.root(), new_root(site), etc(site));
    let text = GUIDE.block(
        "sh",
        holding,
        &[
            ("/srv/agent", root.to_str().unwrap()),
            ("/srv/new", new.to_str().unwrap()),
            ("/etc/callspool", etc.to_str().unwrap()),
        ],
    );
    let input = site.home().join("stdin");
    fs::write(&input, stdin).unwrap();
    let programs = Path::new(BINARY).parent().unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &text])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .env("CALLSPOOL_CONFIG", etc.join("config.toml"))
        .current_dir("/")
        .stdin(Stdio::from(fs::File::open(input).unwrap()))
        .output()
        .unwrap();
    Outcome::of(output)
}

fn write(site: &Site, ids: &[&str]) {
    for id in ids {
        // Each its own bytes: the store keeps equal recordings once.
        Session::new(id).recording(format!("OggS {id}")).write(site);
    }
}

/// How often each call is at the API.
fn calls(site: &Site) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in site.api().calls() {
        let id = call.body["transcription"]["session_id"].as_str().unwrap();
        *counts.entry(id.to_owned()).or_default() += 1;
    }
    counts
}

#[track_caller]
fn demand_each_once(site: &Site, ids: &[&str]) {
    let expected: BTreeMap<_, _> = ids.iter().map(|id| ((*id).to_owned(), 1)).collect();
    assert_eq!(calls(site), expected);
}

/// Makes a file look as old as the calls of that time.
fn age(path: &Path) {
    let touched = Command::new("touch")
        .args(["-d", "2025-12-31"])
        .arg(path)
        .status();
    assert!(touched.unwrap().success(), "{}", path.display());
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

#[test]
fn failed_sessions_go_back_by_their_error_once_its_cause_is_mended() {
    let site = site(|api| api);
    write(&site, &["well"]);
    for id in ["a", "b"] {
        Session::new(id)
            .edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
            .write(&site);
    }
    Session::new("other").transcript("[]").write(&site);
    site.run(&["--max-attempts", "1"]).expect(4);
    let ids = ["a", "b", "other"];
    assert!(ids.iter().all(|id| site.place(id) == Dir::Failed));
    recipe(&site, "--failed --error", "").expect(0);
    assert_eq!(site.place("other"), Dir::Failed);
    site.run(&["--default-campaign-id", "68ff"])
        .expect(4)
        .counts(&[("uploaded", 2)]);
    demand_each_once(&site, &["a", "b", "well"]);
}

#[test]
fn what_an_outage_held_up_is_delivered_by_one_run() {
    let site = site(|api| api.dedupe(false));
    write(&site, &["a", "b", "c"]);
    site.api()
        .add_fault(Fault::parse("upload:1-2:status=500").unwrap());
    site.run(&["--breaker", "9"]).expect(3);
    site.api().clear_faults();
    // More than a batch of them, and none is due.
    site.run(&["--batch-size", "1"])
        .expect(3)
        .counts(&[("backoff", 2)]);
    recipe(&site, "--batch-size 0", "").expect(0);
    demand_each_once(&site, &["a", "b", "c"]);
}

#[test]
fn a_spool_is_moved_and_goes_on_where_it_was() {
    let site = site(|api| api.dedupe(false));
    write(&site, &["before", "waiting"]);
    site.api()
        .add_fault(Fault::parse("call-data:2:status=500").unwrap());
    site.run(&[]).expect(3);
    site.api().clear_faults();
    write(&site, &["after"]);
    fs::create_dir(new_root(&site)).unwrap();
    let shown = recipe(&site, "cp -a", "");
    assert!(shown.stdout.contains("after"), "{}", shown.stdout);
    configure(&site, &new_root(&site));
    let uploads = site.api().hits(Target::Upload);
    recipe(&site, "--batch-size 0", "").expect(0);
    demand_each_once(&site, &["after", "before", "waiting"]);
    // What was uploaded before the move is not sent again.
    assert_eq!(site.api().hits(Target::Upload), uploads + 1);
}

#[test]
fn calls_that_were_delivered_after_the_backup_are_asked_about() {
    let site = site(|api| api.dedupe(false));
    write(&site, &["early", "failing", "late"]);
    site.api()
        .add_fault(Fault::parse("call-data:2:status=500").unwrap());
    site.run(&["--batch-size", "2"]).expect(3);
    site.api().clear_faults();
    let backup = site.home().join("backup");
    copy(&site.root(), &backup);
    site.lift_backoffs();
    site.run(&[]).expect(0);
    let everything = ["early", "failing", "late"];
    demand_each_once(&site, &everything);

    fs::remove_dir_all(site.root()).unwrap();
    copy(&backup, &site.root());
    write(&site, &["new"]);
    let outcome = recipe(&site, "--ask-first", "").expect(0);
    assert_eq!(outcome.stdout.matches("the API is asked first").count(), 3);
    demand_each_once(&site, &["early", "failing", "late", "new"]);
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn a_token_is_rotated_without_a_run_that_sees_half_of_it() {
    let site = site(|api| api.token("the-token-of-after"));
    write(&site, &["a"]);
    let mut refused = site.bare_command();
    refused.env("CALLSPOOL_CONFIG", etc(&site).join("config.toml"));
    let refused = Outcome::of(refused.args(["run"]).output().unwrap());
    refused.expect(12);
    let checked = recipe(&site, "token.new", "the-token-of-after\n").expect(0);
    assert!(!checked.stdout.contains("the-token"), "{}", checked.stdout);
    recipe(&site, "--batch-size 0", "").expect(0);
    demand_each_once(&site, &["a"]);
}

#[test]
fn what_was_delivered_long_ago_goes_and_the_rest_stays() {
    let site = site(|api| api);
    write(&site, &["old", "new"]);
    Session::new("failed").transcript("[]").write(&site);
    site.run(&["--max-attempts", "1"]).expect(4);
    let path = site.dir(Dir::Processed).join("metadata_old.json");
    let text = fs::read_to_string(&path).unwrap();
    // As if it had been delivered then.
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for part in ["recording", "call_data"] {
        document["upload"][part]["at"] = "2026-01-01T00:00:00.000Z".into();
    }
    fs::write(&path, document.to_string()).unwrap();
    for (dir, name) in [
        (Dir::Recordings, Session::new("old").recording_name()),
        (Dir::Recordings, "EG_old.json".to_owned()),
        (Dir::Conversations, "transcript_old.json".to_owned()),
    ] {
        age(&site.dir(dir).join(name));
    }
    recipe(&site, "--older-than 90d", "").expect(0);
    assert_eq!(site.names(Dir::Processed), ["metadata_new.json"]);
    assert_eq!(site.names(Dir::Failed), ["metadata_failed.json"]);
    assert!(!site.dir(Dir::Recordings).join("old.ogg").exists());
    assert!(site.dir(Dir::Recordings).join("new.ogg").exists());
}

#[test]
fn of_a_call_that_is_erased_nothing_is_left_to_find() {
    let id = "session_20251029_135057_99509edf";
    let site = site(|api| api.dedupe(false));
    write(&site, &[id, "other"]);
    site.run(&[]).expect(0);
    let outcome = recipe(&site, &format!("prune --session {id}"), "");
    // The last line of the recipe shows that it is gone.
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("there is no session"));
    assert!(
        outcome.stdout.contains(&format!("CALL-{id}")),
        "{}",
        outcome.stdout
    );
    let found = Command::new("grep")
        .args(["-rl", id])
        .arg(site.root())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    let names = Command::new("find").arg(site.root()).output().unwrap();
    assert!(!String::from_utf8_lossy(&names.stdout).contains(id));
    site.call(["run", "--adopt"]).expect(0);
    assert_eq!(site.api().calls().len(), 2);
    assert_eq!(site.place("other"), Dir::Processed);
}
