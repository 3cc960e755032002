//! What a monitoring service is told of a run: the shipped binary against one on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod ending;
mod failing;
mod secrets;
mod service;
mod way;

use std::process::Command;

use reference_api::Fault;
use service::Service;
use test_support::{Outcome, Session, Site};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// The secret part of a ping URL.
const CHECK: &str = "0b5e92d4-check";

fn site() -> Site {
    Site::new(BINARY)
}

fn site_with(faults: &[&str]) -> Site {
    Site::with_api(BINARY, |api| {
        let parse = |fault: &&str| Fault::parse(fault).unwrap();
        faults
            .iter()
            .map(parse)
            .fold(api, |api, fault| api.fault(fault))
    })
}

fn write_sessions(site: &Site, ids: &[&str]) {
    for id in ids {
        Session::new(id).write(site);
    }
}

/// The program in an environment in which no ping is given up because the machine is busy. A flag
/// goes before it.
fn command(site: &Site, arguments: &[&str]) -> Command {
    let mut command = site.command(arguments);
    command.env("CALLSPOOL_PING_TIMEOUT", "2m");
    command
}

/// A run that tells a service of itself.
fn run(site: &Site, service: &Service, arguments: &[&str]) -> Outcome {
    let url = service.url();
    let arguments = [&["run", "--ping-url", &url][..], arguments].concat();
    Outcome::of(command(site, &arguments).output().unwrap())
}
