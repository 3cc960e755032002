//! What `adopt` says of each transcript, and of all.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::advice::Program;
use super::style::Style;
use super::view::View;
use super::wording::{counted, printable, shell_word};
use crate::adoption::{Choice, Decision, Outcome, shown_name};
use crate::timestamp;

/// How many candidates are named to a person, and how many commands; nobody reads more.
const MAX_SHOWN: usize = 20;

/// What was done with one transcript, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptionLine {
    /// The session's id.
    pub session_id: Option<String>,
    /// The transcript's file name.
    pub transcript: String,
    /// What was done: `adopted`, `ambiguous`, `delivered`, `named`, `copy`, `waiting`, `settling`,
    /// `unreadable`, `foreign`.
    pub result: &'static str,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// More about it.
    pub detail: Option<String>,
    /// The document's file name.
    pub document: Option<String>,
    /// The recording.
    pub recording: AdoptionFile,
    /// The lead.
    pub lead: AdoptionFile,
    /// What to type to settle it.
    pub commands: Vec<String>,
    /// Until when its recording is awaited.
    #[serde(skip)]
    pub until: Option<DateTime<Utc>>,
}

/// Which file, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptionFile {
    /// Its name; of a recording without a file here, its manifest's.
    pub name: Option<String>,
    /// By what it is known, or why there is none.
    pub reason: &'static str,
    /// What it may be.
    pub candidates: Vec<String>,
}

impl AdoptionFile {
    fn of(choice: &Choice) -> Self {
        let candidates = match choice {
            Choice::Ambiguous { candidates, .. } => candidates.as_slice(),
            _ => &[],
        };
        Self {
            name: choice.name().map(|name| shown_name(&name)),
            reason: choice.reason(),
            candidates: candidates.iter().map(|name| shown_name(name)).collect(),
        }
    }

    fn text(&self, what: &str) -> String {
        match &self.name {
            Some(name) => format!("{what} {} ({})", printable(name), self.reason),
            None => format!("{what}: {}", self.reason),
        }
    }
}

impl AdoptionLine {
    /// The line of a decision that was not acted on.
    pub fn of(decision: &Decision, dry_run: bool, program: &Program) -> Self {
        let (result, detail) = outcome(&decision.outcome);
        let mut line = Self {
            session_id: decision.session_id.clone(),
            transcript: decision.transcript.clone(),
            result,
            dry_run,
            detail,
            document: None,
            recording: AdoptionFile::of(&decision.recording),
            lead: AdoptionFile::of(&decision.lead),
            commands: Vec::new(),
            until: match decision.outcome {
                Outcome::Waiting(until) => DateTime::from_timestamp_micros(until),
                _ => None,
            },
        };
        match &decision.outcome {
            Outcome::Named(document) => line.document = Some(document.clone()),
            Outcome::Ambiguous(_) => line.commands = line.settling_commands(decision, program),
            _ => {}
        }
        line
    }

    /// What to type, one line for each candidate.
    fn settling_commands(&self, decision: &Decision, program: &Program) -> Vec<String> {
        let session = self.session_id.as_deref().unwrap_or(&self.transcript);
        let start = format!(
            "{} adopt{}{}",
            program.head(),
            option("session", session),
            option("transcript", &self.transcript)
        );
        let options = |flag: &str, file: &AdoptionFile, choice: &Choice| -> Vec<String> {
            let files = file.candidates.iter().chain(&file.name);
            let mut options: Vec<String> = files.map(|name| option(flag, name)).collect();
            if !matches!(choice, Choice::Found { .. }) {
                options.push(format!(" --no-{flag}"));
            }
            options
        };
        let recordings = options("recording", &self.recording, &decision.recording);
        let leads = match &decision.lead {
            Choice::Ambiguous { .. } => options("lead", &self.lead, &decision.lead),
            _ => vec![String::new()],
        };
        let mut commands = Vec::new();
        for recording in &recordings {
            for lead in &leads {
                if commands.len() < MAX_SHOWN {
                    commands.push(format!("{start}{recording}{lead}"));
                }
            }
        }
        commands
    }

    /// Recording and lead, with their reasons; what is ambiguous about them is told elsewhere.
    pub fn files_text(&self) -> String {
        let files = [("recording", &self.recording), ("lead", &self.lead)];
        let told = files.iter().filter(|(_, file)| file.candidates.is_empty());
        let texts: Vec<String> = told.map(|(what, file)| file.text(what)).collect();
        texts.join(", ")
    }

    fn style(&self) -> Style {
        match self.result {
            "adopted" => Style::Good,
            "ambiguous" | "unreadable" => Style::Bad,
            _ => Style::Dim,
        }
    }

