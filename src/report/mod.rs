//! What people and machines read: the summary of a run, exit codes, texts and JSON.

mod adoption;
mod case_file;
mod exit_code;
mod metrics;
mod overview;
mod plan_line;
mod requests;
mod run_report;
mod session_line;
mod summary;
mod table;
mod wording;

pub use adoption::{AdoptionCounts, AdoptionFile, AdoptionLine, RunAdoption};
pub use case_file::{CaseObject, case_file};
pub use exit_code::ExitCode;
pub use metrics::{Backlog, Previous, PreviousError, RunFacts, metrics_text};
pub use overview::{Health, Overview, check_line, overview_text};
pub use plan_line::PlanLine;
pub use requests::{
    DURATION_LIMITS, Durations, RequestCounts, RequestKind, RequestOutcome, WaitReason,
};
pub use run_report::{explanations, run_json, run_text};
pub use session_line::{SessionLine, StateWord, session_table};
pub use summary::{
    Attention, AttentionMode, Fate, PartCounts, RunSummary, SessionCounts, SessionError, Stop,
};
pub use wording::{age, bytes, json_line, printable};
