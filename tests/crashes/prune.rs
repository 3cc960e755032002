//! A prune that is killed, or meets an error, at every system call: the next one goes on, nothing that
//! was not delivered is touched, and nothing of what was is sent again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reference_api::{Fault, ReferenceApi};
use test_support::{Dir, Outcome, Session, Site};

use crate::BINARY;
use crate::cases::Cases;
use crate::figures::tell;
use crate::tracer::{SystemCall, Tamper, Tracer};

const PRUNE: [&str; 4] = ["prune", "--older-than", "0s", "--with-files"];

/// What is not delivered in full, and so stays.
const STAYS: [&str; 2] = ["partial", "pending"];

fn stage() -> Site {
    let faults = [
        "call-data@partial:all:status=422",
        "call-data@pending:all:status=500",
    ];
    let set_up = |api: ReferenceApi| {
        let faults = faults.iter().map(|fault| Fault::parse(fault).unwrap());
        faults.fold(api, ReferenceApi::fault)
    };
    let site = Site::with_api(BINARY, set_up);
    for id in ["first", "second", "partial"] {
        Session::new(id)
            .age(Duration::from_secs(100 * 86_400))
            .lead(r#"{"name": "Test Person"}"#)
            .write(&site);
    }
    Session::new("pending").never_recorded().write(&site);
    site.run(&[]).expect(4);
    site
}

fn command(site: &Site) -> Command {
    site.command(PRUNE)
}

/// The system calls of an untouched prune that are about the spool.
fn calls() -> Vec<SystemCall> {
    let site = stage();
    let tracer = Tracer::beside(&site);
    let mut command = tracer.watch(&command(&site));
    Outcome::of(command.output().unwrap()).expect(0);
    tracer.calls_on(&site.root())
}

/// The files of sessions that stay, but for what a run writes into their documents.
fn kept(site: &Site) -> BTreeMap<PathBuf, Vec<u8>> {
    let dirs = [
        Dir::Pending,
        Dir::Processed,
        Dir::Conversations,
        Dir::Recordings,
        Dir::Leads,
    ];
    let names = dirs.iter().flat_map(|dir| {
        site.names(*dir)
            .into_iter()
            .map(|name| site.dir(*dir).join(name))
    });
    names
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            STAYS.iter().any(|id| name.contains(id))
        })
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

fn tamper_with(call: &SystemCall, tamper: Tamper<'_>) {
    let what = format!("{tamper:?} at {} {}, {}", call.name, call.nth, call.line);
    let site = stage();
    let before = kept(&site);
    let sent = site.api().requests().len();
    let tracer = Tracer::beside(&site);
    let mut command = tracer.tamper(&command(&site), call, tamper);
    let outcome = Outcome::of(command.output().unwrap());
    let is_known = match tamper {
        Tamper::Kill => outcome.code == -9,
        Tamper::Error { .. } => matches!(outcome.code, 0 | 4 | 10 | 20),
    };
    assert!(is_known, "{what}: {}\n{}", outcome.code, outcome.stderr);
    assert_eq!(kept(&site), before, "{what}");

    // Whoever comes first: nothing is left to be adopted or sent, with the documents or without.
    let adopted = site.call(["adopt", "--format", "json"]);
    assert!(
        !adopted.stdout.contains("\"result\":\"adopted\""),
        "{what}: {}",
        adopted.stdout
    );
    assert_eq!(site.api().requests().len(), sent, "{what}");
    site.call(PRUNE).expect(0);
    assert_eq!(kept(&site), before, "{what}");
    for dir in [
        Dir::Processed,
        Dir::Conversations,
        Dir::Recordings,
        Dir::Leads,
    ] {
        let left: Vec<String> = site
            .names(dir)
            .into_iter()
            .filter(|name| name.contains("first") || name.contains("second"))
            .collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
    let adopted = site.call(["adopt", "--format", "json"]);
    assert!(
        !adopted.stdout.contains("\"result\":\"adopted\""),
        "{what}: {}",
        adopted.stdout
    );
}

/// Calls after which something is another.
const CHANGES: [&str; 5] = ["rename", "renameat2", "fsync", "unlink", "unlinkat"];

fn tamper_with_all(is_sample: bool) {
    let mut cases = Cases::default();
    for call in calls() {
        let changes = CHANGES.contains(&call.name.as_str());
        if is_sample && !changes {
            continue;
        }
        cases.case(|| tamper_with(&call, Tamper::Kill));
        if matches!(call.name.as_str(), "close" | "exit_group") {
            continue;
        }
        for errno in ["EIO", "ENOSPC"] {
            if is_sample && (errno == "ENOSPC" || !call.name.starts_with("unlink")) {
                continue;
            }
            let forever = errno == "ENOSPC";
            cases.case(|| tamper_with(&call, Tamper::Error { errno, forever }));
        }
    }
    tell(&format!("{} prunes killed or failed", cases.done));
    cases.demand_all();
}

#[test]
fn a_prune_that_is_killed_or_fails_is_gone_on_with_and_nothing_is_sent_again() {
    tamper_with_all(true);
}

#[test]
#[ignore = "takes minutes: make soak"]
fn soak_a_prune_that_fails_anywhere_is_gone_on_with_and_nothing_is_sent_again() {
    tamper_with_all(false);
}
