//! What lies in the directories, as plain data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::session::Tombstones;

/// A moment, in microseconds since the Unix epoch.
pub type Micros = i64;

/// Everything that lies about, and what earlier systems have done with it. Files are named by what
/// they are called directly in their directory, and sorted by that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// Files in conversations/ that end in `.json`.
    pub transcripts: Vec<TranscriptFile>,
    /// Manifests in recordings/ that can be read.
    pub egresses: Vec<EgressFile>,
    /// Audio and video files in recordings/.
    pub audio: Vec<Audio>,
    /// Files in leads/ that hold a lead.
    pub leads: Vec<LeadFile>,
    /// The documents in all state directories.
    pub documents: Vec<DocumentFile>,
    /// What the old uploader has left in processed_uploads/.
    pub markers: Vec<Marker>,
    /// What is left of delivered sessions whose documents were removed.
    pub pruned: Tombstones,
}

/// A file in conversations/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptFile {
    /// Its name.
    pub name: String,
    /// When it was last modified.
    pub modified: Micros,
    /// What is in it.
    pub reading: Reading,
}

/// What came of reading a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// It is one.
    Call(Box<CallFacts>),
    /// It is JSON, and no transcript.
    Foreign,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// What a transcript says of its call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallFacts {
    /// The SHA-256 of its bytes.
    pub digest: String,
    /// The session's id.
    pub session_id: Option<String>,
    /// The session's id in the campaign metadata; it may be another one.
    pub campaign_session_id: Option<String>,
    /// The campaign.
    pub campaign_id: Option<String>,
    /// The voice agent.
    pub voice_agent_id: Option<String>,
    /// The egress, without its `EG_`.
    pub egress_id: Option<String>,
    /// The digits of the number that was called.
    pub number: Option<String>,
    /// The path of the lead, as it is written.
    pub lead_path: Option<String>,
    /// The name in leads/ that the path means; `None` when it is not there.
    #[serde(skip)]
    pub lead_file: Option<String>,
    /// When the call began.
    pub start: Option<Micros>,
    /// When it ended.
    pub end: Option<Micros>,
    /// Whether a lead came of the call.
    pub lead_generated: bool,
    /// Whether it says that none came of it.
    pub denies_lead: bool,
    /// The e-mail addresses that leads were made for, in lower case.
    pub lead_emails: Vec<String>,
}

/// A manifest in recordings/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressFile {
    /// Its name.
    pub name: String,
    /// The egress's id, without its `EG_`.
    pub id: String,
    /// When it was last modified.
    pub modified: Micros,
    /// What it says.
    pub facts: EgressFacts,
}

/// What a manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EgressFacts {
    /// The egress's id by what is in it, without its `EG_`.
    pub own_id: Option<String>,
    /// Whether the egress may still be writing.
    pub in_progress: bool,
    /// Whether it came to nothing.
    pub failed: bool,
    /// Whether it wrote anything: files, playlists.
    pub has_output: bool,
    /// The digits of the room's name.
    pub number: Option<String>,
    /// When it began.
    pub start: Option<Micros>,
    /// When it ended.
    pub end: Option<Micros>,
    /// The paths of its files, as they are written.
    pub paths: Vec<String>,
    /// The names in recordings/ that they mean, as far as they are there.
    #[serde(skip)]
    pub files: Vec<String>,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Its name.
    pub name: String,
    /// When it was last modified.
    pub modified: Micros,
}

/// A file in leads/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadFile {
    /// Its name.
    pub name: String,
    /// What it says.
    pub facts: LeadFacts,
}

/// What a lead says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadFacts {
    /// The ids of the session that it came of.
    pub session_ids: Vec<String>,
    /// When it was made.
    pub time: Option<Micros>,
    /// Its e-mail address, in lower case.
    pub email: Option<String>,
}

/// A document, in whatever state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// Its file name.
    pub name: String,
    /// What it names; `None` when it cannot be read, and only its file name speaks.
    pub facts: Option<DocumentFacts>,
}

/// What a document names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DocumentFacts {
    /// The session.
    pub session_id: String,
    /// The egress, without its `EG_`.
    pub egress_id: Option<String>,
    /// The path of the transcript, as it is written.
    pub conversation_path: Option<String>,
    /// The path of the recording.
    pub recording_path: Option<String>,
    /// The path of the lead.
    pub lead_path: Option<String>,
    /// The name in conversations/ that the first means; `None` when it is not there.
    #[serde(skip)]
    pub conversation: Option<String>,
    /// The name in recordings/ that the second means.
    #[serde(skip)]
    pub recording: Option<String>,
    /// The name in leads/ that the third means.
    #[serde(skip)]
    pub lead: Option<String>,
}

