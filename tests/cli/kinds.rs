//! A spool with a session of every kind.

use std::time::Duration;

use callspool::clock::{Clock, SystemClock};
use callspool::timestamp;
use serde_json::json;
use test_support::{Dir, Session, Site};

use crate::without_campaign;

/// A name as LiveKit gives it: with the caller's number.
const NUMBERED: &str = "number-_15550100123-1761633666.ogg";

const TORN: &str = "{\"session_id\": \"torn\",";

/// A time so many seconds away from now, negative for the past.
pub(crate) fn seconds_from_now(seconds: i64) -> String {
    timestamp::format_millis(SystemClock.now() + chrono::TimeDelta::seconds(seconds))
}

/// Writes a session of every kind; each is named after its kind, and an hour and some minutes old,
/// so that their order is always the same.
pub(crate) fn write_every_kind(site: &Site) {
    let mut minutes = 60;
    let mut write = |session: Session| {
        minutes -= 2;
        session
            .age(Duration::from_secs(3600 + 60 * minutes))
            .write(site);
    };
    write(Session::new("complete").lead(r#"{"name": "Test Person"}"#));
    write(Session::new("never-recorded").never_recorded());
    write(Session::new("remote").without_recording_file().manifest(
        r#"{"egress_id": "EG_remote", "files": [{"filename": "r.ogg", "location": "https://storage.example/number-_15550100123.ogg"}]}"#,
    ));
    write(numbered("numbered"));
    write(
        Session::new("awaited")
            .without_manifest()
            .without_recording_file()
            .edit(|document| {
                // Both by one reading of the clock: the call's length is shown.
                let now = SystemClock.now();
                let at =
                    |seconds| timestamp::format_millis(now + chrono::TimeDelta::seconds(seconds));
                document["timestamps"]["call_start"] = at(-90).into();
                document["timestamps"]["call_end"] = at(-60).into();
            }),
    );
    write(
        Session::new("recording-missing")
            .without_manifest()
            .without_recording_file(),
    );
    write(Session::new("transcript-missing").without_transcript_file());
    write(Session::new("transcript-invalid").transcript("[]"));
    write(without_campaign("campaign-missing"));
    write(Session::new("unsafe-path").edit(|document| {
        document["files"]["conversation"] = "conversations/../../../etc/passwd".into();
    }));
    write(Session::new("on-hold").edit(|document| document["status"] = "on_hold".into()));
    write(backing_off("backing-off"));
    write(delivered("delivered"));
    Session::new("fresh").age(Duration::ZERO).write(site);
    let old = Duration::from_secs(3600);
    site.put(
        Dir::Pending,
        "metadata_torn-young.json",
        TORN,
        Duration::ZERO,
    );
    site.put(Dir::Pending, "metadata_torn-old.json", TORN, old);
    site.put(Dir::Recordings, NUMBERED, "sound", old);
}

/// A session whose recording is named as LiveKit names it.
fn numbered(id: &str) -> Session {
    Session::new(id).without_recording_file().manifest(
        json!({"egress_id": format!("EG_{id}"), "files": [{"filename": NUMBERED, "location": ""}]})
            .to_string(),
    )
}

/// A session that failed before and is not due yet.
pub(crate) fn backing_off(id: &str) -> Session {
    Session::new(id).edit(|document| {
        document["upload_attempts"] = 2.into();
        document["upload"] = json!({
            "generation": 0,
            "recording": {"state": "uploaded", "attempts": 1, "url": "https://crm.example/uploads/recordings/1.ogg", "bytes": 1_406_083, "at": seconds_from_now(-7200)},
            "call_data": {"state": "pending", "attempts": 2, "error": {"kind": "server", "status": 500, "message": "the API answered with status 500", "at": seconds_from_now(-600)}},
            "next_attempt_at": seconds_from_now(600),
            "history": [{"at": seconds_from_now(-600), "part": "call_data", "outcome": "server", "status": 500, "ms": 41}],
        });
    })
}

/// A session that a crash kept from being moved once it was delivered.
fn delivered(id: &str) -> Session {
    Session::new(id).edit(|document| {
        document["status"] = "uploaded".into();
        document["upload_attempts"] = 1.into();
        document["upload"] = json!({
            "generation": 0,
            "recording": {"state": "uploaded", "attempts": 0, "url": "https://crm.example/uploads/recordings/2.ogg", "bytes": 5, "at": seconds_from_now(-60)},
            "call_data": {"state": "uploaded", "attempts": 0, "at": seconds_from_now(-60)},
        });
    })
}
