//! Charges and reports.

use super::*;

#[test]
fn a_charge_that_no_answer_costs_is_found() {
    let failed = |status| Request {
        reply: Reply::Refused(status),
        ..upload()
    };
    let charges_of = |attempts, stopped_by: Value, api| {
        charges(&failed_run("recording", attempts, stopped_by, api), 0)
    };
    silent(&charges_of(1, Value::Null, vec![failed(500)]));
    speaks(&charges_of(2, Value::Null, vec![failed(500)]), "2 attempts");
    speaks(&charges_of(1, Value::Null, vec![]), "0 at most");
    for stop in ["unavailable", "throttled", "auth", "misdirected"] {
        speaks(&charges_of(1, json!(stop), vec![failed(503)]), "0 at most");
        silent(&charges_of(0, json!(stop), vec![failed(503)]));
    }
    // What was delivered later shows that the service worked.
    let other = Request {
        session_id: "b".to_owned(),
        ..upload()
    };
    let stopper = Request {
        session_id: "c".to_owned(),
        ..failed(503)
    };
    silent(&charges_of(
        1,
        json!("unavailable"),
        vec![failed(500), other, stopper],
    ));
}

#[test]
fn a_crash_that_never_was_is_found() {
    let mut world = failed_run("recording", 1, Value::Null, vec![]);
    change_run(&mut world, |run| {
        let crashed = json!({
            "recording": {"attempts": 1},
            "history": [{"at": "1", "part": "recording", "outcome": "crashed"}],
        });
        run.after = spool(Some(with_record("ready_for_upload", &crashed)), None);
    });
    speaks(&charges(&world, 0), "for 0 runs that died");
    let now = Arc::clone(&world.spool);
    world.events.insert(0, run(End::Killed, None, &now, &now));
    silent(&charges(&world, 1));
}

#[test]
fn a_report_that_does_not_add_up_is_found() {
    let told = |change: &dyn Fn(&mut Value)| {
        let mut world = delivered();
        change_run(&mut world, |run| change(run.report.as_mut().unwrap()));
        reports(&world, 0)
    };
    silent(&told(&|_| {}));
    speaks(
        &told(&|report| report["sessions"]["conserved"] = json!(false)),
        "have a fate",
    );
    speaks(
        &told(&|report| report["sessions"]["waiting"] = json!(1)),
        "2 sessions have a fate",
    );
    speaks(
        &told(&|report| {
            report["sessions"]["pending"] = json!(2);
            report["sessions"]["vanished"] = json!(1);
        }),
        "1 documents were pending, and 2 count",
    );
    speaks(&told(&|report| report["exit_code"] = json!(3)), "says 3");
    speaks(
        &told(&|report| report["parts"]["recordings_uploaded"] = json!(2)),
        "recordings_uploaded is 2, and the API acknowledged 1",
    );
}

#[test]
fn an_exit_code_that_is_not_the_tables_is_found() {
    for (stop, code) in [
        ("signal", 143),
        ("durability", 20),
        ("auth", 12),
        ("misdirected", 2),
        ("unavailable", 5),
        ("throttled", 5),
        ("rejected", 4),
        ("deadline", 0),
    ] {
        let mut world = delivered();
        let mut end_with = |code: i32| {
            change_run(&mut world, |run| {
                let report = run.report.as_mut().unwrap();
                report["stopped_by"] = json!(stop);
                report["exit_code"] = json!(code);
                run.end = End::Exit(code);
            });
            reports(&world, 0)
        };
        silent(&end_with(code));
        speaks(&end_with(1), "is due");
    }
    for (fate, code) in [
        ("deferred", 3),
        ("backoff", 3),
        ("partial", 4),
        ("failed", 4),
    ] {
        let mut world = delivered();
        let mut end_with = |code: i32| {
            change_run(&mut world, |run| {
                let mut told = report(code, &[("pending", 1), (fate, 1)]);
                told["exit_code"] = json!(code);
                run.report = Some(told);
                run.end = End::Exit(code);
            });
            reports(&world, 0)
        };
        silent(&end_with(code));
        speaks(&end_with(0), "is due");
    }
}

#[test]
fn of_two_copies_the_filed_one_is_what_a_run_begins_with() {
    let mut world = delivered();
    world.api.clear();
    let both = spool(
        Some(pending_bytes()),
        Some(with_record("uploaded", &record())),
    );
    change_run(&mut world, |run| run.before = both);
    silent(&charges(&world, 0));
}
