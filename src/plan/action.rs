//! The one action of a session in a run, with its reason.

use chrono::{DateTime, Utc};

use super::call_data::{self, CallDataStep};
use super::policy::Policy;
use super::recording::{self, RecordingStep};
use super::settling::{is_far_ahead, wrong_clock};
use crate::outcome::{Failure, Part};
use crate::session::Dossier;

/// What a run does with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send what is to be sent.
    Deliver(Delivery),
    /// Nothing is left to be sent: file it.
    File,
    /// Its recording is awaited.
    Wait {
        /// Until then.
        until: DateTime<Utc>,
    },
    /// One of its files may still be in the making.
    Settle {
        /// Which.
        what: &'static str,
    },
    /// It cannot be read now.
    Skip {
        /// Why.
        reason: String,
    },
    /// It can never be delivered as it is.
    Fail {
        /// The part at fault.
        part: Part,
        /// Why.
        failure: Failure,
    },
    /// It cannot be delivered now, which costs an attempt.
    Retry {
        /// Why.
        failure: Failure,
    },
}

/// What is to be sent of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The recording.
    pub recording: RecordingStep,
    /// The call data.
    pub call_data: CallDataStep,
    /// What an operator should hear. May hold file names; to be redacted.
    pub warnings: Vec<String>,
}

/// Why nothing can be sent now. In the order in which one goes before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// Never, as it is.
    Fail {
        /// The part at fault.
        part: Part,
        /// Why.
        failure: Failure,
    },
    /// Something cannot be read.
    Skip(String),
    /// A file may still be in the making.
    Settle(&'static str),
    /// The recording is awaited.
    Wait {
        /// Until then.
        until: DateTime<Utc>,
    },
    /// Something is not there that should be.
    Retry {
        /// What.
        failure: Failure,
    },
}

impl Hold {
    pub(super) fn settling(what: &'static str) -> Self {
        Self::Settle(what)
    }

    pub(super) fn unreadable(what: &str, reason: &str) -> Self {
        Self::Skip(format!("the {what} cannot be read: {reason}"))
    }

    /// The one of two that goes before the other; of two as grave, the first.
    pub(super) fn or_graver(self, other: Self) -> Self {
        if other.rank() < self.rank() {
            other
        } else {
            self
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Fail { .. } => 0,
            Self::Skip(_) => 1,
            Self::Settle(_) => 2,
            Self::Wait { .. } => 3,
            Self::Retry { .. } => 4,
        }
    }
}

impl From<Hold> for Action {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::Fail { part, failure } => Self::Fail { part, failure },
            Hold::Skip(reason) => Self::Skip { reason },
            Hold::Settle(what) => Self::Settle { what },
            Hold::Wait { until } => Self::Wait { until },
            Hold::Retry { failure } => Self::Retry { failure },
        }
    }
}

/// Decides what a run does with a session that is due.
///
/// Call data is checked before anything is sent: a session whose call data cannot be built sends
/// nothing.
pub fn assess(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) -> Action {
    // With its call data given up a session is over, whatever its recording would be.
    if dossier.document.record.call_data.state.is_given_up() {
        return Action::File;
    }
    let recording = recording::decide(dossier, policy, now);
    let step = recording.as_ref().ok().map(|(step, _)| step);
    let call_data = call_data::decide(dossier, step, policy, now);
    match (recording, call_data) {
        (Err(first), Err(second)) => first.or_graver(second).into(),
        (Err(hold), Ok(_)) | (Ok(_), Err(hold)) => hold.into(),
        (Ok((RecordingStep::Settled, _)), Ok(CallDataStep::Settled)) => Action::File,
        (Ok((recording, mut warnings)), Ok(call_data)) => {
            warnings.extend(wrong_clocks(dossier, policy, now));
            Action::Deliver(Delivery {
                recording,
                call_data,
                warnings,
            })
        }
    }
}

/// A warning for each file that is read and whose time lies far ahead.
fn wrong_clocks(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) -> Vec<String> {
    let manifest = dossier.manifest.here().map(|reading| &reading.file);
    let transcript = dossier.transcript.here().map(|reading| &reading.file);
    let lead = dossier.lead.here().map(|reading| &reading.file);
    [
        ("document", Some(dossier.modified)),
        ("egress manifest", manifest.map(|file| file.modified)),
        ("transcript", transcript.map(|file| file.modified)),
        ("lead file", lead.map(|file| file.modified)),
    ]
    .into_iter()
    .filter(|(_, modified)| modified.is_some_and(|time| is_far_ahead(time, now, policy.settle)))
    .map(|(what, _)| wrong_clock(what))
    .collect()
}
