//! Metrics and what reads them: the file that a run writes, the alert rules, the dashboard. Each is
//! put before promtool; where there is none, `install.sh` unpacks it below `target/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod carried;
mod dashboard;
mod expressions;
mod figures;
mod promtool;
mod rules;
mod unwritable;

use std::fs;
use std::path::PathBuf;

use figures::Figures;
use reference_api::Fault;
use test_support::{Outcome, Session, Site};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

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

/// Where the runs of a site write their figures.
fn file(site: &Site) -> PathBuf {
    site.home().join("callspool.prom")
}

/// A run that writes its figures.
fn run(site: &Site, arguments: &[&str]) -> Outcome {
    let file = file(site);
    let file = file.to_str().unwrap();
    site.run(&[&["--metrics-file", file][..], arguments].concat())
}

/// The figures of a site.
#[track_caller]
fn figures(site: &Site) -> Figures {
    Figures::parse(&fs::read_to_string(file(site)).unwrap(), &site.root())
}
