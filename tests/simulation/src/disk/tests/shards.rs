//! What the death of one run means to the next, when they take other shares of the spool, and die as
//! well.

use callspool::spool::{RunState, Shard};

use super::*;

/// Of how many outcomes of a loss of power each is tried.
const FEW: u64 = 3;

/// The shard of [`NAME`], or another one.
fn shard(count: u32, is_its: bool) -> Option<Shard> {
    let mut shards = (0..count).filter_map(|index| Shard::new(index, count));
    shards.find(|shard| shard.has(OsStr::new(NAME)) == is_its)
}

/// Everybody who comes to the document, so that they must know of a death there.
fn responsible() -> [Option<Shard>; 3] {
    [None, shard(2, true), shard(3, true)]
}

fn everybody() -> [Option<Shard>; 5] {
    let [whole, second, third] = responsible();
    [whole, second, third, shard(2, false), shard(3, false)]
}

/// How a process ends that dies, and what the disk makes of it.
fn deaths() -> impl Iterator<Item = Option<u64>> {
    std::iter::once(None).chain((0..FEW).map(Some))
}

/// A run that dies at the document.
fn die_at_work(world: &Shared, shard: Option<Shard>) {
    process(world, None, |spool| {
        let spool = spool.dealt(shard);
        let leased = lease(&spool);
        leased.begin_work(OsStr::new(NAME), "s1").unwrap();
        leased.sync_mark().unwrap();
    });
}

/// A run that dies at that operation of its start, or only after it. Says which.
fn die_at_start(world: &Shared, shard: Option<Shard>, at: u64, power: Option<u64>) -> Option<()> {
    let started = process(world, Some(at), |spool| drop(lease(&spool.dealt(shard))));
    if let Some(outcome) = power {
        world.get().outcome = outcome;
        lose_power(world);
    }
    started
}

/// Whether a run is told that one died at the document. It ends in an orderly way, and has dealt with
/// it.
fn is_told(world: &Shared, shard: Option<Shard>) -> bool {
    let told = process(world, None, |spool| {
        let spool = spool.dealt(shard);
        let (leased, died) = spool.lease(now()).unwrap();
        let in_work = died.unwrap_or_default().in_work;
        let state = leased.run_state();
        let is_told = state.died_at.iter().any(|died_at| died_at == NAME)
            || in_work.iter().any(|session| session.document == NAME);
        leased
            .save_run_state(&RunState {
                died_at: Vec::new(),
                ..state
            })
            .unwrap();
        leased.begin_work(OsStr::new("another"), "").unwrap();
        leased.sync_mark().unwrap();
        leased.release().unwrap();
        is_told
    });
    told.unwrap()
}

#[test]
fn a_death_is_told_once_whatever_the_next_runs_take_and_wherever_they_die() {
    let mut stories = 0;
    for first in responsible() {
        for second in everybody() {
            for power in deaths() {
                for at in 1.. {
                    let seed = at + power.unwrap_or_default() * 1000;
                    let is_over = [None, shard(2, true), shard(3, true)].map(|third| {
                        let world = world(seed);
                        die_at_work(&world, first);
                        let started = die_at_start(&world, second, at, power);
                        let story = format!("{first:?}, {second:?} at {at}, {power:?}, {third:?}");
                        assert!(is_told(&world, third), "{story}");
                        lose_power(&world);
                        for later in responsible() {
                            assert!(!is_told(&world, later), "{story}, {later:?}");
                        }
                        stories += 1;
                        started.is_some()
                    });
                    if is_over[0] {
                        break;
                    }
                }
            }
        }
    }
    assert!(stories > 1000, "{stories}");
}
