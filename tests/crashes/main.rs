//! Runs that are killed and system calls that fail: the shipped binary against an API that
//! remembers all it acknowledged. After each, what must always be true is checked by `invariants`,
//! which shares no code with the program.
//!
//! `make test` takes a sample; `make soak` takes thousands of kills and every system call.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod cases;
mod cast;
mod charged;
mod figures;
mod kills;
mod prune;
mod record;
mod requeue;
mod seen;
mod stage;
mod syscalls;
mod tracer;

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");
