//! Log lines on stderr: one line an event, `key=value` or JSON.
//!
//! Whatever is in a record, its line holds no control characters. What the HTTP and TLS libraries
//! log below a warning is never shown, since it may hold credentials. It decides nothing about
//! what is logged; personal data is taken out before (see [`crate::redact`]).

mod escape;
mod line;
mod logger;
mod sink;

#[cfg(test)]
mod tests;

pub use escape::{plain_line, without_quotation};
pub use logger::{LogHandle, LogOptions, init};
pub use sink::MakeRoom;
