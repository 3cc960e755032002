//! `dry-run`: print what `run` would do, from the same code. It holds neither the lease nor a
//! client, so it can change and send nothing.

use std::ffi::OsStr;

use chrono::{DateTime, Utc};

use super::adopt;
use super::failure::{CommandFailure, OrExit};
use super::wiring::{open_spool, policy, print_json_lines, show, view};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Attention, Format, Settings, token};
use crate::drain::{Candidate, Judgement, enqueue, judge};
use crate::plan::{Action, Policy, Turns, assess, rest_of_wait};
use crate::redact::Redactor;
use crate::report::{ExitCode, PlanKind, PlanLine, PlanStep, plan_text};
use crate::spool::{DocumentReading, Spool, State};

/// Prints what a run would do.
pub(super) fn dry_run(settings: &Settings) -> Result<ExitCode, CommandFailure> {
    let shard = settings.shard().or_exit(ExitCode::Usage)?;
    token::load(settings).or_exit(ExitCode::Usage)?;
    let spool = open_spool(settings)?.dealt(shard);
    let policy = policy(settings);
    let now = SystemClock.now();
    config::read_ca_file(settings).or_exit(ExitCode::Usage)?;
    let not_before = spool.run_state().not_before;
    let is_held_off =
        rest_of_wait(not_before, &policy, now).is_some_and(|rest| rest > settings.max_wait);
    let mut preview = Preview {
        held_off_until: not_before.filter(|_| is_held_off),
        ..Preview::default()
    };
    let turns = preview.judge_all(&spool, &policy, now)?;
    preview.plan(
        &spool,
        turns,
        &policy,
        settings.batch_size.map(u64::from),
        now,
    );
    if settings.adopt {
        preview.adopt(settings, &spool, now)?;
    }
    match settings.format {
        Format::Json => print_json_lines(&preview.lines)?,
        Format::Text => show(&plan_text(&preview.lines, &view(settings, now))),
    }
    let standing = match settings.attention {
        Attention::New => 0,
        Attention::Standing => standing(&spool, State::Failed)? + standing(&spool, State::Corrupt)?,
    };
    Ok(if preview.is_held_off {
        ExitCode::Unavailable
    } else if standing + preview.needs_person > 0 {
        ExitCode::Attention
    } else if preview.retrying > 0 {
        ExitCode::Deferred
    } else {
        ExitCode::Ok
    })
}

fn standing(spool: &Spool, state: State) -> Result<u64, CommandFailure> {
    spool.count(state).or_exit(ExitCode::NoSpool)
}

/// The plan so far, and what it means for the exit code.
#[derive(Default)]
struct Preview {
    lines: Vec<PlanLine>,
    /// Sessions that a run would quarantine, fail or skip.
    needs_person: u64,
    /// Sessions that failed before.
    retrying: u64,
    /// Until when the API wants to be left alone, if that is longer than a run waits.
    held_off_until: Option<DateTime<Utc>>,
    /// A session would be sent but for that.
    is_held_off: bool,
}

