//! What `dry-run` says of one session.

use serde::Serialize;

use super::wording::{bytes, printable};
use crate::plan::{Action, CallDataStep, RecordingStep};
use crate::session::{Dossier, FileFacts, Lookup};
use crate::timestamp;

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
    pub fn plain(session_id: &str, document: &str, action: String) -> Self {
        Self {
            session_id: session_id.to_owned(),
            document: document.to_owned(),
            action,
            files: Vec::new(),
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
        Self {
            session_id: dossier.document.session_id().to_owned(),
            document: dossier.name.to_string_lossy().into_owned(),
            action: action_text(action),
            files,
        }
    }

    /// The line for people.
    pub fn text(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| {
                format!(
                    "{} {} ({})",
                    file.role,
                    printable(&file.name),
                    bytes(file.bytes)
                )
            })
            .collect();
        let mut line = format!(
            "{}  {}",
            printable(&self.session_id),
            printable(&self.action)
        );
        if !files.is_empty() {
            line.push_str("  ");
            line.push_str(&files.join(", "));
        }
        line.push('\n');
        line
    }
}

fn read_file<T>(lookup: &Lookup<crate::session::Reading<T>>) -> Option<&FileFacts> {
    lookup.here().map(|reading| &reading.file)
}

/// An action in words.
pub(super) fn action_text(action: &Action) -> String {
    match action {
        Action::Deliver(delivery) => {
            let recording = match &delivery.recording {
                RecordingStep::Upload(_) => Some("upload recording".to_owned()),
                RecordingStep::Missing { reason } => {
                    Some(format!("go without the recording ({reason})"))
                }
                RecordingStep::Remote { .. } | RecordingStep::Absent | RecordingStep::Settled => {
                    None
                }
            };
            let call_data = match delivery.call_data {
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
            if steps.is_empty() {
                "archive".to_owned()
            } else {
                steps.join(", ")
            }
        }
        Action::File => "archive: nothing is left to send".to_owned(),
        Action::Wait { until } => format!(
            "wait for recording until {}",
            timestamp::format_millis(*until)
        ),
        Action::Settle { what } => format!("settle: the {what} may still be in the making"),
        Action::Skip { reason } => format!("skip: {reason}"),
        Action::Fail { failure, .. } => format!("fail: {}: {}", failure.kind, failure.message),
        Action::Retry { failure } => format!("retry later: {}: {}", failure.kind, failure.message),
    }
}
