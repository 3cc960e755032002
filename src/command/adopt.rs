//! `adopt`: documents for transcripts that none names.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::failure::{CommandFailure, OrExit};
use super::request::Adopt;
use super::wiring::{lease, open_spool, print_json_lines, program, show, view};
use crate::adoption::{
    ByHand, Decision, Estate, Judged, Outcome, Patience, Reading, decide, settle_by_hand,
};
use crate::clock::{Clock, SystemClock};
use crate::config::{Format, Settings, Verbosity};
use crate::interrupt::Interrupt;
use crate::legacy::{AdoptError, Adopted, Adopter, Survey, survey};
use crate::report::{AdoptionCounts, AdoptionLine, ExitCode, Program, RunAdoption};
use crate::spool::{DepositError, LeasedSpool, Spool};

/// Makes documents, and says for each transcript what was done and why.
pub(super) fn adopt(settings: &Settings, request: &Adopt) -> Result<ExitCode, CommandFailure> {
    let spool = open_spool(settings)?;
    let clock = SystemClock;
    let leased = if request.dry_run {
        None
    } else {
        Some(lease(&spool, settings.wait, &Interrupt::default(), &clock)?)
    };
    let desk = Desk {
        settings,
        program: program(settings),
        leased: leased.as_ref().map(|(leased, _)| leased),
        now: clock.now(),
        interrupt: Interrupt::default(),
    };
    let survey = survey(&spool, &settings.dirs.processed_uploads, desk.now);
    let survey = survey.or_exit(ExitCode::NoSpool)?;
    let exit = match &request.by_hand {
        None => {
            let (lines, counts) = desk.adopt_all(survey)?;
            desk.print(&lines, Some(&counts))?;
            match counts.needs_person() {
                0 => ExitCode::Ok,
                _ => ExitCode::Attention,
            }
        }
        Some(by_hand) => {
            let line = desk.settle(&survey.estate, by_hand)?;
            desk.print(&[line], None)?;
            ExitCode::Ok
        }
    };
    // What a run that died was working on stays in the lock file for the next run to see.
    if let Some((leased, None)) = leased {
        leased.release().or_exit(ExitCode::Durability)?;
    }
    Ok(exit)
}

/// Adopts at the start of a run. What cannot be looked at keeps no run from delivering.
pub(super) fn adopt_before_run(
    settings: &Settings,
    leased: &LeasedSpool<'_>,
    interrupt: &Interrupt,
) -> Result<RunAdoption, CommandFailure> {
    let desk = Desk {
        settings,
        program: program(settings),
        leased: Some(leased),
        now: SystemClock.now(),
        interrupt: interrupt.clone(),
    };
    let survey = match survey(leased, &settings.dirs.processed_uploads, desk.now) {
        Ok(survey) => survey,
        Err(error) => {
            let failure = CommandFailure::new(ExitCode::NoSpool, error);
            log::warn!(reason = failure.line().as_str(); "nothing was adopted");
            return Ok(RunAdoption::Failed(failure.line()));
        }
    };
    let (lines, counts) = desk.adopt_all(survey)?;
    for line in lines.iter().filter(|line| line.result == "adopted") {
        let session = line.session_id.as_deref().unwrap_or_default();
        log::info!(session, recording = line.recording.reason, lead = line.lead.reason; "adopted");
    }
    Ok(RunAdoption::Done(counts))
}

