//! Who looks on while a run works: told what happens, without a say in it.

use std::time::Duration;

use crate::report::SessionCounts;

/// Somebody who looks on, such as a progress bar. A run has one lane, or several that each work on a
/// session of its own; they are numbered from 0. `Sync`, because they tell from their own threads.
pub trait Onlooker: Sync {
    /// The run begins with so many sessions; it may end before it has come to all of them.
    fn begun(&self, _sessions: u64) {}
    /// It is this session's turn, on that lane.
    fn turn(&self, _lane: usize, _session_id: &str) {}
    /// Its recording is sent, from the start: so many bytes.
    fn recording(&self, _lane: usize, _len_bytes: u64) {}
    /// So many more bytes of the recording were handed over.
    fn sent(&self, _lane: usize, _bytes: u64) {}
    /// Its call data is sent.
    fn call_data(&self, _lane: usize) {}
    /// Nothing is sent for that long, because the API or the rate asks for it.
    fn waiting(&self, _lane: usize, _wait: Duration) {}
    /// A session's turn is over; so stand the counts. The lane is `None` when it never came to one.
    fn settled(&self, _lane: Option<usize>, _sessions: &SessionCounts) {}
}

/// Nobody looks on.
pub(super) struct Nobody;

impl Onlooker for Nobody {}
