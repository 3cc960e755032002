//! Who may be at work beside whom.

use test_support::{Dir, Site, gate::Gate, running::PATIENCE, running::Running};

use crate::{ids_of, site, start, write};

/// A run that waits for the answer to its only request.
fn in_flight(site: &mut Site, start: impl Fn(&Site) -> Running) -> (Gate, Running) {
    write(site, &ids_of(0, 4, 1));
    let gate = Gate::holding_answers(site);
    let run = start(site);
    assert!(site.api().wait_for_requests(1, PATIENCE));
    (gate, run)
}

/// What changes the whole spool.
const OF_THE_WHOLE: [&[&str]; 4] = [
    &["run"],
    &["requeue", "--failed"],
    &["prune", "--older-than", "1d"],
    &["adopt"],
];

#[test]
fn nothing_changes_the_whole_spool_while_a_shard_is_at_work() {
    let mut site = site();
    let (gate, run) = in_flight(&mut site, |site| start(site, "0/4"));
    for arguments in OF_THE_WHOLE {
        let outcome = site.call(arguments.iter().copied()).expect(11);
        let who = format!("shard 0/4, pid {}, since ", run.pid());
        assert!(outcome.stderr.contains(&who), "{}", outcome.stderr);
    }
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    for arguments in OF_THE_WHOLE {
        site.call(arguments.iter().copied()).expect(0);
    }
}

#[test]
fn no_shard_is_at_work_while_a_run_has_the_whole_spool() {
    let mut site = site();
    let whole = |site: &Site| Running::start(&mut site.command(["run", "--format", "json"]));
    let (gate, run) = in_flight(&mut site, whole);
    let outcome = site.run(&["--shard", "1/4"]).expect(11);
    let who = format!("(pid {}, since ", run.pid());
    assert!(outcome.stderr.contains(&who), "{}", outcome.stderr);
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    site.run(&["--shard", "1/4"]).expect(0);
}

#[test]
fn a_shard_is_one_runs_at_a_time_and_all_have_one_count() {
    let mut site = site();
    let (gate, run) = in_flight(&mut site, |site| start(site, "0/4"));
    let twice = site.run(&["--shard", "0/4"]).expect(11);
    let who = format!("another run holds the lock (pid {}, since ", run.pid());
    assert!(twice.stderr.contains(&who), "{}", twice.stderr);
    for shard in ["0/3", "3/5", "0/1"] {
        let mixed = site.run(&["--shard", shard]).expect(11);
        let both = format!("out to 4 shards (shard 0/4), and this one would be shard {shard};");
        assert!(mixed.stderr.contains(&both), "{}", mixed.stderr);
    }
    site.run(&["--shard", "1/4"]).expect(0);
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    site.run(&["--shard", "0/3"]).expect(0);
}

#[test]
fn a_run_told_to_wait_takes_its_turn_after_the_shards() {
    let mut site = site();
    let (gate, run) = in_flight(&mut site, |site| start(site, "0/4"));
    let waiting = ["run", "-v", "--format", "json", "--wait", "5m"];
    let whole = Running::start(&mut site.command(waiting));
    let other_count = Running::start(site.command(waiting).args(["--shard", "1/2"]));
    whole.wait_for_log("waiting for the lock");
    other_count.wait_for_log("waiting for the lock");
    gate.open();
    run.finish().expect(0).counts(&[("uploaded", 1)]);
    whole.finish().expect(0).counts(&[]);
    other_count.finish().expect(0).counts(&[]);
}

#[test]
fn those_who_record_wait_for_no_shard() {
    let mut site = site();
    let (gate, run) = in_flight(&mut site, |site| start(site, "0/4"));
    let call = r#"{"session_id": "recorded", "items": [{"role": "user", "content": "Hello?"}]}"#;
    let input = site.home().join("call.json");
    std::fs::write(&input, call).unwrap();
    let mut command = site.command(["record"]);
    command.stdin(std::fs::File::open(&input).unwrap());
    test_support::Outcome::of(command.output().unwrap()).expect(0);
    assert_eq!(site.place("recorded"), Dir::Pending);
    gate.open();
    run.finish().expect(0);
}
