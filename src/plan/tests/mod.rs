//! What is decided about a session, by the contract's rules, one situation on disk at a time.

mod order;
mod recording_times;
#[expect(dead_code, reason = "used by the tests to come")]
mod situation;
