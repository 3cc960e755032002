//! What `dry-run` says of one session.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::style::Style;
use super::wording::bytes;
use crate::plan::{Action, CallDataStep, RecordingStep};
use crate::session::{Dossier, FileFacts, Lookup};
use crate::timestamp;

/// What comes of a session in a run, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanKind {
    /// Something would be sent.
    Send,
    /// It would be adopted, and then sent.
    Adopt,
    /// It would only be moved.
    Move,
    /// It would be tried, were there more time or leave.
    Later,
    /// It would be looked at and found wanting, which costs an attempt.
    Retry,
    /// It is not due yet.
    BackOff,
    /// Its recording is awaited.
    Wait,
    /// One of its files may still be in the making.
    Settle,
    /// It needs a person, or will.
    Person,
}

impl PlanKind {
    /// Every kind, in the order in which they are counted up.
    pub(super) const ALL: [Self; 9] = [
        Self::Send,
        Self::Adopt,
        Self::Move,
        Self::Later,
        Self::Retry,
        Self::BackOff,
        Self::Wait,
        Self::Settle,
        Self::Person,
    ];

    /// What is said of so many of them.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Send => "would be sent",
            Self::Adopt => "would be adopted and sent",
            Self::Move => "would be moved",
            Self::Later => "left for a later run",
            Self::Retry => "would be retried later",
            Self::BackOff => "backing off",
            Self::Wait => "waiting for a recording",
            Self::Settle => "settling",
            Self::Person => "for a person",
        }
    }

    /// How it is written at a terminal.
    pub(super) fn style(self) -> Style {
        match self {
            Self::Send | Self::Adopt => Style::Good,
            Self::Later | Self::Retry | Self::BackOff => Style::Warning,
            Self::Move | Self::Wait | Self::Settle => Style::Dim,
            Self::Person => Style::Bad,
        }
    }
}

/// What a run would do: a few words, and more about them.
#[derive(Debug, Clone)]
pub struct PlanStep {
    pub(super) kind: PlanKind,
    /// What.
    pub(super) what: String,
    /// Why, or with what.
    pub(super) detail: Option<String>,
    /// Until when.
    pub(super) until: Option<DateTime<Utc>>,
}

impl PlanStep {
    /// A step of few words.
    pub fn new(kind: PlanKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            detail: None,
            until: None,
        }
    }

    /// The same, with more about it.
    pub fn about(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The same, until then.
    pub fn until(self, until: DateTime<Utc>) -> Self {
        Self {
            until: Some(until),
            ..self
        }
    }

    /// The step in one text; `time` writes times.
    pub(super) fn text(&self, time: impl Fn(DateTime<Utc>) -> String) -> String {
        let detail = self.detail.as_ref().map(|detail| format!(": {detail}"));
        let until = self.until.map(|until| format!(" until {}", time(until)));
        [Some(self.what.clone()), detail, until]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl From<&Action> for PlanStep {
    fn from(action: &Action) -> Self {
        match action {
            Action::Deliver(delivery) => {
                match delivery_text(&delivery.recording, &delivery.call_data) {
                    Some(steps) => Self::new(PlanKind::Send, steps),
                    None => Self::new(PlanKind::Move, "archive"),
                }
            }
            Action::File => Self::new(PlanKind::Move, "archive").about("nothing is left to send"),
            Action::Wait { until } => Self::new(PlanKind::Wait, "wait for recording").until(*until),
            Action::Settle { what } => Self::new(PlanKind::Settle, "settle")
                .about(format!("the {what} may still be in the making")),
            Action::Skip { reason } => Self::new(PlanKind::Person, "skip").about(reason.as_str()),
            Action::Fail { failure, .. } => Self::new(PlanKind::Person, "fail")
                .about(format!("{}: {}", failure.kind, failure.message)),
            Action::Retry { failure } => Self::new(PlanKind::Retry, "retry later")
                .about(format!("{}: {}", failure.kind, failure.message)),
        }
    }
}

fn delivery_text(recording: &RecordingStep, call_data: &CallDataStep) -> Option<String> {
    let recording = match recording {
        RecordingStep::Upload(_) => Some("upload recording".to_owned()),
        RecordingStep::Missing { reason } => Some(format!("go without the recording ({reason})")),
        RecordingStep::Remote { .. } | RecordingStep::Absent | RecordingStep::Settled => None,
    };
    let call_data = match call_data {
        CallDataStep::Post {
            is_complement: false,
            ..
        } => Some("post call data".to_owned()),
        CallDataStep::Post {
            is_complement: true,
            ..
        } => Some("post call data again, complete".to_owned()),
        CallDataStep::Settled => None,
    };
    let steps: Vec<String> = recording.into_iter().chain(call_data).collect();
    (!steps.is_empty()).then(|| steps.join(", "))
}

/// What a run would do with one session, and with which files.
#[derive(Debug, Clone, Serialize)]
pub struct PlanLine {
    /// The session's id; the file name where there is no document.
    pub session_id: String,
    /// The document's file name.
    pub document: String,
    /// What a run would do.
    pub action: String,
    /// The files that it would read or send.
    pub files: Vec<PlanFile>,
    #[serde(skip)]
    pub(super) step: PlanStep,
}

/// A file in a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlanFile {
    /// `recording`, `transcript` or `lead`.
    pub role: &'static str,
    /// Its name, redacted.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

impl PlanLine {
    /// A line about a session of which only the document counts.
    pub fn plain(session_id: &str, document: &str, step: PlanStep) -> Self {
        Self {
            session_id: session_id.to_owned(),
            document: document.to_owned(),
            action: step.text(timestamp::format_millis),
            files: Vec::new(),
            step,
        }
    }

    /// A line about a session that was looked at in full. `redact` keeps phone numbers out of file
    /// names.
    pub fn of(dossier: &Dossier, action: &Action, redact: impl Fn(&str) -> String) -> Self {
        let file = |role, facts: &FileFacts| PlanFile {
            role,
            name: redact(&facts.file_name()),
            bytes: facts.len_bytes,
        };
        let mut files = Vec::new();
        if let Action::Deliver(delivery) = action {
            if let RecordingStep::Upload(recording) = &delivery.recording {
                files.push(file("recording", &recording.file));
            }
            if matches!(delivery.call_data, CallDataStep::Post { .. }) {
                files.extend(read_file(&dossier.transcript).map(|facts| file("transcript", facts)));
                files.extend(read_file(&dossier.lead).map(|facts| file("lead", facts)));
            }
        }
        let name = dossier.name.to_string_lossy();
        Self {
            files,
            ..Self::plain(dossier.document.session_id(), &name, action.into())
        }
    }

    /// What it would read or send, in words.
    pub(super) fn files_text(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("{} {} ({})", file.role, file.name, bytes(file.bytes)))
            .collect();
        files.join(", ")
    }
}

fn read_file<T>(lookup: &Lookup<crate::session::Reading<T>>) -> Option<&FileFacts> {
    lookup.here().map(|reading| &reading.file)
}
