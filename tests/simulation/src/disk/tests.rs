//! What the spool promises over a loss of power, on a disk that forgets all that it may forget.

mod shards;

use std::ffi::OsStr;
use std::sync::Arc;

use callspool::session::{Document, Status};
use callspool::spool::{DocumentReading, LeasedSpool, Spool, State};
use chrono::{DateTime, Utc};

use super::SimulatedDisk;
use super::model::Content;
use crate::faults::{Death, Plan};
use crate::layout::layout;
use crate::world::{Shared, is_death};

/// Each test is made with so many ways of losing what may be lost.
const OUTCOMES: u64 = 200;

const NAME: &str = "metadata_s1.json";
const TEXT: &str = r#"{"session_id":"s1","timestamps":{"metadata_saved":"2026-03-01T00:00:00Z"}}"#;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn world(seed: u64) -> Shared {
    let world = Shared::new(seed, false);
    let layout = layout();
    for dir in [&layout.root, &layout.metadata, &layout.recordings] {
        world.get().disk.add_directory(dir);
    }
    put(&world, &layout.metadata.join(NAME), TEXT.as_bytes());
    world
}

fn put(world: &Shared, path: &std::path::Path, bytes: &[u8]) {
    let content = Content {
        bytes: bytes.to_vec(),
        mode: 0o640,
        modified: now().into(),
    };
    world.get().disk.put(path, content).unwrap();
}

/// A process that ends by itself, or dies at that operation.
fn process<T>(world: &Shared, dies_at: Option<u64>, act: impl FnOnce(Spool) -> T) -> Option<T> {
    let plan = Plan {
        death: dies_at.map(|at| (at, Death::Kill)),
        ..Plan::default()
    };
    let number = world.begin_process(plan);
    let disk = Arc::new(SimulatedDisk::new(world.clone(), number));
    let live = std::panic::AssertUnwindSafe(|| act(Spool::open_on(disk, layout()).unwrap()));
    match std::panic::catch_unwind(live) {
        Ok(result) => Some(result),
        Err(payload) if is_death(&*payload) => None,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

fn lose_power(world: &Shared) {
    let mut world = world.get();
    let mut rng = world.rng.fork();
    world.disk.lose_power(&mut rng);
}

fn lease(spool: &Spool) -> LeasedSpool<'_> {
    spool.lease(now()).unwrap().0
}

fn document(spool: &Spool) -> Document {
    match spool.read_document(State::Pending, OsStr::new(NAME)) {
        DocumentReading::Document(document) => *document,
        other => panic!("{other:?}"),
    }
}

fn file(leased: &LeasedSpool<'_>) {
    let mut document = document(leased);
    document.set_status(&Status::Uploaded).unwrap();
    leased
        .file_away(OsStr::new(NAME), &document, State::Processed)
        .unwrap();
}

/// In which directories the document is.
fn places(world: &Shared) -> Vec<State> {
    let world = world.get();
    let is_there = |state: &State| {
        let path = layout().dir(*state).join(NAME);
        world.disk.look_up(&path).is_ok()
    };
    State::ALL.into_iter().filter(is_there).collect()
}

#[test]
fn a_mark_that_was_synced_is_there_after_a_loss_of_power_even_in_a_new_lock_file() {
    for seed in 0..OUTCOMES {
        let world = world(seed);
        process(&world, None, |spool| {
            let leased = lease(&spool);
            leased.begin_work(OsStr::new(NAME), "s1").unwrap();
            leased.sync_mark().unwrap();
        });
        lose_power(&world);
        let died = process(&world, None, |spool| spool.lease(now()).unwrap().1).unwrap();
        assert_eq!(died.unwrap().in_work[0].document, NAME, "{seed}");
    }
}

#[test]
fn a_loss_of_power_after_an_orderly_end_brings_no_mark_back() {
    for seed in 0..OUTCOMES {
        let world = world(seed);
        process(&world, None, |spool| {
            let leased = lease(&spool);
            leased.begin_work(OsStr::new(NAME), "s1").unwrap();
            leased.sync_mark().unwrap();
            leased.release().unwrap();
        });
        lose_power(&world);
        let died = process(&world, None, |spool| spool.lease(now()).unwrap().1).unwrap();
        assert_eq!(died, None, "{seed}");
    }
}

#[test]
fn a_document_that_was_filed_is_filed_after_a_loss_of_power() {
    for seed in 0..OUTCOMES {
        let world = world(seed);
        process(&world, None, |spool| file(&lease(&spool)));
        lose_power(&world);
        assert!(places(&world).contains(&State::Processed), "{seed}");
    }
}

/// A run files the document and is killed at every operation in turn; the next one clears up what
/// it left, and then the power goes.
#[test]
fn a_document_is_somewhere_after_a_kill_a_run_and_a_loss_of_power() {
    let mut kills = 0;
    for seed in 0..20 {
        for at in 1.. {
            let world = world(seed);
            let ended = process(&world, Some(at), |spool| file(&lease(&spool)));
            process(&world, None, |spool| {
                let leased = lease(&spool);
                if places(&world).contains(&State::Pending) {
                    let filed = leased.filed_before(OsStr::new(NAME), &document(&leased));
                    if let Some((state, _)) = filed.unwrap() {
                        leased.remove_residue(OsStr::new(NAME), state).unwrap();
                    }
                }
            });
            lose_power(&world);
            assert!(!places(&world).is_empty(), "seed {seed}, operation {at}");
            if ended.is_some() {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 100);
}

/// The same for a run that makes the state directories, and one that moves bytes there.
#[test]
fn what_is_moved_into_a_directory_of_a_killed_run_is_there_after_a_loss_of_power() {
    for seed in 0..20 {
        for at in 1.. {
            let world = world(seed);
            let ended = process(&world, Some(at), |spool| drop(lease(&spool)));
            process(&world, None, |spool| {
                lease(&spool)
                    .quarantine(OsStr::new(NAME), "torn", now())
                    .unwrap();
            });
            lose_power(&world);
            assert!(
                places(&world).contains(&State::Corrupt),
                "seed {seed}, operation {at}"
            );
            if ended.is_some() {
                break;
            }
        }
    }
}

#[test]
fn a_recording_that_cannot_be_looked_at_is_not_said_to_have_changed() {
    let world = world(1);
    put(&world, &layout().recordings.join("a.ogg"), b"recording");
    let mut document = Document::parse(TEXT.as_bytes()).unwrap();
    document.set_recording_path("recordings/a.ogg").unwrap();
    process(&world, None, |spool| {
        let dossier = spool.gather(OsStr::new(NAME), document, now());
        let facts = dossier.named_recording.here().unwrap().clone();
        let open = spool.open_recording(&facts).unwrap();
        assert!(open.is_unchanged_since(&facts).unwrap());
        let next = world.get().operations + 1;
        for at in [next, next + 2] {
            world.get().plan.failing = Some(crate::faults::Failing {
                at,
                errno: rustix::io::Errno::MFILE,
                for_ever: false,
            });
            assert!(open.is_unchanged_since(&facts).is_err(), "{at}");
        }
    });
}
