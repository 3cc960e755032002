//! The page of `inspect --html`: written by the shipped binary, looked at with a real browser.
//!
//! The browser is Chromium, driven through ChromeDriver; without them these tests fail and say what to
//! install.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod accessible;
mod browser;
mod cases;
mod content;
mod hostile;
mod looks;
mod server;
mod table;
mod writing;

use std::path::PathBuf;
use std::time::Duration;

use browser::Browser;
use callspool::clock::{Clock, SystemClock};
use callspool::timestamp;
use serde_json::{Value, json};
use server::PageServer;
use test_support::{Dir, Outcome, Session, Site};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

fn site() -> Site {
    Site::new(BINARY)
}

/// Where a site's page is.
fn page_path(site: &Site) -> PathBuf {
    site.home().join("page.html")
}

/// Writes a site's page.
#[track_caller]
fn write_page(site: &Site, arguments: &[&str]) -> Outcome {
    let path = page_path(site);
    let page = ["inspect", "--html", path.to_str().unwrap()];
    site.call(page.iter().chain(arguments)).expect(0)
}

/// A site's page as it stands in the file.
#[track_caller]
fn page_text(site: &Site) -> String {
    write_page(site, &[]);
    std::fs::read_to_string(page_path(site)).unwrap()
}

/// A site's page in a browser, served by HTTP.
fn look_at(site: &Site) -> (Browser, PageServer) {
    write_page(site, &[]);
    let server = PageServer::start(&page_path(site));
    let browser = Browser::start();
    browser.open(&server.url());
    (browser, server)
}

/// A time so many seconds away from now, negative for the past.
fn seconds_from_now(seconds: i64) -> String {
    timestamp::format_millis(SystemClock.now() + chrono::TimeDelta::seconds(seconds))
}

/// A session that fails at once: the API requires a campaign, and it names none.
fn without_campaign(id: &str) -> Session {
    Session::new(id).edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
}

/// A session that failed before and is not due yet.
fn backing_off(id: &str) -> Session {
    Session::new(id).edit(|document| {
        document["upload_attempts"] = 2.into();
        document["upload"] = json!({
            "recording": {"state": "uploaded", "attempts": 1, "url": "https://crm.example/1.ogg", "bytes": 1_406_083},
            "call_data": {"state": "pending", "attempts": 2, "error": {"kind": "server", "status": 500, "message": "the API failed (status 500)", "at": seconds_from_now(-600)}},
            "next_attempt_at": seconds_from_now(600),
            "history": [{"at": seconds_from_now(-600), "part": "call_data", "outcome": "server", "status": 500, "ms": 41}],
        });
    })
}

/// A spool with a session in each state, in part by a real run. Three are delivered, one of them
/// without its recording.
fn one_of_each() -> Site {
    let site = site();
    let aged = |session: Session, minutes: u64| session.age(Duration::from_secs(60 * minutes));
    for (minutes, id) in [(200, "delivered-1"), (190, "delivered-2")] {
        aged(Session::new(id), minutes).write(&site);
    }
    aged(Session::new("in-part"), 180)
        .without_manifest()
        .without_recording_file()
        .write(&site);
    aged(without_campaign("no-campaign"), 170).write(&site);
    site.put(
        Dir::Pending,
        "metadata_torn.json",
        "{\"session_id\": \"torn\",",
        Duration::from_secs(9600),
    );
    site.run(&[]).expect(4).counts(&[
        ("uploaded", 2),
        ("partial", 1),
        ("failed", 1),
        ("corrupt", 1),
    ]);
    aged(Session::new("on-hold"), 150)
        .edit(|document| document["status"] = "on_hold".into())
        .write(&site);
    aged(backing_off("backing-off"), 140).write(&site);
    aged(Session::new("due"), 30).write(&site);
    aged(Session::new("awaited"), 10)
        .without_manifest()
        .without_recording_file()
        .edit(|document| document["timestamps"]["call_end"] = seconds_from_now(-60).into())
        .write(&site);
    site
}

/// What `inspect --summary` counts.
fn summary(site: &Site) -> Value {
    let arguments = ["inspect", "--summary", "--format", "json"];
    site.call(arguments).expect(0).json_lines().remove(0)
}