impl Preview {
    fn judge_all(
        &mut self,
        spool: &Spool,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Turns<Candidate>, CommandFailure> {
        let listed = spool.list(State::Pending).or_exit(ExitCode::NoSpool)?;
        let last = spool.run_state().last;
        let mut turns = Turns::default();
        for entry in listed.iter() {
            let name = entry.name.to_string_lossy().into_owned();
            match judge(spool, entry, policy, now) {
                Judgement::Due(candidate) => enqueue(&mut turns, candidate, last.contains(&name)),
                other => self.push_judgement(spool, &name, other),
            }
        }
        Ok(turns)
    }

    /// What a run would adopt first; what comes of that is delivered by the same run.
    fn adopt(
        &mut self,
        settings: &Settings,
        spool: &Spool,
        now: DateTime<Utc>,
    ) -> Result<(), CommandFailure> {
        let (lines, counts) = adopt::preview(settings, spool, now)?;
        let adopted = lines.iter().filter(|line| line.result == "adopted");
        self.lines.extend(adopted.map(|line| {
            let id = line.session_id.as_deref().unwrap_or(&line.transcript);
            let step = PlanStep::new(PlanKind::Adopt, "adopt and deliver");
            PlanLine::plain(id, &line.transcript, step.about(line.files_text()))
        }));
        let puzzling = lines
            .iter()
            .filter(|line| ["ambiguous", "unreadable"].contains(&line.result));
        self.lines.extend(puzzling.map(|line| {
            let id = line.session_id.as_deref().unwrap_or(&line.transcript);
            let detail = line.detail.as_deref().unwrap_or_default();
            let what = format!("not adopted, {}", line.result);
            let detail = format!("{detail}; see: adopt --dry-run");
            let step = PlanStep::new(PlanKind::Person, what).about(detail);
            PlanLine::plain(id, &line.transcript, step)
        }));
        let to_settle = match settings.attention {
            Attention::Standing => counts.needs_person(),
            Attention::New => counts.new,
        };
        self.needs_person += to_settle;
        Ok(())
    }

    fn push_judgement(&mut self, spool: &Spool, name: &str, judgement: Judgement) {
        let (session_id, step) = match judgement {
            Judgement::Residue(state) => (
                None,
                PlanStep::new(PlanKind::Move, "finish a move")
                    .about(format!("it already is in {}", state.as_str())),
            ),
            Judgement::Unmoved(state, document) => (
                Some(document),
                PlanStep::new(
                    PlanKind::Move,
                    format!("finish a move to {}", state.as_str()),
                ),
            ),
            Judgement::Corrupt(reason) => {
                self.needs_person += 1;
                let step = PlanStep::new(PlanKind::Person, "corrupt");
                (None, step.about(reason))
            }
            Judgement::Settling => (
                None,
                PlanStep::new(PlanKind::Settle, "settle")
                    .about("the document may still be in the making"),
            ),
            Judgement::Skip(reason) => {
                self.needs_person += 1;
                let reading = spool.read_document(State::Pending, OsStr::new(name));
                let document = match reading {
                    DocumentReading::Document(document) => Some(document),
                    _ => None,
                };
                let step = PlanStep::new(PlanKind::Person, "skip");
                (document, step.about(reason))
            }
            Judgement::BackOff(document, until) => {
                self.retrying += 1;
                (
                    Some(document),
                    PlanStep::new(PlanKind::BackOff, "back off").until(until),
                )
            }
            Judgement::Vanished | Judgement::Due(_) => return,
        };
        let id = session_id
            .as_ref()
            .map_or(name, |document| document.session_id());
        self.lines.push(PlanLine::plain(id, name, step));
    }

    fn plan(
        &mut self,
        spool: &Spool,
        turns: Turns<Candidate>,
        policy: &Policy,
        batch: Option<u64>,
        now: DateTime<Utc>,
    ) {
        let mut attempted = 0;
        for candidate in turns {
            self.retrying += u64::from(candidate.failed_before);
            let name = &candidate.entry.name;
            let DocumentReading::Document(document) = spool.read_document(State::Pending, name)
            else {
                continue;
            };
            let dossier = spool.gather(name, *document, candidate.entry.modified);
            let action = assess(&dossier, policy, now);
            if let Some(until) = self
                .held_off_until
                .filter(|_| matches!(action, Action::Deliver(_)))
            {
                self.is_held_off = true;
                let step = later("the API asked to be left alone").until(until);
                let (id, name) = (dossier.document.session_id(), name.to_string_lossy());
                self.lines.push(PlanLine::plain(id, &name, step));
                continue;
            }
            let is_attempt = matches!(action, Action::Deliver(_) | Action::Retry { .. });
            if is_attempt && batch.is_some_and(|batch| attempted >= batch) {
                let (id, name) = (dossier.document.session_id(), name.to_string_lossy());
                self.lines
                    .push(PlanLine::plain(id, &name, later("the batch is full")));
                continue;
            }
            attempted += u64::from(is_attempt);
            self.needs_person +=
                u64::from(matches!(action, Action::Fail { .. } | Action::Skip { .. }));
            self.retrying +=
                u64::from(matches!(action, Action::Retry { .. }) && !candidate.failed_before);
            let redactor = phone_redactor(dossier.document.dialed_number());
            self.lines.push(PlanLine::of(&dossier, &action, |text| {
                redactor.scrub(text, 255)
            }));
        }
    }
}

fn later(why: &str) -> PlanStep {
    PlanStep::new(PlanKind::Later, "leave for a later run").about(why)
}

/// Keeps a session's phone number out of file names.
pub(super) fn phone_redactor(phone: Option<String>) -> Redactor {
    phone.map_or_else(Redactor::new, |phone| Redactor::new().phone(&phone))
}
