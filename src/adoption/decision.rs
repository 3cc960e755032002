//! What is to be done with one transcript, and why.

use super::estate::Micros;

/// What is to be done with one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The transcript's file name.
    pub transcript: String,
    /// The session's id; `None` when the file is no transcript that can be read.
    pub session_id: Option<String>,
    /// What is to be done.
    pub outcome: Outcome,
    /// Which recording.
    pub recording: Choice,
    /// Which lead.
    pub lead: Choice,
}

/// What is to be done with a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A document is made for it.
    Adopt,
    /// Nothing before a person has decided, and why.
    Ambiguous(Vec<String>),
    /// Nothing: the old uploader has delivered it.
    Delivered,
    /// Nothing: that document names it.
    Named(String),
    /// Nothing: that file holds the same, and goes first.
    CopyOf(String),
    /// Nothing yet: a recording may still come, until then.
    Waiting(Micros),
    /// Nothing yet: that may still be in the making.
    Settling(&'static str),
    /// It cannot be read, and why.
    Unreadable(String),
    /// It is JSON, and no transcript.
    Foreign,
}

/// Which recording, or which lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// None, and why, where there is something to say.
    #[default]
    None,
    /// None is there that could be it.
    NotFound,
    /// None, for it names one that is not there.
    Missing,
    /// A person says that there is none.
    Declined,
    /// This one.
    Found {
        /// The egress that made the recording, without its `EG_`, when a manifest tells.
        egress_id: Option<String>,
        /// The file's name, when there is one.
        file: Option<String>,
        /// By what it is known.
        reason: &'static str,
    },
    /// One of these, and why it cannot be told which.
    Ambiguous {
        /// Why.
        why: &'static str,
        /// The files' names: for a recording its manifest's, when it has one.
        candidates: Vec<String>,
    },
}

impl Choice {
    /// The file or manifest to name to people.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Found {
                egress_id, file, ..
            } => file
                .clone()
                .or_else(|| egress_id.as_ref().map(|id| format!("EG_{id}.json"))),
            _ => None,
        }
    }

    /// Why it is so, in words.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::None => "no lead came of the call",
            Self::NotFound => "none found",
            Self::Missing => "the one that is named is not there",
            Self::Declined => "by hand: none",
            Self::Found { reason, .. } => reason,
            Self::Ambiguous { why, .. } => why,
        }
    }
}
