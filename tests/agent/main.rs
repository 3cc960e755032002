//! Calls of agents that use LiveKit's SDK: what was said must arrive to the letter, however an
//! agent hands it over and whichever version of the SDK it has.
//!
//! `printed` needs no Python: it takes items as versions of the SDK have printed them. `live` runs
//! the Python module together with the SDK.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod live;
mod printed;
mod python;
mod said;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");
