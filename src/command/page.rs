//! `inspect --html`: a page about the whole spool, written for a web server or a browser. Reads the
//! spool only, and takes no lock.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::failure::{CommandFailure, failure};
use super::inspect::Viewer;
use super::wiring::{absolute, print, print_json_lines, program_from_anywhere};
use crate::config::{Format, Settings};
use crate::plan::assess;
use crate::publish::{self, PublishError};
use crate::report::page::{Backlog, Event, Page, PageSession, Source, Traffic, is_failure};
use crate::report::{self, ExitCode, Health, Overview, Program, SessionLine, StateWord, printable};
use crate::session::{Document, PartState, Verdict, verdict};
use crate::spool::disk::{Disk, SystemDisk};
use crate::spool::{DocumentReading, Entry, State};

/// The most pending sessions that are listed.
const PENDING_LIMIT: usize = 2000;
/// The most of each sort that needs a person.
const ATTENTION_LIMIT: usize = 2000;
/// The most delivered sessions, and the most of those that were delivered in part.
const DELIVERED_LIMIT: usize = 500;

/// Writes the page.
pub(super) fn page(
    settings: &Settings,
    viewer: &Viewer,
    file: &Path,
    health: Health,
) -> Result<ExitCode, CommandFailure> {
    let is_stdout = file.as_os_str() == "-";
    if !is_stdout {
        check_place(viewer, file)?;
    }
    let page = Gathering::of(viewer, program_from_anywhere(settings))?.page(health)?;
    let sessions = page.sessions.len();
    let html = page.html();
    if is_stdout {
        print(&html);
        return Ok(ExitCode::Ok);
    }
    publish::replace(
        &SystemDisk,
        file,
        html.as_bytes(),
        SystemTime::from(viewer.now),
    )
    .map_err(unwritten)?;
    let path = file.display().to_string();
    match settings.format {
        Format::Json => print_json_lines(&[Written {
            version: 1,
            page: &path,
            bytes: html.len(),
            sessions,
        }])?,
        Format::Text if settings.is_quiet() => {}
        Format::Text => print(&format!(
            "wrote {}: {}, {sessions} sessions listed\n",
            printable(&path),
            report::bytes(html.len() as u64),
        )),
    }
    Ok(ExitCode::Ok)
}

/// What was written, for machines.
#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    page: &'a str,
    bytes: usize,
    sessions: usize,
}

/// A page that took a document's place would be a lost session.
fn check_place(viewer: &Viewer, file: &Path) -> Result<(), CommandFailure> {
    let disk = SystemDisk;
    let place = match disk.canonicalize(file) {
        Ok(place) => place,
        Err(_) => {
            let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty());
            match disk.canonicalize(dir.unwrap_or(Path::new("."))) {
                Ok(place) => place,
                // Writing tells what is wrong with it.
                Err(_) => return Ok(()),
            }
        }
    };
    let layout = viewer.spool.layout();
    let states = State::ALL.map(|state| layout.dir(state));
    let assets = [&layout.conversations, &layout.recordings, &layout.leads];
    let mut dirs = states.into_iter().chain(assets.map(PathBuf::as_path));
    let inside = dirs.find(|dir| {
        disk.canonicalize(dir)
            .is_ok_and(|dir| place.starts_with(dir))
    });
    match inside {
        None => Ok(()),
        Some(dir) => Err(failure(
            ExitCode::Usage,
            format!(
                "{} is in {}, which holds the spool's own files; name a file elsewhere",
                file.display(),
                dir.display()
            ),
        )),
    }
}

/// A path or a right that is wrong is to be put right; anything else is the disk's.
fn unwritten(error: PublishError) -> CommandFailure {
    let (exit, remedy) = match &error {
        PublishError::NoFile { .. } => (ExitCode::Usage, ""),
        PublishError::Io { source, .. } => match source.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => (
                ExitCode::Usage,
                "; make its directory, or name a file elsewhere",
            ),
            ErrorKind::PermissionDenied => (
                ExitCode::Usage,
                "; let this user write in its directory, or name a file elsewhere",
            ),
            ErrorKind::InvalidFilename => (ExitCode::Usage, "; name another file"),
            _ => (
                ExitCode::Durability,
                "; make room or repair the volume: the old page stands",
            ),
        },
    };
    let failed = CommandFailure::new(exit, error);
    failure(
        exit,
        format!("the page was not written: {}{remedy}", failed.line()),
    )
}

/// What is on the page, while the spool is read. Documents are let go one by one.
struct Gathering<'a> {
    viewer: &'a Viewer,
    program: Program,
    traffic: Traffic,
    sessions: Vec<PageSession>,
    pending: Vec<SessionLine>,
    others: Vec<SessionLine>,
    pending_left_out: u64,
    attention_left_out: u64,
    delivered_left_out: u64,
}

impl<'a> Gathering<'a> {
    fn of(viewer: &'a Viewer, program: Program) -> Result<Self, CommandFailure> {
        let mut gathering = Self {
            viewer,
            program,
            traffic: Traffic::until(viewer.now),
            sessions: Vec::new(),
            pending: Vec::new(),
            others: Vec::new(),
            pending_left_out: 0,
            attention_left_out: 0,
            delivered_left_out: 0,
        };
        gathering.pending()?;
        gathering.filed(State::Failed)?;
        gathering.filed(State::Corrupt)?;
        gathering.delivered()?;
        Ok(gathering)
    }

