//! From the arguments of a command to what it is asked to do.

use std::time::Duration;

use super::arguments::{
    AdoptArguments, CommandArguments, InspectArguments, PruneArguments, RecordWhat,
    RequeueArguments,
};
use crate::adoption::{ByHand, Chosen};
use crate::command::{
    Adopt, Check, Command, Inspect, Prune, PruneSet, Record, Requeue, RequeueSet, Selection,
};
use crate::config::value::{self, ValueError};
use crate::config::{self, ConfigError, Source};
use crate::nearest::nearest;
use crate::outcome::FailureKind;
use crate::plan::Retention;

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(60 * 60);
const DEFAULT_MAX_PENDING: u64 = 1000;

impl CommandArguments {
    /// What the arguments of a command mean.
    ///
    /// # Errors
    /// When a value is not one that its option takes.
    pub(super) fn understand(self) -> Result<Command, ConfigError> {
        Ok(match self {
            Self::Run => Command::Run,
            Self::DryRun => Command::DryRun,
            Self::Inspect(arguments) => Command::Inspect(inspect(arguments)?),
            Self::Requeue(arguments) => Command::Requeue(requeue(arguments)?),
            Self::Record(arguments) => Command::Record(match arguments.what {
                None => Record::Session,
                Some(RecordWhat::Lead) => Record::Lead,
            }),
            Self::Schema(arguments) => Command::Schema(arguments.name),
            Self::Check(arguments) => Command::Check(Check {
                offline: arguments.offline,
            }),
            Self::Prune(arguments) => Command::Prune(prune(arguments)?),
            Self::Adopt(arguments) => Command::Adopt(adopt(arguments)),
        })
    }
}

/// Reads an option's value; an option is a flag without a setting behind it.
fn option<T>(
    name: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, ValueError>,
) -> Result<Option<T>, ConfigError> {
    text.map(|text| {
        parse(text).map_err(|problem| config::value_error(name, problem, Source::Flag(name)))
    })
    .transpose()
}

fn inspect(arguments: InspectArguments) -> Result<Inspect, ConfigError> {
    let max_age = option("max-age", arguments.max_age.as_deref(), value::duration)?;
    let max_pending = option("max-pending", arguments.max_pending.as_deref(), |text| {
        value::count(text, 0, u64::MAX)
    })?;
    let max_age = max_age.unwrap_or(DEFAULT_MAX_AGE);
    let max_pending = max_pending.unwrap_or(DEFAULT_MAX_PENDING);
    Ok(if arguments.check {
        Inspect::Check {
            max_age,
            max_pending,
        }
    } else if let Some(file) = arguments.html {
        Inspect::Page {
            file,
            max_age,
            max_pending,
        }
    } else if arguments.summary {
        Inspect::Summary
    } else if let Some(state) = arguments.state {
        Inspect::State(state)
    } else if arguments.ids.is_empty() {
        Inspect::Overview
    } else {
        Inspect::Sessions(arguments.ids)
    })
}

fn requeue(arguments: RequeueArguments) -> Result<Requeue, ConfigError> {
    let set = if arguments.pending {
        Some(RequeueSet::Pending)
    } else if arguments.failed {
        Some(RequeueSet::Failed)
    } else if arguments.partial {
        Some(RequeueSet::Partial)
    } else if arguments.corrupt {
        Some(RequeueSet::Corrupt)
    } else {
        arguments.all_processed.then_some(RequeueSet::Processed)
    };
    let selection = match set {
        Some(set) => Selection::All {
            set,
            since: option("since", arguments.since.as_deref(), value::duration)?,
            error: option("error", arguments.error.as_deref(), error_kind)?,
        },
        None => Selection::Sessions(arguments.ids),
    };
    Ok(Requeue {
        selection,
        part: arguments.part,
        force: arguments.force,
        ask_first: arguments.ask_first,
        dry_run: arguments.dry_run,
    })
}

fn prune(arguments: PruneArguments) -> Result<Prune, ConfigError> {
    let older_than = option(
        "older-than",
        arguments.older_than.as_deref(),
        value::duration,
    )?;
    let keep = option("keep", arguments.keep.as_deref(), |text| {
        value::count(text, 0, u64::MAX)
    })?;
    Ok(Prune {
        set: match arguments.session.is_empty() {
            true => PruneSet::Retention(Retention { older_than, keep }),
            false => PruneSet::Sessions(arguments.session),
        },
        with_files: arguments.with_files,
        partial: arguments.partial,
        dry_run: arguments.dry_run,
    })
}

fn adopt(arguments: AdoptArguments) -> Adopt {
    let chosen = |file: Option<String>, is_none: bool| match file {
        Some(file) => Some(Chosen::File(file)),
        None => is_none.then_some(Chosen::Nothing),
    };
    let recording = chosen(arguments.recording, arguments.no_recording);
    let lead = chosen(arguments.lead, arguments.no_lead);
    let by_hand = arguments.session.zip(recording);
    Adopt {
        by_hand: by_hand.map(|(session, recording)| ByHand {
            session,
            transcript: arguments.transcript,
            recording,
            lead,
        }),
        dry_run: arguments.dry_run,
    }
}

/// Reads the name of a kind of failure.
fn error_kind(text: &str) -> Result<&'static str, ValueError> {
    let names = || FailureKind::ALL.iter().map(|kind| kind.as_str());
    let written = text.trim().to_ascii_lowercase().replace('-', "_");
    names()
        .find(|name| *name == written)
        .ok_or_else(|| ValueError::NotAnErrorKind {
            text: text.to_owned(),
            nearest: nearest(&written, names()),
        })
}
