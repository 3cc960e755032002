//! A thousand stories, and sweeps over some operations of a few first runs.

use simulation::{Sweep, sweep, tell};

/// How many stories one test tells: the thousand is told by four, at the same time.
const STORIES: u64 = 250;

#[track_caller]
fn assert_all_well(first: u64) {
    for seed in first..first + STORIES {
        let told = tell(seed, 1, false);
        assert!(
            told.violations.is_empty(),
            "make simulate REPLAY={seed}: {:#?}",
            told.violations
        );
    }
}

#[test]
fn nothing_is_lost_or_sent_twice_by_runs_that_work_on_four_sessions_at_a_time() {
    for seed in 0..STORIES {
        let told = tell(seed, 4, true);
        let trace = told.trace.join("\n");
        assert!(
            told.violations.is_empty(),
            "{trace}\n{:#?}",
            told.violations
        );
    }
}

#[test]
fn nothing_is_lost_or_sent_twice_in_the_first_stories() {
    assert_all_well(0);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_the_second_stories() {
    assert_all_well(STORIES);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_the_third_stories() {
    assert_all_well(2 * STORIES);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_the_fourth_stories() {
    assert_all_well(3 * STORIES);
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let (first, second) = (tell(7, 1, true), tell(7, 1, true));
    let without_names = |trace: &[String]| -> Vec<String> {
        // Temporary files are numbered through the whole process.
        let is_temporary = |line: &&String| !line.contains(".tmp");
        trace.iter().filter(is_temporary).cloned().collect()
    };
    assert!(!first.trace.is_empty());
    assert_eq!(without_names(&first.trace), without_names(&second.trace));
}

/// Seeds of sweeps: of runs of the whole spool, and of shards, in turn.
#[track_caller]
fn assert_swept(kind: Sweep, stride: u64) {
    assert_swept_from(0..2, kind, stride);
}

#[track_caller]
fn assert_swept_from(seeds: std::ops::Range<u64>, kind: Sweep, stride: u64) {
    for seed in seeds {
        let swept = sweep(seed, kind, stride);
        assert!(swept.stories > 0);
        assert!(swept.violations.is_empty(), "{:#?}", swept.violations);
    }
}

#[test]
fn any_operation_of_the_disk_may_fail() {
    assert_swept(Sweep::Failing, 23);
}

#[test]
fn any_operation_may_be_the_last() {
    assert_swept(Sweep::Dying, 5);
}

#[test]
fn any_operation_of_the_run_after_that_may_be_the_last_too() {
    assert_swept(Sweep::DyingTwice, 41);
}

#[test]
fn any_operation_may_be_the_last_when_the_count_of_shards_changes() {
    assert_swept_from(2..5, Sweep::Dying, 7);
    assert_swept_from(2..5, Sweep::Failing, 37);
    assert_swept_from(2..5, Sweep::DyingTwice, 53);
}
