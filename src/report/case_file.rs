//! One session in full, for `inspect <id>`: who, how it stands, its files, what happened, what
//! happens next, and what a person can do.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::advice::{Advice, Program, advise};
use super::case_files::{CaseFile, files};
use super::paragraph::Shape;
use super::plan_line::PlanStep;
use super::session_line::{SessionLine, StateWord};
use super::style::Style;
use super::timeline::timeline;
use super::view::View;
use super::wording::{age, bytes, counted, printable};
use crate::outcome::FailureKind;
use crate::plan::Action;
use crate::session::{Dossier, ErrorRecord, Lacking, PartState, UploadRecord};
use crate::spool::Layout;

/// How the facts of a case are set.
const FACTS: Shape = Shape {
    indent: 2,
    title: 12,
};

/// How commands are set below what they do.
const COMMANDS: Shape = Shape {
    indent: 4,
    title: 0,
};

/// A session, and all that is needed to tell of it.
pub struct Case<'a> {
    /// What a listing says of it.
    pub line: &'a SessionLine,
    /// Where its document is.
    pub path: &'a Path,
    /// What is on disk for it; `None` where there is no document.
    pub dossier: Option<&'a Dossier>,
    /// What the next run would do, if it were due; `None` where there is no document.
    pub next: Option<&'a Action>,
    /// Where everything is.
    pub layout: &'a Layout,
    /// How many attempts a part may cost.
    pub max_attempts: u32,
    /// The program as its user called it.
    pub program: &'a Program,
    /// Keeps the session's phone number out of names.
    pub redact: &'a dyn Fn(&str) -> String,
}

impl Case<'_> {
    /// The case for people.
    pub fn text(&self, view: &View) -> String {
        let line = self.line;
        let state = line.state.style().paint(line.state.as_str());
        let age = line.modified().map(|since| age(since, view.now));
        let mut text = format!(
            "{}  {state}, in the spool for {}\n\n",
            Style::Strong.paint(&printable(&line.session_id)),
            age.unwrap_or_else(|| "an unknown time".to_owned()),
        );
        let mut fact = |title: &str, what: &str| text.push_str(&FACTS.entry(title, what, view));
        let path = (self.redact)(&self.path.display().to_string());
        match self.dossier {
            Some(dossier) => {
                if let Some(phone) = dossier.document.dialed_number() {
                    fact("called", &printable(&(self.redact)(&phone)));
                }
                fact("document", &printable(&path));
                let [recording, call_data] = parts(&dossier.document.record, self);
                fact("recording", &recording);
                error(&mut fact, dossier.document.record.recording.error.as_ref());
                fact("call data", &call_data);
                error(&mut fact, dossier.document.record.call_data.error.as_ref());
            }
            None => {
                fact("document", &printable(&path));
                let reason = line.last_error.as_ref();
                let reason = reason.map_or("", |error| error.message.as_str());
                fact("reason", &Style::Bad.paint(&printable(reason)));
            }
        }
        text.push_str(&self.files_text(view));
        if let Some(dossier) = self.dossier {
            let events = timeline(&dossier.document, view);
            text.push_str(&section("history", events));
        }
        let next = Style::Strong.paint(&printable(&self.next_text(view)));
        text.push('\n');
        text.push_str(&FACTS.entry("next", &next, view));
        text.push_str(&self.advice_text(view));
        text
    }

    fn files(&self) -> Vec<CaseFile> {
        match (self.dossier, self.next) {
            (Some(dossier), Some(next)) => files(dossier, next, self.redact),
            _ => Vec::new(),
        }
    }

    fn files_text(&self, view: &View) -> String {
        let root = &self.layout.root;
        let shape = Shape { indent: 4, ..FACTS };
        let files: Vec<String> = self
            .files()
            .iter()
            .map(|file| {
                let dir = file.dir(self.layout);
                let dir = dir.strip_prefix(root).unwrap_or(dir);
                let place = match file.is_in_place() {
                    true => format!("{}/", dir.display()),
                    false => String::new(),
                };
                let found = printable(&format!("{place}{}", file.found));
                let found = match file.is_in_place() || file.is_elsewhere() {
                    true => found,
                    false => Style::Warning.paint(&found),
                };
                let line = shape.entry(file.role, &found, view);
                // Sections set their lines themselves.
                line.trim().to_owned()
            })
            .collect();
        let title = format!("files in {}", printable(&root.display().to_string()));
        section(&title, files)
    }

    fn advice_text(&self, view: &View) -> String {
        let mut text = String::new();
        let mut title = "to do";
        for advice in self.advice() {
            text.push_str(&FACTS.entry(title, &printable(&advice.what), view));
            if let Some(command) = advice.command {
                let command = Style::Strong.paint(&format!("$ {command}"));
                let whole = View {
                    width: None,
                    ..*view
                };
                // In one piece, to be copied.
                text.push_str(&COMMANDS.text(&command, &whole));
            }
            title = "";
        }
        text
    }

    fn advice(&self) -> Vec<Advice> {
        let record = self.dossier.map(|dossier| &dossier.document.record);
        advise(self.line, record, self.next, self.program)
    }

    /// What the next run does with it, and when.
    fn next_text(&self, view: &View) -> String {
        let when = |time: DateTime<Utc>| view.time_and_distance(time);
        let action = || {
            let step = self.next.map(PlanStep::from);
            step.map_or_else(String::new, |step| step.text(when))
        };
        match self.line.state {
            StateWord::Processed => "nothing: it is delivered".to_owned(),
            StateWord::Partial => "nothing: what could be delivered is".to_owned(),
            StateWord::Failed => "nothing, until a person puts it back".to_owned(),
            StateWord::Corrupt if self.line.is_in_pending => {
                "the next run quarantines its bytes, unchanged".to_owned()
            }
            StateWord::Corrupt => "nothing, until a person gives its bytes back".to_owned(),
            StateWord::Backoff => match self.line.next() {
                Some(time) => format!("not before {}: {}", when(time), action()),
                None => action(),
            },
            StateWord::Due | StateWord::Skipped if self.next.is_none() => {
                let reason = self.line.last_error.as_ref();
                match (self.line.state, reason) {
                    (StateWord::Due, Some(_)) => "the next run clears this copy away".to_owned(),
                    _ => "the next run looks at it again".to_owned(),
                }
            }
            StateWord::Skipped => match &self.line.reason {
                Some(reason) => format!("nothing: {reason}"),
                None => "nothing: it is skipped".to_owned(),
            },
            StateWord::Settling if self.next.is_none() => {
                "the next run looks at it again".to_owned()
            }
            StateWord::Due | StateWord::Waiting | StateWord::Settling => action(),
        }
    }

    /// The case for machines.
    pub fn object(&self, now: DateTime<Utc>) -> CaseObject<'_> {
        // Times in it are UTC, for whomever it is.
        let view = View::plain(now);
        CaseObject {
            line: self.line,
            path: self.path.display().to_string(),
            upload: self.dossier.map(|dossier| &dossier.document.record),
            files: self.files(),
            next: self.next_text(&view),
            advice: self.advice(),
        }
    }
}

