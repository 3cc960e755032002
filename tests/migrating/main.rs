//! Moving over from an upload cron of the old kind, and back, as the guide says: side by side and
//! one after the other, and no call is ever delivered twice.
//!
//! The API knows nothing again that it has, so whatever is sent twice is there twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod guide;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use reference_api::ReferenceApi;
use serde_json::{Value, json};
use test_support::{Dir, Session, Site, manifest, plain_transcript};

const BINARY: &str = env!("CARGO_BIN_EXE_callspool");
/// The campaign whose documents are handed over in the guide.
const HANDED_OVER: &str = "68ff5c0f015cbf44dd9f336c";

fn site() -> Site {
    Site::with_api(BINARY, |api: ReferenceApi| api.dedupe(false))
}

fn old_cron(site: &Site, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/migrating/old_cron.py"
        ))
        .args(["--api-url", site.api_url()])
        .args(arguments)
        .current_dir(site.root());
    command
}

#[track_caller]
fn demand_success(mut command: Command) -> Output {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output
}

/// Runs a script as `sh FILE`.
fn script(site: &Site, name: &str, text: &str) -> PathBuf {
    let path = site.home().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// How often each call is at the API, by the id of its session.
fn calls(site: &Site) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in site.api().calls() {
        let id = call.body["transcription"]["session_id"].as_str().unwrap();
        *counts.entry(id.to_owned()).or_default() += 1;
    }
    counts
}

/// Every session's call and recording arrived, and arrived once.
#[track_caller]
fn demand_each_once(site: &Site, ids: &[String]) {
    let expected: BTreeMap<_, _> = ids.iter().map(|id| (id.clone(), 1)).collect();
    assert_eq!(calls(site), expected);
    let mut recordings: Vec<_> = site.api().recordings();
    recordings.sort_by(|a, b| a.original_name.cmp(&b.original_name));
    let names: Vec<_> = recordings
        .iter()
        .map(|found| &*found.original_name)
        .collect();
    let mut expected: Vec<_> = ids.iter().map(|id| format!("{id}.ogg")).collect();
    expected.sort();
    assert_eq!(names, expected);
}

fn write_sessions(site: &Site, numbers: std::ops::Range<usize>) -> Vec<String> {
    let id = |number| format!("session_20251029_1000{number:02}_x");
    for number in numbers.clone() {
        let campaign = ["68ff5b90015cbf44dd9f3269", HANDED_OVER][number % 2];
        let path = Session::new(&id(number))
            .edit(|document| document["campaign_metadata"]["campaignId"] = campaign.into())
            .write(site);
        // As Python's json.dump writes it, which is what the guide's script looks for.
        let text = fs::read_to_string(&path).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, serde_json::to_string_pretty(&document).unwrap()).unwrap();
        let times = fs::FileTimes::new().set_modified(modified);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_times(times)
            .unwrap();
    }
    numbers.map(id).collect()
}

fn is_empty(site: &Site, dir: &str) -> bool {
    let documents = fs::read_dir(site.root().join(dir)).into_iter().flatten();
    documents
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with("metadata_")
        })
        .count()
        == 0
}

#[test]
fn the_two_deliver_side_by_side_when_documents_are_handed_over() {
    let site = site();
    let mut ids = write_sessions(&site, 0..20);
    let root = site.root();
    let hand_over = guide::block("sh", "gives the documents of one campaign", &root);
    let hand_over = script(&site, "hand-over.sh", &hand_over);
    let config = guide::block("toml", "handed_over_processed", &root);
    let config = script(&site, "config.toml", &config);
    let lock = root.join(".handover.lock");
    let is_done = || is_empty(&site, "call_metadata") && is_empty(&site, "handed_over");

    let hand_over = || {
        let mut locked = Command::new("flock");
        locked.arg(&lock).arg("sh").arg(&hand_over);
        demand_success(locked);
    };
    hand_over();
    ids.extend(write_sessions(&site, 20..40));

    let old_is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_empty(&site, "call_metadata") {
                let mut locked = Command::new("flock");
                let cron = old_cron(&site, &["--use-central-metadata", "--batch-size", "3"]);
                locked
                    .arg(&lock)
                    .arg(cron.get_program())
                    .args(cron.get_args())
                    .current_dir(&root);
                demand_success(locked);
            }
            old_is_done.store(true, Ordering::SeqCst);
        });
        let mut rounds = 0;
        while !(old_is_done.load(Ordering::SeqCst) && is_done()) {
            hand_over();
            let mut run = site.bare_command();
            run.arg("--config")
                .arg(&config)
                .args(["--api-url", site.api_url(), "-q", "run"]);
            demand_success(run);
            rounds += 1;
            assert!(rounds < 1000, "the two never come to an end");
        }
    });

    demand_each_once(&site, &ids);
    let filed = |dir: &str| fs::read_dir(root.join(dir)).unwrap().count();
    let (by_the_old, by_the_new) = (filed("processed_metadata"), filed("handed_over_processed"));
    assert_eq!(by_the_old + by_the_new, 40);
    assert!(by_the_old >= 20, "what was not handed over: {by_the_old}");
    assert!(by_the_new >= 10, "what was handed over first: {by_the_new}");
}

