//! Sessions delivered end to end: the shipped binary against the reference API.

mod samples;

use test_support::Site;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

fn site() -> Site {
    Site::new(BINARY)
}
