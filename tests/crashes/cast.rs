//! The sessions of a spool, of every kind that ends differently.

use std::time::Duration;

use fastrand::Rng;
use invariants::{CallData, Origin, Recording};
use serde_json::{Value, json};
use test_support::{Dir, Session, Site, sha256};

/// Bytes that are no document.
const TORN: &[u8] = br#"{"session_id": "torn", "dialed_number": "+1555"#;

/// Where egress has put the recording of `cloud`.
const CLOUD_URL: &str = "https://bucket.example.com/cloud.ogg";

/// Sessions that are delivered in full: with a recording, without one, with a lead.
pub(crate) fn ordinary(site: &Site) -> Vec<Origin> {
    vec![
        recorded(site, Session::new("plain"), 20_000, 5),
        recorded(
            site,
            Session::new("prospect").lead(r#"{"name": "A B"}"#),
            700,
            4,
        ),
        unrecorded(site, Session::new("talk").never_recorded(), 6),
    ]
}

/// A session with a recording that takes a while.
pub(crate) fn long(site: &Site) -> Origin {
    recorded(site, Session::new("long"), 3 << 20, 3)
}

/// All that end in another way: in part, failed, quarantined, left alone, filed already.
pub(crate) fn odd(site: &Site) -> Vec<Origin> {
    let lost = Session::new("lost")
        .without_recording_file()
        .without_manifest();
    let nameless = Session::new("nameless").edit(|document| {
        document["campaign_metadata"] = json!({});
    });
    let on_hold = Session::new("on_hold").edit(|document| document["status"] = json!("on_hold"));
    let bare = Session::new("bare").edit(|document| {
        document["files"]["lead"] = json!("leads/gone.json");
    });
    let manifest = json!({"files": [{"filename": "cloud.ogg", "location": CLOUD_URL}]});
    let cloud = Session::new("cloud")
        .without_recording_file()
        .manifest(manifest.to_string());
    vec![
        Origin {
            call_data: CallData::Lacking,
            ..recorded(site, bare, 900, 2)
        },
        Origin {
            recording: Recording::Missing,
            ..unrecorded(site, lost, 7)
        },
        Origin {
            recording: Recording::Remote(CLOUD_URL.to_owned()),
            ..unrecorded(site, cloud, 8)
        },
        Origin {
            call_data: CallData::Impossible,
            ..recorded(site, nameless, 800, 1)
        },
        Origin {
            stays: true,
            ..recorded(site, on_hold, 600, 9)
        },
        unmoved(site),
        torn(site),
    ]
}

/// The ordinary ones and some of the odd.
pub(crate) fn mixed(site: &Site, rng: &mut Rng) -> Vec<Origin> {
    let mut all = ordinary(site);
    if rng.bool() {
        all.push(long(site));
    }
    for origin in odd(site) {
        if rng.bool() {
            all.push(origin);
        } else {
            std::fs::remove_file(site.dir(Dir::Pending).join(&origin.name)).unwrap();
        }
    }
    all
}

/// A session whose recording has that many bytes of its own.
fn recorded(site: &Site, session: Session, len: usize, hours: u64) -> Origin {
    let mut sound = session.id().as_bytes().repeat(len / session.id().len() + 1);
    sound.truncate(len);
    let hash = sha256(&sound);
    let origin = unrecorded(site, session.recording(sound), hours);
    Origin {
        recording: Recording::File(hash),
        ..origin
    }
}

fn unrecorded(site: &Site, session: Session, hours: u64) -> Origin {
    let id = session.id().to_owned();
    // Members that only bytes preserve, in an order that is not the alphabet's.
    let session = session
        .age(Duration::from_secs(3600 * hours))
        .edit(|document| document["zeta"] = json!(5.697_564));
    let path = session.write(site);
    Origin {
        recording: Recording::None,
        ..Origin::new(
            &format!("metadata_{id}.json"),
            &std::fs::read(path).unwrap(),
            &id,
            "",
        )
    }
}

/// Delivered, and a crash kept it from being moved.
fn unmoved(site: &Site) -> Origin {
    let record: Value = json!({
        "generation": 0,
        "recording": {"state": "uploaded", "attempts": 1, "url": "http://127.0.0.1/gone.ogg"},
        "call_data": {"state": "uploaded", "attempts": 1},
        "next_attempt_at": null,
        "history": [],
    });
    let session = Session::new("unmoved").edit(|document| {
        document["status"] = json!("uploaded");
        document["upload_attempts"] = json!(1);
        document["upload"] = record;
    });
    recorded(site, session, 500, 10)
}

fn torn(site: &Site) -> Origin {
    let name = "metadata_torn.json";
    site.put(Dir::Pending, name, TORN, Duration::from_secs(3600));
    Origin::corrupt(name, TORN)
}
