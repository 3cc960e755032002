//! What people and machines read: the summary of a run, exit codes, texts and JSON.

mod adoption;
mod advice;
mod ages;
mod case_file;
mod case_files;
mod check;
mod exit_code;
mod glance;
mod metrics;
mod overview;
pub mod page;
mod paragraph;
mod plan_line;
mod plan_text;
mod prune;
mod requests;
mod requeue_line;
mod run_report;
mod run_text;
mod session_line;
mod style;
mod summary;
mod table;
mod timeline;
mod view;
mod wording;

pub use adoption::{AdoptionCounts, AdoptionFile, AdoptionLine, RunAdoption};
pub use advice::{Advice, Program, advise};
pub use case_file::{Case, CaseObject};
pub use check::{
    CheckLine, CheckReport, CheckStatus, answered as check_answer, connected as check_connection,
    directories as check_directories, kept_away as check_kept_away, lock as check_lock,
    routed as check_proxy,
};
pub use exit_code::ExitCode;
pub use glance::{overview_text, state_text, summary_text};
pub use metrics::{Backlog, Previous, PreviousError, RunFacts, metrics_text};
pub use overview::{Health, Overview, RunLine, check_line};
pub use plan_line::{PlanKind, PlanLine, PlanStep};
pub use plan_text::plan_text;
pub use prune::{PruneCounts, PruneFile, PruneLine, PruneResult};
pub use requests::{
    DURATION_LIMITS, Durations, RequestCounts, RequestKind, RequestOutcome, WaitReason,
};
pub use requeue_line::{RequeueLine, requeue_text};
pub use run_report::{explanations, run_json};
pub use run_text::run_text;
pub use session_line::{SessionLine, StateWord};
pub use style::{Style, plain};
pub use summary::{
    Attention, AttentionMode, Fate, PartCounts, RunSummary, SessionCounts, SessionError, Stop,
};
pub use view::{View, Zone};
pub use wording::{age, bytes, json_line, printable, span};
