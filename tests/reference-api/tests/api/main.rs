//! Drives the server over raw sockets, so that no HTTP client's habits stand between test and wire.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests; the lint's exemption does not reach their helper functions"
)]

mod client;
mod contract;
mod faults;
mod lifecycle;
mod program;
