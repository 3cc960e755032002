//! What is on the wire right now, readable from another thread: a signal handler decides by it
//! whether to cut a request off or to let it end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InFlight {
    /// No request.
    Nothing,
    /// A recording of which some bytes are still to be handed over.
    SendingRecording,
    /// A recording that is handed over whole; the answer is still to come.
    AwaitingRecordingAnswer,
    /// A call-data post.
    CallData,
    /// The question whether a call is there.
    Question,
}

impl InFlight {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::SendingRecording,
        Self::AwaitingRecordingAnswer,
        Self::CallData,
        Self::Question,
    ];
}

/// A cell that holds an [`InFlight`]; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<AtomicU8>);

impl Progress {
    pub(super) fn get(&self) -> InFlight {
        let index = usize::from(self.0.load(Ordering::SeqCst));
        InFlight::ALL
            .get(index)
            .copied()
            .unwrap_or(InFlight::Nothing)
    }

    pub(super) fn set(&self, now: InFlight) {
        self.0.store(now as u8, Ordering::SeqCst);
    }

    /// Notes that a request began; it ends when the value that is returned is dropped.
    pub(super) fn begin(&self, now: InFlight) -> Underway {
        self.set(now);
        Underway(self.clone())
    }
}

/// Resets the progress when the request is over, however it ended.
#[derive(Debug)]
pub(super) struct Underway(Progress);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.set(InFlight::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_and_the_end_is_nothing() {
        let progress = Progress::default();
        assert_eq!(progress.get(), InFlight::Nothing);
        for state in InFlight::ALL {
            let underway = progress.begin(state);
            assert_eq!(progress.clone().get(), state);
            drop(underway);
            assert_eq!(progress.get(), InFlight::Nothing);
        }
    }
}
