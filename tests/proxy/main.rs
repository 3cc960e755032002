//! The shipped binary and the reference API with a real reverse proxy between them: nginx, with
//! TLS and a certificate of a private authority.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod gateway;
mod keep_alive;
mod nginx;
mod pages;
mod passing;
mod restarts;
mod sizes;
mod throttling;
mod trust;

use nginx::{Nginx, Settings};
use reference_api::{Fault, Target};
use test_support::{Authority, Dir, Failure, Session, Site, demand_failure, demand_recovery};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// More than the sockets between the program and the API hold.
const LARGE: usize = 48 << 20;

fn site() -> Site {
    Site::new(BINARY)
}

/// Puts nginx between a site and what its base URL names.
fn put_nginx_before(site: &mut Site, settings: &Settings) -> Nginx {
    let url = site.api_url().to_owned();
    let api = url.split('/').nth(2).unwrap();
    let authority = Authority::new();
    let nginx = Nginx::start(api, &authority.issue("localhost", 2020, 4000), settings);
    site.set_api_url(
        url.replace("http://", "https://")
            .replace(api, &nginx.tls()),
    );
    site.set_ca_file(authority.pem());
    nginx
}

/// A spool with the session `s1` behind nginx.
fn one_session(settings: &Settings) -> (Site, Nginx) {
    let mut site = site();
    Session::new("s1").write(&site);
    let nginx = put_nginx_before(&mut site, settings);
    (site, nginx)
}

/// Runs into a failure of `s1`; then nginx does nothing special any more, and the next run must
/// deliver all.
#[track_caller]
fn fails_until_lifted(settings: &Settings, faults: &[&str], expected: Failure<'_>) -> Site {
    let (site, nginx) = one_session(settings);
    order(&site, faults);
    demand_failure(&site, site.run(&[]), expected, "behind nginx");
    nginx.reload(&Settings::default());
    demand_recovery(&site, "without the fault");
    site
}

/// Orders faults of the API by their text form.
#[track_caller]
fn order(site: &Site, faults: &[&str]) {
    for fault in faults {
        site.api().add_fault(Fault::parse(fault).unwrap());
    }
}

/// How many uploads, posts of call data and questions came to the API.
fn hits(site: &Site) -> [usize; 3] {
    [Target::Upload, Target::CallData, Target::Question].map(|target| site.api().hits(target))
}

/// A header that nginx has added to each request that came to the API.
fn noted(site: &Site, header: &str) -> Vec<String> {
    site.api()
        .requests()
        .iter()
        .map(|request| request.header(header).unwrap_or_default().to_owned())
        .collect()
}

/// Demands that sessions were delivered at the first try of each part, whole, and once.
#[track_caller]
fn demand_delivered(site: &Site, ids: &[&str]) {
    assert_eq!(site.api().calls().len(), ids.len());
    assert_eq!(site.api().recordings().len(), ids.len());
    for id in ids {
        assert_eq!(site.place(id), Dir::Processed, "{id}");
        let document = site.document(Dir::Processed, id);
        assert_eq!(document["upload_attempts"], 1, "{id}: {document}");
    }
}
