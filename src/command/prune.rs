//! `prune`: removes documents that were delivered, and only when asked, their files.
//!
//! What is to be done is planned first, from the same code whether it is then done or only printed.
//! Before the first document goes a tombstone is kept of each, so that nothing of what was delivered
//! is taken for new.

mod inventory;
mod work;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use self::inventory::{Candidate, Inventory};
use self::work::{PLACES, Task, Wish};
use super::failure::{CommandFailure, OrExit, failure};
use super::request::{Prune, PruneSet};
use super::signals;
use super::wiring::{lease, open_spool, print_json_lines, show};
use crate::clock::{Clock, SystemClock};
use crate::config::{Format, Settings};
use crate::interrupt::Interrupt;
use crate::plan::{Archived, Stays, retain};
use crate::report::{ExitCode, PruneCounts, PruneLine, PruneResult, printable};
use crate::spool::{LeasedSpool, Spool, SpoolError, State};

/// Removes what was delivered and says for each document what was done.
pub(super) fn prune(settings: &Settings, request: &Prune) -> Result<ExitCode, CommandFailure> {
    let spool = open_spool(settings)?;
    let clock = SystemClock;
    let now = clock.now();
    let interrupt = Interrupt::default();
    let leased = if request.dry_run {
        None
    } else {
        signals::listen_idle(interrupt.clone()).or_exit(ExitCode::Internal)?;
        Some(lease(&spool, settings.wait, &interrupt, &clock)?)
    };
    let mut desk = Desk {
        spool: &spool,
        request,
        inventory: Inventory::take(&spool, request.with_files, now).or_exit(ExitCode::NoSpool)?,
        counts: PruneCounts {
            is_dry: request.dry_run,
            ..PruneCounts::default()
        },
        lines: Vec::new(),
        now,
    };
    let mut tasks = desk.plan().or_exit(ExitCode::NoSpool)?;
    log::debug!(documents = tasks.len(); "planned what to prune");
    let outcome = match &leased {
        Some((leased, _)) => desk.carry_out(leased, &mut tasks, &interrupt),
        None => Ok(()),
    };
    let lines = tasks.into_iter().map(|task| task.line);
    desk.lines.extend(lines.collect::<Vec<_>>());
    desk.print(settings)?;
    outcome.or_exit(ExitCode::Durability)?;
    // What a run that died was working on stays in the lock file for the next run to see.
    if let Some((leased, None)) = leased {
        leased.release().or_exit(ExitCode::Durability)?;
    }
    desk.exit(interrupt.signal())
}

/// Why a session is refused that nobody knows.
const NO_SESSION: &str = "there is no such session; see: callspool inspect";

/// How many documents go at a time: what they share is made to last once for all of them.
const BATCH: usize = 32;

