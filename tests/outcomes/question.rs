//! The question whether a call is there, asked before a post that may be the second.

use reference_api::Target;
use test_support::{Dir, Session, Site};

use crate::{
    Failure, demand_failure, demand_recovery, hits, keys, only_call_data, order, site, site_with,
};

/// A site whose one session was posted without an answer. `stored` says whether the call arrived.
#[track_caller]
fn with_unknown_fate(dedupe: bool, stored: bool) -> Site {
    let site = site_with(dedupe);
    Session::new("s1").write(&site);
    let fault = if stored { "stored-reset" } else { "status=500" };
    order(&site, &[&format!("call-data:1:{fault}")]);
    site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [1, 1, 0]);
    assert_eq!(site.api().calls().len(), usize::from(stored));
    site.api().clear_faults();
    site.lift_backoffs();
    site
}

#[test]
fn names_the_call_and_asks_for_one() {
    let site = site();
    Session::new("s1 &?").write(&site);
    order(&site, &["call-data:1:stored-reset"]);
    site.run(&[]).expect(3);
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let requests = site.api().requests();
    let question = requests.last().unwrap();
    assert_eq!(question.method, "GET");
    assert_eq!(
        question.query.as_deref(),
        Some("callId=CALL-s1%20%26%3F&limit=1")
    );
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_question_that_fails_is_a_failure_of_its_kind_and_nothing_is_posted() {
    for (fault, kind, status) in [
        ("status=500", "server", Some(500)),
        ("status=408", "server", Some(408)),
        ("status=403", "server", Some(403)),
        ("status=409", "server", Some(409)),
        ("html=502", "unavailable", Some(502)),
        ("status=503", "unavailable", Some(503)),
        ("reset", "ambiguous", None),
        ("stored-cut", "ambiguous", Some(200)),
        ("html=200", "protocol", Some(200)),
        ("not-success", "protocol", Some(200)),
        ("status=200;body={\"success\": true}", "protocol", Some(200)),
    ] {
        for stored in [true, false] {
            if fault == "stored-cut" && !stored {
                // Half a 404 says as much as a whole one: not there, or not known.
                continue;
            }
            let site = with_unknown_fate(false, stored);
            order(&site, &[&format!("question:1:{fault}")]);
            let expected = Failure {
                attempts: 2,
                ..Failure::passing("call_data", kind, status)
            };
            demand_failure(&site, site.run(&[]), expected, fault);
            assert_eq!(hits(&site), [1, 1, 1], "{fault}");

            demand_recovery(&site, fault);
            let posts = if stored { 1 } else { 2 };
            assert_eq!(hits(&site), [1, posts, 2], "{fault}");
        }
    }
}

#[test]
fn a_question_can_stop_the_run_as_a_post_can() {
    let login = "status=302;location=https://crm.example/login;body=";
    for (fault, kind, status, code) in [
        ("status=401", "auth", 401, 12),
        ("status=407", "auth", 407, 12),
        (login, "misdirected", 302, 2),
        ("html=410", "misdirected", 410, 2),
        ("html=501", "misdirected", 501, 2),
        ("status=429;retry-after=3600", "throttled", 429, 5),
        ("status=503;retry-after=3600", "throttled", 503, 5),
    ] {
        let site = with_unknown_fate(false, true);
        order(&site, &[&format!("question:1:{fault}")]);
        let outcome = site.run(&[]).expect(code).counts(&[("deferred", 1)]);
        assert_eq!(outcome.stopped_by().as_deref(), Some(kind), "{fault}");
        let error = &outcome.report()["errors"][0];
        assert_eq!(error["kind"], kind, "{fault}");
        assert_eq!(error["status"], status, "{fault}");
        assert_eq!(error["attempts"], 1, "{fault}: none is charged");
        assert_eq!(hits(&site), [1, 1, 1], "{fault}");
        demand_recovery(&site, fault);
        assert_eq!(hits(&site), [1, 1, 2], "{fault}");
    }
}

#[test]
fn an_api_that_cannot_answer_is_sent_the_post_again_under_the_same_key() {
    let endless = format!("status=200;body={}", "x".repeat(1024 * 1024 + 1));
    for fault in ["unanswerable", "html=405", "status=404;body=", &endless] {
        let shown: String = fault.chars().take(40).collect();
        for stored in [true, false] {
            let site = with_unknown_fate(true, stored);
            order(&site, &[&format!("question:all:{fault}")]);
            site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
            assert_eq!(hits(&site), [1, 2, 1], "{shown}");
            let keys = keys(&site, Target::CallData);
            assert_eq!(keys[0], keys[1], "{shown}");
            assert_eq!(site.api().calls().len(), 1, "{shown}");
        }
    }
}

#[test]
fn an_api_that_ignores_the_parameter_proves_nothing() {
    for body in [
        None,
        Some(r#"{"success": true, "data": []}"#),
        Some(r#"{"success": true, "data": [{"callDetails": {"callId": "CALL-s2"}}]}"#),
        Some(r#"{"success": true, "data": [{"callId": "CALL-s1"}, null, 1]}"#),
    ] {
        let fault = body.map_or("ignore-call-id".to_owned(), |body| {
            format!("status=200;body={body}")
        });
        let site = with_unknown_fate(true, false);
        order(&site, &[&format!("question:all:{fault}")]);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        assert_eq!(hits(&site), [1, 2, 1], "{fault}");
        let keys = keys(&site, Target::CallData);
        assert_eq!(keys[0], keys[1], "{fault}");
    }
}

#[test]
fn an_api_that_does_not_know_the_question_does_not_prove_the_address_right() {
    let site = with_unknown_fate(true, false);
    order(&site, &["question:all:html=404", "call-data:all:html=404"]);
    let outcome = site.run(&[]).expect(2).counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("misdirected"));
    let document = site.document(Dir::Pending, "s1");
    assert_eq!(document["upload"]["call_data"]["attempts"], 1);
    demand_recovery(&site, "a wrong address");
}

#[test]
fn no_question_where_no_connection_was_made() {
    let mut site = site();
    Session::new("s1").write(&site);
    let url = site.api_url().to_owned();
    site.set_api_url(refused_url());
    site.run(&[]).expect(5).counts(&[("deferred", 1)]);
    site.set_api_url(url);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [1, 1, 0]);
}

/// A base URL on a port where nobody listens.
pub(crate) fn refused_url() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}/api", listener.local_addr().unwrap())
}

