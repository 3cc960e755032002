//! `dry-run`: print what `run` would do, from the same code. It holds neither the lease nor a
//! client, so it can change and send nothing.

use std::ffi::OsStr;

use chrono::{DateTime, Utc};

use super::adopt;
use super::failure::{CommandFailure, OrExit};
use super::wiring::{JsonLines, open_spool, policy, show, view};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Attention, Format, Settings, token};
use crate::drain::{Candidate, Judgement, Limits, Walk, enqueue, judge};
use crate::plan::{Action, Policy, Turns, assess, rest_of_wait};
use crate::redact::Redactor;
use crate::report::{ExitCode, PlanKind, PlanLine, PlanStep, plan_text};
use crate::spool::{DocumentReading, Entry, Spool, State};

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
        spool: &spool,
        policy: &policy,
        now,
        batch: settings.batch_size.map(u64::from),
        attempted: 0,
        out: match settings.format {
            Format::Json => Out::Json(JsonLines::default()),
            Format::Text => Out::Text(Vec::new()),
        },
        needs_person: 0,
        retrying: 0,
        held_off_until: not_before.filter(|_| is_held_off),
        is_held_off: false,
    };
    preview.plan()?;
    if settings.adopt {
        preview.adopt(settings)?;
    }
    match preview.out {
        Out::Json(out) => out.finish(),
        Out::Text(lines) => show(&plan_text(&lines, &view(settings, now))),
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

/// Where the plan goes.
enum Out {
    /// To stdout at once.
    Json(JsonLines),
    /// Into one table.
    Text(Vec<PlanLine>),
}

impl Out {
    fn push(&mut self, line: PlanLine) -> Result<(), CommandFailure> {
        match self {
            Self::Json(out) => out.push(&line),
            Self::Text(lines) => {
                lines.push(line);
                Ok(())
            }
        }
    }
}

/// The plan so far, and what it means for the exit code.
struct Preview<'a> {
    spool: &'a Spool,
    policy: &'a Policy,
    now: DateTime<Utc>,
    batch: Option<u64>,
    /// Sessions that would be tried.
    attempted: u64,
    out: Out,
    /// Sessions that a run would quarantine, fail or skip.
    needs_person: u64,
    /// Sessions that failed before.
    retrying: u64,
    /// Until when the API wants to be left alone, if that is longer than a run waits.
    held_off_until: Option<DateTime<Utc>>,
    /// A session would be sent but for that.
    is_held_off: bool,
}