struct Desk<'a> {
    spool: &'a Spool,
    request: &'a Prune,
    inventory: Inventory,
    counts: PruneCounts,
    /// What stays and needs a person, or was refused; then what went.
    lines: Vec<PruneLine>,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    /// What is to be done, in its order.
    fn plan(&mut self) -> Result<Vec<Task>, SpoolError> {
        let candidates = std::mem::take(&mut self.inventory.candidates);
        let is_erasure = matches!(self.request.set, PruneSet::Sessions(_));
        let wish = Wish {
            with_files: self.request.with_files,
            is_erasure,
            is_condemned: self.request.partial && is_erasure,
            is_dry: self.request.dry_run,
        };
        let retention = match &self.request.set {
            PruneSet::Retention(retention) => *retention,
            PruneSet::Sessions(ids) => return self.meant(candidates, ids, wish),
        };
        let ages: Vec<_> = candidates
            .iter()
            .map(|it| (it.archived, it.delivered_at))
            .collect();
        let stays = retain(&ages, retention, self.now);
        self.keep_odd();
        let going = self.without(candidates, stays);
        let tasks = going
            .into_iter()
            .map(|it| Task::plan(self.spool, &mut self.inventory, it, wish, self.now));
        tasks.collect()
    }

    /// Documents in processed_metadata/ that say nothing of themselves.
    fn keep_odd(&mut self) {
        let unreadable = self.inventory.unreadable.iter();
        let odd = unreadable
            .map(|(state, name)| (*state, name, "it cannot be read"))
            .chain(
                self.inventory
                    .rubble
                    .iter()
                    .map(|(state, name, _)| (*state, name, "it is no document")),
            )
            .filter(|(state, _, _)| *state == State::Processed);
        let lines = odd.map(|(_, name, reason)| PruneLine {
            reason: Some(reason.to_owned()),
            ..PruneLine::about(&name.to_string_lossy())
        });
        self.lines.extend(lines.collect::<Vec<_>>());
    }

    fn without(&mut self, candidates: Vec<Candidate>, stays: Vec<Option<Stays>>) -> Vec<Candidate> {
        let mut going = Vec::new();
        for (candidate, stays) in candidates.into_iter().zip(stays) {
            match stays {
                Some(stays) => self.counts.stays(stays),
                None => going.push(candidate),
            }
        }
        going
    }

    /// The documents of the sessions that a person has named; one that is not delivered is refused.
    fn meant(
        &mut self,
        candidates: Vec<Candidate>,
        ids: &[String],
        wish: Wish,
    ) -> Result<Vec<Task>, SpoolError> {
        let (meant, _): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|it| ids.contains(&it.session_id));
        let tombstones = self.spool.tombstones()?;
        let ids: BTreeSet<&String> = ids.iter().collect();
        let (mut refused, mut tasks) = (BTreeSet::new(), Vec::new());
        for id in ids {
            let own: Vec<&Candidate> = meant.iter().filter(|it| it.session_id == *id).collect();
            let is_pruned = own.is_empty() && tombstones.has_session(id);
            let unknown = || (own.is_empty() && !is_pruned).then(|| NO_SESSION.to_owned());
            if let Some(reason) = self.refusal(id, &own).or_else(unknown) {
                refused.insert(id.clone());
                self.lines.push(PruneLine {
                    result: PruneResult::Refused,
                    reason: Some(reason),
                    ..PruneLine::about(id)
                });
            } else if is_pruned {
                let (spool, inventory) = (self.spool, &self.inventory);
                tasks.push(Task::plan_left_behind(
                    spool,
                    inventory,
                    &tombstones,
                    id,
                    wish,
                )?);
            }
        }
        for candidate in meant {
            if !refused.contains(&candidate.session_id) {
                let (spool, inventory) = (self.spool, &mut self.inventory);
                tasks.push(Task::plan(spool, inventory, candidate, wish, self.now)?);
            }
        }
        Ok(tasks)
    }

    /// Why a session must not go.
    fn refusal(&self, id: &str, own: &[&Candidate]) -> Option<String> {
        let elsewhere = self.inventory.elsewhere.iter().find(|(_, it, _)| it == id);
        if let Some((state, _, _)) = elsewhere {
            return Some(match state {
                State::Pending => "it is not delivered yet: let a run deliver it first".to_owned(),
                _ => "it was not delivered: requeue it, or remove its document and files by hand \
                      if nobody wants it"
                    .to_owned(),
            });
        }
        let rubble = self.inventory.rubble.iter();
        let mut speaks = rubble.filter(|(_, _, text)| text.contains(id));
        if let Some((state, name, _)) = speaks.next() {
            let (state, name) = (state.as_str(), name.to_string_lossy());
            return Some(format!(
                "{name}, which is no document ({state}), speaks of it: mend it and let a run \
                 deliver it, or remove it by hand"
            ));
        }
        let is_allowed = self.request.partial;
        own.iter()
            .find_map(|it| match it.archived {
                Archived::Delivered => None,
                Archived::Partial | Archived::Foreign if is_allowed => None,
                Archived::Partial => Some(
                    "it was delivered in part only: requeue --partial may complete it, --partial \
                 removes it as it is",
                ),
                Archived::Foreign => Some(
                    "another program delivered it, and what that was is not known: --partial \
                 removes it as it is",
                ),
                Archived::Unsettled => Some("it is not delivered: see callspool inspect"),
            })
            .map(str::to_owned)
    }

    fn carry_out(
        &self,
        leased: &LeasedSpool<'_>,
        tasks: &mut [Task],
        interrupt: &Interrupt,
    ) -> Result<(), SpoolError> {
        let goes = |task: &&Task| task.line.result.goes();
        let (mut removes_files, mut wanted) = (false, BTreeSet::new());
        let mut result = Ok(());
        if tasks.iter().any(|task| goes(&task)) {
            result = self.bury(leased, tasks);
        }
        let (mut going, _): (Vec<_>, Vec<_>) =
            tasks.iter_mut().partition(|task| task.line.result.goes());
        while !going.is_empty() {
            let rest = going.split_off(going.len().min(BATCH));
            let mut batch = std::mem::replace(&mut going, rest);
            if result.is_err() {
                batch.iter_mut().for_each(|task| task.leave());
                continue;
            }
            removes_files |= batch.iter().any(|task| !task.line.files.is_empty());
            result = work::carry_out(&mut batch, leased, &self.inventory, &mut wanted, interrupt);
            if result.is_err() {
                batch.iter_mut().for_each(|task| task.leave());
            }
        }
        // It remembers the names of files, and what they say of their calls.
        if removes_files && matches!(self.request.set, PruneSet::Sessions(_)) {
            result = result.and(leased.forget_adoption_memory());
        }
        result
    }

    /// Keeps tombstones of everything that is to go, before any of it does.
    fn bury(&self, leased: &LeasedSpool<'_>, tasks: &mut [Task]) -> Result<(), SpoolError> {
        let mut tombstones = leased.tombstones()?;
        let mut there = Vec::new();
        for (place, kind) in PLACES {
            let listing = leased.list_assets(place)?.files;
            there.extend(listing.into_iter().map(|stamp| (kind, stamp.name)));
        }
        let names = there
            .iter()
            .filter_map(|(kind, name)| Some((*kind, name.to_str()?)));
        tombstones.drop_old(names, self.now);
        for task in tasks {
            if let Some(tombstone) = task.tombstone.take() {
                tombstones.add(tombstone);
            }
        }
        leased.save_tombstones(&tombstones)
    }

    fn print(&mut self, settings: &Settings) -> Result<(), CommandFailure> {
        for line in &self.lines {
            self.counts.line(line);
        }
        match settings.format {
            Format::Json => print_json_lines(&self.lines)?,
            Format::Text if settings.is_quiet() && !self.needs_person() => {}
            Format::Text => {
                let lines = self.lines.iter().map(|line| line.text(self.now));
                show(&format!("{}{}", lines.collect::<String>(), self.counts));
            }
        }
        Ok(())
    }

    fn needs_person(&self) -> bool {
        self.counts.in_the_way > 0
    }

    fn exit(&self, signal: Option<i32>) -> Result<ExitCode, CommandFailure> {
        let refused = self
            .lines
            .iter()
            .filter(|line| line.result == PruneResult::Refused);
        let refused: Vec<String> = refused
            .map(|line| {
                let reason = line.reason.as_deref().unwrap_or_default();
                format!("{}: {reason}", printable(&line.session_id))
            })
            .collect();
        match signal {
            Some(signal) => Ok(ExitCode::Signal(signal)),
            None if !refused.is_empty() => Err(failure(ExitCode::Usage, refused.join("; "))),
            None if self.needs_person() => Ok(ExitCode::Attention),
            None => Ok(ExitCode::Ok),
        }
    }
}
