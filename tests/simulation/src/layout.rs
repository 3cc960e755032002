//! Where the simulated spool is.

use std::path::{Path, PathBuf};

use callspool::spool::Layout;

const ROOT: &str = "/spool";

/// The layout of the simulated spool.
pub(crate) fn layout() -> Layout {
    let dir = |name: &str| Path::new(ROOT).join(name);
    Layout {
        root: PathBuf::from(ROOT),
        metadata: dir("call_metadata"),
        processed: dir("processed_metadata"),
        failed: dir("failed_metadata"),
        corrupt: dir("corrupt_metadata"),
        conversations: dir("conversations"),
        recordings: dir("recordings"),
        leads: dir("leads"),
    }
}
