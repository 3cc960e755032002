//! The metadata document: what is the customer's in it stays.

use callspool::outcome::{Failure, FailureKind, Part};
use callspool::session::{Document, PartState, Status, is_same_document};
use chrono::{DateTime, Utc};

use crate::members::{self, assert_only_changed, last};
use crate::oracle;

/// A path that needs escapes.
const PATH: &str = "recordings/a \"b\"\\c\u{1}é🙂.ogg";
/// The members that a run sets.
const OURS: [&str; 5] = [
    "status",
    "upload_attempts",
    "last_upload_attempt",
    "files",
    "upload",
];
/// The members of our record.
const RECORD: [&str; 5] = [
    "generation",
    "recording",
    "call_data",
    "next_attempt_at",
    "history",
];

/// Whatever is accepted survives being written, and being changed, in all that is not ours.
pub(crate) fn check(data: &[u8]) {
    let document = match Document::parse(data) {
        Ok(document) => document,
        Err(error) => return check_refusal(data, &error),
    };
    let before = std::str::from_utf8(data).unwrap();
    let is_known_id = oracle::value(data).is_none_or(|value| {
        oracle::text(&value, "session_id").is_some_and(|id| id == document.session_id())
    });
    assert!(is_known_id);
    read_everything(&document);

    let written = String::from_utf8(document.to_bytes().unwrap()).unwrap();
    assert_survived(before, &written, &["upload"]);
    let again = Document::parse(written.as_bytes()).unwrap();
    assert_eq!(again.to_bytes().unwrap(), written.as_bytes());
    assert!(again.has_record());
    assert_eq!(again.session_id(), document.session_id());
    assert_eq!(again.status(), document.status());
    assert!(is_same_document(&document, &again));
    check_changes(before, document);
}

fn check_refusal(data: &[u8], error: &callspool::session::DocumentError) {
    let known = [
        "no session_id, or one that is no text",
        "the member \"upload\" is not a record of callspool's",
    ];
    oracle::assert_fixed_text(error, "", &known);
    // What is a document without a record of ours is never refused.
    let is_document = oracle::value(data).is_some_and(|value| {
        value["upload"].is_null() && oracle::text(&value, "session_id").is_some()
    });
    assert!(!is_document, "{error}");
}

/// Every accessor, for whatever may be in the members.
fn read_everything(document: &Document) {
    for text in [
        document.dialed_number(),
        document.campaign_text("campaignId"),
        document.recording_path(),
        document.conversation_path(),
        document.lead_path(),
    ]
    .iter()
    .flatten()
    {
        assert!(!text.trim().is_empty());
    }
    assert!(document.egress_id() != Some(String::new()));
    let _ = document.timestamp("call_end");
    let _ = document.last_upload_attempt();
    let _ = (document.is_untried(), document.is_retry());
}

/// A run's changes are there afterwards, and nothing else is changed.
fn check_changes(before: &str, mut document: Document) {
    let now = DateTime::from_timestamp(1_800_000_000, 5_000_000).unwrap();
    let record = document.record.clone();
    let generation = record.generation;
    document.set_status(&Status::Uploaded).unwrap();
    document.set_upload_attempts(u64::MAX).unwrap();
    document.set_last_upload_attempt(now).unwrap();
    document.set_recording_path(PATH).unwrap();
    change_record(&mut document, now);
    let written = String::from_utf8(document.to_bytes().unwrap()).unwrap();
    assert_survived(before, &written, &OURS);

    let after = Document::parse(written.as_bytes()).unwrap();
    assert_eq!(after.to_bytes().unwrap(), written.as_bytes());
    assert_eq!(after.status(), Status::Uploaded);
    assert_eq!(after.last_upload_attempt(), Some(now));
    assert_eq!(after.record.generation, generation);
    assert_eq!(after.record.recording.state, PartState::Uploaded);
    assert!(after.record.history.len() <= 20);
    assert!(is_same_document(&document, &after));
}

fn change_record(document: &mut Document, now: DateTime<Utc>) {
    let failure = Failure::local(FailureKind::Server, "the API failed");
    let record = &mut document.record;
    record.set_error(Part::CallData, &failure, now);
    record.count_attempt(Part::Recording);
    record.give_up(Part::CallData, PartState::Abandoned, now);
    record.set_state(Part::Recording, PartState::Uploaded, now);
    for _ in 0..21 {
        let entry = callspool::session::HistoryEntry {
            at: Some(now),
            part: "recording".to_owned(),
            outcome: "delivered".to_owned(),
            status: Some(201),
            ms: Some(7),
        };
        record.remember(entry);
    }
}

/// The customer's members are all there, in their order, byte for byte; in `files` all but
/// `recording`, in our own record those that a newer version may have added.
fn assert_survived(before: &str, after: &str, changed: &[&str]) {
    let (old, new) = (objects(before), objects(after));
    assert_only_changed(&old, &new, changed);
    let nested = [("files", &["recording"][..]), ("upload", &RECORD[..])];
    for (name, changed) in nested {
        let (Some(old), Some(new)) = (last(&old, name), last(&new, name)) else {
            continue;
        };
        match (members::members(old), members::members(new)) {
            (Some(old), Some(new)) => assert_only_changed(&old, &new, changed),
            // What is no object is not ours to replace, but for null.
            _ => assert!(old == new || old == "null", "{name} was replaced"),
        }
    }
    if changed.contains(&"files") {
        let expected = serde_json::to_string(PATH).unwrap();
        let files = last(&new, "files").and_then(members::members);
        let is_set = files.map(|files| last(&files, "recording") == Some(expected.as_str()));
        assert_ne!(is_set, Some(false), "the path was not set");
    }
}

fn objects(text: &str) -> Vec<members::Member<'_>> {
    members::members(text).unwrap_or_else(|| panic!("no object was accepted"))
}
