//! The command line end to end: the shipped binary, its settings, outputs and exit codes, against
//! the reference API.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable, and may overwrite"
)]

mod advice;
mod architecture;
mod check;
mod check_api;
mod disk;
mod dry_run;
mod exit_codes;
mod help;
mod inspect;
mod kinds;
mod lock;
mod many;
mod moving;
mod progress;
mod prune;
mod prune_any;
mod readme;
mod requeue;
mod requeue_again;
mod screens;
mod settings;
mod short_ids;
mod signals;
mod streams;
mod terminal;
mod texts;
mod tls;
mod token;
mod tree;

use reference_api::{Fault, ReferenceApi};
use test_support::{Session, Site, gate, running};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

fn site() -> Site {
    Site::new(BINARY)
}

/// A site whose API has faults, in the text form of [`Fault::parse`].
fn site_with(faults: &[&str]) -> Site {
    site_set_up(faults, |api| api)
}

fn site_set_up(faults: &[&str], set_up: impl FnOnce(ReferenceApi) -> ReferenceApi) -> Site {
    Site::with_api(BINARY, |api| {
        let api = faults
            .iter()
            .fold(api, |api, fault| api.fault(Fault::parse(fault).unwrap()));
        set_up(api)
    })
}

/// Writes complete sessions with these ids.
fn write_sessions(site: &Site, ids: &[&str]) {
    for id in ids {
        Session::new(id).write(site);
    }
}

/// A session that fails at once: the API requires a campaign, and it names none.
fn without_campaign(id: &str) -> Session {
    Session::new(id).edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
}