/// A mark of the old uploader that something was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Its file name without `.uploaded`.
    pub stem: String,
    /// When it was made.
    pub modified: Micros,
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The age below which a file may still be in the making.
    pub settle: Duration,
    /// How long after its call a recording is waited for.
    pub recording_grace: Duration,
}

/// How far the beginnings of a call and its recording lie apart at most, and their ends. The caller
/// who calls again at once, and of whose calls one has lost its transcript and the other its
/// recording, is told by nothing else.
pub(super) const CLOSE: u64 = 30 * 1_000_000;

/// A time between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Micros,
    pub(super) end: Micros,
}

impl Span {
    /// The time from start to end, when both are known and in their order.
    pub(super) fn between(start: Option<Micros>, end: Option<Micros>) -> Option<Self> {
        let (start, end) = (start?, end?);
        (start <= end).then_some(Self { start, end })
    }

    fn length(self) -> Micros {
        self.end.saturating_sub(self.start)
    }

    /// Whether both begin and end at nearly the same time, as a call and its recording do.
    fn is_close(self, other: Self) -> bool {
        self.start.abs_diff(other.start) <= CLOSE && self.end.abs_diff(other.end) <= CLOSE
    }

    /// How the two overlap.
    pub(super) fn overlap(self, other: Self) -> Overlap {
        let common = self.end.min(other.end) - self.start.max(other.start);
        let shorter = self.length().min(other.length());
        match common {
            ..0 => Overlap::None,
            // A moment inside the other's time has no length to compare; two that touch share none.
            0 if shorter > 0 => Overlap::None,
            0 => Overlap::Doubtful,
            _ if common < shorter - common || !self.is_close(other) => Overlap::Doubtful,
            _ => Overlap::Clear,
        }
    }
}

/// How far two times are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlap {
    /// Not at all, or they only touch.
    None,
    /// Less than half of the shorter, or with other beginnings or ends.
    Doubtful,
    /// Half of the shorter, or more, and nearly the same beginning and end.
    Clear,
}

impl CallFacts {
    /// When the call was, when both ends are known.
    pub(super) fn span(&self) -> Option<Span> {
        Span::between(self.start, self.end)
    }
}

impl EgressFacts {
    /// When was recorded, when both ends are known.
    pub(super) fn span(&self) -> Option<Span> {
        Span::between(self.start, self.end)
    }
}

/// A duration in microseconds.
pub(super) fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_is_no_overlap_and_half_of_the_shorter_is_enough() {
        let span = |start, end| Span { start, end };
        for (first, second, expected) in [
            (span(0, 10), span(10, 20), Overlap::None),
            (span(0, 10), span(11, 20), Overlap::None),
            (span(0, 10), span(9, 30), Overlap::Doubtful),
            (span(0, 10), span(6, 30), Overlap::Doubtful),
            (span(0, 10), span(5, 30), Overlap::Clear),
            (span(0, 10), span(4, 8), Overlap::Clear),
            (span(0, 10), span(0, 10), Overlap::Clear),
            (span(0, 9), span(5, 30), Overlap::Doubtful),
            (span(5, 5), span(0, 10), Overlap::Doubtful),
            (span(10, 10), span(0, 10), Overlap::Doubtful),
            (span(11, 11), span(0, 10), Overlap::None),
        ] {
            assert_eq!(first.overlap(second), expected, "{first:?} {second:?}");
            assert_eq!(second.overlap(first), expected, "{second:?} {first:?}");
        }
        let second = 1_000_000;
        for (start, end, expected) in [
            (30, 530, Overlap::Clear),
            (31, 530, Overlap::Doubtful),
            (-30, 470, Overlap::Clear),
            (-31, 470, Overlap::Doubtful),
            (0, 531, Overlap::Doubtful),
            (0, 469, Overlap::Doubtful),
        ] {
            let made = span(start * second, end * second);
            assert_eq!(span(0, 500 * second).overlap(made), expected, "{made:?}");
        }
        let short = span(0, 20 * second);
        assert_eq!(
            short.overlap(span(10 * second, 50 * second)),
            Overlap::Clear
        );
        assert_eq!(
            short.overlap(span(11 * second, 50 * second)),
            Overlap::Doubtful
        );
        assert_eq!(Span::between(Some(2), Some(1)), None);
        assert_eq!(Span::between(None, Some(1)), None);
    }
}
