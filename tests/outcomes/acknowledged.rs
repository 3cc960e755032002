//! The ways in which calls and recordings were lost or doubled before there was callspool, each
//! with the opposite result.

use test_support::{Dir, Session, sha256};

use crate::uplink::SlowUplink;
use crate::{call_ids, demand_recovery, hits, order, site_with};

/// One session under faults of the first requests; whatever happens, in the end the API has the
/// call once, linked to the whole recording.
#[track_caller]
fn arrives_once(faults: &[&str], arguments: &[&str]) {
    for dedupe in [true, false] {
        let site = site_with(dedupe);
        Session::new("s1").recording("the whole sound").write(&site);
        order(&site, faults);
        site.run(arguments).expect(3).counts(&[("deferred", 1)]);
        assert_eq!(site.place("s1"), Dir::Pending, "{faults:?}");
        demand_recovery(&site, &format!("{faults:?}"));
        let url = site.api().calls()[0].recording_url.clone();
        let recordings = site.api().recordings();
        let linked = recordings.iter().find(|one| Some(&one.url) == url.as_ref());
        assert_eq!(
            linked.map(|one| one.sha256.clone()),
            Some(sha256(b"the whole sound")),
            "{faults:?}"
        );
    }
}

#[test]
fn a_recording_is_not_lost_to_one_failed_upload() {
    for fault in ["status=500", "not-success", "stored-reset", "stored-cut"] {
        arrives_once(&[&format!("upload:1:{fault}")], &[]);
    }
}

#[test]
fn a_call_is_not_archived_because_something_answered_200() {
    for fault in ["not-success", "html=200", "not-json"] {
        arrives_once(&[&format!("call-data:1:{fault}")], &[]);
    }
}

#[test]
fn a_call_that_is_stored_and_answered_with_409_from_then_on_is_done() {
    let site = site_with(true);
    Session::new("s1").write(&site);
    order(
        &site,
        &[
            "call-data:1:stored-reset",
            "call-data:2-:exists=409",
            "question:all:unanswerable",
        ],
    );
    site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    site.lift_backoffs();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(hits(&site), [1, 2, 1], "the recording is not sent again");
    assert_eq!(site.api().calls().len(), 1);
    site.run(&[]).expect(0).counts(&[]);
}

#[test]
fn a_call_that_is_stored_and_not_answered_is_stored_once_with_dedupe_and_without() {
    arrives_once(&["call-data:1:stored-reset"], &[]);
    arrives_once(&["call-data:1:stored-cut"], &[]);
    arrives_once(&["call-data:1:stored-stall"], &["--response-timeout", "2s"]);
    arrives_once(&["upload:1:stored-stall"], &["--response-timeout", "2s"]);
}

#[test]
fn a_slow_uplink_gets_the_time_that_its_bytes_need() {
    let mut site = site_with(true);
    // Fits into the buffers on the way: it is long gone when the API begins to read its end.
    let sound = vec![1; 3 << 20];
    Session::new("s1").recording(sound.clone()).write(&site);
    let uplink = SlowUplink::to(site.api().addr());
    let url = site
        .api_url()
        .replace(&site.api().addr().to_string(), &uplink.address.to_string());
    site.set_api_url(url);
    // 12 seconds for the bytes; the uplink takes 5.
    site.run(&["--response-timeout", "2s", "--min-throughput", "256KiB/s"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings()[0].sha256, sha256(&sound));
    assert_eq!(hits(&site), [1, 1, 0]);
}

#[test]
fn failing_sessions_in_front_do_not_keep_good_ones_back() {
    let site = site_with(true);
    for index in 0..10 {
        Session::new(&format!("bad{index}"))
            .without_transcript_file()
            .age(std::time::Duration::from_secs(9000))
            .write(&site);
    }
    for index in 0..5 {
        Session::new(&format!("good{index}")).write(&site);
    }
    for _ in 0..3 {
        site.run(&["--batch-size", "10"]);
    }
    let mut calls = call_ids(&site);
    calls.sort();
    let good: Vec<String> = (0..5).map(|index| format!("CALL-good{index}")).collect();
    assert_eq!(calls, good);
}

#[test]
fn the_recording_is_never_sent_again_once_its_upload_is_recorded() {
    let site = site_with(false);
    Session::new("s1").write(&site);
    order(&site, &["call-data:1-6:status=500"]);
    for _ in 0..6 {
        site.run(&[]).expect(3).counts(&[("deferred", 1)]);
        site.lift_backoffs();
    }
    demand_recovery(&site, "six failures");
    assert_eq!(hits(&site), [1, 7, 6]);
    assert_eq!(site.api().recordings().len(), 1);
}
