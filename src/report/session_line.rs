//! One session in a listing, for `inspect`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::table::table;
use super::wording::{age, printable};
use crate::outcome::Part;
use crate::session::Document;
use crate::timestamp;

/// How a session stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    /// Due.
    Due,
    /// Its recording is awaited.
    Waiting,
    /// One of its files may still be in the making.
    Settling,
    /// Failed before and not due yet.
    Backoff,
    /// Not ours to act on, or unreadable.
    Skipped,
    /// Needs a person.
    Failed,
    /// No document.
    Corrupt,
    /// Delivered.
    Processed,
    /// Delivered in part.
    Partial,
}

impl StateWord {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Waiting => "waiting",
            Self::Settling => "settling",
            Self::Backoff => "backoff",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Corrupt => "corrupt",
            Self::Processed => "processed",
            Self::Partial => "partial",
        }
    }
}

/// One session in a listing.
#[derive(Debug, Clone, Serialize)]
pub struct SessionLine {
    /// The session's id; the file name where there is no document.
    pub session_id: String,
    /// How it stands.
    pub state: StateWord,
    /// The document's file name.
    pub document: String,
    /// Since when it is in the spool: the document's time, RFC 3339.
    pub since: String,
    /// How long that is, in seconds.
    pub age_seconds: i64,
    /// The recording.
    pub recording: PartLine,
    /// The call data.
    pub call_data: PartLine,
    /// When it is tried again.
    pub next_attempt_at: Option<String>,
    /// Why it was not delivered.
    pub last_error: Option<ErrorLine>,
    #[serde(skip)]
    modified: Option<DateTime<Utc>>,
}

/// A part in a listing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PartLine {
    /// Its state.
    pub state: &'static str,
    /// Attempts spent.
    pub attempts: u32,
    /// Why a recording is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the recording is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// An error in a listing.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorLine {
    /// The part at fault.
    pub part: &'static str,
    /// The kind.
    pub kind: String,
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// One line for people.
    pub message: String,
    /// When.
    pub at: Option<String>,
}

impl SessionLine {
    /// A session with a document.
    pub fn of(
        document: &Document,
        name: &str,
        state: StateWord,
        modified: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let record = &document.record;
        let part = |part, url| PartLine {
            state: record.state(part).as_str(),
            attempts: record.attempts(part),
            reason: record
                .recording
                .reason
                .clone()
                .filter(|_| part == Part::Recording),
            url,
        };
        Self {
            session_id: document.session_id().to_owned(),
            recording: part(Part::Recording, record.recording.url.clone()),
            call_data: part(Part::CallData, None),
            next_attempt_at: record.next_attempt_at.map(timestamp::format_millis),
            last_error: record.last_error().map(|(part, error)| ErrorLine {
                part: part.as_str(),
                kind: error.kind.clone(),
                status: error.status,
                message: error.message.clone(),
                at: error.at.map(timestamp::format_millis),
            }),
            ..Self::bare(name, state, modified, now)
        }
    }

    /// A file that is no document, or none that can be read; with the reason.
    pub fn without_document(
        name: &str,
        state: StateWord,
        reason: &str,
        modified: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let last_error = Some(ErrorLine {
            part: "document",
            kind: state.as_str().to_owned(),
            status: None,
            message: reason.to_owned(),
            at: None,
        });
        Self {
            last_error,
            ..Self::bare(name, state, modified, now)
        }
    }

    fn bare(name: &str, state: StateWord, modified: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let unknown = || PartLine {
            state: "unknown",
            ..PartLine::default()
        };
        Self {
            session_id: name.to_owned(),
            state,
            document: name.to_owned(),
            since: timestamp::format_millis(modified),
            age_seconds: (now - modified).num_seconds().max(0),
            recording: unknown(),
            call_data: unknown(),
            next_attempt_at: None,
            last_error: None,
            modified: Some(modified),
        }
    }

    /// When the document was last modified.
    pub fn modified(&self) -> Option<DateTime<Utc>> {
        self.modified
    }
}

/// Sessions as a table for people.
pub fn session_table(lines: &[SessionLine], now: DateTime<Utc>) -> String {
    if lines.is_empty() {
        return "no sessions\n".to_owned();
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let error = line.last_error.as_ref().map(|error| {
                let status = error
                    .status
                    .map_or_else(String::new, |status| format!(" {status}"));
                format!("{}{status}: {}", error.kind, error.message)
            });
            let missing = line.recording.reason.as_ref();
            let missing = missing.map(|reason| format!("the recording is missing: {reason}"));
            vec![
                printable(&line.session_id),
                line.state.as_str().to_owned(),
                line.modified
                    .map(|modified| age(modified, now))
                    .unwrap_or_default(),
                format!("{}+{}", line.recording.attempts, line.call_data.attempts),
                line.next_attempt_at
                    .clone()
                    .unwrap_or_else(|| "-".to_owned()),
                printable(&error.or(missing).unwrap_or_else(|| "-".to_owned())),
            ]
        })
        .collect();
    table(
        &[
            "SESSION",
            "STATE",
            "AGE",
            // Of the recording and of the call data.
            "ATTEMPTS R+C",
            "NEXT ATTEMPT",
            "LAST ERROR",
        ],
        &rows,
    )
}
