//! What people and machines read: the summary of a run, exit codes, texts and JSON.

mod exit_code;
mod summary;

pub use exit_code::ExitCode;
pub use summary::{
    Attention, AttentionMode, Fate, PartCounts, RunSummary, SessionCounts, SessionError, Stop,
};
