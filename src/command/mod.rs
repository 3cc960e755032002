//! The commands: each wires settings, spool, plan and report together and says how it ended.
//!
//! The only place for `anyhow`: below, errors are typed. Every way to fail names its exit code
//! where it happens; none is guessed from an error's type afterwards.

mod adopt;
mod check;
mod client;
mod dry_run;
mod failure;
mod inspect;
mod matching;
mod metrics;
mod page;
mod ping;
mod progress;
mod prune;
mod record;
mod request;
mod requeue;
mod run;
mod schema;
mod signals;
mod watched;
mod wiring;

use crate::config::Settings;
use crate::logging::LogHandle;
use crate::report::ExitCode;

pub use failure::CommandFailure;
pub use request::{
    Adopt, Check, Command, Inspect, PartChoice, Prune, PruneSet, Record, Requeue, RequeueSet,
    Selection, StateFilter,
};
pub use schema::schema_names;

/// Carries a command out. `log` is told to make room for what is drawn on the terminal.
///
/// # Errors
/// When the command could not do its work; the failure says which exit code that is.
pub fn execute(
    settings: &Settings,
    command: &Command,
    log: &LogHandle,
) -> Result<ExitCode, CommandFailure> {
    match command {
        Command::Run => run::run(settings, log),
        Command::DryRun => dry_run::dry_run(settings),
        Command::Inspect(request) => inspect::inspect(settings, request),
        Command::Record(request) => record::record(settings, *request),
        Command::Schema(name) => schema::schema(name.as_deref()),
        Command::Requeue(request) => requeue::requeue(settings, request),
        Command::Prune(request) => prune::prune(settings, request),
        Command::Check(request) => check::check(settings, *request),
        Command::Adopt(request) => adopt::adopt(settings, request),
    }
}
