//! The start of a run: what earlier runs left half done is finished, and every document of the
//! snapshot is judged, without the network.

use std::ffi::OsStr;

use super::agenda::{Candidate, Judgement, enqueue, judge};
use super::run::Drain;
use crate::clock::Clock;
use crate::plan::Turns;
use crate::report::Fate;
use crate::settle;
use crate::spool::{DocumentReading, Entry, Interrupted, Listed, SpoolError, State};
use crate::upload::UploadApi;

impl<A: UploadApi, C: Clock> Drain<'_, A, C> {
    /// Finishes what earlier runs left half done and judges every document, without the network.
    pub(super) fn clear_and_judge(
        &mut self,
        listed: Listed,
        died: Option<&Interrupted>,
    ) -> Turns<Candidate> {
        let mut turns = Turns::default();
        let cleared = self.clear(listed.has_temporaries, died.is_some());
        self.ledger.stop_on_error(cleared);
        let unread = std::mem::take(&mut self.state.died_at);
        let (crashed, last) = deaths(died, &unread, &self.state.last);
        for entry in listed.entries {
            let name = entry.name.to_string_lossy().into_owned();
            let did_crash = crashed.contains(&name);
            if self.ledger.summary.stopped_by.is_some() {
                self.state.died_at.extend(did_crash.then_some(name));
                // Not judged any more: nothing is said of it but that it is left.
                turns.push_last(Candidate {
                    entry,
                    is_untried: false,
                    failed_before: false,
                });
                continue;
            }
            match self.judge_one(entry, did_crash) {
                Ok(None) => {}
                Ok(Some(candidate)) => {
                    enqueue(&mut turns, candidate, did_crash || last.contains(&name));
                }
                Err(error) => {
                    self.state.died_at.extend(did_crash.then_some(name));
                    self.ledger.stop_on_error(Err(error));
                    self.ledger.summary.sessions.count(Fate::Left);
                }
            }
        }
        if self.state.died_at != unread && self.ledger.summary.stopped_by.is_none() {
            let saved = self.spool.save_run_state(&self.state);
            self.ledger.stop_on_error(saved);
        }
        turns
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

    /// Judges one document and deals with it unless it is due.
    fn judge_one(
        &mut self,
        entry: Entry,
        did_crash: bool,
    ) -> Result<Option<Candidate>, SpoolError> {
        let now = self.clock.now();
        let name = entry.name.clone();
        let fate = match judge(self.spool, entry.clone(), self.policy, now) {
            Judgement::Residue(state) => {
                self.spool.remove_residue(&name, state)?;
                return Ok(self.recovered(&name, state));
            }
            Judgement::Unmoved(state, _) => {
                self.spool.move_document(State::Pending, &name, state)?;
                return Ok(self.recovered(&name, state));
            }
            Judgement::Corrupt(reason) => {
                self.spool.quarantine(&name, &reason, now)?;
                self.ledger.summary.needs_attention.new += 1;
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
                self.ledger.summary.retrying += 1;
                Fate::BackOff
            }
            Judgement::Due(candidate) if !did_crash => return Ok(Some(candidate)),
            Judgement::BackOff(..) | Judgement::Due(_) => {
                return self.charge_crash(entry);
            }
        };
        if did_crash {
            return Ok(self.put_off(&name, fate));
        }
        self.ledger.summary.sessions.count(fate);
        Ok(None)
    }

    /// Counts a session at which a run died and that is not charged for it now. What cannot be read
    /// is remembered: the lock file will not name it any more when it can.
    fn put_off(&mut self, name: &OsStr, fate: Fate) -> Option<Candidate> {
        self.ledger.summary.sessions.count(fate);
        if matches!(fate, Fate::Settling | Fate::Skipped) {
            let name = name.to_string_lossy().into_owned();
            self.state.died_at.push(name);
        }
        None
    }

    fn recovered(&mut self, name: &OsStr, state: State) -> Option<Candidate> {
        self.ledger.summary.sessions.pending -= 1;
        self.ledger.summary.sessions.recovered += 1;
        log::info!(document:% = name.display(), state = state.as_str(); "finished a move that was interrupted");
        None
    }

    fn charge_crash(&mut self, entry: Entry) -> Result<Option<Candidate>, SpoolError> {
        let mut document = match self.spool.read_document(State::Pending, &entry.name) {
            DocumentReading::Document(document) => document,
            DocumentReading::Vanished => return Ok(self.put_off(&entry.name, Fate::Vanished)),
            // It could be read a moment ago.
            DocumentReading::Unparsable(_) => return Ok(self.put_off(&entry.name, Fate::Settling)),
            DocumentReading::Unreadable(reason) => {
                log::warn!(document:% = entry.name.display(), reason = reason.as_str(); "skipped");
                return Ok(self.put_off(&entry.name, Fate::Skipped));
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
        self.ledger.settled(&document, fate);
        Ok(None)
    }
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
