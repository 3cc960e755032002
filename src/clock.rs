//! The one place where the clock is read.

use std::time::Instant;

use chrono::{DateTime, Utc};

/// A source of time. The program has one, [`SystemClock`]; tests and simulations bring their own.
pub trait Clock {
    /// The time of day.
    fn now(&self) -> DateTime<Utc>;
    /// A clock that never goes back, for durations.
    fn monotonic(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the clock is read"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the clock is read"
    )]
    fn monotonic(&self) -> Instant {
        Instant::now()
    }
}