impl Preview<'_> {
    /// Goes through all sessions as a run would that is never stopped: judged ahead by as many, in the
    /// same turns.
    fn plan(&mut self) -> Result<(), CommandFailure> {
        let listed = self.spool.list(State::Pending).or_exit(ExitCode::NoSpool)?;
        let mut walk = Walk::new(listed, &[&self.spool.run_state().last]);
        let mut turns = Turns::new(Limits::WINDOW);
        while let Some(entry) = walk.next_first() {
            self.judge_one(entry, true, &mut turns)?;
        }
        while !turns.is_full() && self.judge_next(&mut walk, &mut turns)? {}
        loop {
            while turns.is_wanting() && self.judge_next(&mut walk, &mut turns)? {}
            match turns.next() {
                Some(candidate) => self.plan_one(&candidate)?,
                None => return Ok(()),
            }
        }
    }

    /// Judges the next one, if there is one.
    fn judge_next(
        &mut self,
        walk: &mut Walk,
        turns: &mut Turns<Candidate>,
    ) -> Result<bool, CommandFailure> {
        match walk.next() {
            Some(entry) => self.judge_one(entry, false, turns).map(|()| true),
            None => Ok(false),
        }
    }

    fn judge_one(
        &mut self,
        entry: Entry,
        is_last: bool,
        turns: &mut Turns<Candidate>,
    ) -> Result<(), CommandFailure> {
        let name = entry.name.to_string_lossy().into_owned();
        match judge(self.spool, entry, self.policy, self.now) {
            Judgement::Due(candidate) => {
                enqueue(turns, candidate, is_last);
                Ok(())
            }
            other => self.push_judgement(&name, other),
        }
    }

    /// What a run would adopt first; what comes of that is delivered by the same run.
    fn adopt(&mut self, settings: &Settings) -> Result<(), CommandFailure> {
        let (lines, counts) = adopt::preview(settings, self.spool, self.now)?;
        let adopted = lines.iter().filter(|line| line.result == "adopted");
        for line in adopted {
            let id = line.session_id.as_deref().unwrap_or(&line.transcript);
            let step = PlanStep::new(PlanKind::Adopt, "adopt and deliver");
            let step = step.about(line.files_text());
            self.out.push(PlanLine::plain(id, &line.transcript, step))?;
        }
        let puzzling = lines
            .iter()
            .filter(|line| ["ambiguous", "unreadable"].contains(&line.result));
        for line in puzzling {
            let id = line.session_id.as_deref().unwrap_or(&line.transcript);
            let detail = line.detail.as_deref().unwrap_or_default();
            let what = format!("not adopted, {}", line.result);
            let detail = format!("{detail}; see: adopt --dry-run");
            let step = PlanStep::new(PlanKind::Person, what).about(detail);
            self.out.push(PlanLine::plain(id, &line.transcript, step))?;
        }
        let to_settle = match settings.attention {
            Attention::Standing => counts.needs_person(),
            Attention::New => counts.new,
        };
        self.needs_person += to_settle;
        Ok(())
    }

    fn push_judgement(&mut self, name: &str, judgement: Judgement) -> Result<(), CommandFailure> {
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
                let reading = self.spool.read_document(State::Pending, OsStr::new(name));
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
            Judgement::Vanished | Judgement::Due(_) => return Ok(()),
        };
        let id = session_id
            .as_ref()
            .map_or(name, |document| document.session_id());
        self.out.push(PlanLine::plain(id, name, step))
    }

    /// What would become of a session whose turn it is.
    fn plan_one(&mut self, candidate: &Candidate) -> Result<(), CommandFailure> {
        self.retrying += u64::from(candidate.failed_before);
        let name = &candidate.entry.name;
        let reading = self.spool.read_document(State::Pending, name);
        let DocumentReading::Document(document) = reading else {
            return Ok(());
        };
        let modified = candidate.entry.modified;
        let dossier = self.spool.gather(name, *document, modified);
        let action = assess(&dossier, self.policy, self.now);
        if let Some(step) = self.put_off(&action) {
            let (id, name) = (dossier.document.session_id(), name.to_string_lossy());
            return self.out.push(PlanLine::plain(id, &name, step));
        }
        self.needs_person += u64::from(matches!(action, Action::Fail { .. } | Action::Skip { .. }));
        self.retrying +=
            u64::from(matches!(action, Action::Retry { .. }) && !candidate.failed_before);
        let redactor = phone_redactor(dossier.document.dialed_number());
        let line = PlanLine::of(&dossier, &action, |text| redactor.scrub(text, 255));
        self.out.push(line)
    }

    /// Why a run would not come to that; counts the sessions that it would try.
    fn put_off(&mut self, action: &Action) -> Option<PlanStep> {
        if let Some(until) = self.held_off_until
            && matches!(action, Action::Deliver(_))
        {
            self.is_held_off = true;
            return Some(later("the API asked to be left alone").until(until));
        }
        let is_attempt = matches!(action, Action::Deliver(_) | Action::Retry { .. });
        if is_attempt && self.batch.is_some_and(|batch| self.attempted >= batch) {
            return Some(later("the batch is full"));
        }
        self.attempted += u64::from(is_attempt);
        None
    }
}

fn later(why: &str) -> PlanStep {
    PlanStep::new(PlanKind::Later, "leave for a later run").about(why)
}

/// Keeps a session's phone number out of file names.
pub(super) fn phone_redactor(phone: Option<String>) -> Redactor {
    phone.map_or_else(Redactor::new, |phone| Redactor::new().phone(&phone))
}
