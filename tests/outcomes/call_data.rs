//! What an answer to `POST {base}/call-data` means. The recording is there by then, and is never
//! sent again.

use reference_api::Target;
use test_support::{Dir, Session};

use crate::{
    Failure, SHORT_TIMEOUT, demand_failure, demand_recovery, hits, keys, order, site, site_with,
};

/// A fault of the first post passes at the second. `asked` says whether the API is asked before
/// that; `stored` whether the faulty post arrived all the same.
#[track_caller]
fn passes(row: &Row<'_>) {
    for dedupe in [true, false] {
        let site = site_with(dedupe);
        Session::new("s1").write(&site);
        let fault = row.fault;
        order(&site, &[&format!("call-data:1:{fault}")]);
        let expected = Failure::passing("call_data", row.kind, row.status);
        demand_failure(&site, site.run(row.arguments), expected, fault);
        assert_eq!(hits(&site), [1, 1, row.asked_at_once], "{fault}");
        let document = site.document(Dir::Pending, "s1");
        assert_eq!(document["upload"]["recording"]["state"], "uploaded");

        let outcome = demand_recovery(&site, fault);
        let posts = if row.stored { 1 } else { 2 };
        let asked = row.asked_at_once + usize::from(row.asked_later);
        assert_eq!(hits(&site), [1, posts, asked], "{fault}");
        let keys = keys(&site, Target::CallData);
        assert!(keys.iter().all(|key| *key == keys[0]), "{fault}");
        let parts = &outcome.report()["parts"];
        assert_eq!(parts["recordings_uploaded"], 0, "{fault}");
        assert_eq!(parts["duplicates"], u64::from(row.stored), "{fault}");
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload"]["recording"]["attempts"], 1, "{fault}");
        assert_eq!(document["upload"]["call_data"]["attempts"], 2, "{fault}");
        assert_eq!(document["upload_attempts"], 2, "{fault}");
    }
}

struct Row<'a> {
    fault: &'a str,
    kind: &'a str,
    status: Option<u16>,
    /// Questions in the run that failed.
    asked_at_once: usize,
    /// A question before the next post.
    asked_later: bool,
    /// The post arrived.
    stored: bool,
    arguments: &'a [&'a str],
}

/// A failure after which it is not known whether the post arrived; it did not.
fn unknown<'a>(fault: &'a str, kind: &'a str, status: impl Into<Option<u16>>) -> Row<'a> {
    Row {
        fault,
        kind,
        status: status.into(),
        asked_at_once: 0,
        asked_later: true,
        stored: false,
        arguments: &[],
    }
}

/// A failure after which it is known that the post did not arrive.
fn known<'a>(fault: &'a str, kind: &'a str, status: u16) -> Row<'a> {
    Row {
        asked_later: false,
        ..unknown(fault, kind, status)
    }
}

/// A failure of a post that arrived.
fn arrived<'a>(fault: &'a str, kind: &'a str, status: impl Into<Option<u16>>) -> Row<'a> {
    Row {
        stored: true,
        ..unknown(fault, kind, status)
    }
}

#[test]
fn a_server_that_fails_is_asked_before_the_next_post() {
    for status in [408, 500, 505, 507, 511, 599] {
        passes(&unknown(&format!("status={status}"), "server", status));
    }
    for status in [502, 503, 504] {
        passes(&unknown(&format!("html={status}"), "unavailable", status));
    }
}

#[test]
fn a_4xx_that_passes_needs_no_question() {
    passes(&known("status=425", "server", 425));
    passes(&known("status=403", "server", 403));
}

#[test]
fn a_call_that_arrived_although_the_answer_was_none_is_found_and_not_posted_again() {
    passes(&arrived("stored-status=500", "server", 500));
    passes(&arrived("stored-status=408", "server", 408));
    passes(&arrived("stored-html=502", "unavailable", 502));
    passes(&arrived("stored-html=200", "protocol", 200));
    passes(&arrived("stored-reset", "ambiguous", None));
    passes(&arrived("stored-cut", "ambiguous", 200));
}

#[test]
fn a_post_that_is_never_answered_is_asked_about() {
    let patient = |row: Row<'static>| Row {
        arguments: &SHORT_TIMEOUT,
        ..row
    };
    passes(&patient(unknown("stall", "ambiguous", None)));
    passes(&patient(arrived("stored-stall", "ambiguous", None)));
    passes(&patient(arrived("trickle=600ms", "ambiguous", None)));
}

#[test]
fn a_2xx_that_cannot_be_read_is_asked_about() {
    for fault in [
        "html=200",
        "not-success",
        "not-json",
        "status=200;body=",
        "status=200;body=[]",
        "status=200;body={\"success\": 1}",
    ] {
        passes(&unknown(fault, "protocol", 200));
    }
    passes(&unknown("status=204", "protocol", 204));
}

#[test]
fn a_conflict_without_a_reason_is_confirmed_at_once() {
    for fault in ["conflict", "html=409", "status=409"] {
        let row = Row {
            asked_at_once: 1,
            ..known(fault, "server", 409)
        };
        passes(&row);
    }
}