/// The transcripts that a run would adopt first, for its dry run.
pub(super) fn preview(
    settings: &Settings,
    spool: &Spool,
    now: DateTime<Utc>,
) -> Result<(Vec<AdoptionLine>, AdoptionCounts), CommandFailure> {
    let desk = Desk {
        settings,
        program: program(settings),
        leased: None,
        now,
        interrupt: Interrupt::default(),
    };
    match survey(spool, &settings.dirs.processed_uploads, now) {
        Ok(survey) => desk.adopt_all(survey),
        Err(error) => {
            let failure = CommandFailure::new(ExitCode::NoSpool, error);
            log::warn!(reason = failure.line().as_str(); "nothing would be adopted");
            Ok((Vec::new(), AdoptionCounts::default()))
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Line(&'a AdoptionLine),
    Summary { summary: &'a AdoptionCounts },
}

struct Desk<'a> {
    settings: &'a Settings,
    /// Without it nothing is written.
    leased: Option<&'a LeasedSpool<'a>>,
    now: DateTime<Utc>,
    interrupt: Interrupt,
    /// The program as its user called it.
    program: Program,
}

impl Desk<'_> {
    fn patience(&self) -> Patience {
        Patience {
            settle: self.settings.settle,
            recording_grace: self.settings.recording_grace,
        }
    }

    fn adopt_all(
        &self,
        survey: Survey,
    ) -> Result<(Vec<AdoptionLine>, AdoptionCounts), CommandFailure> {
        let Survey {
            estate,
            mut memory,
            fresh,
        } = survey;
        let Judged {
            decisions,
            unclaimed_recordings,
            unclaimed_leads,
        } = decide(&estate, self.patience(), self.now.timestamp_micros());
        let mut counts = AdoptionCounts {
            unclaimed_recordings: unclaimed_recordings as u64,
            unclaimed_leads: unclaimed_leads as u64,
            ..AdoptionCounts::default()
        };
        let mut told = BTreeSet::new();
        let mut lines = Vec::new();
        for (decision, transcript) in decisions.iter().zip(&estate.transcripts) {
            let line = self.adopt_one(decision, &transcript.reading, false)?;
            counts.count(line.result);
            if ["ambiguous", "unreadable"].contains(&line.result) {
                let is_new = !memory.told.contains(&line.transcript);
                counts.new += u64::from(is_new);
                told.insert(line.transcript.clone());
            }
            lines.push(line);
        }
        let is_worth_keeping = memory.told != told || memory.is_worth_keeping(fresh);
        memory.told = told;
        if let Some(leased) = self.leased.filter(|_| is_worth_keeping) {
            // It only spares work, but a disk that cannot take it takes no document either.
            let bytes = memory.to_bytes().or_exit(ExitCode::Internal)?;
            let saved = leased.save_adoption_memory(&bytes);
            saved.or_exit(ExitCode::Durability)?;
        }
        Ok((lines, counts))
    }

    fn settle(&self, estate: &Estate, by_hand: &ByHand) -> Result<AdoptionLine, CommandFailure> {
        let now = self.now.timestamp_micros();
        let decision = settle_by_hand(estate, self.patience(), now, by_hand);
        let decision = decision.or_exit(ExitCode::Usage)?;
        let mut transcripts = estate.transcripts.iter();
        let transcript = transcripts.find(|it| it.name == decision.transcript);
        let reading = transcript.map_or(&Reading::Foreign, |transcript| &transcript.reading);
        self.adopt_one(&decision, reading, true)
    }

    /// Acts on a decision, where there is something to do and leave to do it.
    fn adopt_one(
        &self,
        decision: &Decision,
        reading: &Reading,
        by_hand: bool,
    ) -> Result<AdoptionLine, CommandFailure> {
        let line = AdoptionLine::of(decision, self.leased.is_none(), &self.program);
        let (Some(leased), Outcome::Adopt, Reading::Call(facts)) =
            (self.leased, &decision.outcome, reading)
        else {
            return Ok(line);
        };
        if self.interrupt.signal().is_some() {
            let line = as_outcome(decision, Outcome::Settling(""));
            let detail = Some("left for a later run: told to stop".to_owned());
            return Ok(AdoptionLine { detail, ..line });
        }
        let now = self.now;
        let adopted = Adopter { leased, now }.adopt(decision, &facts.digest, by_hand);
        Ok(match adopted.map_err(failed)? {
            Adopted::As(document) => AdoptionLine {
                document: Some(document),
                ..line
            },
            Adopted::Already(document) => as_outcome(decision, Outcome::Named(document)),
            Adopted::Changed => as_outcome(decision, Outcome::Settling("transcript")),
            Adopted::Unfit(why) => as_outcome(decision, Outcome::Unreadable(why)),
        })
    }

    fn print(
        &self,
        lines: &[AdoptionLine],
        counts: Option<&AdoptionCounts>,
    ) -> Result<(), CommandFailure> {
        let is_wordy = matches!(self.settings.verbosity, Verbosity::Debug | Verbosity::Trace);
        // Of what was done long ago there is more at every look.
        let is_old = |line: &&AdoptionLine| {
            counts.is_some() && ["delivered", "named", "copy"].contains(&line.result)
        };
        let shown = lines.iter().filter(|line| is_wordy || !is_old(line));
        match self.settings.format {
            Format::Json => {
                let mut rows: Vec<Row<'_>> = shown.map(Row::Line).collect();
                rows.extend(counts.map(|summary| Row::Summary { summary }));
                print_json_lines(&rows)?;
            }
            Format::Text if self.settings.is_quiet() && !needs_person(lines) => {}
            Format::Text => {
                let view = view(self.settings, self.now);
                let mut text: String = shown.map(|line| line.text(&view)).collect();
                if let Some(counts) = counts {
                    text.push_str(&format!("{}\n", counts.text()));
                }
                show(&text);
            }
        }
        Ok(())
    }
}

fn needs_person(lines: &[AdoptionLine]) -> bool {
    let results = ["ambiguous", "unreadable"];
    lines.iter().any(|line| results.contains(&line.result))
}

fn as_outcome(decision: &Decision, outcome: Outcome) -> AdoptionLine {
    let decision = Decision {
        outcome,
        ..decision.clone()
    };
    AdoptionLine::of(&decision, false, &Program::default())
}

fn failed(error: AdoptError) -> CommandFailure {
    let exit = match &error {
        AdoptError::Deposit(DepositError::NoSpool(_)) => ExitCode::NoSpool,
        AdoptError::Deposit(_) | AdoptError::Spool(_) => ExitCode::Durability,
        AdoptError::Json { .. } => ExitCode::Internal,
    };
    CommandFailure::new(exit, error)
}
