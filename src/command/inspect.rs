//! `inspect`: show the spool, or sessions of it. Reads only, and takes no lock.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::dry_run::phone_redactor;
use super::failure::{CommandFailure, OrExit};
use super::matching;
use super::request::{Inspect, StateFilter};
use super::wiring::{JsonLines, open_spool, policy, print, print_json_lines, program, show, view};
use crate::clock::{Clock, SystemClock};
use crate::config::{Format, Settings};
use crate::drain::{Judgement, judge};
use crate::plan::{Action, Policy, assess, rest_of_wait};
use crate::report::{
    self, Case, ExitCode, Health, Overview, Program, SessionLine, StateWord, View, check_line,
    overview_text, state_text, summary_text,
};
use crate::session::{Document, Verdict, verdict};
use crate::spool::{DocumentReading, Entry, Listed, Spool, State};
use crate::timestamp;

/// Shows what was asked for.
pub(super) fn inspect(settings: &Settings, request: &Inspect) -> Result<ExitCode, CommandFailure> {
    let now = SystemClock.now();
    let viewer = Viewer {
        spool: open_spool(settings)?,
        policy: policy(settings),
        now,
        view: view(settings, now),
        program: program(settings),
        format: settings.format,
    };
    match request {
        Inspect::Overview => viewer.overview(),
        Inspect::Summary => viewer.summary(),
        Inspect::State(state) => viewer.state(*state),
        Inspect::Sessions(ids) => viewer.sessions(ids),
        Inspect::Check {
            max_age,
            max_pending,
        } => viewer.check(Health {
            max_age: *max_age,
            max_pending: *max_pending,
        }),
        Inspect::Page {
            file,
            max_age,
            max_pending,
        } => {
            let health = Health {
                max_age: *max_age,
                max_pending: *max_pending,
            };
            super::page::page(settings, &viewer, file, health)
        }
    }
}

/// Who looks at a spool, and how.
pub(super) struct Viewer {
    pub(super) spool: Spool,
    pub(super) policy: Policy,
    pub(super) now: DateTime<Utc>,
    view: View,
    program: Program,
    format: Format,
}

impl Viewer {
    fn overview(&self) -> Result<ExitCode, CommandFailure> {
        if self.format == Format::Json {
            let mut out = JsonLines::default();
            for state in [State::Pending, State::Failed] {
                self.each(state, |line| out.push(&line))?;
            }
            out.finish();
            return Ok(ExitCode::Ok);
        }
        let mut lines = self.pending()?;
        let overview = self.count(Overview::of(&lines, self.now))?;
        lines.extend(self.filed(State::Failed)?);
        lines.extend(self.filed(State::Corrupt)?);
        show(&overview_text(&overview, lines, &self.view, &self.program));
        Ok(ExitCode::Ok)
    }

    fn summary(&self) -> Result<ExitCode, CommandFailure> {
        if self.format == Format::Json {
            print_json_lines(&[self.figures()?])?;
            return Ok(ExitCode::Ok);
        }
        let mut lines = self.pending()?;
        let overview = self.count(Overview::of(&lines, self.now))?;
        lines.extend(self.filed(State::Failed)?);
        lines.extend(self.filed(State::Corrupt)?);
        show(&summary_text(&overview, &lines, &self.view));
        Ok(ExitCode::Ok)
    }

    fn state(&self, state: StateFilter) -> Result<ExitCode, CommandFailure> {
        let (state, word) = match state {
            StateFilter::Pending => (State::Pending, None),
            StateFilter::Waiting => (State::Pending, Some(StateWord::Waiting)),
            StateFilter::Settling => (State::Pending, Some(StateWord::Settling)),
            StateFilter::Backoff => (State::Pending, Some(StateWord::Backoff)),
            StateFilter::Failed => (State::Failed, None),
            StateFilter::Corrupt => (State::Corrupt, None),
            StateFilter::Processed => (State::Processed, None),
            StateFilter::Partial => (State::Processed, Some(StateWord::Partial)),
        };
        let is_meant = |line: &SessionLine| word.is_none_or(|word| line.state == word);
        match self.format {
            Format::Json => {
                let mut out = JsonLines::default();
                self.each(state, |line| match is_meant(&line) {
                    true => out.push(&line),
                    false => Ok(()),
                })?;
                out.finish();
            }
            Format::Text => {
                let mut lines = Vec::new();
                self.each(state, |line| {
                    lines.extend(Some(line).filter(is_meant));
                    Ok(())
                })?;
                show(&state_text(&lines, &self.view, &self.program));
            }
        }
        Ok(ExitCode::Ok)
    }

