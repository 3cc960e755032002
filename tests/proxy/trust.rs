//! Certificates that nginx shows, and ports that do not speak what the URL says.

use test_support::{Authority, Dir, Session, Site, demand_recovery};

use crate::nginx::{Nginx, Settings};
use crate::{one_session, put_nginx_before, site};

const PATH: &str = "/apis/api/public";

/// The run ends at once with code 5, nothing is charged, nothing has come to the API.
#[track_caller]
fn ends_at_once(site: &Site, why: &str) {
    let outcome = site
        .run(&[])
        .expect(5)
        .counts(&[("deferred", 1), ("left", 1)]);
    assert_eq!(
        outcome.stopped_by().as_deref(),
        Some("unavailable"),
        "{why}"
    );
    for text in [why, "certificate"] {
        assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
    }
    assert_eq!(site.api().requests().len(), 0, "{why}");
    for id in ["a", "b"] {
        assert_eq!(
            site.document(Dir::Pending, id)["upload_attempts"],
            0,
            "{why}"
        );
    }
}

#[test]
fn a_certificate_that_cannot_be_trusted_ends_the_run_at_once_and_the_message_says_why() {
    for (host, first_year, last_year, with_ca, why) in [
        ("localhost", 2020, 2021, true, "expired"),
        ("localhost", 3000, 4000, true, "not valid yet"),
        ("crm.example.com", 2020, 4000, true, "for another host"),
        ("localhost", 2020, 4000, false, "--ca-file"),
    ] {
        let mut site = site().in_sequence();
        Session::new("a").write(&site);
        Session::new("b").write(&site);
        let (ours, theirs) = (Authority::new(), Authority::new());
        let issuer = if with_ca { &ours } else { &theirs };
        let issued = issuer.issue(host, first_year, last_year);
        let api = site.api().addr().to_string();
        let nginx = Nginx::start(&api, &issued, &Settings::default());
        site.set_api_url(format!("https://{}{PATH}", nginx.tls()));
        site.set_ca_file(ours.pem());
        ends_at_once(&site, why);

        site.set_api_url(site.api().base_url());
        let _mended = put_nginx_before(&mut site, &Settings::default());
        site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
        crate::demand_delivered(&site, &["a", "b"]);
    }
}

#[test]
fn https_to_the_plain_port_is_code_5_says_so_and_costs_no_attempt() {
    let (mut site, nginx) = one_session(&Settings::default());
    let right = site.api_url().to_owned();
    site.set_api_url(format!("https://{}{PATH}", nginx.plain()));
    let outcome = site.run(&[]).expect(5).counts(&[("deferred", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    assert!(
        outcome.stderr.contains("the port does not speak TLS"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.document(Dir::Pending, "s1")["upload_attempts"], 0);
    assert_eq!(site.api().requests().len(), 0);
    site.set_api_url(right);
    demand_recovery(&site, "the right port");
}

/// nginx says 400, and a 400 is a refusal for good: the contract knows no other.
#[test]
fn plain_http_to_the_https_port_is_a_refusal_that_ends_the_run_before_it_costs_a_backlog() {
    let mut site = site().in_sequence();
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        Session::new(id).write(&site);
    }
    let nginx = put_nginx_before(&mut site, &Settings::default());
    let right = site.api_url().to_owned();
    site.set_api_url(format!("http://{}{PATH}", nginx.tls()));
    let outcome = site
        .run(&[])
        .expect(4)
        .counts(&[("failed", 3), ("left", 1)]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("rejected"));
    for error in outcome.report()["errors"].as_array().unwrap() {
        assert_eq!(
            (&error["kind"], &error["status"]),
            (&"rejected".into(), &400.into())
        );
    }
    assert_eq!(site.names(Dir::Failed).len(), 3);
    assert_eq!(site.api().requests().len(), 0);
    site.set_api_url(right);
    site.call(["requeue", "--failed"]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 4)]);
    crate::demand_delivered(&site, &ids);
}
