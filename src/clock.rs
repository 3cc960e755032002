//! The one place where the clock is read, and waited for.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::interrupt::Interrupt;

/// A source of time. The program has one, [`SystemClock`]; tests and simulations bring their own.
pub trait Clock {
    /// The time of day.
    fn now(&self) -> DateTime<Utc>;
    /// A clock that never goes back, for durations.
    fn monotonic(&self) -> Instant;
    /// Lets that much time pass, or as much as there is until the run is told to stop; says which
    /// signal told it.
    fn wait(&self, duration: Duration, interrupt: &Interrupt) -> Option<i32>;
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

    fn wait(&self, duration: Duration, interrupt: &Interrupt) -> Option<i32> {
        interrupt.wait(duration)
    }
}
