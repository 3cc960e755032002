//! Hundreds of calls: every match is true, and what is not matched is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use test_support::{Dir, Outcome, Site};

use crate::calls::{Call, Sound, number_in};
use crate::estate::{Estate, Past, id_of};
use crate::figures::Figures;
use crate::site;

/// Calls in one estate.
const CALLS: usize = 500;

/// What documents without ids go by.
pub(crate) const DEFAULTS: [&str; 8] = [
    "--batch-size",
    "0",
    "--default-campaign-id",
    "c",
    "--default-voice-agent-id",
    "v",
    "--default-client-id",
    "k",
];

/// The lines of `adopt --format json`, by transcript, and the summary.
pub(crate) fn lines(outcome: &Outcome) -> (BTreeMap<String, Value>, Value) {
    let mut lines = outcome.json_lines();
    let summary = lines.pop().unwrap()["summary"].clone();
    let lines = lines.into_iter().map(|line| {
        let name = line["transcript"].as_str().unwrap().to_owned();
        (name, line)
    });
    (lines.collect(), summary)
}

/// Adopts, saying everything.
pub(crate) fn adopt(site: &Site, arguments: &[&str]) -> Outcome {
    let all = ["adopt", "-v", "--format", "json"];
    site.call(all.iter().chain(arguments))
}

#[test]
fn every_match_is_true_and_what_is_left_is_reported() {
    for seed in 1..=3 {
        let site = site();
        let estate = Estate::build(&site, seed, CALLS);
        let outcome = adopt(&site, &[]).expect(4);
        let (lines, summary) = lines(&outcome);
        let figures = check(&site, &estate, &lines, seed);
        figures.demand(seed);
        assert_eq!(summary["adopted"], figures.adopted, "seed {seed}");
        assert_eq!(summary["unreadable"], 1, "seed {seed}: {summary}");
        assert_eq!(summary["foreign"], 2, "seed {seed}: {summary}");

        deliver(&site, &estate, seed);
        let again = adopt(&site, &[]).expect(4);
        let (_, again) = crate::matching::lines(&again);
        assert_eq!(again["adopted"], 0, "seed {seed}: {again}");
        assert_eq!(again["ambiguous"], summary["ambiguous"], "seed {seed}");
    }
}

/// `CALLSPOOL_SOAK_ESTATES` says how many (100), `CALLSPOOL_SOAK_SEED` from where.
#[test]
#[ignore = "takes minutes: make soak"]
fn soak_hundreds_of_estates_hold_no_wrong_match() {
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap())
    };
    let first = number("CALLSPOOL_SOAK_SEED", 1000);
    for seed in first..first + number("CALLSPOOL_SOAK_ESTATES", 100) {
        let site = site();
        let estate = Estate::build(&site, seed, CALLS);
        let (lines, _) = lines(&adopt(&site, &[]).expect(4));
        check(&site, &estate, &lines, seed).demand(seed);
    }
}

#[test]
fn a_run_that_adopts_does_the_same_as_both() {
    let (first, second) = (site(), site());
    for site in [&first, &second] {
        Estate::build(site, 9, CALLS / 2);
    }
    adopt(&first, &[]).expect(4);
    first.run(&DEFAULTS).expect(4);
    let outcome = second.call(
        ["run", "--adopt", "--format", "json"]
            .iter()
            .chain(&DEFAULTS),
    );
    let report = outcome.expect(4).report();
    let summary = lines(&adopt(&second, &[])).1;
    assert_eq!(report["adoption"]["ambiguous"], summary["ambiguous"]);
    assert!(
        report["adoption"]["adopted"].as_u64() > Some(100),
        "{report}"
    );
    assert_eq!(summary["adopted"], 0);
    let delivered = |site: &Site| -> BTreeMap<String, Value> {
        let recordings = site.api().recordings();
        let calls = site.api().calls().into_iter().map(|call| {
            let url = call.recording_url.clone();
            let recording = recordings.iter().find(|it| Some(&it.url) == url.as_ref());
            let mut body = call.body;
            body["callDetails"]["recordingUrl"] = recording
                .map(|it| it.sha256.clone())
                .unwrap_or_default()
                .into();
            (call.call_id, body)
        });
        calls.collect()
    };
    let (first, second) = (delivered(&first), delivered(&second));
    assert_eq!(first.len(), second.len());
    for (id, body) in &first {
        assert_eq!(Some(body), second.get(id));
    }
}

