//! A process that is killed while it adopts: whatever it has done is done once, and the rest is
//! done by the next one.

use std::collections::BTreeSet;
use std::process::Command;

use test_support::{Dir, Outcome, Site};

use crate::matching::{adopt, documents};
use crate::running::put_call;
use crate::site;

/// Calls of the system by which documents are made.
const CALLS: [&str; 8] = [
    "openat",
    "write",
    "fsync",
    "renameat2",
    "rename",
    "unlink",
    "flock",
    "close",
];

const SESSIONS: [&str; 4] = ["a", "b", "c", "d"];

fn filled() -> Site {
    let site = site();
    for id in SESSIONS {
        put_call(&site, id, |_| {});
    }
    site
}

/// `adopt`, killed at its n-th call of that name; or not, when there are fewer.
fn killed(site: &Site, call: &str, nth: usize) -> Outcome {
    let command = site.command(["adopt"]);
    let mut traced = Command::new("strace");
    traced
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
        ])
        .arg(format!("inject={call}:signal=SIGKILL:when={nth}"))
        .arg(command.get_program())
        .args(command.get_args());
    let output = traced.output();
    Outcome::of(output.expect("this test kills with strace: apt-get install strace"))
}

/// The sessions that have a document; each has one.
fn adopted(site: &Site) -> BTreeSet<String> {
    let documents = documents(site);
    let ids: BTreeSet<String> = documents
        .iter()
        .map(|document| document["session_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), documents.len(), "{documents:?}");
    ids
}

#[test]
fn a_kill_at_any_call_loses_nothing_and_adopts_nothing_twice() {
    let mut kills = 0;
    let mut halves = BTreeSet::new();
    for call in CALLS {
        // In the first calls of a process nothing is done yet; some are enough.
        let step = if ["openat", "close"].contains(&call) {
            7
        } else {
            1
        };
        for nth in (1..).step_by(step) {
            let site = filled();
            let outcome = killed(&site, call, nth);
            if outcome.code == 0 {
                break;
            }
            assert_eq!(outcome.code, -9, "{call} {nth}: {}", outcome.stderr);
            kills += 1;
            halves.insert(adopted(&site).len());
            adopt(&site, &[]).expect(0);
            let all = SESSIONS.map(str::to_owned);
            assert_eq!(adopted(&site), BTreeSet::from(all), "{call} {nth}");
            let names = site.names(Dir::Pending);
            assert_eq!(names.len(), SESSIONS.len(), "{call} {nth}: {names:?}");
        }
    }
    assert!(kills > 30, "only {kills} kills");
    assert_eq!(halves, BTreeSet::from([0, 1, 2, 3, 4]), "{kills} kills");
}

#[test]
fn a_full_disk_is_code_20_and_leaves_no_half_document() {
    let site = filled();
    for arguments in [&["adopt"][..], &["run", "--adopt"]] {
        let command = site.command(arguments);
        // No file may grow: writing fails as on a full disk.
        let mut limited = Command::new("/bin/sh");
        limited
            .args(["-c", "trap '' XFSZ && ulimit -f 0 && exec \"$@\"", "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        let outcome = Outcome::of(limited.output().unwrap()).expect(20);
        assert!(
            outcome.stderr.contains("cannot write"),
            "{}",
            outcome.stderr
        );
        assert_eq!(site.names(Dir::Pending).len(), 0);
        assert_eq!(site.api().requests().len(), 0);
    }
    adopt(&site, &[]).expect(0);
    assert_eq!(adopted(&site).len(), SESSIONS.len());
}

#[test]
fn what_was_adopted_before_a_kill_is_delivered_once() {
    let site = filled();
    let outcome = killed(&site, "renameat2", 3);
    assert_eq!(outcome.code, -9, "{}", outcome.stderr);
    let before = adopted(&site).len();
    assert!((1..SESSIONS.len()).contains(&before), "{before}");
    let report = site.call(["run", "--adopt", "--format", "json"]);
    report.expect(0).counts(&[("uploaded", 4)]);
    assert_eq!(site.api().calls().len(), SESSIONS.len());
    adopt(&site, &[]).expect(0);
    assert_eq!(documents(&site).len(), 0);
}
