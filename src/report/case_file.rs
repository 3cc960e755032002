//! One session in full, for `inspect <id>`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::advice::{Advice, Program, advise};
use super::plan_line::action_text;
use super::session_line::{SessionLine, StateWord};
use super::wording::{age, bytes, printable};
use crate::plan::{Action, RecordingStep};
use crate::session::{
    Dossier, ErrorRecord, FileFacts, HistoryEntry, Lacking, Lookup, PartState, UploadRecord,
};
use crate::timestamp;

/// One session in full: its parts, its files, what happened, what happens next. `redact` keeps
/// phone numbers out of file names.
pub fn case_file(
    dossier: &Dossier,
    line: &SessionLine,
    path: &str,
    next: &Action,
    redact: impl Fn(&str) -> String,
    now: DateTime<Utc>,
) -> String {
    let record = &dossier.document.record;
    let mut text = format!(
        "{}\n  state       {}, for {}\n  document    {}\n",
        printable(&line.session_id),
        line.state.as_str(),
        age(dossier.modified, now),
        printable(path),
    );
    if let Some(phone) = dossier.document.dialed_number() {
        text.push_str(&format!("  called      {}\n", printable(&redact(&phone))));
    }
    let recording = &record.recording;
    let mut about = vec![format!(
        "{}, attempts {}",
        recording.state.as_str(),
        recording.attempts
    )];
    about.extend(
        recording
            .reason
            .as_ref()
            .map(|reason| format!("reason {reason}")),
    );
    about.extend(recording.bytes.map(bytes));
    about.extend(recording.url.as_deref().map(&redact));
    about.extend(
        recording
            .size_mismatch
            .then(|| "its size was not the manifest's".to_owned()),
    );
    text.push_str(&format!("  recording   {}\n", printable(&about.join(", "))));
    text.push_str(&error_text(recording.error.as_ref()));

    let call_data = &record.call_data;
    let mut about = vec![format!(
        "{}, attempts {}",
        call_data.state.as_str(),
        call_data.attempts
    )];
    about.extend(call_data.without.iter().map(|lacking| {
        format!(
            "went without its {}",
            match lacking {
                Lacking::Recording => "recording",
                Lacking::Lead => "lead",
                Lacking::Transcript => "transcript",
            }
        )
    }));
    about.extend(
        (call_data.unconfirmed || dossier.document.was_tried_elsewhere())
            .then(|| "a post may have arrived: the API is asked first".to_owned()),
    );
    about.extend(
        call_data
            .unlinked
            .then(|| "the API kept an earlier, incomplete call".to_owned()),
    );
    text.push_str(&format!("  call data   {}\n", printable(&about.join(", "))));
    text.push_str(&error_text(call_data.error.as_ref()));

    text.push_str(&files_text(dossier, is_remote(dossier, next), redact));
    let mut title = "history";
    for entry in &record.history {
        text.push_str(&format!("  {title:<10}  {}\n", history_text(entry)));
        title = "";
    }
    text.push_str(&format!(
        "  next        {}\n",
        printable(&next_text(line, next))
    ));
    text
}

/// One entry of a history.
fn history_text(entry: &HistoryEntry) -> String {
    let status = entry
        .status
        .map_or_else(String::new, |status| format!(" {status}"));
    let took = entry.ms.map_or_else(String::new, |ms| format!(", {ms} ms"));
    let at = entry.at.map(timestamp::format_millis).unwrap_or_default();
    format!(
        "{at}  {} {}{status}{took}",
        printable(&entry.part),
        printable(&entry.outcome)
    )
}

/// Whether egress has put the recording into cloud storage, so that no file is expected here.
pub(super) fn is_remote(dossier: &Dossier, next: &Action) -> bool {
    let will_be = match next {
        Action::Deliver(delivery) => matches!(delivery.recording, RecordingStep::Remote { .. }),
        _ => false,
    };
    will_be || dossier.document.record.recording.state == PartState::Remote
}

fn error_text(error: Option<&ErrorRecord>) -> String {
    let Some(error) = error else {
        return String::new();
    };
    let status = error
        .status
        .map_or_else(String::new, |status| format!(" {status}"));
    format!(
        "    last error: {}{status}: {}\n",
        printable(&error.kind),
        printable(&error.message)
    )
}

