//! The handle by which another thread stops a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Agent;

use crate::upload::progress::{InFlight, Progress};

/// Stops a client's request from another thread, and tells what it is doing.
#[derive(Clone)]
pub struct Canceller {
    agent: Agent,
    cancelled: Arc<AtomicBool>,
    progress: Progress,
}

impl Canceller {
    pub(super) fn new(agent: Agent) -> Self {
        Self {
            agent,
            cancelled: Arc::default(),
            progress: Progress::default(),
        }
    }

    /// Cuts the request in flight off and refuses every later one.
    ///
    /// A request whose body was not yet handed over ends as cancelled, any other as ambiguous. The
    /// look-up of a name and a TCP connect end by their own time-out.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.agent.clone().shutdown();
    }

    /// What is on the wire right now.
    pub fn in_flight(&self) -> InFlight {
        self.progress.get()
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }
}
