//! The wish to stop, which threads can wait for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks, also when a thread died with the lock held: every value behind our locks is whole
/// between two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A flag that is raised once.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Raises the flag and wakes all who wait.
    pub(crate) fn raise(&self) {
        *lock(&self.raised) = true;
        self.changed.notify_all();
    }

    /// Whether the flag is up.
    pub(crate) fn is_raised(&self) -> bool {
        *lock(&self.raised)
    }

    /// Waits until the flag is up.
    pub(crate) fn wait(&self) {
        let guard = lock(&self.raised);
        drop(self.changed.wait_while(guard, |raised| !*raised));
    }

    /// Waits that long, or until the flag is up; says whether it is.
    pub(crate) fn wait_for(&self, time: Duration) -> bool {
        let guard = lock(&self.raised);
        match self
            .changed
            .wait_timeout_while(guard, time, |raised| !*raised)
        {
            Ok((guard, _)) => *guard,
            Err(poisoned) => *poisoned.into_inner().0,
        }
    }
}