/// One session in full, for machines.
#[derive(Debug, Serialize)]
pub struct CaseObject<'a> {
    #[serde(flatten)]
    line: &'a SessionLine,
    /// Where the document is.
    path: &'a str,
    /// Our record of the session, as it stands in the document.
    upload: &'a UploadRecord,
    /// What is on disk for it.
    files: Vec<CaseFile>,
    /// What the next run would do.
    next: String,
    /// What a person can do.
    advice: Vec<Advice>,
}

#[derive(Debug, Serialize)]
pub(super) struct CaseFile {
    pub(super) role: &'static str,
    pub(super) found: String,
}

impl<'a> CaseObject<'a> {
    /// A session in full. `redact` keeps phone numbers out of file names.
    pub fn of(
        dossier: &'a Dossier,
        line: &'a SessionLine,
        path: &'a str,
        next: &Action,
        program: &Program,
        redact: impl Fn(&str) -> String,
    ) -> Self {
        let is_remote = is_remote(dossier, next);
        Self {
            line,
            path,
            upload: &dossier.document.record,
            files: files(dossier, is_remote, redact),
            next: next_text(line, next),
            advice: advise(line, Some(&dossier.document.record), Some(next), program),
        }
    }
}

fn files_text(dossier: &Dossier, is_remote: bool, redact: impl Fn(&str) -> String) -> String {
    files(dossier, is_remote, redact)
        .iter()
        .map(|file| format!("  {:<10}  {}\n", file.role, printable(&file.found)))
        .collect()
}

/// What is on disk for a session, in words.
pub(super) fn files(
    dossier: &Dossier,
    is_remote: bool,
    redact: impl Fn(&str) -> String,
) -> Vec<CaseFile> {
    let mut files = Vec::new();
    let mut add = |role: &'static str, found: Lookup<&FileFacts>| {
        let found = match found {
            Lookup::NotNamed => return,
            Lookup::Missing if is_remote && role == "audio" => "in cloud storage".to_owned(),
            Lookup::Missing => "not there".to_owned(),
            Lookup::Unsafe(reason) => format!("not opened: {reason}"),
            Lookup::Unreadable(reason) => format!("cannot be read: {reason}"),
            Lookup::Here(file) => {
                let name = redact(&file.relative.to_string_lossy());
                format!("{name} ({})", bytes(file.len_bytes))
            }
        };
        files.push(CaseFile { role, found });
    };
    add(
        "manifest",
        facts(&dossier.manifest, |reading| &reading.file),
    );
    for file in &dossier.manifest_files {
        add("audio", facts(file, |file| file));
    }
    if dossier.manifest_files.is_empty() {
        add("audio", facts(&dossier.named_recording, |file| file));
    }
    add(
        "transcript",
        facts(&dossier.transcript, |reading| &reading.file),
    );
    add("lead", facts(&dossier.lead, |reading| &reading.file));
    files
}

fn facts<'a, T>(
    lookup: &'a Lookup<T>,
    file: impl Fn(&'a T) -> &'a FileFacts,
) -> Lookup<&'a FileFacts> {
    match lookup {
        Lookup::NotNamed => Lookup::NotNamed,
        Lookup::Missing => Lookup::Missing,
        Lookup::Unsafe(reason) => Lookup::Unsafe(reason.clone()),
        Lookup::Unreadable(reason) => Lookup::Unreadable(reason.clone()),
        Lookup::Here(found) => Lookup::Here(file(found)),
    }
}

fn next_text(line: &SessionLine, next: &Action) -> String {
    let id = &line.session_id;
    match line.state {
        StateWord::Processed => "nothing: it is delivered".to_owned(),
        StateWord::Partial => format!("nothing, unless you run: callspool requeue {id}"),
        StateWord::Failed => {
            format!("nothing, until the cause is mended and you run: callspool requeue {id}")
        }
        StateWord::Corrupt => {
            format!("nothing, until its bytes are mended and you run: callspool requeue {id}")
        }
        StateWord::Backoff => match &line.next_attempt_at {
            Some(time) => format!("back off until {time}; at once with: callspool requeue {id}"),
            None => "back off".to_owned(),
        },
        StateWord::Skipped => "skip: its status is not callspool's to act on".to_owned(),
        StateWord::Due | StateWord::Waiting | StateWord::Settling => action_text(next),
    }
}
