//! `prune` on spools of any make: what stays and what goes is judged by rules of this file's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use test_support::{Dir, Site};

use crate::BINARY;
use crate::tree::{Tree, tree};

const DAY: Duration = Duration::from_secs(86_400);

/// When everything was delivered: before files of a day's age, and after older ones.
const DELIVERED_DAYS_AGO: i64 = 10;

/// What a document is, and so whether it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Make {
    Delivered,
    Partial,
    Foreign,
    Pending,
    Failed,
    Torn,
}

/// A document, as it was written.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    make: Make,
    /// The files that it names, whether they are there or not.
    names: Vec<PathBuf>,
}

/// A spool of a seed.
struct Made {
    site: Site,
    documents: Vec<Written>,
    /// Files that were written after the delivery, and links.
    odd: BTreeSet<PathBuf>,
}

fn pick<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
    &all[rng.usize(..all.len())]
}

/// Files that documents share as it happens, a few of them odd.
fn write_files(site: &Site, rng: &mut Rng) -> BTreeSet<PathBuf> {
    let mut odd = BTreeSet::new();
    for (dir, prefix, ending) in [
        (Dir::Conversations, "talk", "json"),
        (Dir::Recordings, "tape", "ogg"),
        (Dir::Leads, "lead", "json"),
    ] {
        for number in 0..8 {
            let name = format!("{prefix}-{number}.{ending}");
            let path = site.dir(dir).join(&name);
            match rng.u8(..10) {
                0 => {}
                1 => {
                    let target = format!("{prefix}-{}.{ending}", rng.u8(..8));
                    if target != name {
                        symlink(target, &path).unwrap();
                        odd.insert(path);
                    }
                }
                2 => {
                    odd.insert(site.put(dir, &name, "{}", DAY));
                }
                _ => {
                    site.put(dir, &name, "{}", 100 * DAY);
                }
            }
        }
    }
    odd
}

fn record(make: Make, at: &str) -> Value {
    let (recording, call_data) = match make {
        Make::Partial => ("uploaded", "rejected"),
        Make::Failed => ("rejected", "rejected"),
        _ => ("uploaded", "uploaded"),
    };
    json!({"recording": {"state": recording, "at": at}, "call_data": {"state": call_data, "at": at}})
}

fn write_document(site: &Site, rng: &mut Rng, number: usize, at: &str) -> Written {
    let make = *pick(
        rng,
        &[
            Make::Delivered,
            Make::Delivered,
            Make::Delivered,
            Make::Partial,
            Make::Foreign,
            Make::Pending,
            Make::Failed,
            Make::Torn,
        ],
    );
    let mut name = |dir: &str, prefix: &str, ending: &str| {
        let way = *pick(rng, &["", "/srv/elsewhere/", "./"]);
        let path = format!("{way}{dir}/{prefix}-{}.{ending}", rng.u8(..8));
        rng.bool().then_some(path)
    };
    let conversation = name("conversations", "talk", "json");
    let (recording, lead) = (
        name("recordings", "tape", "ogg"),
        name("leads", "lead", "json"),
    );
    let (dir, status) = match make {
        Make::Delivered | Make::Partial | Make::Foreign => (Dir::Processed, "uploaded"),
        Make::Pending => (Dir::Pending, "ready_for_upload"),
        Make::Failed => (Dir::Failed, "failed"),
        Make::Torn => (
            *pick(rng, &[Dir::Corrupt, Dir::Processed, Dir::Pending]),
            "uploaded",
        ),
    };
    let id = format!("session-{number:03}");
    let mut document = json!({"session_id": id, "status": status,
        "files": {"conversation": conversation, "recording": recording, "lead": lead}});
    if !matches!(make, Make::Foreign | Make::Pending) {
        document["upload"] = record(make, at);
    }
    let mut text = document.to_string();
    if make == Make::Torn {
        text.pop();
    }
    let file = format!("metadata_{id}.json");
    let path = site.put(dir, &file, text, 100 * DAY);
    let names = [conversation, recording, lead].into_iter().flatten();
    let whole = |name: String| {
        let mut parts = name.rsplit('/');
        let (file, dir) = (parts.next().unwrap(), parts.next().unwrap());
        site.root().join(dir).join(file)
    };
    Written {
        path,
        make,
        names: names.map(whole).collect(),
    }
}