    fn check(&self, health: Health) -> Result<ExitCode, CommandFailure> {
        let overview = self.figures()?;
        let (line, exit) = check_line(&overview, health, self.now);
        print(&line);
        Ok(exit)
    }

    fn sessions(&self, ids: &[String]) -> Result<ExitCode, CommandFailure> {
        let ids: BTreeSet<String> = ids.iter().cloned().collect();
        let mut found = matching::find(&self.spool, &ids, &ids)?;
        let mut texts: Vec<String> = Vec::new();
        for (state, entry) in std::mem::take(&mut found.documents) {
            let reading = self.spool.read_document(state, &entry.name);
            let line = self.line(state, &entry);
            texts.push(self.in_full(state, entry, reading, &line)?);
        }
        let separator = if self.format == Format::Json {
            ""
        } else {
            "\n"
        };
        show(&texts.join(separator));
        match found.complaint() {
            Some(complaint) => Err(complaint),
            None => Ok(ExitCode::Ok),
        }
    }

    /// One session in full.
    fn in_full(
        &self,
        state: State,
        entry: Entry,
        reading: DocumentReading,
        line: &SessionLine,
    ) -> Result<String, CommandFailure> {
        let path = self.spool.layout().dir(state).join(&entry.name);
        let document = match reading {
            // What a crash left behind of a session says nothing of it any more.
            DocumentReading::Document(document) if line.has_document() => Some(*document),
            _ => None,
        };
        let redactor = phone_redactor(document.as_ref().and_then(Document::dialed_number));
        let dossier =
            document.map(|document| self.spool.gather(&entry.name, document, entry.modified));
        let next = dossier
            .as_ref()
            .map(|dossier| assess(dossier, &self.policy, self.now));
        let case = Case {
            line,
            path: &path,
            dossier: dossier.as_ref(),
            next: next.as_ref(),
            layout: self.spool.layout(),
            max_attempts: self.policy.max_attempts,
            program: &self.program,
            redact: &|text| redactor.scrub(text, 400),
        };
        match self.format {
            Format::Json => report::json_line(&case.object(self.now)).or_exit(ExitCode::Internal),
            Format::Text => Ok(case.text(&self.view)),
        }
    }

    /// The figures of the whole spool, for which no session need be kept.
    fn figures(&self) -> Result<Overview, CommandFailure> {
        let mut overview = Overview::default();
        self.each(State::Pending, |line| {
            overview.add(&line);
            Ok(())
        })?;
        self.count(overview.at(self.now))
    }

    /// Adds what is in the other states, and what runs do, to the figures of the pending sessions.
    pub(super) fn count(&self, mut overview: Overview) -> Result<Overview, CommandFailure> {
        let count = |state| self.spool.count(state).or_exit(ExitCode::NoSpool);
        overview.processed = count(State::Processed)?;
        overview.failed = count(State::Failed)?;
        overview.corrupt = count(State::Corrupt)?;
        let not_before = self.spool.run_state().not_before;
        let is_in_force = rest_of_wait(not_before, &self.policy, self.now).is_some();
        overview.not_before = not_before
            .filter(|_| is_in_force)
            .map(timestamp::format_millis);
        Ok(overview.with_activity(self.spool.activity()))
    }

    pub(super) fn list(&self, state: State) -> Result<Listed, CommandFailure> {
        self.spool.list(state).or_exit(ExitCode::NoSpool)
    }

