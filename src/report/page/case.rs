//! One session as the page tells of it: a line of the table, and a case file behind it.

use chrono::{DateTime, Utc};

use super::super::advice::{Advice, Program, advise};
use super::super::case_files::files;
use super::super::plan_line::PlanStep;
use super::super::session_line::{SessionLine, StateWord};
use super::super::timeline::{Event, events};
use super::super::wording::{bytes, counted};
use super::verdict::moment;
use crate::outcome::{FailureKind, Part};
use crate::plan::Action;
use crate::redact::{Redactor, is_display_control};
use crate::session::{
    Document, Dossier, ErrorRecord, HistoryEntry, Lacking, PartState, UploadRecord,
};

/// The most of a foreign text that is shown, in characters.
const MAX_CHARS: usize = 400;
/// The most of an id, which is to be found again.
const MAX_ID_CHARS: usize = 4096;

/// A session on the page, with nothing in it that the page must not show.
#[derive(Debug)]
pub struct PageSession {
    pub(super) line: SessionLine,
    /// When it came to its state, for those that are delivered.
    pub(super) filed: DateTime<Utc>,
    pub(super) case: Case,
}

/// What is known of a session, in words.
#[derive(Debug, Default)]
pub(super) struct Case {
    /// Titles with what is to be said under them.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) history: Vec<Event>,
    /// What the next run does.
    pub(super) next: String,
    pub(super) advice: Vec<Advice>,
}

/// What a session's case file is made of.
#[derive(Debug)]
pub enum Source<'a> {
    /// All that is on disk, and what the next run would do.
    Dossier(&'a Dossier, &'a Action),
    /// The document alone.
    Document(&'a Document),
    /// Nothing that could be understood.
    Nothing,
}

impl PageSession {
    /// A session. `path` is where its document is, `filed` when that was written last.
    pub fn new(
        line: SessionLine,
        source: &Source<'_>,
        path: &str,
        filed: DateTime<Utc>,
        program: &Program,
    ) -> Self {
        let document = match source {
            Source::Dossier(dossier, _) => Some(&dossier.document),
            Source::Document(document) => Some(*document),
            Source::Nothing => None,
        };
        let phone = document.and_then(Document::dialed_number);
        let redactor = phone
            .as_deref()
            .map_or_else(Redactor::new, |phone| Redactor::new().phone(phone));
        let redact = |text: &str| redactor.scrub(text, MAX_CHARS);
        let record = document.map(|document| &document.record);
        let next = match source {
            Source::Dossier(_, next) => Some(*next),
            _ => None,
        };
        let mut facts = Vec::new();
        facts.extend(phone.map(|phone| ("Called", redact(&phone))));
        if let Some(document) = document {
            facts.push(("Recording", recording_words(&document.record, redact)));
            facts.push(("Call data", call_data_words(document)));
        } else {
            let reason = line.last_error.as_ref().map(|error| redact(&error.message));
            facts.extend(reason.map(|reason| ("Reason", reason)));
        }
        facts.push(("Document", redact(path)));
        if let Source::Dossier(dossier, next) = source {
            let found = files(dossier, next, redact);
            facts.extend(found.into_iter().map(|file| (title(file.role), file.found)));
        }
        let mut case = Case {
            facts,
            history: document.map_or_else(Vec::new, events),
            next: redact(&what_comes(&line, next)),
            advice: advise(&line, record, next, program),
        };
        let mut line = line;
        hide(&mut line, &mut case, &redactor);
        Self { line, filed, case }
    }
}

/// Takes out what the page must not show. An id with a phone number in it is shown without, and so
/// are commands; what is shown then is no command any more.
fn hide(line: &mut SessionLine, case: &mut Case, redactor: &Redactor) {
    let redact = |text: &str| redactor.scrub(text, MAX_CHARS);
    let is_number_in_id = hides(redactor, &line.session_id) || hides(redactor, &line.document);
    if is_number_in_id {
        line.session_id = redactor.scrub(&line.session_id, MAX_ID_CHARS);
        line.document = redactor.scrub(&line.document, MAX_ID_CHARS);
        for advice in &mut case.advice {
            if advice.command.take().is_some() {
                advice.what.push_str(
                    "; its id holds a phone number, so see for the command: callspool inspect",
                );
            }
        }
    }
    for text in [
        &mut line.recording.url,
        &mut line.recording.reason,
        &mut line.reason,
    ] {
        *text = text.as_deref().map(redact);
    }
    if let Some(error) = &mut line.last_error {
        error.kind = redact(&error.kind);
        error.message = redact(&error.message);
    }
    for advice in &mut case.advice {
        advice.what = redact(&advice.what);
    }
    for event in &mut case.history {
        event.what = redact(&event.what);
    }
}

/// Whether a text holds something that must not be shown.
fn hides(redactor: &Redactor, text: &str) -> bool {
    let visible: String = text.chars().filter(|c| !is_display_control(*c)).collect();
    redactor.scrub(&visible, usize::MAX) != visible
}

/// What cannot be sent counts as rejected, though nobody but us has refused it.
fn refusal(error: Option<&ErrorRecord>) -> &'static str {
    match error {
        Some(error) if error.kind != FailureKind::Rejected.as_str() => "given up, not sent",
        _ => "refused by the API for good",
    }
}