/// One session in full, for machines.
#[derive(Debug, Serialize)]
pub struct CaseObject<'a> {
    #[serde(flatten)]
    line: &'a SessionLine,
    /// Where the document is.
    path: String,
    /// Our record of the session, as it stands in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<&'a UploadRecord>,
    /// What is on disk for it.
    files: Vec<CaseFile>,
    /// What the next run would do.
    next: String,
    /// What a person can do.
    advice: Vec<Advice>,
}

/// Lines below a title; nothing when there are none.
fn section(title: &str, lines: Vec<String>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("\n  {}\n{lines}", Style::Heading.paint(title))
}

/// How the recording and the call data stand.
fn parts(record: &UploadRecord, case: &Case<'_>) -> [String; 2] {
    let state = |state: PartState| {
        let style = match state {
            PartState::Uploaded | PartState::Duplicate | PartState::Remote => Style::Good,
            PartState::Rejected | PartState::Abandoned | PartState::Missing => Style::Bad,
            PartState::Pending => Style::Warning,
            PartState::Absent => Style::Dim,
        };
        style.paint(state.as_str())
    };
    // What cannot be sent counts as rejected, though nobody but us has refused it.
    let given_up = |part: PartState, error: Option<&ErrorRecord>| {
        let is_ours = error.is_some_and(|error| error.kind != FailureKind::Rejected.as_str());
        match part {
            PartState::Rejected if is_ours => Style::Bad.paint("given up, not sent"),
            part => state(part),
        }
    };
    let attempts = |state: PartState, attempts: u32| {
        (attempts > 0).then(|| match state {
            PartState::Pending => format!("{attempts} of {} attempts", case.max_attempts),
            _ => counted(attempts.into(), "attempt"),
        })
    };
    let recording = &record.recording;
    let mut about = vec![given_up(recording.state, recording.error.as_ref())];
    about.extend(attempts(recording.state, recording.attempts));
    about.extend(recording.reason.as_deref().map(printable));
    about.extend(recording.bytes.map(bytes));
    let url = recording.url.as_deref();
    about.extend(url.map(|url| printable(&(case.redact)(url))));
    if recording.size_mismatch {
        about.push(Style::Warning.paint("its size was not the manifest's"));
    }

    let call_data = &record.call_data;
    let mut others = vec![given_up(call_data.state, call_data.error.as_ref())];
    others.extend(attempts(call_data.state, call_data.attempts));
    others.extend(call_data.without.iter().map(|lacking| {
        let what = match lacking {
            Lacking::Recording => "recording",
            Lacking::Lead => "lead",
            Lacking::Transcript => "transcript",
        };
        Style::Warning.paint(&format!("went without its {what}"))
    }));
    let was_tried_elsewhere = case
        .dossier
        .is_some_and(|dossier| dossier.document.was_tried_elsewhere());
    if call_data.unconfirmed || was_tried_elsewhere {
        others.push("a post may have arrived: the API is asked first".to_owned());
    }
    if call_data.unlinked {
        others.push(Style::Warning.paint("the API kept an earlier, incomplete call"));
    }
    [about.join(", "), others.join(", ")]
}

fn error(fact: &mut impl FnMut(&str, &str), error: Option<&ErrorRecord>) {
    let Some(error) = error else {
        return;
    };
    let status = error.status.map(|status| format!(" {status}"));
    let status = status.unwrap_or_default();
    let kind = Style::Bad.paint(&printable(&format!("{}{status}", error.kind)));
    fact("", &format!("{kind}: {}", printable(&error.message)));
}
