//! Several processes at the same time.

use std::collections::BTreeSet;

use reference_api::Target;
use test_support::{Dir, Session, gate::Gate, running::PATIENCE};

use crate::{ids_of, shard_of, site, start, write};

#[test]
fn shards_are_at_work_at_the_same_time_and_deliver_each_session_once() {
    const SHARDS: usize = 4;
    let mut site = site();
    let ids: Vec<String> = (0..40).map(|number| format!("call_{number}")).collect();
    for id in &ids {
        Session::new(id).write(&site);
    }
    let gate = Gate::holding_answers(&mut site);
    let runs: Vec<_> = (0..SHARDS)
        .map(|index| start(&site, &format!("{index}/{SHARDS}")))
        .collect();
    // None of them gets an answer, so these are the first requests of all four.
    assert!(site.api().wait_for_requests(SHARDS, PATIENCE));
    assert_eq!(site.api().hits(Target::Any), SHARDS);
    gate.open();
    for (index, run) in runs.into_iter().enumerate() {
        let own = ids
            .iter()
            .filter(|id| shard_of(id, SHARDS as u64) == index as u64);
        let outcome = run.finish().expect(0);
        outcome.counts(&[("uploaded", own.count() as u64)]);
    }
    assert_eq!(site.api().hits(Target::Upload), ids.len());
    assert_eq!(site.api().hits(Target::CallData), ids.len());
    assert_eq!(site.api().hits(Target::Question), 0);
    let calls: BTreeSet<String> = site
        .api()
        .calls()
        .into_iter()
        .map(|call| call.call_id)
        .collect();
    assert_eq!(calls, ids.iter().map(|id| format!("CALL-{id}")).collect());
    assert!(ids.iter().all(|id| site.place(id) == Dir::Processed));
}

#[test]
fn many_start_at_once_and_none_is_turned_away() {
    const SHARDS: u64 = 16;
    let site = site();
    let ids: Vec<String> = (0..32).map(|number| format!("call_{number}")).collect();
    write(&site, &ids);
    // What an unsharded run left before is cleared up by whoever comes first.
    site.run(&["--batch-size", "1", "--rate", "1000/h"])
        .expect(0);
    let runs: Vec<_> = (0..SHARDS)
        .map(|index| start(&site, &format!("{index}/{SHARDS}")))
        .collect();
    for run in runs {
        run.finish().expect(0);
    }
    assert_eq!(site.api().hits(Target::Any), ids.len());
    assert_eq!(site.api().calls().len(), ids.len());
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn inspect_and_check_see_the_shards_that_are_at_work() {
    let mut site = site();
    write(&site, &ids_of(0, 2, 1));
    write(&site, &ids_of(1, 2, 1));
    let gate = Gate::holding_answers(&mut site);
    let runs = [start(&site, "0/2"), start(&site, "1/2")];
    assert!(site.api().wait_for_requests(2, PATIENCE));
    let text = site.call(["inspect"]).expect(0).stdout;
    let line = format!("process {} is at work on shard 0/2", runs[0].pid());
    assert!(text.contains(&line), "{text}");
    assert!(text.contains("; 1 shard besides"), "{text}");
    let summary = site
        .call(["inspect", "--summary", "--format", "json"])
        .expect(0);
    let run = &summary.report()["run"];
    assert_eq!(run["pid"], runs[0].pid());
    assert_eq!(run["shards"], serde_json::json!(["0/2", "1/2"]));
    assert_eq!(run["session_id"], ids_of(0, 2, 1)[0]);
    let check = site.call(["check", "--offline"]);
    assert!(
        check.stdout.contains("a run is under way"),
        "{}",
        check.stdout
    );
    gate.open();
    for run in runs {
        run.finish().expect(0);
    }
    let text = site.call(["inspect"]).expect(0).stdout;
    assert!(text.contains("none at work since"), "{text}");
}
