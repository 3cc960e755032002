//! What an answer to `POST {base}/upload` means.

use reference_api::Target;
use test_support::{Dir, Session, sha256};

use crate::{
    Failure, SHORT_TIMEOUT, demand_failure, demand_recovery, hits, keys, order, site, site_with,
};

/// A fault of the first upload passes at the second; the call data waits for the recording.
#[track_caller]
fn passes(fault: &str, kind: &str, status: Option<u16>, arguments: &[&str], sound: &[u8]) {
    for dedupe in [true, false] {
        let site = site_with(dedupe);
        Session::new("s1").recording(sound).write(&site);
        order(&site, &[&format!("upload:1:{fault}")]);
        let expected = Failure::passing("recording", kind, status);
        demand_failure(&site, site.run(arguments), expected, fault);
        assert_eq!(hits(&site), [1, 0, 0], "{fault}");

        demand_recovery(&site, fault);
        assert_eq!(hits(&site), [2, 1, 0], "{fault}");
        let keys = keys(&site, Target::Upload);
        assert_eq!(keys[0], keys[1], "{fault}");
        let recordings = site.api().recordings();
        assert!(
            recordings.iter().all(|one| one.sha256 == sha256(sound)),
            "{fault}"
        );
        if dedupe {
            assert_eq!(recordings.len(), 1, "{fault}");
        }
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload_attempts"], 2, "{fault}");
        assert_eq!(document["upload"]["recording"]["attempts"], 2, "{fault}");
        assert_eq!(document["upload"]["call_data"]["attempts"], 1, "{fault}");
    }
}

#[test]
fn a_server_that_fails_costs_an_attempt_and_gets_the_recording_later() {
    for status in [408, 425, 500, 505, 506, 507, 508, 511, 599] {
        let fault = format!("status={status}");
        passes(&fault, "server", Some(status), &[], b"OggS");
    }
}

#[test]
fn a_service_that_is_away_behind_its_proxy_costs_an_attempt() {
    for status in [502, 503, 504] {
        let fault = format!("html={status}");
        passes(&fault, "unavailable", Some(status), &[], b"OggS");
    }
}

#[test]
fn a_failure_after_the_recording_was_stored_sends_it_again_under_the_same_key() {
    passes("stored-status=500", "server", Some(500), &[], b"OggS");
    passes("stored-reset", "ambiguous", None, &[], b"OggS");
    passes("stored-cut", "ambiguous", Some(200), &[], b"OggS");
    passes("stored-html=200", "protocol", Some(200), &[], b"OggS");
}

#[test]
fn a_connection_that_breaks_in_mid_body_is_a_network_failure() {
    let sound = vec![7; 24 << 20];
    passes("reset-after=100000", "network", None, &[], &sound);
    passes("close-after=100000", "network", None, &[], &sound);
    passes("reset", "network", None, &[], &sound);
}

#[test]
fn an_api_that_never_answers_is_ambiguous() {
    passes("stall", "ambiguous", None, &SHORT_TIMEOUT, b"OggS");
    passes("stored-stall", "ambiguous", None, &SHORT_TIMEOUT, b"OggS");
}

#[test]
fn an_answer_that_trickles_in_ends() {
    passes("trickle=600ms", "ambiguous", None, &SHORT_TIMEOUT, b"OggS");
}

#[test]
fn a_2xx_that_is_not_the_contracts_is_no_upload() {
    for fault in [
        "html=200",
        "not-success",
        "not-json",
        "without-url",
        "wrong-size",
        "status=200;body=",
        "status=204",
        "status=200;body={\"success\": true}",
        "status=200;body={\"success\": \"true\", \"data\": {\"url\": \"https://crm.example/x\"}}",
    ] {
        let status = if fault == "status=204" { 204 } else { 200 };
        passes(fault, "protocol", Some(status), &[], b"OggS");
    }
}

#[test]
fn a_conflict_without_a_url_is_no_upload() {
    for fault in ["conflict", "exists=409", "html=409", "status=409"] {
        passes(fault, "protocol", Some(409), &[], b"OggS");
    }
}

#[test]
fn a_conflict_with_a_url_means_that_the_recording_is_there() {
    let site = site();
    Session::new("s1").write(&site);
    let body = r#"{"success": false, "data": {"url": "https://crm.example/there.ogg"}}"#;
    order(&site, &[&format!("upload:1:status=409;body={body}")]);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let report = outcome.report();
    assert_eq!(report["parts"]["duplicates"], 1);
    assert_eq!(report["parts"]["recordings_uploaded"], 0);
    let calls = site.api().calls();
    assert_eq!(
        calls[0].recording_url.as_deref(),
        Some("https://crm.example/there.ogg")
    );
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload"]["recording"]["state"], "duplicate");
    assert_eq!(hits(&site), [1, 1, 0]);
}