    /// The lines for people.
    pub fn text(&self, view: &View) -> String {
        let who = self.session_id.as_deref().unwrap_or(&self.transcript);
        let result = match (self.result, self.dry_run) {
            ("adopted", true) => "would be adopted",
            ("copy", _) => "is a copy",
            ("foreign", _) => "is no transcript",
            (result, _) => result,
        };
        let mut text = format!(
            "{}  {}",
            Style::Strong.paint(&printable(who)),
            self.style().paint(result)
        );
        if let Some(until) = self.until {
            let until = view.time_and_distance(until);
            text.push_str(&format!(": for its recording until {until}"));
        } else if let Some(detail) = &self.detail {
            text.push_str(&format!(": {}", printable(detail)));
        }
        if let Some(document) = &self.document {
            text.push_str(&format!("  {}", printable(document)));
        }
        let files = self.files_text();
        if ["adopted", "ambiguous"].contains(&self.result) && !files.is_empty() {
            text.push_str(&format!("  {files}"));
        }
        text.push('\n');
        if self.result == "ambiguous" {
            let files = [("recording", &self.recording), ("lead", &self.lead)];
            for (what, file) in files {
                for name in file.candidates.iter().take(MAX_SHOWN) {
                    text.push_str(&format!("    may be {what} {}\n", printable(name)));
                }
                if let Some(more) = file.candidates.len().checked_sub(MAX_SHOWN + 1) {
                    text.push_str(&format!("    or one of {} more\n", more + 1));
                }
            }
            for command in &self.commands {
                let command = format!("$ {}", printable(command));
                text.push_str(&format!("    {}\n", Style::Strong.paint(&command)));
            }
        }
        text
    }
}

/// An option with its value, also when that looks like an option.
fn option(flag: &str, value: &str) -> String {
    let separator = if value.starts_with('-') { '=' } else { ' ' };
    format!(" --{flag}{separator}{}", shell_word(value))
}

fn outcome(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::Adopt => ("adopted", None),
        Outcome::Ambiguous(reasons) => ("ambiguous", Some(reasons.join("; "))),
        Outcome::Delivered => ("delivered", None),
        Outcome::Named(_) => ("named", None),
        Outcome::CopyOf(first) => ("copy", Some(format!("of {first}"))),
        Outcome::Waiting(until) => {
            let until = chrono::DateTime::from_timestamp_micros(*until);
            let until = until.map(timestamp::format_millis).unwrap_or_default();
            ("waiting", Some(format!("for its recording until {until}")))
        }
        Outcome::Settling(what) => (
            "settling",
            Some(format!("the {what} may still be in the making")),
        ),
        Outcome::Unreadable(why) => ("unreadable", Some(why.clone())),
        Outcome::Foreign => ("foreign", Some("it is JSON of another kind".to_owned())),
    }
}

/// How many transcripts came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AdoptionCounts {
    /// Files in conversations/ that were looked at.
    pub transcripts: u64,
    /// Got a document, or would get one.
    pub adopted: u64,
    /// Need a person.
    pub ambiguous: u64,
    /// Were delivered by an older uploader.
    pub delivered: u64,
    /// Have a document.
    pub named: u64,
    /// Hold the same as another.
    pub copies: u64,
    /// Their recording may still come.
    pub waiting: u64,
    /// May still be in the making.
    pub settling: u64,
    /// Cannot be read.
    pub unreadable: u64,
    /// Are no transcripts.
    pub foreign: u64,
    /// Of the ambiguous and unreadable, those that were not so at the last look.
    pub new: u64,
    /// Recordings that nothing claims.
    pub unclaimed_recordings: u64,
    /// Leads that nothing claims.
    pub unclaimed_leads: u64,
}

impl AdoptionCounts {
    /// Counts one transcript.
    pub fn count(&mut self, result: &str) {
        self.transcripts += 1;
        let counter = match result {
            "adopted" => &mut self.adopted,
            "ambiguous" => &mut self.ambiguous,
            "delivered" => &mut self.delivered,
            "named" => &mut self.named,
            "copy" => &mut self.copies,
            "waiting" => &mut self.waiting,
            "settling" => &mut self.settling,
            "unreadable" => &mut self.unreadable,
            _ => &mut self.foreign,
        };
        *counter += 1;
    }

    /// How many need a person.
    pub fn needs_person(&self) -> u64 {
        self.ambiguous + self.unreadable
    }

    /// The counts in words; what there is none of is not mentioned.
    pub fn text(&self) -> String {
        let counts = [
            (self.adopted, "adopted"),
            (self.ambiguous, "ambiguous"),
            (self.delivered, "delivered"),
            (self.named, "named"),
            (self.copies, "copies"),
            (self.waiting, "waiting"),
            (self.settling, "settling"),
            (self.unreadable, "unreadable"),
            (self.foreign, "no transcripts"),
        ];
        let named = |counts: &[(u64, &str)]| -> Vec<String> {
            let there = counts.iter().filter(|(count, _)| *count > 0);
            there
                .map(|(count, name)| format!("{count} {name}"))
                .collect()
        };
        let mut text = counted(self.transcripts, "transcript");
        let counts = named(&counts);
        if !counts.is_empty() {
            text.push_str(&format!(": {}", counts.join(", ")));
        }
        let unclaimed = [
            (self.unclaimed_recordings, "recording"),
            (self.unclaimed_leads, "lead"),
        ];
        let unclaimed: Vec<String> = unclaimed
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| counted(count, noun))
            .collect();
        if !unclaimed.is_empty() {
            text.push_str(&format!("; nothing claims {}", unclaimed.join(" and ")));
        }
        text
    }
}

/// What came of adopting at the start of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAdoption {
    /// How many came to what.
    Done(AdoptionCounts),
    /// What lies about could not be looked at, and why.
    Failed(String),
}
