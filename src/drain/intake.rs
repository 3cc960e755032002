//! What comes into a run: what earlier runs left half done is finished, and each document of the
//! snapshot is dealt with by what it says, without the network.

use std::ffi::OsStr;

use super::agenda::Agenda;
use super::judgement::{Candidate, Judgement, judge};
use super::ledger::Ledger;
use super::run::Drain;
use super::walk::Walk;
use crate::clock::Clock;
use crate::report::Fate;
use crate::settle;
use crate::spool::{DocumentReading, Entry, Interrupted, Listed, SpoolError, State};
use crate::upload::UploadApi;

impl<'a, A: UploadApi + Send, C: Clock + Sync> Drain<'a, A, C> {
    /// Finishes what earlier runs left half done and judges the snapshot as far as that is done before
    /// the first request: those at which earlier runs stopped or died wherever they are, and the
    /// others from the oldest on.
    pub(super) fn open_agenda(
        &mut self,
        listed: Listed,
        died: Option<&Interrupted>,
    ) -> Agenda<'a, C> {
        let cleared = self.clear(listed.has_temporaries(), died.is_some());
        self.ledger.stop_on_error(cleared);
        let unread = std::mem::take(&mut self.state.died_at);
        let (crashed, last) = deaths(died, &unread, &self.state.last);
        let walk = Walk::new(listed, &[&crashed, &last]);
        let mut agenda = Agenda::new(
            self.spool,
            self.policy,
            self.clock,
            self.bounds.clone(),
            self.window,
            walk,
        );
        let has_crashed = |name: &OsStr| crashed.iter().any(|it| *it == name.to_string_lossy());
        agenda.judge_first(has_crashed, &mut self.ledger);
        self.state.died_at = std::mem::take(&mut agenda.uncharged);
        if self.state.died_at != unread && self.ledger.summary.stopped_by.is_none() {
            let saved = self.spool.save_run_state(&self.state);
            self.ledger.stop_on_error(saved);
        }
        agenda.fill(&mut self.ledger);
        agenda
    }

    /// Clears temporary files of dead runs away. Where a run died all directories are looked
    /// through, until what it left is old enough to go.
    fn clear(&mut self, has_temporaries: bool, did_die: bool) -> Result<(), SpoolError> {
        let now = self.clock.now();
        if did_die || self.unswept {
            self.unswept = true;
            self.unswept = !self.spool.remove_stale_temporaries(&State::ALL, now)?;
        } else if has_temporaries {
            self.spool
                .remove_stale_temporaries(&[State::Pending], now)?;
        }
        Ok(())
    }
}

impl<C: Clock> Agenda<'_, C> {
    /// Judges one document and deals with it unless it is due.
    pub(super) fn judge_one(
        &mut self,
        entry: Entry,
        did_crash: bool,
        ledger: &mut Ledger<'_>,
    ) -> Result<Option<Candidate>, SpoolError> {
        let now = self.clock.now();
        let name = entry.name.clone();
        let fate = match judge(self.spool, entry.clone(), self.policy, now) {
            Judgement::Residue(state) => {
                self.spool.remove_residue(&name, state)?;
                return Ok(recovered(&name, state, ledger));
            }
            Judgement::Unmoved(state, _) => {
                self.spool.move_document(State::Pending, &name, state)?;
                return Ok(recovered(&name, state, ledger));
            }
            Judgement::Corrupt(reason) => {
                self.spool.quarantine(&name, &reason, now)?;
                ledger.summary.needs_attention.new += 1;
                log::error!(document:% = name.display(), reason = reason.as_str(); "quarantined: no metadata document");
                Fate::Corrupt
            }
            Judgement::Settling => Fate::Settling,
            Judgement::Skip(reason) => {
                log::warn!(document:% = name.display(), reason = reason.as_str(); "skipped");
                Fate::Skipped
            }
            Judgement::Vanished => Fate::Vanished,
            Judgement::BackOff(document, until) if !did_crash => {
                log::debug!(session = document.session_id(), until:% = until; "backing off");
                ledger.summary.retrying += 1;
                Fate::BackOff
            }
            Judgement::Due(candidate) if !did_crash => return Ok(Some(candidate)),
            Judgement::BackOff(..) | Judgement::Due(_) => {
                return self.charge_crash(entry, ledger);
            }
        };
        if did_crash {
            return Ok(self.put_off(&name, fate, ledger));
        }
        ledger.summary.sessions.count(fate);
        Ok(None)
    }

    /// Counts a session at which a run died and that is not charged for it now. What cannot be read
    /// is remembered: the lock file will not name it any more when it can.
    fn put_off(&mut self, name: &OsStr, fate: Fate, ledger: &mut Ledger<'_>) -> Option<Candidate> {
        ledger.summary.sessions.count(fate);
        if matches!(fate, Fate::Settling | Fate::Skipped) {
            let name = name.to_string_lossy().into_owned();
            self.uncharged.push(name);
        }
        None
    }

    fn charge_crash(
        &mut self,
        entry: Entry,
        ledger: &mut Ledger<'_>,
    ) -> Result<Option<Candidate>, SpoolError> {
        let mut document = match self.spool.read_document(State::Pending, &entry.name) {
            DocumentReading::Document(document) => document,
            DocumentReading::Vanished => {
                return Ok(self.put_off(&entry.name, Fate::Vanished, ledger));
            }
            // It could be read a moment ago.
            DocumentReading::Unparsable(_) => {
                return Ok(self.put_off(&entry.name, Fate::Settling, ledger));
            }
            DocumentReading::Unreadable(reason) => {
                log::warn!(document:% = entry.name.display(), reason = reason.as_str(); "skipped");
                return Ok(self.put_off(&entry.name, Fate::Skipped, ledger));
            }
        };
        log::warn!(session = document.session_id(); "an earlier run died while it worked on this session");
        let now = self.clock.now();
        let fate = settle::charge_crash(self.spool, &entry.name, &mut document, self.policy, now)?;
        self.spool
            .mark_charged(&entry.name, document.session_id())?;
        if fate == Fate::Deferred {
            return Ok(Some(Candidate {
                entry,
                is_untried: false,
                failed_before: true,
            }));
        }
        ledger.settled(&document, fate);
        Ok(None)
    }
}

fn recovered(name: &OsStr, state: State, ledger: &mut Ledger<'_>) -> Option<Candidate> {
    ledger.summary.sessions.pending -= 1;
    ledger.summary.sessions.recovered += 1;
    log::info!(document:% = name.display(), state = state.as_str(); "finished a move that was interrupted");
    None
}

/// The names of documents at which a run died and that are still to be charged for it, and of those
/// that are to be tried last.
fn deaths(
    died: Option<&Interrupted>,
    unread: &[String],
    last: &[String],
) -> (Vec<String>, Vec<String>) {
    let in_work = || died.into_iter().flat_map(|died| &died.in_work);
    let died_at = in_work().map(|died| died.document.clone());
    let uncharged = in_work().filter(|died| !died.is_charged);
    let uncharged = uncharged.map(|died| died.document.clone());
    (
        unread.iter().cloned().chain(uncharged).collect(),
        last.iter().cloned().chain(died_at).collect(),
    )
}
