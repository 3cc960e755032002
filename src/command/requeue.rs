//! `requeue`: a person puts sessions back to pending.

use std::collections::BTreeSet;
use std::io::{self, BufRead};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::dry_run::phone_redactor;
use super::failure::{CommandFailure, OrExit, failure};
use super::matching::{self, Found};
use super::request::{PartChoice, Requeue, RequeueSet, Selection};
use super::wiring::{lease, open_spool, print, print_json_lines, show};
use crate::clock::{Clock, SystemClock};
use crate::config::{Format, Settings};
use crate::interrupt::Interrupt;
use crate::plan::{Again, Requeued, requeue as reopen};
use crate::report::{ExitCode, RequeueLine, printable, requeue_text};
use crate::session::{Document, PartState, Status, Verdict, verdict};
use crate::settle;
use crate::spool::{DocumentReading, Entry, Filed, LeasedSpool, Spool, SpoolError, State};

/// Puts sessions back to pending and says for each what was done.
pub(super) fn requeue(settings: &Settings, request: &Requeue) -> Result<ExitCode, CommandFailure> {
    let spool = open_spool(settings)?;
    let clock = SystemClock;
    let now = clock.now();
    let leased = if request.dry_run {
        None
    } else {
        Some(lease(&spool, settings.wait, &Interrupt::default(), &clock)?)
    };
    let found = find(&spool, request, now)?;
    for (short, session) in &found.short {
        log::info!(session = session.as_str(); "{} is short for it", printable(short));
    }
    let desk = Desk {
        spool: &spool,
        leased: leased.as_ref().map(|(leased, _)| leased),
        request,
        now,
    };
    let lines = desk
        .requeue_all(&found.documents)
        .or_exit(ExitCode::Durability)?;
    match settings.format {
        Format::Json => print_json_lines(&lines)?,
        Format::Text if settings.is_quiet() => {}
        Format::Text if lines.is_empty() && found.is_complete() => print("nothing to requeue\n"),
        Format::Text if lines.is_empty() => {}
        Format::Text => show(&requeue_text(&lines)),
    }
    // What a run that died was working on stays in the lock file for the next run to see.
    if let Some((leased, None)) = leased {
        leased.release().or_exit(ExitCode::Durability)?;
    }
    if let Some(complaint) = found.complaint() {
        return Err(complaint);
    }
    if lines.iter().any(|line| line.result == "refused") {
        let message =
            "some sessions are fully delivered and were not put back; --force sends them again";
        return Err(failure(ExitCode::Usage, message));
    }
    Ok(ExitCode::Ok)
}

type Target = (State, Entry);

/// The documents that are meant.
fn find(spool: &Spool, request: &Requeue, now: DateTime<Utc>) -> Result<Found, CommandFailure> {
    match &request.selection {
        Selection::Sessions(ids) => {
            let typed: BTreeSet<String> = ids.iter().filter(|id| *id != "-").cloned().collect();
            let ids = read_ids(ids).or_exit(ExitCode::Usage)?;
            matching::find(spool, &ids, &typed)
        }
        Selection::All { set, since, error } => {
            let state = match set {
                RequeueSet::Pending => State::Pending,
                RequeueSet::Failed => State::Failed,
                RequeueSet::Corrupt => State::Corrupt,
                RequeueSet::Partial | RequeueSet::Processed => State::Processed,
            };
            let mut targets = Vec::new();
            for entry in spool.list(state).or_exit(ExitCode::NoSpool)?.iter() {
                let document = match spool.read_document(state, &entry.name) {
                    DocumentReading::Document(document) => Some(document),
                    _ => None,
                };
                let is_of_set = is_of_set(document.as_deref(), *set, request.ask_first);
                if is_of_set && passes(document.as_deref(), &entry, *since, *error, now) {
                    targets.push((state, entry));
                }
            }
            Ok(Found::all(targets))
        }
    }
}

/// The ids that were given; `-` stands for those on stdin, separated by white space or lines.
fn read_ids(ids: &[String]) -> io::Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for id in ids {
        if id != "-" {
            all.insert(id.clone());
            continue;
        }
        for line in io::stdin().lock().lines() {
            let line = line?;
            let line = line.trim();
            if !line.is_empty() {
                all.insert(line.to_owned());
            }
        }
    }
    Ok(all)
}

fn is_of_set(document: Option<&Document>, set: RequeueSet, ask_first: bool) -> bool {
    match set {
        RequeueSet::Pending => document.is_some_and(|document| ask_first || document.is_retry()),
        RequeueSet::Partial => {
            document.is_some_and(|document| verdict(&document.record) == Verdict::Partial)
        }
        RequeueSet::Failed | RequeueSet::Processed => document.is_some(),
        RequeueSet::Corrupt => true,
    }
}

