//! Directories as an earlier system left them, taken over by the shipped binary: whatever is
//! matched is true, whatever is not is reported, and everything is delivered once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod by_hand;
mod calls;
mod crashes;
mod estate;
mod figures;
mod matching;
mod running;

use test_support::Site;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// A spool with an API.
fn site() -> Site {
    Site::new(BINARY)
}
