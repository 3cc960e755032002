//! The plan for one document, and carrying it out.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::super::dry_run::phone_redactor;
use super::inventory::{Candidate, Identity, Inventory, identities};
use crate::adoption::shown_name;
use crate::interrupt::Interrupt;
use crate::plan::{FileCase, FileFate, call_data_sent, prune_file, recording_sent};
use crate::report::{PruneFile, PruneLine, PruneResult};
use crate::session::{Document, FileKind, Lookup, PartState, Tombstone, Tombstones};
use crate::spool::{
    AssetPlace, Belonging, DocumentReading, FileStamp, LeasedSpool, Removed, Role, Spool,
    SpoolError, State,
};
use crate::upload::call_data::call_id;

/// The directories of files, and what tombstones call what is in them.
pub(super) const PLACES: [(AssetPlace, FileKind); 3] = [
    (AssetPlace::Conversations, FileKind::Transcript),
    (AssetPlace::Recordings, FileKind::Recording),
    (AssetPlace::Leads, FileKind::Lead),
];

/// What is asked for of every document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// Whether its files go with it.
    pub(super) with_files: bool,
    /// Whether a person means this very session: then everything of it is named and found.
    pub(super) is_erasure: bool,
    /// Whether what was not delivered goes too.
    pub(super) is_condemned: bool,
    /// Whether nothing is to be done.
    pub(super) is_dry: bool,
}

impl Wish {
    /// What becomes of what goes.
    fn done(self) -> PruneResult {
        match self.is_dry {
            true => PruneResult::WouldBePruned,
            false => PruneResult::Pruned,
        }
    }
}

/// When a file was delivered, and with how many bytes where that is known.
type Sent = (DateTime<Utc>, Option<u64>);

/// What is to be done with one document.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) line: PruneLine,
    /// The document; `None` when it was removed before.
    stamp: Option<FileStamp>,
    /// The files that go, in their order.
    removals: Vec<Belonging>,
    /// All files that the document names.
    named: BTreeSet<Identity>,
    /// What is left of it.
    pub(super) tombstone: Option<Tombstone>,
    /// The document is gone.
    is_done: bool,
}

impl Task {
    /// Plans what becomes of a document.
    pub(super) fn plan(
        spool: &Spool,
        inventory: &mut Inventory,
        candidate: Candidate,
        wish: Wish,
        now: DateTime<Utc>,
    ) -> Result<Self, SpoolError> {
        let reading = spool.read_document(State::Processed, &candidate.stamp.name);
        let mut task = Self {
            line: line_of(&candidate, wish),
            stamp: Some(candidate.stamp),
            removals: Vec::new(),
            named: BTreeSet::new(),
            tombstone: None,
            is_done: false,
        };
        let DocumentReading::Document(document) = reading else {
            task.keep("it has changed while it was looked at");
            return Ok(task);
        };
        let mut belongings = spool.belongings(&document);
        let tombstone_files: Vec<(FileKind, String)> =
            belongings.iter().filter_map(kind_and_name).collect();
        let named: Vec<(FileKind, &str)> = tombstone_files
            .iter()
            .map(|(kind, name)| (*kind, name.as_str()))
            .collect();
        task.tombstone = Some(Tombstone::of(
            &document,
            &named,
            candidate.delivered_at,
            now,
        ));
        if wish.is_erasure {
            task.tell_what_the_api_has(&document);
        }
        if !wish.with_files {
            return Ok(task);
        }
        if wish.is_erasure {
            let known: BTreeSet<Option<Identity>> =
                belongings.iter().map(|it| it.identity).collect();
            let more = spool.recorded_for(document.session_id())?;
            // The last one first: with the first one gone the others would not be found again.
            let more = more.into_iter().rev();
            belongings.extend(more.filter(|it| !known.contains(&it.identity)));
        }
        task.named = identities(&belongings);
        let has_other_outputs = belongings
            .iter()
            .any(|it| it.role == Role::OtherOutput && !wish.is_condemned);
        let sent = |it: &Belonging| delivered(&document, it.role, has_other_outputs);
        task.judge_files(inventory, &belongings, wish, &sent);
        if task.line.result.goes() {
            inventory.forget(&belongings);
        }
        Ok(task)
    }

