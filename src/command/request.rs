//! What each command is asked to do, with no contradiction left.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::adoption::ByHand;
use crate::config::{Setting, Settings, Source};
use crate::plan::Retention;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Deliver what is due.
    Run,
    /// Print what `run` would do.
    DryRun,
    /// Show the spool or sessions of it.
    Inspect(Inspect),
    /// Put sessions back to pending.
    Requeue(Requeue),
    /// Put something into the spool that an agent tells on stdin.
    Record(Record),
    /// Print a JSON Schema by its name, or the names.
    Schema(Option<String>),
    /// Make documents for transcripts that none names.
    Adopt(Adopt),
    /// Tell whether the next run can work.
    Check(Check),
    /// Remove documents that were delivered.
    Prune(Prune),
}

impl Command {
    /// Whether what it writes is for its user alone, whatever the umask. A recording is not: the
    /// agent and the one who runs `run` are often two users of one group, and the umask of the first
    /// says how much the second may do.
    pub fn writes_for_its_user_alone(&self) -> bool {
        !matches!(self, Self::Record(_))
    }

    /// Whether it tells itself what is odd about the settings, so that nobody else has to.
    pub fn tells_of_odd_settings(&self) -> bool {
        matches!(self, Self::Check(_))
    }

    /// Whether its exit code is the answer that it was called for.
    fn answers_by_its_exit_code(&self) -> bool {
        matches!(self, Self::Inspect(Inspect::Check { .. }) | Self::Check(_))
    }

    /// The exit codes to turn into 0. What the environment or a config file says of them is meant
    /// for what cron starts: a monitor that asks how things stand is not told that all is well.
    pub fn ok_exit<'a>(&self, settings: &'a Settings) -> &'a [u8] {
        let is_for_this_call = matches!(settings.source(Setting::OkExit), Source::Flag(_));
        if self.answers_by_its_exit_code() && !is_for_this_call {
            return &[];
        }
        &settings.ok_exit
    }
}

/// What to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// Which documents.
    pub set: PruneSet,
    /// Whether their files go with them.
    pub with_files: bool,
    /// Whether what was delivered in part only may go.
    pub partial: bool,
    /// Whether to only print what would be done.
    pub dry_run: bool,
}

/// Which documents to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PruneSet {
    /// All that were delivered and that this does not keep.
    Retention(Retention),
    /// Those of these sessions.
    Sessions(Vec<String>),
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Whether to leave the network alone.
    pub offline: bool,
}

/// What to put into the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// A session.
    Session,
    /// A lead, in the middle of a call.
    Lead,
}

/// What to adopt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopt {
    /// What a person says of one session; `None` for all that can be told without one.
    pub by_hand: Option<ByHand>,
    /// Whether to only print what would be done.
    pub dry_run: bool,
}

/// What to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspect {
    /// The whole spool.
    Overview,
    /// Its counts only.
    Summary,
    /// The sessions in one state.
    State(StateFilter),
    /// These sessions in full; at least one id.
    Sessions(Vec<String>),
    /// One line and an exit code for a monitor.
    Check {
        /// How old the oldest pending session may be.
        max_age: Duration,
        /// How many sessions may be pending.
        max_pending: u64,
    },
    /// An HTML page about the whole spool.
    Page {
        /// Where to write it; `-` stands for stdout.
        file: PathBuf,
        /// How old the oldest pending session may be.
        max_age: Duration,
        /// How many sessions may be pending.
        max_pending: u64,
    },
}

/// A state to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateFilter {
    /// Not yet delivered.
    Pending,
    /// Waiting for a recording.
    Waiting,
    /// Perhaps still being written.
    Settling,
    /// Waiting for the next attempt.
    Backoff,
    /// In need of a person.
    Failed,
    /// No document.
    Corrupt,
    /// Delivered.
    Processed,
    /// Delivered in part.
    Partial,
}

/// What to put back to pending, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requeue {
    /// Which sessions.
    pub selection: Selection,
    /// What to send again even if it was delivered; `None` for only what was not.
    pub part: Option<PartChoice>,
    /// Whether fully delivered sessions may be sent again.
    pub force: bool,
    /// Whether the API may have the calls by other ways, so that it is asked before each post.
    pub ask_first: bool,
    /// Whether to only print what would be done.
    pub dry_run: bool,
}

/// Which sessions to put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These; at least one id. An id `-` stands for ids on stdin.
    Sessions(Vec<String>),
    /// All of one sort that pass the filters.
    All {
        /// Which sort.
        set: RequeueSet,
        /// Only those of the last so long.
        since: Option<Duration>,
        /// Only those whose last error has this name (see [`crate::outcome::FailureKind::as_str`]).
        error: Option<&'static str>,
    },
}

/// A sort of sessions that can be put back as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequeueSet {
    /// Those that are pending and failed before; all that are pending when the API is to be asked.
    Pending,
    /// Those in need of a person.
    Failed,
    /// Those delivered in part.
    Partial,
    /// Files that were no documents.
    Corrupt,
    /// All that were delivered.
    Processed,
}

/// What to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartChoice {
    /// The recording.
    Recording,
    /// The call data.
    CallData,
    /// Both.
    All,
}
