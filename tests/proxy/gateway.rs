//! What nginx answers for an API that does not.

use test_support::{Dir, Failure, Session, demand_failure, demand_recovery, let_time_pass};

use crate::nginx::Settings;
use crate::{fails_until_lifted, hits, one_session, order, put_nginx_before, site};

/// An address at which nobody listens.
const NOBODY: &str = "server 127.0.0.1:1;";

#[test]
fn a_502_for_an_api_that_is_down_is_charged_to_one_session_and_to_none_of_three() {
    let down = Settings::default().backend(NOBODY);
    let site = fails_until_lifted(
        &down,
        &[],
        Failure::passing("recording", "unavailable", 502),
    );
    assert_eq!(hits(&site), [1, 1, 0]);

    let mut site = crate::site().in_sequence();
    for id in ["a", "b", "c", "d"] {
        Session::new(id).write(&site);
    }
    let nginx = put_nginx_before(&mut site, &down);
    let outcome = site
        .run(&[])
        .expect(5)
        .counts(&[("deferred", 3), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    for id in ["a", "b", "c", "d"] {
        assert_eq!(site.document(Dir::Pending, id)["upload_attempts"], 0);
    }
    nginx.reload(&Settings::default());
    site.run(&[]).expect(0).counts(&[("uploaded", 4)]);
    crate::demand_delivered(&site, &["a", "b", "c", "d"]);
}

#[test]
fn a_504_for_an_api_that_is_slow_is_asked_about_before_the_post_is_sent_again() {
    let impatient = Settings::default().location("proxy_read_timeout 300ms;");
    for (fault, part, expected) in [
        ("upload:1:stall", "recording", [2, 1, 0]),
        ("upload:1:stored-stall", "recording", [2, 1, 0]),
        ("call-data:1:stall", "call_data", [1, 2, 1]),
        ("call-data:1:stored-stall", "call_data", [1, 1, 1]),
    ] {
        let site = fails_until_lifted(
            &impatient,
            &[fault],
            Failure::passing(part, "unavailable", 504),
        );
        assert_eq!(hits(&site), expected, "{fault}");
    }
}

#[test]
fn a_502_for_an_api_that_breaks_off_is_asked_about_before_the_post_is_sent_again() {
    for (fault, part, expected) in [
        ("upload:1:reset", "recording", [2, 1, 0]),
        ("upload:1:stored-reset", "recording", [2, 1, 0]),
        ("call-data:1:reset", "call_data", [1, 2, 1]),
        ("call-data:1:stored-reset", "call_data", [1, 1, 1]),
    ] {
        let site = fails_until_lifted(
            &Settings::default(),
            &[fault],
            Failure::passing(part, "unavailable", 502),
        );
        assert_eq!(hits(&site), expected, "{fault}");
    }
}

#[test]
fn an_answer_that_the_api_cuts_is_cut_behind_nginx_too() {
    for (fault, part, expected) in [
        ("upload:1:stored-cut", "recording", [2, 1, 0]),
        ("call-data:1:stored-cut", "call_data", [1, 1, 1]),
    ] {
        for settings in ["", "proxy_buffering off;", "proxy_http_version 1.1;"] {
            let site = fails_until_lifted(
                &Settings::default().location(settings),
                &[fault],
                Failure::passing(part, "ambiguous", 200),
            );
            assert_eq!(hits(&site), expected, "{fault} {settings}");
        }
    }
}

/// nginx can be told to send a post again by itself. It is the same request, under the same key.
#[test]
fn a_post_that_nginx_sends_again_by_itself_is_stored_once() {
    let mut site = site();
    Session::new("s1").write(&site);
    let settings = Settings::default()
        .backend("server API; server API;")
        .location("proxy_next_upstream error timeout non_idempotent;");
    let _nginx = put_nginx_before(&mut site, &settings);
    order(&site, &["call-data:1:stored-reset"]);
    let outcome = site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(outcome.stopped_by(), None);
    assert_eq!(hits(&site), [1, 2, 0]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn an_answer_that_the_api_cuts_and_nginx_passes_on_in_chunks_is_asked_about() {
    let (site, nginx) = one_session(
        &Settings::default().location("sub_filter_types *; sub_filter nowhere nothing;"),
    );
    order(&site, &["call-data:1:stored-cut"]);
    let expected = Failure::passing("call_data", "ambiguous", 200);
    demand_failure(&site, site.run(&[]), expected, "cut in a chunk");
    nginx.reload(&Settings::default());
    let_time_pass(&site);
    demand_recovery(&site, "cut in a chunk");
    assert_eq!(hits(&site), [1, 1, 1]);
}