fn make(seed: u64) -> Made {
    let mut rng = Rng::with_seed(seed);
    let site = Site::without_api(BINARY);
    for dir in [Dir::Processed, Dir::Failed, Dir::Corrupt] {
        fs::create_dir(site.dir(dir)).unwrap();
    }
    let odd = write_files(&site, &mut rng);
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let at = (now - chrono::TimeDelta::days(DELIVERED_DAYS_AGO)).to_rfc3339();
    let count = rng.usize(1..12);
    let documents = (0..count)
        .map(|number| write_document(&site, &mut rng, number, &at))
        .collect();
    Made {
        site,
        documents,
        odd,
    }
}

/// The file that a name stands for, through links inside.
fn file_of(name: &PathBuf) -> Option<PathBuf> {
    fs::canonicalize(name).ok()
}

/// Files alone: directories change when something in them goes.
fn files(made: &Made) -> Tree {
    let mut tree = tree(&made.site.root());
    tree.retain(|path, _| !path.is_dir() && !path.to_string_lossy().contains(".callspool."));
    tree
}

fn judge(seed: u64) {
    let made = make(seed);
    // Before anything goes: what each name stands for.
    let targets: BTreeMap<&PathBuf, Option<PathBuf>> = made
        .documents
        .iter()
        .flat_map(|document| &document.names)
        .map(|name| (name, file_of(name)))
        .collect();
    let before = files(&made);
    let prune = [
        "prune",
        "--older-than",
        "5d",
        "--with-files",
        "--format",
        "json",
    ];
    let outcome = made.site.call(prune);
    assert!([0, 4].contains(&outcome.code), "{seed}: {}", outcome.stderr);
    let after = files(&made);
    let what = format!("seed {seed}: {}\n{:#?}", outcome.stdout, made.documents);

    let goes = |path: &PathBuf| before.contains_key(path) && !after.contains_key(path);
    for (path, facts) in &after {
        assert_eq!(
            Some(facts),
            before.get(path),
            "{} changed: {what}",
            path.display()
        );
    }
    let names_only_sound_files = |document: &Written| {
        document.names.iter().all(|name| {
            let is_shared = made.documents.iter().any(|other| {
                other.path != document.path
                    && other.names.iter().any(|it| targets[it] == targets[name])
            });
            !made.odd.contains(name) || (is_shared && !name.is_symlink())
        })
    };
    for document in &made.documents {
        if document.make != Make::Delivered {
            assert!(
                !goes(&document.path),
                "{} went: {what}",
                document.path.display()
            );
        } else if names_only_sound_files(document) {
            assert!(
                goes(&document.path),
                "{} stays: {what}",
                document.path.display()
            );
        }
        if !goes(&document.path) {
            for name in &document.names {
                let file = targets[name].as_ref().unwrap_or(name);
                assert!(
                    !goes(name) && !goes(file),
                    "{} went: {what}",
                    name.display()
                );
            }
        }
    }
    for path in before.keys().filter(|path| goes(path)) {
        let namers = || made.documents.iter().filter(|it| it.names.contains(path));
        let is_document = made.documents.iter().any(|document| document.path == *path);
        assert!(
            is_document || namers().count() > 0,
            "{}: {what}",
            path.display()
        );
        assert!(!made.odd.contains(path), "{} went: {what}", path.display());
    }
    let again = made.site.call(prune);
    assert_eq!(files(&made), after, "{what}\nagain: {}", again.stdout);
}

#[test]
fn only_what_was_delivered_goes_whatever_the_spool() {
    for seed in 0..60 {
        judge(seed);
    }
}
