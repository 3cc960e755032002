//! The simulated clock: waiting takes no time.

use std::time::{Duration, Instant};

use callspool::clock::Clock;
use callspool::interrupt::Interrupt;
use chrono::{DateTime, Utc};

use crate::world::{Shared, end_thread};

/// A clock that shows the world's time.
pub(crate) struct SimulatedClock {
    world: Shared,
    process: u64,
    base: Instant,
}

impl SimulatedClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be made up; only differences to this one count"
    )]
    pub(crate) fn new(world: Shared, process: u64) -> Self {
        Self {
            world,
            process,
            base: Instant::now(),
        }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> DateTime<Utc> {
        self.world.get().now
    }

    fn monotonic(&self) -> Instant {
        self.base + self.world.get().elapsed
    }

    fn wait(&self, duration: Duration, interrupt: &Interrupt) -> Option<i32> {
        if interrupt.signal().is_none() {
            match self
                .world
                .count(self.process, || format!("wait {duration:?}"))
            {
                Some(mut world) => world.pass(duration),
                None => end_thread(),
            }
        }
        interrupt.signal()
    }
}
