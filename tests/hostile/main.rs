//! Input that means harm, and accidents that look like it: the shipped binary on spools that no
//! producer would write, against APIs that no one would run.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable, and may overwrite"
)]

mod answers;
mod crowds;
mod disk;
mod entries;
mod guarded;
mod marks;
mod mishaps;
mod modes;
mod names;
mod places;
mod quoting;

mod settings;
mod shapes;
mod sizes;
mod swaps;

use std::time::Duration;

use reference_api::Fault;
use test_support::Site;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// An age at which nothing is in the making any more.
const OLD: Duration = Duration::from_secs(3600);

/// A site whose API has faults, in the text form of [`Fault::parse`].
fn site_with(faults: &[&str]) -> Site {
    Site::with_api(BINARY, |api| {
        faults
            .iter()
            .fold(api, |api, fault| api.fault(Fault::parse(fault).unwrap()))
    })
}
