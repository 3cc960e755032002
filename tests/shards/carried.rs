//! What outlives runs: each shard's own, and the spool's when the count changes.

use std::time::Duration;

use reference_api::{Fault, Target};
use test_support::{Outcome, Site};

use crate::{ids_of, site, write};

/// A run under a rate of eight requests an hour.
fn paced(site: &Site, shard: Option<&str>) -> Outcome {
    let shard = shard.map(|shard| ["--shard", shard]);
    let arguments = ["--rate", "100/min,8/h", "--max-wait", "0s"];
    site.run(
        &[
            &arguments[..],
            shard.as_ref().map_or(&[], |shard| &shard[..]),
        ]
        .concat(),
    )
}

fn hits(site: &Site) -> usize {
    site.api().hits(Target::Any)
}

#[test]
fn shards_have_an_equal_share_of_the_rate_and_together_never_more() {
    let site = site();
    for index in 0..3 {
        write(&site, &ids_of(index, 3, 8));
    }
    // Eight among three: the first two have one more than the last.
    for (shard, sent) in [("0/3", 3), ("1/3", 3), ("2/3", 2)] {
        let before = hits(&site);
        let outcome = paced(&site, Some(shard)).expect(0);
        assert_eq!(outcome.stopped_by().as_deref(), Some("rate"), "{shard}");
        assert_eq!(hits(&site) - before, sent, "{shard}");
        // Counted across runs.
        paced(&site, Some(shard)).expect(0);
        assert_eq!(hits(&site) - before, sent, "{shard}");
    }
    // Whatever follows knows what they have sent.
    for shard in [None, Some("0/1"), Some("0/2"), Some("1/2"), None] {
        paced(&site, shard).expect(0);
        assert_eq!(hits(&site), 8, "{shard:?}");
    }
}

#[test]
fn what_a_run_of_the_whole_spool_has_sent_counts_for_the_shards() {
    let site = site();
    write(&site, &ids_of(0, 2, 8));
    write(&site, &ids_of(1, 2, 8));
    site.run(&["--rate", "100/min,8/h", "--batch-size", "5"])
        .expect(0);
    assert_eq!(hits(&site), 5);
    for shard in ["0/2", "1/2"] {
        paced(&site, Some(shard)).expect(0);
    }
    assert_eq!(hits(&site), 8);
}

#[test]
fn a_wait_that_a_shard_was_told_of_holds_for_what_follows_it() {
    let site = site();
    let id = ids_of(0, 2, 1);
    write(&site, &id);
    site.api()
        .add_fault(Fault::parse("call-data:1:status=429;retry-after=3600").unwrap());
    site.run(&["--shard", "0/2"]).expect(5);
    assert_eq!(hits(&site), 1);
    site.call(["dry-run"]).expect(5);
    for arguments in [
        &["--shard", "0/2"][..],
        &[],
        &["--shard", "0/3"],
        &["--shard", "0/1"],
    ] {
        let own = site.call([&["dry-run", "--format", "json"], arguments].concat());
        let has_work = !own.json_lines().is_empty();
        site.run(arguments).expect(if has_work { 5 } else { 0 });
    }
    assert_eq!(hits(&site), 1);
    let text = site.call(["inspect"]).expect(0).stdout;
    assert!(text.contains("asked"), "{text}");
}

#[test]
fn a_session_at_which_a_shard_stopped_is_tried_last_by_what_follows() {
    let site = site();
    let ids = ids_of(0, 2, 3);
    for (id, hours) in ids.iter().zip([3, 2, 1]) {
        let age = Duration::from_secs(hours * 3600);
        test_support::Session::new(id)
            .never_recorded()
            .age(age)
            .write(&site);
    }
    let rule = format!("call-data@{}:1:status=401", ids[0]);
    site.api().add_fault(Fault::parse(&rule).unwrap());
    site.run(&["--shard", "0/2"]).expect(12);
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    let calls: Vec<String> = site
        .api()
        .calls()
        .into_iter()
        .map(|call| call.call_id)
        .collect();
    assert_eq!(calls.last(), Some(&format!("CALL-{}", ids[0])));
}