/// Holds every document against the truth, and every line against what is there.
fn check(site: &Site, estate: &Estate, lines: &BTreeMap<String, Value>, seed: u64) -> Figures {
    let mut figures = Figures::default();
    let documents = documents(site);
    let mut named = BTreeSet::new();
    for document in &documents {
        let name = file_name(&document["files"]["conversation"]).unwrap();
        let (number, past) = estate.transcripts[&name];
        let call = &estate.calls[number];
        let about = format!("seed {seed}, call {number}: {document}");
        assert_eq!(past, Past::Untouched, "{about}");
        assert!(named.insert(name.clone()), "{about}");
        assert_eq!(document["session_id"], id_of(&name, call), "{about}");
        for owner in recording_owners(site, estate, document) {
            assert_eq!(
                owner,
                number,
                "another call's recording: {about}\n{:?}\n{:?}",
                estate.calls[owner],
                estate
                    .transcripts
                    .iter()
                    .filter(|(_, it)| it.0 == owner)
                    .collect::<Vec<_>>()
            );
        }
        if let Some(lead) = file_name(&document["files"]["lead"]) {
            let text = fs::read_to_string(site.dir(Dir::Leads).join(lead)).unwrap();
            assert_eq!(number_in(&text), Some(number), "another's lead: {about}");
            figures.leads += 1;
        }
        assert_eq!(lines[&name]["result"], "adopted", "{about}");
    }
    figures.adopted = documents.len();
    for (name, (number, past)) in &estate.transcripts {
        let (call, line) = (&estate.calls[*number], &lines[name]);
        let about = format!("seed {seed}, call {number} ({call:?}): {line}");
        match past {
            Past::Documented | Past::Quarantined => assert_eq!(line["result"], "named", "{about}"),
            Past::Delivered => assert_eq!(line["result"], "delivered", "{about}"),
            Past::Copy => assert_eq!(line["result"], "copy", "{about}"),
            Past::Untouched => {
                let is_there = is_matchable(site, call);
                let result = line["result"].as_str().unwrap();
                assert!(["adopted", "ambiguous"].contains(&result), "{about}");
                assert_eq!(result == "adopted", named.contains(name), "{about}");
                figures.count(is_there, line);
                if result == "adopted" && is_there {
                    assert!(line["recording"]["name"].is_string(), "left out: {about}");
                }
            }
        }
    }
    figures
}

/// Whether the recording that is there is the call's, and could be told to be.
fn is_matchable(site: &Site, call: &Call) -> bool {
    let path = site.dir(Dir::Recordings).join(call.sound_name());
    let is_own = fs::read(path).is_ok_and(|bytes| bytes == call.sound_bytes());
    let text = call.transcript_text();
    let has_ids = text.contains("campaign_metadata");
    let has_time = matches!(call.sound, Sound::Number | Sound::Key);
    has_ids && is_own && (has_time || call.sound == Sound::WholeId)
}

/// The calls whose recording a document leads to, by its manifest and by its file.
fn recording_owners(site: &Site, estate: &Estate, document: &Value) -> Vec<usize> {
    let mut owners = Vec::new();
    let sound_in = |name: &str| {
        let bytes = fs::read(site.dir(Dir::Recordings).join(name)).ok()?;
        number_in(&String::from_utf8(bytes).unwrap())
    };
    if let Some(id) = document["campaign_metadata"]["egressId"].as_str() {
        let id = id.trim_start_matches("EG_");
        let call = estate.calls.iter().find(|call| call.egress == id).unwrap();
        owners.push(call.number);
        if !matches!(call.sound, Sound::Failed | Sound::Playlists | Sound::Gone) {
            owners.extend(sound_in(&call.sound_name()).filter(|_| {
                site.dir(Dir::Recordings)
                    .join(format!("EG_{id}.json"))
                    .exists()
            }));
        }
    }
    if let Some(name) = file_name(&document["files"]["recording"]) {
        owners.push(sound_in(&name).unwrap());
    }
    owners
}

/// Runs, and holds what arrived against the truth.
fn deliver(site: &Site, estate: &Estate, seed: u64) {
    let adopted: Vec<Value> = documents(site);
    let report = site.run(&DEFAULTS).expect(4).report();
    assert_eq!(report["sessions"]["failed"], 0, "seed {seed}: {report}");
    assert_eq!(report["sessions"]["deferred"], 0, "seed {seed}: {report}");
    let (calls, recordings) = (site.api().calls(), site.api().recordings());
    assert_eq!(calls.len(), adopted.len(), "seed {seed}");
    let mut urls = BTreeSet::new();
    for document in adopted {
        let id = document["session_id"].as_str().unwrap();
        let own: Vec<_> = calls
            .iter()
            .filter(|call| call.call_id == format!("CALL-{id}"))
            .collect();
        assert_eq!(own.len(), 1, "seed {seed}: {id}");
        let body = &own[0].body;
        let name = file_name(&document["files"]["conversation"]).unwrap();
        let number = estate.transcripts[&name].0;
        let said = body["transcription"]["conversation_items"].to_string();
        assert_eq!(number_in(&said), Some(number), "seed {seed}: {id}");
        if let Some(url) = &own[0].recording_url {
            let recording = recordings.iter().find(|it| it.url == *url).unwrap();
            let bytes = fs::read(&recording.path).unwrap();
            assert_eq!(
                bytes,
                estate.calls[number].sound_bytes(),
                "seed {seed}: {id}"
            );
            assert!(urls.insert(url.clone()), "seed {seed}: sent twice");
        }
        if let Some(interest) = body["lead"]["interest"].as_str() {
            assert_eq!(number_in(interest), Some(number), "seed {seed}: {id}");
        }
    }
    assert_eq!(recordings.len(), urls.len(), "seed {seed}");
}

/// The pending documents.
pub(crate) fn documents(site: &Site) -> Vec<Value> {
    let names = site.names(Dir::Pending);
    let read = |name: &String| {
        let text = fs::read_to_string(site.dir(Dir::Pending).join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    names.iter().map(read).collect()
}

fn file_name(path: &Value) -> Option<String> {
    let path = path.as_str()?;
    path.rsplit('/').next().map(str::to_owned)
}