    /// Plans what becomes of the files of a session whose document was removed before.
    pub(super) fn plan_left_behind(
        spool: &Spool,
        inventory: &Inventory,
        tombstones: &Tombstones,
        session_id: &str,
        wish: Wish,
    ) -> Result<Self, SpoolError> {
        let mut belongings = Vec::new();
        let mut sent = Vec::new();
        for (place, kind) in PLACES {
            for stamp in spool.list_assets(place)?.files {
                let name = stamp.name.to_str();
                let at = name.and_then(|name| tombstones.file_of_session(session_id, kind, name));
                if let Some(at) = at {
                    belongings.push(spool.left_behind(place, &stamp.name));
                    sent.push(at);
                }
            }
        }
        let mut task = Self {
            line: PruneLine {
                reason: Some("its document was pruned before".to_owned()),
                result: wish.done(),
                ..PruneLine::about(session_id)
            },
            stamp: None,
            removals: Vec::new(),
            named: BTreeSet::new(),
            tombstone: None,
            is_done: false,
        };
        if belongings.is_empty() || !wish.with_files {
            task.line.result = PruneResult::Gone;
            return Ok(task);
        }
        let last = sent.into_iter().max().map(|at| (at, None));
        task.judge_files(inventory, &belongings, wish, &|_| last);
        Ok(task)
    }

    fn judge_files(
        &mut self,
        inventory: &Inventory,
        belongings: &[Belonging],
        wish: Wish,
        sent: &dyn Fn(&Belonging) -> Option<Sent>,
    ) {
        if let Some((_, name)) = inventory.unreadable.first() {
            let name = shown_name(&name.to_string_lossy());
            self.keep(&format!(
                "{name} cannot be read, so what files it names is not known"
            ));
            return;
        }
        let goes = self.line.result;
        let mut is_in_the_way = None;
        for belonging in belongings {
            let fate = prune_file(&FileCase {
                found: &belonging.found,
                is_link: belonging.is_link,
                is_wanted: inventory.is_wanted(&self.line.session_id, belonging),
                delivered: sent(belonging),
                is_condemned: wish.is_condemned,
            });
            let (result, reason) = match fate {
                FileFate::Gone => continue,
                FileFate::Goes => {
                    self.removals.push(belonging.clone());
                    (goes, None)
                }
                FileFate::Stays(reason) => (PruneResult::Kept, Some(reason.to_owned())),
                FileFate::InTheWay(reason) => {
                    is_in_the_way.get_or_insert_with(|| {
                        format!("its {}: {reason}", belonging.role.as_str())
                    });
                    (PruneResult::Kept, Some(reason))
                }
            };
            self.line.files.push(file_line(belonging, result, reason));
        }
        match is_in_the_way {
            Some(reason) => self.keep(&reason),
            None => {
                let files = self.line.files.iter().filter(|file| file.result.goes());
                self.line.bytes += files.map(|file| file.bytes).sum::<u64>();
            }
        }
    }

    /// What of it is out of our hands. A post without an answer may have arrived.
    fn tell_what_the_api_has(&mut self, document: &Document) {
        let (call_data, recording) = (&document.record.call_data, &document.record.recording);
        let is_there = call_data.state.is_delivered() || call_data.unconfirmed;
        self.line.call_id = is_there.then(|| call_id(document.session_id()));
        let url = recording.url.as_deref();
        let url = url.filter(|_| recording.state.is_delivered());
        let redactor = phone_redactor(document.dialed_number());
        self.line.recording_url = url.map(|url| redactor.scrub(url, 400));
    }

    /// Leaves it as it is: a person has to look.
    fn keep(&mut self, reason: &str) {
        self.line.result = PruneResult::Kept;
        self.line.reason = Some(reason.to_owned());
        self.line.bytes = 0;
        self.line.call_id = None;
        self.line.recording_url = None;
        for file in &mut self.line.files {
            if file.result.goes() {
                file.result = PruneResult::Kept;
                file.reason = Some("its document stays".to_owned());
            }
        }
        self.removals.clear();
        self.tombstone = None;
    }

