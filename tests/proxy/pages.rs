//! Pages that nginx has of its own, where the program expects the API.

use test_support::{Dir, Failure, Session, demand_failure, demand_recovery, let_time_pass};

use crate::nginx::Settings;
use crate::{LARGE, fails_until_lifted, hits, one_session, order, put_nginx_before, site};

#[test]
fn a_redirect_or_a_page_that_is_not_there_is_a_wrong_address_which_is_shown() {
    for (settings, status, shown) in [
        (
            "return 301 https://crm.example.com$request_uri;",
            301,
            "https://crm.example.com/apis/api/public/upload",
        ),
        ("return 302 /login?next=$request_uri;", 302, "/login"),
        (
            "return 308 https://crm.example.com$request_uri;",
            308,
            "https://crm.example.com/apis/api/public/upload",
        ),
        (
            "location /apis/ { root nowhere; }",
            404,
            "is not the upload API",
        ),
    ] {
        let (site, nginx) = one_session(&Settings::default().server(settings));
        let url = format!("{}/upload", site.api_url());
        let expected = Failure::stopping("recording", "misdirected", status, 2);
        let outcome = demand_failure(&site, site.run(&[]), expected, settings);
        for text in [url.as_str(), shown, "--api-url"] {
            assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("next="), "{}", outcome.stderr);
        assert_eq!(hits(&site), [0, 0, 0], "{settings}");
        nginx.reload(&Settings::default());
        demand_recovery(&site, settings);
    }
}

#[test]
fn plain_http_that_nginx_redirects_to_https_is_a_wrong_address_and_nothing_follows_it() {
    let (mut site, nginx) = one_session(
        &Settings::default()
            .server("if ($scheme = http) { return 301 https://$http_host$request_uri; }"),
    );
    let right = site.api_url().to_owned();
    site.set_api_url(
        right
            .replace("https", "http")
            .replace(&nginx.tls(), &nginx.plain()),
    );
    let expected = Failure::stopping("recording", "misdirected", 301, 2);
    let outcome = demand_failure(&site, site.run(&[]), expected, "plain");
    let location = format!("redirects to https://{}/", nginx.plain());
    assert!(outcome.stderr.contains(&location), "{}", outcome.stderr);
    assert_eq!(hits(&site), [0, 0, 0]);
    site.set_api_url(right);
    demand_recovery(&site, "https");
}

#[test]
fn a_password_that_nginx_wants_is_refused_credentials() {
    let password = "auth_basic internal; auth_basic_user_file /dev/null;";
    let site = fails_until_lifted(
        &Settings::default().server(password),
        &[],
        Failure::stopping("recording", "auth", 401, 12),
    );
    assert_eq!(hits(&site), [1, 1, 0]);
}

