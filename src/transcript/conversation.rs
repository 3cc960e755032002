//! A conversation as plain data.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

/// A transcript: its turns and what it says about the call.
#[derive(Clone, Default)]
pub struct Transcript {
    /// When the call began.
    pub start_time: Option<DateTime<Utc>>,
    /// When the call ended.
    pub end_time: Option<DateTime<Utc>>,
    /// The call's length in seconds: a JSON number, its digits as they stand. It may be negative,
    /// or too large for any float.
    pub duration_seconds: Option<Box<RawValue>>,
    /// Whether the transcript says that a lead came of the call, or holds a `create_lead` call.
    pub lead_generated: bool,
    /// The producer's own value, byte for byte: an object as a rule, never null.
    pub metadata: Option<Box<RawValue>>,
    /// What caller and assistant said, in order.
    pub turns: Vec<Turn>,
    /// The items that are no turns.
    pub skipped: Skipped,
    /// The earliest and the latest time that any item gives.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// One thing said by one side.
#[derive(Clone)]
pub struct Turn {
    /// Who spoke.
    pub role: Role,
    /// The text, to the letter.
    pub content: String,
    /// When it was said.
    pub timestamp: Option<DateTime<Utc>>,
    /// Where the producer had it from.
    pub source: Option<String>,
    /// The recogniser's confidence: a finite JSON number, its digits as they stand.
    pub transcript_confidence: Option<Box<RawValue>>,
    /// Whether the speaker was cut off, when that is known.
    pub interrupted: Option<bool>,
}

/// The side that spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person on the telephone.
    User,
    /// The voice agent.
    Assistant,
}

impl Role {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    /// Reads a role; `None` for those that take no turns in a conversation.
    pub(super) fn read(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "assistant" | "agent" => Some(Self::Assistant),
            _ => None,
        }
    }
}

/// How many items were no turns, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// System prompts and other roles.
    pub other_roles: usize,
    /// Function calls and their outputs.
    pub function_calls: usize,
    /// Whatever else happened in the call, such as `persona_applied`.
    pub events: usize,
    /// Items without text.
    pub empty: usize,
    /// Items that could not be read.
    pub unreadable: usize,
}

impl Skipped {
    /// How many items were no turns, for whatever reason.
    pub fn total(&self) -> usize {
        self.other_roles + self.function_calls + self.events + self.empty + self.unreadable
    }
}

impl Transcript {
    /// Whether nothing that was said could be read, although there are items: it is as good as
    /// none.
    pub fn is_blank(&self) -> bool {
        self.turns.is_empty() && self.skipped.unreadable > 0
    }
}

/// Shows sizes only: what was said belongs in no log.
impl fmt::Debug for Transcript {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transcript")
            .field("turns", &self.turns.len())
            .field("skipped", &self.skipped)
            .field("lead_generated", &self.lead_generated)
            .finish_non_exhaustive()
    }
}

/// Shows the role and the size only.
impl fmt::Debug for Turn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Turn")
            .field("role", &self.role)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