#[test]
fn after_the_switch_only_what_the_old_cron_left_is_delivered() {
    let site = site();
    let ids = write_sessions(&site, 0..12);
    demand_success(old_cron(
        &site,
        &["--use-central-metadata", "--batch-size", "5"],
    ));
    assert_eq!(calls(&site).len(), 5);
    site.run(&[])
        .expect(0)
        .counts(&[("pending", 7), ("uploaded", 7)]);
    demand_each_once(&site, &ids);
    site.run(&[]).expect(0).counts(&[("pending", 0)]);
}

#[test]
fn after_going_back_the_old_cron_delivers_only_what_callspool_left() {
    let site = site();
    let ids = write_sessions(&site, 0..12);
    site.run(&["--batch-size", "5"]).expect(0);
    demand_success(old_cron(&site, &["--use-central-metadata"]));
    demand_each_once(&site, &ids);
    assert!(is_empty(&site, "call_metadata"));
}

#[test]
fn an_old_cron_that_scans_takes_nothing_that_the_guides_markers_name() {
    let site = site();
    let ids = write_sessions(&site, 0..12);
    site.run(&[]).expect(0).counts(&[("uploaded", 12)]);
    let markers = guide::block("sh", "processed_uploads", &site.root());
    let markers = script(&site, "markers.sh", &markers);
    let mut sh = Command::new("sh");
    sh.arg(&markers);
    demand_success(sh);
    demand_success(old_cron(&site, &[]));
    demand_each_once(&site, &ids);
    let made = fs::read_dir(site.root().join("processed_uploads"))
        .unwrap()
        .count();
    assert_eq!(made, 12);
    assert!(Path::new(&site.dir(Dir::Conversations)).exists());
}

/// Calls of an agent that wrote no documents.
fn write_transcripts(site: &Site, count: usize) -> Vec<String> {
    let ids: Vec<_> = (0..count)
        .map(|number| format!("session_20250829_1000{number:02}_x"))
        .collect();
    let hour = Duration::from_secs(3600);
    for id in &ids {
        let mut transcript: Value = serde_json::from_str(&plain_transcript(id)).unwrap();
        transcript["metadata"] = json!({"campaign_metadata": {
            "campaignId": "c", "voiceAgentId": "v", "clientId": "k", "sessionId": id,
            "dialedNumber": "+15550100123", "egressId": format!("EG_{id}"),
        }});
        let name = format!("transcript_{id}.json");
        site.put(Dir::Conversations, &name, transcript.to_string(), hour);
        site.put(
            Dir::Recordings,
            &format!("EG_{id}.json"),
            manifest(id),
            hour,
        );
        site.put(
            Dir::Recordings,
            &format!("{id}.ogg"),
            format!("sound of {id}"),
            hour,
        );
    }
    ids
}

#[test]
fn what_an_old_cron_that_scans_has_left_is_adopted_and_its_markers_count() {
    let site = site();
    let ids = write_transcripts(&site, 12);
    demand_success(old_cron(&site, &["--batch-size", "5"]));
    assert_eq!(calls(&site).len(), 5);
    site.call(["adopt", "--dry-run"]).expect(0);
    site.call(["adopt"]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 7)]);
    demand_each_once(&site, &ids);

    // Agents that still write no documents, and one line in the crontab for both.
    let more = write_transcripts(&site, 14);
    site.run(&["--adopt"]).expect(0).counts(&[("uploaded", 2)]);
    demand_each_once(&site, &more);

    // And back: the markers of the guide keep the old cron from what was adopted.
    let markers = guide::block("sh", "processed_uploads", &site.root());
    let mut sh = Command::new("sh");
    sh.arg(script(&site, "markers.sh", &markers));
    demand_success(sh);
    demand_success(old_cron(&site, &["--batch-size", "100"]));
    demand_each_once(&site, &more);
}