    fn pending(&self) -> Result<Vec<SessionLine>, CommandFailure> {
        self.filed(State::Pending)
    }

    fn filed(&self, state: State) -> Result<Vec<SessionLine>, CommandFailure> {
        let mut lines = Vec::new();
        self.each(state, |line| {
            lines.push(line);
            Ok(())
        })?;
        Ok(lines)
    }

    /// Looks at all sessions in a state, one after the other.
    fn each(
        &self,
        state: State,
        mut visit: impl FnMut(SessionLine) -> Result<(), CommandFailure>,
    ) -> Result<(), CommandFailure> {
        let listed = self.list(state)?;
        listed
            .iter()
            .try_for_each(|entry| visit(self.line(state, &entry)))
    }

    pub(super) fn line(&self, state: State, entry: &Entry) -> SessionLine {
        let name = entry.name.to_string_lossy().into_owned();
        if state == State::Pending {
            return self.pending_line(&name, entry);
        }
        let without = |word, reason: &str| {
            SessionLine::without_document(&name, word, reason, entry.modified, self.now)
        };
        match self.spool.read_document(state, &entry.name) {
            DocumentReading::Document(document) => {
                let word = match state {
                    State::Failed => StateWord::Failed,
                    State::Corrupt => StateWord::Corrupt,
                    _ if verdict(&document.record) == Verdict::Partial => StateWord::Partial,
                    _ => StateWord::Processed,
                };
                SessionLine::of(&document, &name, word, entry.modified, self.now)
            }
            DocumentReading::Unparsable(reason) => without(StateWord::Corrupt, &reason),
            DocumentReading::Unreadable(reason) => without(StateWord::Skipped, &reason),
            DocumentReading::Vanished => without(StateWord::Skipped, "it has just gone away"),
        }
    }

    fn pending_line(&self, name: &str, entry: &Entry) -> SessionLine {
        let line = |document: &Document, word| {
            SessionLine::of(document, name, word, entry.modified, self.now).pending()
        };
        let without = |word, reason: &str| {
            SessionLine::without_document(name, word, reason, entry.modified, self.now).pending()
        };
        match judge(&self.spool, entry.clone(), &self.policy, self.now) {
            Judgement::Residue(_) => without(
                StateWord::Due,
                "a crash left this copy behind; the next run clears it away",
            ),
            Judgement::Unmoved(state, document) => line(&document, StateWord::Due)
                .because(&format!("the next run moves it: it is {}", state.as_str())),
            Judgement::Corrupt(reason) => without(StateWord::Corrupt, &reason),
            Judgement::Settling => without(
                StateWord::Settling,
                "the document may still be in the making",
            ),
            Judgement::Skip(reason) => {
                match self.spool.read_document(State::Pending, &entry.name) {
                    DocumentReading::Document(document) => {
                        line(&document, StateWord::Skipped).because(&reason)
                    }
                    _ => without(StateWord::Skipped, &reason),
                }
            }
            Judgement::BackOff(document, until) => {
                line(&document, StateWord::Backoff).backing_off(until)
            }
            Judgement::Vanished => without(StateWord::Skipped, "it has just gone away"),
            Judgement::Due(_) => {
                let DocumentReading::Document(document) =
                    self.spool.read_document(State::Pending, &entry.name)
                else {
                    return without(StateWord::Settling, "somebody is writing to it");
                };
                let dossier = self.spool.gather(&entry.name, *document, entry.modified);
                let next = assess(&dossier, &self.policy, self.now);
                let word = match next {
                    Action::Wait { .. } => StateWord::Waiting,
                    Action::Settle { .. } => StateWord::Settling,
                    Action::Skip { .. } => StateWord::Skipped,
                    _ => StateWord::Due,
                };
                let redactor = phone_redactor(dossier.document.dialed_number());
                line(&dossier.document, word).before(&next, |text| redactor.scrub(text, 400))
            }
        }
    }
}