fn passes(
    document: Option<&Document>,
    entry: &Entry,
    since: Option<Duration>,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> bool {
    let last = document
        .and_then(Document::last_upload_attempt)
        .unwrap_or(entry.modified);
    let is_recent = since
        .is_none_or(|since| now - last <= TimeDelta::from_std(since).unwrap_or(TimeDelta::MAX));
    let last_error = document.and_then(|document| document.record.last_error());
    let has_error =
        error.is_none_or(|kind| last_error.is_some_and(|(_, error)| error.kind == kind));
    is_recent && has_error
}

/// Where sessions are put back.
struct Desk<'a> {
    spool: &'a Spool,
    /// The lease; none when nothing is to be changed.
    leased: Option<&'a LeasedSpool<'a>>,
    request: &'a Requeue,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    fn requeue_all(&self, targets: &[Target]) -> Result<Vec<RequeueLine>, SpoolError> {
        targets
            .iter()
            .map(|(state, entry)| self.requeue_one(*state, entry))
            .collect()
    }

    fn requeue_one(&self, state: State, entry: &Entry) -> Result<RequeueLine, SpoolError> {
        let name = entry.name.to_string_lossy().into_owned();
        let line = |id: &str, result, detail: &str| RequeueLine {
            session_id: id.to_owned(),
            document: name.clone(),
            result,
            detail: detail.to_owned(),
        };
        let reading = self.spool.read_document(state, &entry.name);
        if state == State::Corrupt {
            return self.release(entry, &reading, line);
        }
        let DocumentReading::Document(document) = reading else {
            return Ok(line(
                &name,
                "unchanged",
                "it is no document that can be read",
            ));
        };
        let id = document.session_id().to_owned();
        if let Status::Other(word) = document.status() {
            let word = phone_redactor(document.dialed_number()).scrub(&word, 60);
            return Ok(line(
                &id,
                "unchanged",
                &format!("its status is {word}, which is not callspool's to act on"),
            ));
        }
        let mut document = *document;
        let again = self.again();
        let is_anothers = document.status() == Status::Uploaded && !document.has_record();
        let requeued = if is_anothers && !(self.request.force && self.request.part.is_some()) {
            Requeued::NothingLeft
        } else {
            reopen(&mut document.record, again, self.request.force)
        };
        match requeued {
            Requeued::NothingLeft if is_anothers => Ok(line(
                &id,
                "unchanged",
                "another program delivered it; --part all --force sends it again",
            )),
            Requeued::NothingLeft => Ok(line(&id, "unchanged", "nothing is left to send")),
            Requeued::Refused => Ok(line(
                &id,
                "refused",
                "it is fully delivered; --force sends it again",
            )),
            Requeued::Due(parts) => {
                let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
                let detail = if parts.is_empty() {
                    "what was missing is looked for again".to_owned()
                } else {
                    format!("to be sent: {}", parts.join(", "))
                };
                let is_to_ask =
                    self.request.ask_first && document.record.call_data.state == PartState::Pending;
                document.record.call_data.unconfirmed |= is_to_ask;
                let detail = match is_to_ask {
                    true => format!("{detail}; the API is asked first"),
                    false => detail,
                };
                let filed = self.put_back(state, entry, document)?;
                Ok(match filed {
                    Filed::As(_) => line(&id, self.done(), &detail),
                    Filed::Vanished => line(&id, "unchanged", "it has just gone away"),
                })
            }
        }
    }

    fn again(&self) -> Again {
        let part = self.request.part;
        Again {
            recording: matches!(part, Some(PartChoice::Recording | PartChoice::All)),
            call_data: matches!(part, Some(PartChoice::CallData | PartChoice::All)),
        }
    }

    fn done(&self) -> &'static str {
        if self.leased.is_some() {
            "requeued"
        } else {
            "would be requeued"
        }
    }

    fn put_back(
        &self,
        state: State,
        entry: &Entry,
        mut document: Document,
    ) -> Result<Filed, SpoolError> {
        let Some(leased) = self.leased else {
            return Ok(Filed::As(entry.name.clone()));
        };
        settle::put_back(leased, state, &entry.name, &mut document, self.now)
    }

    /// Gives quarantined bytes back as they are.
    fn release(
        &self,
        entry: &Entry,
        reading: &DocumentReading,
        line: impl Fn(&str, &'static str, &str) -> RequeueLine,
    ) -> Result<RequeueLine, SpoolError> {
        if let Some(leased) = self.leased
            && leased.release_from_quarantine(&entry.name)? == Filed::Vanished
        {
            return Ok(line(
                &entry.name.to_string_lossy(),
                "unchanged",
                "it has just gone away",
            ));
        }
        let (id, detail) = match reading {
            DocumentReading::Document(document) => (
                document.session_id().to_owned(),
                "it is a document now".to_owned(),
            ),
            DocumentReading::Unparsable(reason) => {
                let detail = format!(
                    "still no document ({reason}): the next run quarantines it again unless it is mended"
                );
                (entry.name.to_string_lossy().into_owned(), detail)
            }
            DocumentReading::Unreadable(_) | DocumentReading::Vanished => (
                entry.name.to_string_lossy().into_owned(),
                "its bytes cannot be read now".to_owned(),
            ),
        };
        Ok(line(&id, self.done(), &detail))
    }
}
