//! Each check is silent on a world in which all went well, and speaks up on each that it forbids.

mod accounts;
mod disk;
mod wire;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

const NAME: &str = "metadata_a.json";
const URL: &str = "http://api/1.ogg";

fn pending_bytes() -> Vec<u8> {
    br#"{"session_id": "a", "n": 1E+2, "files": {"recording": null, "x": 5.697564}, "status": "ready_for_upload"}"#
        .to_vec()
}

/// The document as a run leaves it, with that record.
fn with_record(status: &str, record: &Value) -> Vec<u8> {
    format!(
        r#"{{"session_id": "a", "n": 1E+2, "files": {{"recording": "recordings/a.ogg", "x": 5.697564}}, "status": "{status}", "upload": {record}}}"#
    )
    .into_bytes()
}

fn record() -> Value {
    json!({
        "generation": 0,
        "recording": {"state": "uploaded", "attempts": 1, "url": URL},
        "call_data": {"state": "uploaded", "attempts": 1},
        "history": [{"at": "1", "part": "recording", "outcome": "delivered"}],
    })
}

fn upload() -> Request {
    Request {
        event: 0,
        part: Part::Recording,
        session_id: "a".to_owned(),
        key: Some("k1".to_owned()),
        content: Some("sound".to_owned()),
        recording_url: None,
        stored: true,
        reply: Reply::Acknowledged {
            url: Some(URL.to_owned()),
        },
        read: None,
    }
}

fn post() -> Request {
    Request {
        part: Part::CallData,
        key: Some("k2".to_owned()),
        content: Some("body".to_owned()),
        recording_url: Some(URL.to_owned()),
        reply: Reply::Acknowledged { url: None },
        ..upload()
    }
}

fn question(reply: Reply) -> Request {
    Request {
        part: Part::Question,
        key: None,
        content: None,
        stored: false,
        reply,
        ..upload()
    }
}

fn report(code: i32, fates: &[(&str, u64)]) -> Value {
    let mut report = json!({
        "exit_code": code, "stopped_by": null,
        "sessions": {"pending": 0, "uploaded": 0, "partial": 0, "deferred": 0, "failed": 0,
            "corrupt": 0, "waiting": 0, "settling": 0, "backoff": 0, "skipped": 0, "vanished": 0,
            "left": 0, "recovered": 0, "conserved": true},
        "parts": {"recordings_uploaded": 0, "call_data_uploaded": 0},
    });
    for (fate, count) in fates {
        report["sessions"][*fate] = json!(count);
    }
    report
}

fn run(end: End, report: Option<Value>, before: &Arc<Spool>, after: &Arc<Spool>) -> Event {
    Event::Run(Run {
        lanes: 1,
        end,
        report,
        before: Arc::clone(before),
        after: Arc::clone(after),
    })
}

fn spool(pending: Option<Vec<u8>>, processed: Option<Vec<u8>>) -> Arc<Spool> {
    let files = |bytes: Option<Vec<u8>>| bytes.map(|bytes| (NAME.to_owned(), bytes));
    Arc::new(Spool {
        pending: files(pending).into_iter().collect(),
        processed: files(processed).into_iter().collect(),
        ..Spool::default()
    })
}

/// One session, delivered by one run.
fn delivered() -> World {
    let before = spool(Some(pending_bytes()), None);
    let after = spool(None, Some(with_record("uploaded", &record())));
    let mut told = report(0, &[("pending", 1), ("uploaded", 1)]);
    told["parts"] = json!({"recordings_uploaded": 1, "call_data_uploaded": 1});
    World {
        origins: vec![Origin::new(NAME, &pending_bytes(), "a", "sound")],
        assets: [("recordings/a.ogg".to_owned(), "sound".to_owned())].into(),
        spool: Arc::new(Spool {
            assets: [("recordings/a.ogg".to_owned(), "sound".to_owned())].into(),
            ..(*after).clone()
        }),
        api: vec![upload(), post()],
        events: vec![run(End::Exit(0), Some(told), &before, &after)],
        max_attempts: 20,
    }
}

fn change_spool(world: &mut World, change: impl FnOnce(&mut Spool)) {
    change(Arc::make_mut(&mut world.spool));
}

fn change_run(world: &mut World, change: impl FnOnce(&mut Run)) {
    match world.events.last_mut().unwrap() {
        Event::Run(run) => change(run),
        event => panic!("{event:?}"),
    }
}

#[track_caller]
fn silent(violations: &[Violation]) {
    assert_eq!(violations, []);
}

/// Demands one violation of a check that speaks of something.
#[track_caller]
fn speaks(violations: &[Violation], of: &str) {
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].to_string().contains(of), "{}", violations[0]);
}

#[test]
fn a_delivered_session_violates_nothing() {
    let world = delivered();
    silent(&check_all(&world, Rest::Here));
    silent(&check_latest(&world, Rest::Here));
    silent(&drained(&world));
}

/// A run at whose end the session is pending, after those answers.
fn failed_run(part: &str, attempts: u64, stopped_by: Value, api: Vec<Request>) -> World {
    let mut failed = json!({"history": [{"at": "1", "part": part, "outcome": "server"}]});
    failed[part] = json!({"state": "pending", "attempts": attempts});
    let before = spool(Some(pending_bytes()), None);
    let after = spool(Some(with_record("ready_for_upload", &failed)), None);
    let mut told = report(3, &[("pending", 1), ("deferred", 1)]);
    told["stopped_by"] = stopped_by;
    World {
        spool: Arc::clone(&after),
        api,
        events: vec![run(End::Exit(3), Some(told), &before, &after)],
        ..delivered()
    }
}
