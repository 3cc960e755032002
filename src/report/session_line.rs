//! One session in a listing, for `inspect`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::style::Style;
use super::table::{Cell, Column, NOTHING, table_of};
use super::view::View;
use super::wording::{age, printable};
use crate::outcome::Part;
use crate::plan::{Action, RecordingStep};
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

    /// Whether nothing happens before a person acts.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Failed | Self::Corrupt | Self::Skipped)
    }

    /// How it is written at a terminal.
    pub fn style(self) -> Style {
        match self {
            Self::Failed | Self::Corrupt | Self::Skipped => Style::Bad,
            Self::Backoff | Self::Partial => Style::Warning,
            Self::Processed => Style::Good,
            Self::Due => Style::Strong,
            Self::Waiting | Self::Settling => Style::Dim,
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
    /// Until when its recording is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<String>,
    /// Bytes of its recording that the next run would send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_to_send: Option<u64>,
    /// Why it stands as it does, where no error tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip)]
    modified: Option<DateTime<Utc>>,
    /// When something happens next.
    #[serde(skip)]
    next: Option<DateTime<Utc>>,
    /// Whether its document is among the pending.
    #[serde(skip)]
    pub(super) is_in_pending: bool,
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

/// The part at fault where there is no document that can be read.
const DOCUMENT: &str = "document";

/// The state of a part of which nothing is known.
const UNKNOWN: &str = "unknown";

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
            part: DOCUMENT,
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
            state: UNKNOWN,
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
            waits_until: None,
            bytes_to_send: None,
            reason: None,
            modified: Some(modified),
            next: None,
            is_in_pending: false,
        }
    }

    /// The same, of a session among the pending.
    pub fn pending(self) -> Self {
        Self {
            is_in_pending: true,
            ..self
        }
    }

    /// The same, with why it stands as it does.
    pub fn because(self, reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            ..self
        }
    }

    /// The same, backing off until then.
    pub fn backing_off(self, until: DateTime<Utc>) -> Self {
        Self {
            next: Some(until),
            ..self
        }
    }

    /// The same, with what the next run would do with it. `redact` keeps phone numbers out of reasons.
    pub fn before(mut self, next: &Action, redact: impl Fn(&str) -> String) -> Self {
        match next {
            Action::Wait { until } => {
                self.next = Some(*until);
                self.waits_until = Some(timestamp::format_millis(*until));
            }
            Action::Deliver(delivery) => {
                if let RecordingStep::Upload(recording) = &delivery.recording {
                    self.bytes_to_send = Some(recording.file.len_bytes);
                }
            }
            Action::Skip { reason } => self.reason = Some(redact(reason)),
            Action::Settle { what } => {
                self.reason = Some(format!("the {what} may still be in the making"));
            }
            Action::Fail { failure, .. } => {
                self.reason = Some(format!("will fail: {}", redact(&failure.message)));
            }
            Action::Retry { failure } => self.reason = Some(redact(&failure.message)),
            Action::File => {}
        }
        self
    }

    /// When something happens next: another try, or the end of a wait.
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.next
    }

    /// Whether there is a document that was understood.
    pub fn has_document(&self) -> bool {
        self.recording.state != UNKNOWN
    }

    /// Why it was not delivered, in words, the kind of the error first.
    pub fn why(&self) -> Option<String> {
        let error = self.last_error.as_ref().map(|error| {
            if error.part == DOCUMENT {
                return printable(&error.message);
            }
            let status = error.status.map(|status| format!(" {status}"));
            let status = status.unwrap_or_default();
            printable(&format!("{}{status}: {}", error.kind, error.message))
        });
        let missing = self.recording.reason.as_ref();
        let missing =
            missing.map(|reason| printable(&format!("the recording is missing: {reason}")));
        let reason = self.reason.as_ref().map(|reason| printable(reason));
        // Of a session that failed before, what holds it up now says more.
        reason.or(error).or(missing)
    }

    /// When the document was last modified.
    pub fn modified(&self) -> Option<DateTime<Utc>> {
        self.modified
    }
}

/// The columns of a listing; the attempts are those of the recording and of the call data.
const COLUMNS: [Column; 6] = [
    Column::text("SESSION"),
    Column::text("STATE"),
    Column::number("AGE"),
    Column::text("R+C").dispensable(),
    Column::text("NEXT").dispensable(),
    Column::text("WHY"),
];

/// Sessions as a table for people.
pub(super) fn session_table(lines: &[SessionLine], view: &View) -> String {
    table_of(&COLUMNS, lines, |line| row(line, view), view.width)
}

fn row(line: &SessionLine, view: &View) -> Vec<Cell> {
    let style = line.state.style();
    let age = line.modified.map(|modified| age(modified, view.now));
    let next = line.next.map(|time| match view.is_terminal() {
        true => view.relative(time),
        false => view.time(time),
    });
    let attempts = match line.has_document() {
        true => format!("{}+{}", line.recording.attempts, line.call_data.attempts),
        false => NOTHING.to_owned(),
    };
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    vec![
        Cell::styled(printable(&line.session_id), Style::Strong),
        Cell::styled(line.state.as_str(), style),
        // Without the space it is one word for awk.
        Cell::from(or_nothing(age).replace(' ', "")),
        Cell::from(attempts),
        Cell::from(or_nothing(next)),
        Cell::from(or_nothing(line.why()).as_str()),
    ]
}
