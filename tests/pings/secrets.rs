//! What neither the log nor the service may see.

use std::fs;

use test_support::{Dir, Session};

use crate::service::{Reply, Service};
use crate::{BINARY, CHECK, run, site};

#[test]
fn the_url_is_logged_with_its_host_alone() {
    for reply in [Reply::With(200, "OK"), Reply::With(500, CHECK)] {
        let service = Service::answering(move |_| reply);
        let site = site();
        let url = format!("{}?key={CHECK}", service.url());
        let mut command = site.command(["-vv", "run", "--ping-url", &url]);
        command.env("RUST_LOG", "trace");
        let outcome = test_support::Outcome::of(command.output().unwrap()).expect(0);
        let shown = format!("url=http://{}/…", service.address());
        assert!(outcome.stderr.contains(&shown), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains(CHECK), "{}", outcome.stderr);
    }
}

#[test]
fn the_service_gets_no_token_and_no_whole_phone_number() {
    let service = Service::content();
    let site = test_support::Site::with_api(BINARY, |api| api.token("hush-hush-hush"));
    let token = site.home().join("token");
    fs::write(&token, "hush-hush-hush\n").unwrap();
    Session::new("a").write(&site);
    let token = token.to_str().unwrap();
    run(&site, &service, &["--token-file", token]).expect(0);
    assert_eq!(site.api().calls().len(), 1);

    let root = site.home().join("+15550100123");
    let root = root.to_str().unwrap();
    run(&site, &service, &["--token-file", token, "--root", root]).expect(10);
    assert_eq!(service.paths(), ["start", "0", "10"]);
    for ping in service.pings() {
        assert!(!ping.head.contains("authorization"), "{}", ping.head);
        let all = ping.line + &ping.head + &ping.body;
        assert!(!all.contains("hush"), "{all}");
        assert!(!all.contains("5550100123"), "{all}");
    }
    assert!(service.pings()[2].body.contains("+1555•••0123"));
}

#[test]
fn a_report_without_end_is_cut() {
    let (site, service) = (site(), Service::content());
    for number in 0..200 {
        let id = format!("session_{number:03}_{}", "x".repeat(60));
        Session::new(&id)
            .edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
            .write(&site);
    }
    run(&site, &service, &["--batch-size", "0"]).expect(4);
    assert_eq!(site.names(Dir::Failed).len(), 200);
    assert_eq!(service.pings()[1].body.len(), 10_000);
}