#[test]
fn a_relative_url_is_joined_to_the_origin() {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &["upload:1:relative-url"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let name = site.api().recordings()[0].stored_name.clone();
    let expected = format!("http://{}/uploads/recordings/{name}", site.api().addr());
    assert_eq!(site.api().calls()[0].recording_url, Some(expected.clone()));
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload"]["recording"]["url"], expected);
}

/// A refused recording never passes: the call goes without it at once, and nothing is sent again.
#[track_caller]
fn is_rejected(fault: &str, status: u16) {
    let site = site();
    Session::new("s1").write(&site);
    order(&site, &[&format!("upload:all:{fault}")]);
    let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["part"], "recording", "{fault}");
    assert_eq!(error["kind"], "rejected", "{fault}");
    assert_eq!(error["status"], status, "{fault}");
    assert_eq!(error["attempts"], 1, "{fault}");
    assert_eq!(site.place("s1"), Dir::Processed);
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["status"], "uploaded");
    assert_eq!(document["upload"]["recording"]["state"], "rejected");
    assert_eq!(document["upload"]["call_data"]["state"], "uploaded");
    assert_eq!(document["upload_attempts"], 1);
    assert!(site.api().calls()[0].body["callDetails"]["recordingUrl"].is_null());

    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(hits(&site), [1, 1, 0], "{fault}");
}

#[test]
fn a_refused_recording_is_given_up_and_the_call_goes_without_it() {
    for status in [
        400, 402, 406, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 424, 426, 428, 431, 451,
        499,
    ] {
        is_rejected(&format!("status={status}"), status);
    }
    is_rejected("html=413", 413);
}

#[test]
fn a_refusal_in_the_contracts_words_is_the_recordings() {
    for status in [404, 405, 410, 501] {
        is_rejected(&format!("status={status}"), status);
    }
}

#[test]
fn a_refusal_that_comes_before_the_body_is_read_is_heard() {
    is_rejected("early=413", 413);
}

#[test]
fn an_address_that_is_not_the_api_stops_the_run_and_is_shown() {
    let redirect = "location=https://crm.example/login?next=secret";
    let rows = [300, 301, 302, 303, 304, 305, 307, 308].map(|status| {
        let to_login = format!("status={status};{redirect};body=");
        (to_login, status)
    });
    let pages = [404, 405, 410, 501].map(|status| (format!("html={status}"), status));
    let bare = [302, 404].map(|status| (format!("status={status};body="), status));
    for (fault, status) in rows.into_iter().chain(pages).chain(bare) {
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&format!("upload:all:{fault}")]);
        let expected = Failure::stopping("recording", "misdirected", status, 2);
        let outcome = demand_failure(&site, site.run(&[]), expected, &fault);
        assert_eq!(hits(&site), [1, 0, 0], "{fault}");
        let url = format!("{}/upload", site.api_url());
        assert!(outcome.stderr.contains(&url), "{}", outcome.stderr);
        if fault.contains("location") {
            let stderr = &outcome.stderr;
            assert!(stderr.contains("https://crm.example/login"), "{stderr}");
            assert!(!stderr.contains("next=secret"), "{stderr}");
        }
        demand_recovery(&site, &fault);
        assert_eq!(hits(&site), [2, 1, 0], "{fault}");
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload_attempts"], 1, "{fault}");
    }
}

#[test]
fn a_path_that_took_a_recording_before_is_the_right_one() {
    for (fault, status) in [
        ("html=404", 404),
        ("html=405", 405),
        ("html=410", 410),
        ("html=501", 501),
    ] {
        let site = site().in_sequence();
        Session::new("s0")
            .age(std::time::Duration::from_secs(7200))
            .write(&site);
        Session::new("s1").write(&site);
        order(&site, &[&format!("upload:2:{fault}")]);
        let outcome = site
            .run(&[])
            .expect(3)
            .counts(&[("uploaded", 1), ("deferred", 1)]);
        assert_eq!(outcome.stopped_by(), None, "{fault}");
        let error = &outcome.report()["errors"][0];
        assert_eq!(error["session_id"], "s1", "{fault}");
        assert_eq!(error["status"], status, "{fault}");
        assert_eq!(error["attempts"], 1, "{fault}");
        assert_eq!(site.place("s1"), Dir::Pending, "{fault}");

        site.api().clear_faults();
        site.lift_backoffs();
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        assert_eq!(hits(&site), [3, 2, 0], "{fault}");
    }
}

#[test]
fn refused_credentials_stop_the_run() {
    for status in [401, 407] {
        let fault = format!("upload:all:status={status}");
        let site = site();
        Session::new("s1").write(&site);
        order(&site, &[&fault]);
        let expected = Failure::stopping("recording", "auth", status, 12);
        demand_failure(&site, site.run(&[]), expected, &fault);
        assert_eq!(hits(&site), [1, 0, 0]);
        demand_recovery(&site, &fault);
        assert_eq!(hits(&site), [2, 1, 0]);
    }
}

#[test]
fn one_403_is_the_sessions_own() {
    passes("status=403", "server", Some(403), &[], b"OggS");
    passes("html=403", "server", Some(403), &[], b"OggS");
}
