//! Spools to try callspool on, and the program run on them.
//!
//! A [`Site`] is a spool in a temporary directory beside a reference API on loopback. Tests fill
//! it with [`Session`]s, run the shipped binary, and look at what arrived and where documents
//! ended. Around it stand what a test may put in the way: a [`gate::Gate`], an [`Authority`], a
//! signal to a [`running::Running`] program. Made for tests: what cannot be set up panics.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod authority;
mod failure;
pub mod gate;
mod guide;
mod outcome;
pub mod running;
mod session;
mod site;
mod terminal;

pub use authority::{Authority, Issued};
pub use failure::{Failure, demand_failure, demand_recovery, let_time_pass};
pub use guide::Guide;
pub use outcome::Outcome;
pub use session::{Session, manifest, plain_transcript};
pub use site::{Dir, Site};
pub use terminal::Terminal;

/// The hash by which recordings are compared, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
