//! Waiting that a signal ends at once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Whether the run was told to stop, shared with whoever hears the signals.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    shared: Arc<(Mutex<Option<i32>>, Condvar)>,
}

impl Interrupt {
    /// Tells the run to stop because of a signal. The first one counts.
    pub fn raise(&self, signal: i32) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.get_or_insert(signal);
        changed.notify_all();
    }

    /// The signal that told the run to stop, if one did.
    pub fn signal(&self) -> Option<i32> {
        *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, or until the run is told to stop; says which signal did.
    pub fn wait(&self, duration: Duration) -> Option<i32> {
        let (state, changed) = &*self.shared;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = changed
            .wait_timeout_while(state, duration, |signal| signal.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        *state
    }
}
