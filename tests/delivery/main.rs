//! Sessions delivered end to end: the shipped binary against the reference API.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod baseline;
mod confinement;
mod conservation;
mod corruptions;
mod disk;
mod documents;
mod leads;
mod manifests;
mod partial;
mod paths;
mod quarantine;
mod recordings;
mod recovery;
mod removed;
mod samples;
mod transcripts;
mod unreadable;

use std::time::Duration;

use test_support::Site;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// An age at which nothing is in the making any more.
const OLD: Duration = Duration::from_secs(3600);
/// An age at which anything may be.
const YOUNG: Duration = Duration::from_secs(10);

fn site() -> Site {
    Site::new(BINARY)
}
