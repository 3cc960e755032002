//! The handle by which another thread stops clients.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ureq::Agent;

use crate::upload::progress::{InFlight, Progress};

/// Stops the requests of clients from another thread.
#[derive(Clone, Default)]
pub struct Canceller {
    lines: Arc<Mutex<Vec<Line>>>,
}

/// One client's requests, of which one is in flight at a time.
#[derive(Clone)]
pub(super) struct Line {
    agent: Agent,
    cancelled: Arc<AtomicBool>,
    pub(super) progress: Progress,
}

impl Canceller {
    /// Adds a client.
    pub(super) fn add(&self, agent: Agent) -> Line {
        let line = Line {
            agent,
            cancelled: Arc::default(),
            progress: Progress::default(),
        };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Told before there was this one.
        if lines.iter().any(Line::is_cancelled) {
            line.cancel();
        }
        lines.push(line.clone());
        line
    }

    /// Cuts every request in flight off and refuses every later one.
    ///
    /// A request whose body was not yet handed over ends as cancelled, any other as ambiguous. The
    /// look-up of a name and a TCP connect end by their own time-out.
    pub fn cancel(&self) {
        self.lines().iter().for_each(Line::cancel);
    }

    /// Does that to the clients that are in the middle of a recording.
    pub fn cancel_recordings(&self) {
        for line in self.lines() {
            if line.progress.get() == InFlight::SendingRecording {
                line.cancel();
            }
        }
    }

    /// What is on the wire right now; with several clients, of the first that has anything there.
    #[cfg(test)]
    pub(in crate::upload) fn in_flight(&self) -> InFlight {
        let lines = self.lines();
        let mut busy = lines.iter().map(|line| line.progress.get());
        busy.find(|now| *now != InFlight::Nothing)
            .unwrap_or(InFlight::Nothing)
    }

    fn lines(&self) -> Vec<Line> {
        let lines = self.lines.lock();
        lines.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Line {
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.agent.clone().shutdown();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }
}