    /// Removes the files, unless something has come up; then its document stays, and what it names is
    /// among `wanted`.
    fn remove_files(
        &mut self,
        leased: &LeasedSpool<'_>,
        inventory: &Inventory,
        wanted: &mut BTreeSet<Identity>,
    ) -> Result<(), SpoolError> {
        let _hush = match self.removals.is_empty() {
            true => None,
            false => Some(leased.hush()?),
        };
        // What stays after all is known before the files go that others share with it.
        let is_changed = match &self.stamp {
            Some(stamp) => !leased.is_as_listed(stamp)?,
            None => false,
        };
        if is_changed {
            self.stay("it has changed while it was looked at", wanted);
        }
        if self.removals.is_empty() {
            return Ok(());
        }
        let named_since = inventory.named_since(leased)?;
        let going = identities(&self.removals);
        if !going.is_disjoint(&named_since) || !going.is_disjoint(wanted) {
            self.stay("another document names one of its files", wanted);
            return Ok(());
        }
        for belonging in &self.removals {
            if leased.remove_belonging(belonging)? == Removed::Changed {
                let reason = format!("its {} has just been changed", belonging.role.as_str());
                self.stay(&reason, wanted);
                return Ok(());
            }
        }
        Ok(())
    }

    fn remove_document(&mut self, leased: &LeasedSpool<'_>) -> Result<(), SpoolError> {
        if self.line.result.goes() {
            if let Some(stamp) = &self.stamp {
                leased.remove_delivered(stamp)?;
            }
            self.is_done = true;
        }
        Ok(())
    }

    fn stay(&mut self, reason: &str, wanted: &mut BTreeSet<Identity>) {
        self.keep(reason);
        wanted.append(&mut self.named);
    }

    /// It was not come to, or not to its end.
    pub(super) fn leave(&mut self) {
        if self.is_done {
            return;
        }
        self.keep("prune stopped before it was done");
    }
}

/// Removes some documents: their files, and when that is sure to last, they themselves. Killed in
/// between, documents are left whose files are gone, and the next prune goes on from there. `wanted`
/// are files of documents that were to go and stay after all.
pub(super) fn carry_out(
    tasks: &mut [&mut Task],
    leased: &LeasedSpool<'_>,
    inventory: &Inventory,
    wanted: &mut BTreeSet<Identity>,
    interrupt: &Interrupt,
) -> Result<(), SpoolError> {
    for task in &mut *tasks {
        if interrupt.signal().is_some() {
            task.leave();
            continue;
        }
        task.remove_files(leased, inventory, wanted)?;
    }
    // A document that is gone while a file comes back would leave that to nobody.
    let mut synced = Vec::new();
    for belonging in tasks.iter().flat_map(|task| &task.removals) {
        let file = belonging.found.here();
        let dir = (
            belonging.place,
            file.and_then(|file| file.relative.parent()),
        );
        if !synced.contains(&dir) {
            leased.sync_belonging(belonging)?;
            synced.push(dir);
        }
    }
    for task in tasks {
        task.remove_document(leased)?;
    }
    leased.sync_delivered()
}

fn line_of(candidate: &Candidate, wish: Wish) -> PruneLine {
    PruneLine {
        document: Some(candidate.stamp.name.to_string_lossy().into_owned()),
        result: wish.done(),
        delivered_at: Some(candidate.delivered_at),
        bytes: candidate.stamp.len_bytes,
        ..PruneLine::about(&candidate.session_id)
    }
}

/// When a file was delivered, by what it is to its document.
fn delivered(document: &Document, role: Role, has_other_outputs: bool) -> Option<Sent> {
    match role {
        Role::Recording => recording_sent(document),
        // It says where those are that were not sent.
        Role::Manifest if has_other_outputs => None,
        Role::Manifest => match document.record.recording.state {
            PartState::Remote => call_data_sent(document),
            _ => recording_sent(document).map(|(at, _)| (at, None)),
        },
        Role::OtherOutput | Role::LeftBehind => None,
        Role::Transcript | Role::Lead | Role::Superseded => call_data_sent(document),
    }
}

fn kind_and_name(belonging: &Belonging) -> Option<(FileKind, String)> {
    let mut places = PLACES.into_iter();
    let (_, kind) = places.find(|(place, _)| *place == belonging.place)?;
    let file = belonging.found.here()?;
    Some((kind, file.relative.to_str()?.to_owned()))
}

fn file_line(belonging: &Belonging, result: PruneResult, reason: Option<String>) -> PruneFile {
    let dir = match belonging.place {
        AssetPlace::Conversations => "conversations",
        AssetPlace::Recordings => "recordings",
        AssetPlace::Leads => "leads",
    };
    let (name, bytes) = match &belonging.found {
        Lookup::Here(file) => (shown_name(&file.relative.to_string_lossy()), file.len_bytes),
        _ => ("?".to_owned(), 0),
    };
    PruneFile {
        role: belonging.role.as_str(),
        path: format!("{dir}/{name}"),
        bytes,
        result,
        reason,
    }
}