#[test]
fn a_call_that_was_answered_is_never_asked_about() {
    let site = site_with(false);
    for id in ["a", "b", "c"] {
        Session::new(id).write(&site);
    }
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    assert_eq!(hits(&site), [3, 3, 0]);
}

#[test]
fn an_answer_that_claims_the_call_exists_is_asked_about_again_when_the_question_fails() {
    let site = site_with(false);
    Session::new("s1").write(&site);
    order(
        &site,
        &[
            r#"call-data:1:stored-status=400;body={"success": false, "message": "Call already exists"}"#,
            "question:1:status=500",
        ],
    );
    let outcome = site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "server");
    assert_eq!(hits(&site), [1, 1, 1]);
    demand_recovery(&site, "a question that failed");
    assert_eq!(hits(&site), [1, 1, 2]);
}

#[test]
fn call_data_sent_again_by_force_is_not_taken_for_what_was_there_before() {
    for dedupe in [false, true] {
        let site = site_with(dedupe);
        only_call_data("s1").write(&site);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        site.call(["requeue", "--part", "call-data", "--force", "s1"])
            .expect(0);
        order(&site, &["call-data:1:reset-after=1"]);
        site.run(&[]).expect(3).counts(&[("deferred", 1)]);
        site.lift_backoffs();
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        // The earlier call answers the question, and proves nothing of this one.
        assert_eq!(hits(&site)[1], 3, "dedupe {dedupe}");
        let keys = keys(&site, Target::CallData);
        assert_ne!(keys[0], keys[1]);
        assert_eq!(keys[1], keys[2]);
        assert_eq!(site.api().calls().len(), if dedupe { 1 } else { 2 });
    }
}

#[test]
fn a_question_that_is_refused_does_not_refuse_the_call() {
    let site = site_with(false);
    only_call_data("s1").write(&site);
    order(&site, &["call-data:1:status=500", "question:1:status=400"]);
    site.run(&[]).expect(3);
    site.lift_backoffs();
    site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [0, 1, 1], "nothing is posted");
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_claim_that_could_not_be_confirmed_before_the_run_stopped_is_asked_about_in_the_next() {
    let site = site();
    Session::new("s1").write(&site);
    // The post was stored, the answer only hints at that, and the question ends the run.
    order(
        &site,
        &[
            "call-data:1:stored-status=409;body={\"success\": false}",
            "question:1:status=401",
        ],
    );
    site.run(&[]).expect(12).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [1, 1, 1]);
    site.api().clear_faults();
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [1, 1, 2], "asked, and not posted again");
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_call_that_is_found_with_a_recording_does_not_count_as_sent_without_one() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["call-data:1:stored-reset"]);
    site.run(&[]).expect(3);
    // A run that died since has used the recording's attempts up.
    let mut document = site.document(Dir::Pending, "s1");
    document["upload"]["recording"]["state"] = "abandoned".into();
    document["upload"]["next_attempt_at"] = serde_json::Value::Null;
    let age = std::time::Duration::from_secs(600);
    site.put(Dir::Pending, "metadata_s1.json", document.to_string(), age);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    assert_eq!(hits(&site), [1, 1, 1]);
    let document = site.document(Dir::Processed, "s1");
    let call_data = &document["upload"]["call_data"];
    assert_eq!(call_data["state"], "duplicate");
    assert_eq!(call_data["without"], serde_json::Value::Null);
}

/// A document that another program has tried, and has kept for another try.
fn tried_by_another_program(site: &Site) {
    Session::new("s1")
        .edit(|document| {
            document["upload_attempts"] = 2.into();
            document["last_upload_attempt"] = "2025-10-29T13:55:00.123456Z".into();
        })
        .write(site);
}

#[test]
fn what_another_program_tried_may_have_arrived_and_is_asked_about_first() {
    for was_stored in [true, false] {
        let site = site_with(false);
        Session::new("s1").write(&site);
        if was_stored {
            // The other program's post: stored, and its answer lost.
            site.run(&[]).expect(0);
            std::fs::remove_file(site.dir(Dir::Processed).join("metadata_s1.json")).unwrap();
        }
        tried_by_another_program(&site);
        let before = hits(&site);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        let after = hits(&site);
        let posts = usize::from(!was_stored);
        assert_eq!(after[1] - before[1], posts, "{was_stored}");
        assert_eq!(after[2] - before[2], 1, "{was_stored}");
        assert_eq!(site.api().calls().len(), 1, "{was_stored}");
        let state = if was_stored { "duplicate" } else { "uploaded" };
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload"]["call_data"]["state"], state);
        assert_eq!(document["upload_attempts"], 3);
    }
}

#[test]
fn that_another_program_tried_is_remembered_over_a_failure() {
    let site = site_with(false);
    tried_by_another_program(&site);
    order(&site, &["upload:1:status=500"]);
    site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(hits(&site), [1, 0, 0]);
    site.api().clear_faults();
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [2, 1, 1]);
}
