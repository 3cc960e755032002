//! Who looks on while a run works: told what happens, without a say in it.

use std::time::Duration;

use crate::report::SessionCounts;

/// Somebody who looks on, such as a progress bar. `Sync`, because bytes are read wherever the HTTP
/// library sends from.
pub trait Onlooker: Sync {
    /// The run begins with so many sessions; it may end before it has come to all of them.
    fn begun(&self, _sessions: u64) {}
    /// It is this session's turn.
    fn turn(&self, _session_id: &str) {}
    /// Its recording is sent, from the start: so many bytes.
    fn recording(&self, _len_bytes: u64) {}
    /// So many more bytes of the recording were handed over.
    fn sent(&self, _bytes: u64) {}
    /// Its call data is sent.
    fn call_data(&self) {}
    /// Nothing is sent for that long, because the API or the rate asks for it.
    fn waiting(&self, _wait: Duration) {}
    /// A session's turn is over; so stand the counts.
    fn settled(&self, _sessions: &SessionCounts) {}
}

/// Nobody looks on.
pub(super) struct Nobody;

impl Onlooker for Nobody {}
