//! The arguments as they are written; what they mean is [`super::command`]'s.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::help;
use super::setting_flags::SettingFlags;
use crate::command::{PartChoice, StateFilter};

/// Delivers the recordings and call data of a voice agent's spool to an upload API, and exits.
#[derive(Debug, Parser)]
#[command(
    name = "callspool",
    version,
    about = help::ABOUT,
    after_help = help::AFTER_HELP,
    next_line_help = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(super) struct Arguments {
    /// The config file (TOML, the flags' names with underscores)
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help = help::CONFIG,
        help_heading = "Spool"
    )]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) settings: SettingFlags,
    #[command(subcommand)]
    pub(super) command: CommandArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum CommandArguments {
    /// Deliver what is due
    #[command(after_help = help::RUN)]
    Run,
    /// Print what run would do, sending and writing nothing
    #[command(after_help = help::DRY_RUN)]
    DryRun,
    /// List the spool, or show sessions in full
    #[command(after_help = help::INSPECT)]
    Inspect(InspectArguments),
    /// Put sessions back to pending
    #[command(after_help = help::REQUEUE)]
    Requeue(RequeueArguments),
    /// Put a call into the spool, as JSON on stdin
    #[command(after_help = help::RECORD, disable_help_subcommand = true)]
    Record(RecordArguments),
    /// Make documents for transcripts that none names
    #[command(after_help = help::ADOPT)]
    Adopt(AdoptArguments),
    /// Tell whether the next run can work, and what to do where it cannot
    #[command(after_help = help::CHECK)]
    Check(CheckArguments),
    /// Remove documents that were delivered, and their files when asked to
    #[command(after_help = help::PRUNE)]
    Prune(PruneArguments),
    /// Print a JSON Schema of what callspool reads and writes
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArguments),
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// record, record-lead, metadata, transcript or lead; without it, what each of them is
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Leave the network alone
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("which")
    .args(["older_than", "keep", "session"])
    .multiple(true)
    .required(true))]
pub(super) struct PruneArguments {
    /// What was delivered longer ago than D, such as 90d
    #[arg(long, value_name = "D")]
    pub(super) older_than: Option<String>,
    /// Whatever its age, keep the N that were delivered last
    #[arg(long, value_name = "N")]
    pub(super) keep: Option<String>,
    /// This session, by its whole id; may be given several times
    #[arg(long, value_name = "ID", conflicts_with_all = ["older_than", "keep"])]
    pub(super) session: Vec<String>,
    /// Also remove the recording, manifest, transcript and lead, where they were delivered and no
    /// other document names them
    #[arg(long)]
    pub(super) with_files: bool,
    /// With --session: also when it was delivered in part only, and files that were not sent or were
    /// changed since
    #[arg(long, requires = "session", conflicts_with_all = ["older_than", "keep"])]
    pub(super) partial: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct RecordArguments {
    #[command(subcommand)]
    pub(super) what: Option<RecordWhat>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RecordWhat {
    /// Put a lead into the spool in the middle of a call, as JSON on stdin
    #[command(after_help = help::RECORD_LEAD)]
    Lead,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("verdict").args(["check", "html"]))]
pub(super) struct InspectArguments {
    /// Sessions to show in full, by their id or a short form of it
    #[arg(value_name = "ID", conflicts_with_all = ["state", "summary", "check", "html"])]
    pub(super) ids: Vec<String>,
    /// List only sessions in that state: pending, waiting, settling, backoff, failed, corrupt,
    /// processed or partial
    #[arg(long, value_name = "STATE", hide_possible_values = true, conflicts_with_all = ["summary", "check", "html"])]
    pub(super) state: Option<StateFilter>,
    /// Print the counts only
    #[arg(long, conflicts_with_all = ["check", "html"])]
    pub(super) summary: bool,
    /// Print one line for a monitor, and exit 0, 3 or 4
    #[arg(long)]
    pub(super) check: bool,
    /// Write an HTML page about the spool to FILE, for a web server or a browser; - is stdout
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// With --check or --html: how old the oldest pending session may be [default: 1h]
    #[arg(long, value_name = "D", requires = "verdict")]
    pub(super) max_age: Option<String>,
    /// With --check or --html: how many sessions may be pending [default: 1000]
    #[arg(long, value_name = "N", requires = "verdict")]
    pub(super) max_pending: Option<String>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("selection")
    .args(["ids", "pending", "failed", "partial", "corrupt", "all_processed"])
    .required(true))]
pub(super) struct RequeueArguments {
    /// Sessions, by their id or a short form of it; - reads whole ids from stdin
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// All pending sessions that failed before: their backoff ends
    #[arg(long)]
    pub(super) pending: bool,
    /// All failed sessions
    #[arg(long)]
    pub(super) failed: bool,
    /// All sessions of which a part was delivered and a part was not
    #[arg(long)]
    pub(super) partial: bool,
    /// All files that were no documents
    #[arg(long)]
    pub(super) corrupt: bool,
    /// All delivered sessions
    #[arg(long)]
    pub(super) all_processed: bool,
    /// Only sessions of the last D, such as 2d
    #[arg(long, value_name = "D", conflicts_with = "ids")]
    pub(super) since: Option<String>,
    /// Only sessions whose last error is of that kind, such as rejected
    #[arg(long, value_name = "KIND", conflicts_with = "ids")]
    pub(super) error: Option<String>,
    /// Send that part again even if it was delivered: recording, call-data or all
    #[arg(long, value_name = "PART", hide_possible_values = true)]
    pub(super) part: Option<PartChoice>,
    /// Also for sessions that are fully delivered
    #[arg(long)]
    pub(super) force: bool,
    /// The API may have these calls, as after a restore: ask it before each is posted
    #[arg(long)]
    pub(super) ask_first: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").args(["recording", "no_recording"]))]
pub(super) struct AdoptArguments {
    /// Settle one session by hand: its id or a short form of it, or its transcript's name without
    /// .json
    #[arg(long, value_name = "ID", requires = "decision")]
    pub(super) session: Option<String>,
    /// With --session: its recording, or the manifest of it, in recordings/
    #[arg(long, value_name = "FILE", requires = "session")]
    pub(super) recording: Option<String>,
    /// With --session: it has no recording
    #[arg(long, requires = "session")]
    pub(super) no_recording: bool,
    /// With --session: its lead, in leads/
    #[arg(
        long,
        value_name = "FILE",
        requires = "session",
        conflicts_with = "no_lead"
    )]
    pub(super) lead: Option<String>,
    /// With --session: it has no lead
    #[arg(long, requires = "session")]
    pub(super) no_lead: bool,
    /// With --session: its transcript, where several go by that id
    #[arg(long, value_name = "FILE", requires = "session")]
    pub(super) transcript: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}