#[test]
fn a_text_that_says_that_the_call_exists_proves_nothing_by_itself() {
    passes(&Row {
        asked_at_once: 1,
        ..unknown("exists=200", "protocol", 200)
    });
    passes(&Row {
        asked_at_once: 1,
        ..unknown("exists=500", "server", 500)
    });
}

/// A refused call never passes; its recording is there, so that the session is partial.
#[track_caller]
fn is_rejected(fault: &str, status: u16, asked: usize) {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &[&format!("call-data:all:{fault}")]);
    let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["part"], "call_data", "{fault}");
    assert_eq!(error["kind"], "rejected", "{fault}");
    assert_eq!(error["status"], status, "{fault}");
    assert_eq!(error["attempts"], 1, "{fault}");
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["status"], "uploaded", "{fault}");
    assert_eq!(document["upload"]["recording"]["state"], "uploaded");
    assert_eq!(document["upload"]["call_data"]["state"], "rejected");
    assert_eq!(document["upload_attempts"], 1, "{fault}");
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(hits(&site), [1, 1, asked], "{fault}");
}

#[test]
fn a_refused_call_is_given_up() {
    for status in [
        400, 402, 406, 411, 412, 413, 414, 415, 421, 422, 424, 426, 428, 431, 451, 499,
    ] {
        is_rejected(&format!("status={status}"), status, 0);
    }
    is_rejected("html=400", 400, 0);
}

#[test]
fn a_refusal_in_the_contracts_words_is_the_calls() {
    for status in [404, 405, 410, 501] {
        is_rejected(&format!("status={status}"), status, 0);
    }
}

#[test]
fn a_refusal_that_names_an_existing_call_is_final_once_the_call_is_known_not_to_be_there() {
    is_rejected("exists=400", 400, 1);
    is_rejected("exists=422", 422, 1);
}

#[test]
fn an_existing_call_counts_as_delivered() {
    let exists = r#"body={"success": false, "message": "Call already exists"}"#;
    let of_another_kind = r#"body={"success": false, "message": "Lead already exists"}"#;
    for (fault, asked) in [
        (format!("stored-status=409;{exists}"), 0),
        (format!("stored-status=400;{exists}"), 1),
        (format!("stored-status=422;{exists}"), 1),
        (format!("stored-status=200;{exists}"), 1),
        (format!("stored-status=500;{exists}"), 1),
        (format!("stored-status=409;{of_another_kind}"), 1),
        ("stored-status=409;body=".to_owned(), 1),
        ("stored-html=409".to_owned(), 1),
    ] {
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&format!("call-data:all:{fault}")]);
        let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        let parts = &outcome.report()["parts"];
        assert_eq!(parts["duplicates"], 1, "{fault}");
        assert_eq!(parts["call_data_uploaded"], 0, "{fault}");
        assert_eq!(hits(&site), [1, 1, asked], "{fault}");
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload"]["call_data"]["state"], "duplicate");
        assert_eq!(site.api().calls().len(), 1, "{fault}");
        site.run(&[]).expect(0).counts(&[]);
        assert_eq!(hits(&site), [1, 1, asked], "{fault}");
    }
}

#[test]
fn an_address_that_is_not_the_api_stops_the_run() {
    let rows = [
        (
            "status=302;location=https://crm.example/login;body=",
            302,
            0,
        ),
        ("status=308;location=/elsewhere;body=", 308, 0),
        ("html=404", 404, 0),
        ("html=405", 405, 0),
        ("html=410", 410, 0),
        // A 5xx after the whole request was sent: the next run asks.
        ("html=501", 501, 1),
    ];
    for (fault, status, asked) in rows {
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&format!("call-data:all:{fault}")]);
        let expected = Failure::stopping("call_data", "misdirected", status, 2);
        let outcome = demand_failure(&site, site.run(&[]), expected, fault);
        assert!(outcome.stderr.contains("/call-data"), "{}", outcome.stderr);
        assert_eq!(hits(&site), [1, 1, 0], "{fault}");
        demand_recovery(&site, fault);
        assert_eq!(hits(&site), [1, 2, asked], "{fault}");
    }
}

#[test]
fn a_path_that_took_a_call_before_is_the_right_one() {
    for fault in ["html=404", "html=405", "html=410", "html=501"] {
        let site = site().in_sequence();
        Session::new("s0")
            .age(std::time::Duration::from_secs(7200))
            .write(&site);
        Session::new("s1").write(&site);
        order(&site, &[&format!("call-data:2:{fault}")]);
        let outcome = site
            .run(&[])
            .expect(3)
            .counts(&[("uploaded", 1), ("deferred", 1)]);
        assert_eq!(outcome.stopped_by(), None, "{fault}");
        site.api().clear_faults();
        site.lift_backoffs();
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        assert_eq!(site.api().calls().len(), 2, "{fault}");
        assert_eq!(hits(&site)[0], 2, "{fault}: no recording went twice");
    }
}

#[test]
fn refused_credentials_stop_the_run_after_the_recording() {
    for status in [401, 407] {
        let fault = format!("call-data:all:status={status}");
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&fault]);
        let expected = Failure::stopping("call_data", "auth", status, 12);
        demand_failure(&site, site.run(&[]), expected, &fault);
        assert_eq!(hits(&site), [1, 1, 0]);
        demand_recovery(&site, &fault);
        assert_eq!(hits(&site), [1, 2, 0]);
    }
}
