//! What happened to the spool, one event after the other.

use std::sync::Arc;

use serde_json::Value;

use crate::world::Spool;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with that code.
    Exit(i32),
    /// Killed: what the kernel was told is on disk.
    Killed,
    /// With the power: what was not synced may be lost.
    PowerLost,
}

impl End {
    /// Whether what the run did last may be unrecorded.
    pub fn is_abrupt(self) -> bool {
        match self {
            Self::Exit(code) => !matches!(code, 0 | 2 | 3 | 4 | 5 | 10 | 11 | 12),
            Self::Killed | Self::PowerLost => true,
        }
    }
}

/// One process that changed the spool.
#[derive(Debug, Clone)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// How many sessions it worked on at a time.
    pub lanes: usize,
    /// The JSON report of `run`; none for one that did not get so far, and for other commands.
    pub report: Option<Value>,
    /// The spool before it.
    pub before: Arc<Spool>,
    /// The spool after it.
    pub after: Arc<Spool>,
}

/// What can happen to a spool.
#[derive(Debug, Clone)]
pub enum Event {
    /// A run.
    Run(Run),
    /// An operator put a session back, or may have: the command was killed.
    Requeue {
        /// The session.
        session_id: String,
        /// Whether what was delivered is to be sent again.
        force: bool,
    },
    /// The producer put other bytes into a session's recording.
    RecordingChanged {
        /// The session.
        session_id: String,
    },
}

impl Event {
    pub(crate) fn run(&self) -> Option<&Run> {
        match self {
            Self::Run(run) => Some(run),
            Self::Requeue { .. } | Self::RecordingChanged { .. } => None,
        }
    }

    pub(crate) fn is_requeue_of(&self, session: &str) -> bool {
        matches!(self, Self::Requeue { session_id, .. } if session_id == session)
    }

    /// Whether a call that the API has is to be replaced after this: by force, or, where it counted
    /// as delivered, because something that it went without may be there now.
    pub(crate) fn replaces_the_call_of(&self, session: &str, is_delivered: bool) -> bool {
        match self {
            Self::Requeue { session_id, force } => {
                (*force || is_delivered) && session_id == session
            }
            Self::Run(_) | Self::RecordingChanged { .. } => false,
        }
    }

    /// Whether the session's recording may be sent again after this although it was delivered.
    pub(crate) fn reopens_recording_of(&self, session: &str) -> bool {
        match self {
            Self::Requeue { session_id, force } => *force && session_id == session,
            Self::RecordingChanged { session_id } => session_id == session,
            Self::Run(_) => false,
        }
    }
}