fn recording_words(record: &UploadRecord, redact: impl Fn(&str) -> String) -> String {
    let recording = &record.recording;
    let mut words = vec![
        match recording.state {
            PartState::Pending => "not sent yet",
            PartState::Uploaded => "delivered",
            PartState::Duplicate => "the API had it already",
            PartState::Remote => "in cloud storage, by egress",
            PartState::Absent => "there never was one",
            PartState::Missing => "missing",
            PartState::Rejected => refusal(recording.error.as_ref()),
            PartState::Abandoned => "given up: its attempts are used up",
        }
        .to_owned(),
    ];
    words.extend(recording.reason.as_deref().map(&redact));
    words.extend(recording.bytes.map(bytes));
    words.extend(attempts(recording.attempts));
    let mismatch = "its size was not the manifest's".to_owned();
    words.extend(recording.size_mismatch.then_some(mismatch));
    words.extend(recording.url.as_deref().map(&redact));
    // The last error of the session stands above.
    let error = recording.error.as_ref();
    let is_last = record
        .last_error()
        .is_some_and(|(part, _)| part == Part::Recording);
    words.extend(
        error
            .filter(|_| !is_last)
            .map(|error| redact(&error.message)),
    );
    words.join("; ")
}

fn call_data_words(document: &Document) -> String {
    let call_data = &document.record.call_data;
    let mut words = vec![
        match call_data.state {
            PartState::Pending => "not sent yet",
            PartState::Uploaded | PartState::Remote => "delivered",
            PartState::Duplicate => "the API had it already",
            PartState::Absent => "there is none",
            PartState::Missing => "missing",
            PartState::Rejected => refusal(call_data.error.as_ref()),
            PartState::Abandoned => "given up: its attempts are used up",
        }
        .to_owned(),
    ];
    words.extend(call_data.without.iter().map(|lacking| {
        let what = match lacking {
            Lacking::Recording => "recording",
            Lacking::Lead => "lead",
            Lacking::Transcript => "transcript",
        };
        format!("went without its {what}")
    }));
    words.extend(attempts(call_data.attempts));
    let is_doubtful = call_data.state == PartState::Pending
        && (call_data.unconfirmed || document.was_tried_elsewhere());
    if is_doubtful {
        words.push("a post may have arrived: the API is asked first".to_owned());
    }
    if call_data.unlinked {
        words.push("the API kept an earlier, incomplete call".to_owned());
    }
    words.join("; ")
}

fn attempts(count: u32) -> Option<String> {
    (count > 0).then(|| counted(count.into(), "attempt"))
}

fn title(role: &'static str) -> &'static str {
    match role {
        "manifest" => "Manifest",
        "audio" => "Audio file",
        "transcript" => "Transcript",
        "lead" => "Lead",
        other => other,
    }
}

/// What the next run does with a session. What a person can do is told beside it.
fn what_comes(line: &SessionLine, next: Option<&Action>) -> String {
    match (line.state, next) {
        (StateWord::Due | StateWord::Waiting | StateWord::Settling, Some(next)) => {
            return PlanStep::from(next).text(moment);
        }
        (StateWord::Backoff, _) => {
            return match line.next() {
                Some(until) => format!("leaves it alone until {}", moment(until)),
                None => "tries it again".to_owned(),
            };
        }
        (StateWord::Processed, _) => "nothing: it is delivered",
        (StateWord::Partial | StateWord::Failed, _) => "nothing, unless a person puts it back",
        (StateWord::Corrupt, _) => "nothing, until its bytes are mended",
        (StateWord::Skipped, _) => "leaves it alone",
        (StateWord::Due, None) => "clears this copy away",
        (StateWord::Waiting | StateWord::Settling, None) => "looks at it again",
    }
    .to_owned()
}

/// Whether an entry of a history tells of an attempt that failed. One that was cut off because its run
/// was told to stop did not.
pub fn is_failure(entry: &HistoryEntry) -> bool {
    entry.outcome != FailureKind::Cancelled.as_str()
        && FailureKind::ALL
            .iter()
            .any(|kind| kind.as_str() == entry.outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_what_a_request_or_a_try_came_to() {
        let is_failure = |outcome: &str| {
            is_failure(&HistoryEntry {
                at: None,
                part: "call_data".to_owned(),
                outcome: outcome.to_owned(),
                status: None,
                ms: None,
            })
        };
        for kind in FailureKind::ALL {
            let expected = kind != FailureKind::Cancelled;
            assert_eq!(is_failure(kind.as_str()), expected, "{kind}");
        }
        for other in [
            "delivered",
            "duplicate",
            "requeued",
            "abandoned",
            "not_found",
            "?",
        ] {
            assert!(!is_failure(other), "{other}");
        }
    }

    #[test]
    fn an_id_that_holds_a_number_is_shown_without_it_and_makes_no_command() {
        let text = br#"{"session_id":"number-_15550100123","dialed_number":"+15550100123"}"#;
        let document = Document::parse(text).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let line = SessionLine::of(&document, "metadata_a.json", StateWord::Failed, now, now);
        let source = Source::Document(&document);
        let path = "/spool/metadata_number-_15550100123.json";
        let session = PageSession::new(line, &source, path, now, &Program::default());
        assert_eq!(session.line.session_id, "number-_1555•••0123");
        let shown = format!("{session:?}");
        assert!(!shown.contains("5550100123"), "{shown}");
        assert!(
            session
                .case
                .advice
                .iter()
                .all(|advice| advice.command.is_none())
        );
    }
}