    fn page(self, health: Health) -> Result<Page, CommandFailure> {
        let viewer = self.viewer;
        Ok(Page {
            now: viewer.now,
            host: host(),
            root: absolute(&viewer.spool.layout().root).display().to_string(),
            overview: viewer.count(Overview::of(&self.pending, viewer.now))?,
            health,
            traffic: self.traffic,
            sessions: self.sessions,
            attention_left_out: self.attention_left_out,
            pending_left_out: self.pending_left_out,
            delivered_left_out: self.delivered_left_out,
            backlog: Backlog::of(&self.pending, &self.others, viewer.now),
        })
    }

    /// All pending sessions are looked at, the oldest first.
    fn pending(&mut self) -> Result<(), CommandFailure> {
        let (mut waiting, mut attention) = (0, 0);
        for entry in self.viewer.list(State::Pending)?.iter() {
            let line = self.viewer.line(State::Pending, &entry);
            let needs_person = matches!(line.state, StateWord::Skipped | StateWord::Corrupt);
            let is_listed = if needs_person {
                room(
                    &mut attention,
                    ATTENTION_LIMIT,
                    &mut self.attention_left_out,
                )
            } else {
                room(&mut waiting, PENDING_LIMIT, &mut self.pending_left_out)
            };
            self.look_at(State::Pending, &entry, line.clone(), is_listed);
            self.pending.push(line);
        }
        Ok(())
    }

    /// All failed or corrupt ones are looked at, the last that came first.
    fn filed(&mut self, state: State) -> Result<(), CommandFailure> {
        let mut listed = 0;
        for entry in self.viewer.list(state)?.newest_first().iter() {
            let line = self.viewer.line(state, &entry);
            let is_listed = room(&mut listed, ATTENTION_LIMIT, &mut self.attention_left_out);
            self.look_at(state, &entry, line.clone(), is_listed);
            self.others.push(line);
        }
        Ok(())
    }

    /// Of what was delivered only that is read which happened in the time that the charts show, or is
    /// new enough to be listed. What was filed before can have nothing in it that happened since.
    fn delivered(&mut self) -> Result<(), CommandFailure> {
        let (mut whole, mut partial) = (0, 0);
        for entry in self.viewer.list(State::Processed)?.newest_first().iter() {
            let is_recent = entry.changed >= self.traffic.start();
            if !is_recent && whole >= DELIVERED_LIMIT {
                self.delivered_left_out += 1;
                continue;
            }
            let reading = self
                .viewer
                .spool
                .read_document(State::Processed, &entry.name);
            let DocumentReading::Document(document) = reading else {
                self.delivered_left_out += 1;
                continue;
            };
            let is_partial = verdict(&document.record) == Verdict::Partial;
            let (word, event, listed) = if is_partial {
                (StateWord::Partial, Event::Partial, &mut partial)
            } else {
                (StateWord::Processed, Event::Delivered, &mut whole)
            };
            let at = delivered_at(&document).unwrap_or(entry.changed);
            self.traffic.count(at, event);
            self.count_failures(&document);
            let is_listed = room(listed, DELIVERED_LIMIT, &mut self.delivered_left_out);
            if !is_listed && !is_partial {
                continue;
            }
            let name = entry.name.to_string_lossy();
            let line = SessionLine::of(&document, &name, word, entry.modified, self.viewer.now);
            if is_listed {
                let source = Source::Document(&document);
                self.list(State::Processed, &entry, line.clone(), &source);
            }
            if is_partial {
                self.others.push(line);
            }
        }
        Ok(())
    }

    /// Reads a document for what happened to its session, and lists it if there is room.
    fn look_at(&mut self, state: State, entry: &Entry, line: SessionLine, is_listed: bool) {
        let reading = self.viewer.spool.read_document(state, &entry.name);
        let DocumentReading::Document(document) = reading else {
            if is_listed {
                self.list(state, entry, line, &Source::Nothing);
            }
            return;
        };
        self.count_failures(&document);
        if is_listed && line.has_document() {
            let viewer = self.viewer;
            let dossier = viewer.spool.gather(&entry.name, *document, entry.modified);
            let next = assess(&dossier, &viewer.policy, viewer.now);
            self.list(state, entry, line, &Source::Dossier(&dossier, &next));
        } else if is_listed {
            self.list(state, entry, line, &Source::Nothing);
        }
    }

    fn list(&mut self, state: State, entry: &Entry, line: SessionLine, source: &Source<'_>) {
        let path = self.viewer.spool.layout().dir(state).join(&entry.name);
        self.sessions.push(PageSession::new(
            line,
            source,
            &absolute(&path).display().to_string(),
            entry.changed,
            &self.program,
        ));
    }

    fn count_failures(&mut self, document: &Document) {
        let failures = document.record.history.iter().filter(|it| is_failure(it));
        for at in failures.filter_map(|entry| entry.at) {
            self.traffic.count(at, Event::Failure);
        }
    }
}

/// Whether one more can be listed; counts it as listed or as left out.
fn room(listed: &mut usize, limit: usize, left_out: &mut u64) -> bool {
    let is_room = *listed < limit;
    if is_room {
        *listed += 1;
    } else {
        *left_out += 1;
    }
    is_room
}

/// When the last of its parts was delivered.
fn delivered_at(document: &Document) -> Option<DateTime<Utc>> {
    let record = &document.record;
    let recording = (record.recording.state, record.recording.at);
    let call_data = (record.call_data.state, record.call_data.at);
    [recording, call_data]
        .into_iter()
        .filter(|(state, _)| PartState::is_delivered(*state))
        .filter_map(|(_, at)| at)
        .max()
}

/// The machine's name.
fn host() -> String {
    let uname = rustix::system::uname();
    printable(&uname.nodename().to_string_lossy())
}