#[test]
fn an_nginx_that_forbids_two_sessions_refuses_the_credentials() {
    let mut site = site().in_sequence();
    for id in ["a", "b", "c"] {
        Session::new(id).write(&site);
    }
    let nginx = put_nginx_before(&mut site, &Settings::default().server("deny all;"));
    let outcome = site
        .run(&[])
        .expect(12)
        .counts(&[("deferred", 2), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("auth"));
    for id in ["a", "b", "c"] {
        assert_eq!(
            site.document(Dir::Pending, id)["upload_attempts"],
            0,
            "{id}"
        );
    }
    nginx.reload(&Settings::default());
    let_time_pass(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
    crate::demand_delivered(&site, &["a", "b", "c"]);
}

/// nginx reads the request, then hangs up instead of an answer.
const HANGS_UP: &str = "proxy_intercept_errors on; error_page 500 = @hang_up;";

#[test]
fn an_nginx_that_hangs_up_after_the_request_leaves_it_ambiguous() {
    let settings = Settings::default()
        .server("location @hang_up { return 444; }")
        .location(HANGS_UP);
    for (fault, part, expected) in [
        ("upload:1:stored-status=500", "recording", [2, 1, 0]),
        ("call-data:1:stored-status=500", "call_data", [1, 1, 1]),
        ("call-data:1:status=500", "call_data", [1, 2, 1]),
    ] {
        let site = fails_until_lifted(
            &settings,
            &[fault],
            Failure::passing(part, "ambiguous", None),
        );
        assert_eq!(hits(&site), expected, "{fault}");
    }
}

#[test]
fn an_nginx_that_hangs_up_in_mid_upload_breaks_it_off() {
    let mut site = site();
    Session::new("s1").recording(vec![7; LARGE]).write(&site);
    let nginx = put_nginx_before(&mut site, &Settings::default().server("return 444;"));
    let expected = Failure::passing("recording", "network", None);
    demand_failure(&site, site.run(&[]), expected, "444");
    assert_eq!(hits(&site), [0, 0, 0]);
    nginx.reload(&Settings::default());
    demand_recovery(&site, "444");
}

/// An error page that comes with 200, as for browsers.
fn sorry(status: u16) -> Settings {
    Settings::default()
        .server(r#"location @sorry { default_type text/html; return 200 "<html><h1>We will be back soon</h1></html>"; }"#)
        .location(&format!("proxy_intercept_errors on; error_page {status} =200 @sorry;"))
}

#[test]
fn a_page_with_200_is_no_delivery() {
    for (fault, part, expected) in [
        ("upload:1:status=500", "recording", [2, 1, 0]),
        ("call-data:1:status=500", "call_data", [1, 2, 1]),
        ("call-data:1:stored-status=500", "call_data", [1, 1, 1]),
    ] {
        let site = fails_until_lifted(
            &sorry(500),
            &[fault],
            Failure::passing(part, "protocol", 200),
        );
        assert_eq!(hits(&site), expected, "{fault}");
    }
}

#[test]
fn a_page_with_200_is_no_answer_to_the_question_either() {
    let (site, nginx) = one_session(&sorry(500));
    order(
        &site,
        &["call-data:1:stored-status=500", "question:all:status=500"],
    );
    demand_failure(
        &site,
        site.run(&[]),
        Failure::passing("call_data", "protocol", 200),
        "posted",
    );
    let_time_pass(&site);
    let outcome = site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "protocol");
    assert_eq!(
        hits(&site),
        [1, 1, 1],
        "nothing is posted without an answer"
    );
    nginx.reload(&Settings::default());
    demand_recovery(&site, "asked again");
    assert_eq!(hits(&site), [1, 1, 2]);
}

#[test]
fn an_answer_to_the_question_that_nginx_has_kept_posts_nothing_twice() {
    let settings = Settings::default()
        .http("proxy_cache_path cache keys_zone=kept:1m;")
        .location("proxy_cache kept; proxy_cache_valid any 1h; proxy_ignore_headers Cache-Control Expires;");
    let (site, _nginx) = one_session(&settings);
    // Not stored, so that the question's answer is that there is no such call; then stored.
    order(
        &site,
        &["call-data:1:status=500", "call-data:2:stored-status=500"],
    );
    let expected = Failure::passing("call_data", "server", 500);
    demand_failure(&site, site.run(&[]), expected, "not stored");
    let_time_pass(&site);
    let outcome = site.run(&[]).expect(3).counts(&[("deferred", 1)]);
    assert_eq!(outcome.report()["errors"][0]["attempts"], 2);
    demand_recovery(&site, "an old answer");
    assert_eq!(hits(&site), [1, 3, 1]);
}

/// An outer nginx that asks an inner one to compress, as some do to save their network, and leaves
/// it to the client to cope.
fn compressing() -> Settings {
    Settings::default()
        .http(
            "server { listen unix:HOME/inner; location / { proxy_pass http://API; gzip on;
             gzip_min_length 1; gzip_proxied any; gzip_http_version 1.0;
             gzip_types application/json; } }",
        )
        .backend("server unix:HOME/inner;")
        .location("proxy_set_header Accept-Encoding gzip;")
}

#[test]
fn a_compressed_answer_that_nobody_asked_for_is_no_delivery_and_is_named() {
    let (site, nginx) = one_session(&compressing());
    let expected = Failure::passing("recording", "protocol", 200);
    let outcome = demand_failure(&site, site.run(&[]), expected, "compressed");
    let message = outcome.report()["errors"][0]["message"].to_string();
    assert!(
        message.contains("it is compressed, which was not asked for"),
        "{message}"
    );
    nginx.reload(&Settings::default());
    demand_recovery(&site, "plain");
    assert_eq!(hits(&site), [2, 1, 0]);
    assert_eq!(site.api().recordings().len(), 1);
}
