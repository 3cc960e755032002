//! The spool while the lease is held: the only way to change it.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::assets::FileStamp;
use super::dealt_lease::{Share, take_whole};
use super::disk::{Access, Disk};
use super::durable::{self, Attributes};
use super::error::{LeaseError, SpoolError};
use super::layout::State;
use super::lease::{Interrupted, Lock};
use super::names;
use super::open::Spool;
use super::run_state::RunState;
use super::scan::DocumentReading;
use super::shards;
use super::temporary;
use crate::redact::is_display_control;
use crate::session::Document;
use crate::timestamp;

/// What came of changing a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filed {
    /// Done; the document goes by this file name now.
    As(OsString),
    /// Somebody has removed the document meanwhile; nothing was written.
    Vanished,
}

/// A spool that this process alone may change. Dropping it releases the lock; [`Self::release`]
/// also says that the run ended in an orderly way.
#[derive(Debug)]
pub struct LeasedSpool<'a> {
    spool: &'a Spool,
    lock: Mutex<Lock>,
    /// What a run of a shard holds besides.
    share: Option<Share>,
    /// A document could not be written to last: none is written any more, by whichever thread.
    is_broken: AtomicBool,
}

impl Deref for LeasedSpool<'_> {
    type Target = Spool;

    fn deref(&self) -> &Spool {
        self.spool
    }
}

impl Spool {
    /// Takes the lease and makes missing state directories. Also tells what a run that died was
    /// working on.
    ///
    /// # Errors
    /// When another run holds the lock, or the lock file or a directory cannot be written.
    pub fn lease(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(LeasedSpool<'_>, Option<Interrupted>), LeaseError> {
        let layout = self.layout();
        let disk = self.disk();
        let started_at = timestamp::format_millis(now);
        let (share, lock, died) = match self.shard() {
            None => {
                let (lock, died) = take_whole(disk, &layout.metadata, &started_at)?;
                (None, lock, died)
            }
            Some(shard) => {
                let (share, lock, died) = Share::take(disk, &layout.metadata, shard, &started_at)?;
                (Some(share), lock, died)
            }
        };
        for state in State::ALL {
            let dir = layout.dir(state);
            durable::ensure_dir(disk, dir, Access::User)?;
            // What cannot be read cannot be told from what was never filed.
            disk.open_dir(dir).map_err(SpoolError::of("list", dir))?;
        }
        durable::keep_dirs(
            disk,
            [State::Processed, State::Failed, State::Corrupt].map(|state| layout.dir(state)),
        )?;
        Ok((
            LeasedSpool {
                spool: self,
                lock: Mutex::new(lock),
                share,
                is_broken: AtomicBool::new(false),
            },
            died,
        ))
    }
}

impl LeasedSpool<'_> {
    /// Gives the lease back after an orderly end.
    ///
    /// # Errors
    /// When the lock file cannot be emptied.
    pub fn release(self) -> Result<(), SpoolError> {
        self.lock().clear()?;
        self.share.as_ref().map_or(Ok(()), Share::release)
    }

    /// The lock, which the threads of a run write to in turn.
    fn lock(&self) -> MutexGuard<'_, Lock> {
        // What a thread was doing that panicked is one write; what it wrote can be read.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes into the lock file that a session is worked on.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn begin_work(&self, name: &OsStr, session_id: &str) -> Result<(), SpoolError> {
        self.lock().begin_work(&name.to_string_lossy(), session_id)
    }

    /// Writes into the lock file that a session is not worked on any more.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn end_work(&self, name: &OsStr) -> Result<(), SpoolError> {
        self.lock().end_work(&name.to_string_lossy())
    }

    /// Writes into the lock file at which session an earlier run died, and that it has been charged
    /// for that: should this run die too before it sends anything, it is not charged again.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn mark_charged(&self, name: &OsStr, session_id: &str) -> Result<(), SpoolError> {
        let name = name.to_string_lossy();
        self.lock().mark_charged(&name, session_id)
    }

    /// Makes the marks last over a loss of power.
    ///
    /// # Errors
    /// When the lock file cannot be synced, or something could not be written before.
    pub fn sync_mark(&self) -> Result<(), SpoolError> {
        self.unless_broken(|| self.lock().sync(self.disk()))
    }

    /// Makes a change unless one before it failed. A sync that failed says nothing of what others
    /// have written meanwhile, and the next one may say that all is well.
    fn unless_broken<T>(
        &self,
        change: impl FnOnce() -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        if self.is_broken.load(Ordering::SeqCst) {
            let cause = io::Error::other("something before it could not be written");
            return Err(SpoolError::new("change", &self.layout().metadata, cause));
        }
        let changed = change();
        self.is_broken.fetch_or(changed.is_err(), Ordering::SeqCst);
        changed
    }

    /// Proves that every state directory can be written to.
    ///
    /// # Errors
    /// When one of them cannot: nothing may be sent then, because its delivery could not be
    /// recorded.
    pub fn prove_writable(&self) -> Result<(), SpoolError> {
        State::ALL
            .into_iter()
            .try_for_each(|state| durable::probe(self.disk(), self.layout().dir(state)))
    }

    /// Removes temporary files that dead runs left more than an hour ago in the given states. Says
    /// whether none is left.
    ///
    /// # Errors
    /// When a directory cannot be listed or a file not be removed.
    pub fn remove_stale_temporaries(
        &self,
        states: &[State],
        now: DateTime<Utc>,
    ) -> Result<bool, SpoolError> {
        let mut left = 0;
        for state in states {
            let dir = self.layout().dir(*state);
            let swept = temporary::remove_stale_temporaries(self.disk(), dir, now.into())?;
            if swept.removed > 0 {
                log::info!(dir:% = dir.display(), files = swept.removed; "removed temporary files of a dead run");
            }
            left += swept.left;
        }
        Ok(left == 0)
    }

    /// Writes a document in its place.
    ///
    /// # Errors
    /// When it cannot be written durably; the old one stands.
    pub fn rewrite(
        &self,
        state: State,
        name: &OsStr,
        document: &Document,
    ) -> Result<Filed, SpoolError> {
        let dir = self.layout().dir(state);
        let Some(attributes) = attributes(self.disk(), &dir.join(name))? else {
            return Ok(Filed::Vanished);
        };
        let bytes = to_bytes(document, &dir.join(name))?;
        self.unless_broken(|| durable::replace(self.disk(), dir, name, &bytes, Some(&attributes)))?;
        Ok(Filed::As(name.to_owned()))
    }

    /// Writes a pending document's last version straight into the directory where it belongs and
    /// removes the pending one. A crash in between leaves both; the next run knows the filed one
    /// by [`Spool::filed_before`].
    ///
    /// # Errors
    /// When it cannot be written durably; the pending one stands.
    pub fn file_away(
        &self,
        name: &OsStr,
        document: &Document,
        to: State,
    ) -> Result<Filed, SpoolError> {
        let pending = self.layout().metadata.join(name);
        let Some(attributes) = attributes(self.disk(), &pending)? else {
            return Ok(Filed::Vanished);
        };
        let bytes = to_bytes(document, &pending)?;
        let dir = self.layout().dir(to);
        self.unless_broken(|| {
            let filed = durable::create(self.disk(), dir, name, &bytes, Some(&attributes))?;
            durable::remove(self.disk(), &pending)?;
            Ok(Filed::As(filed))
        })
    }

    /// Removes a pending document that was filed there before a crash. The run that filed it may
    /// not have come to make that last, so that is done first.
    ///
    /// # Errors
    /// When the directory cannot be synced or the document not be removed.
    pub fn remove_residue(&self, name: &OsStr, filed: State) -> Result<(), SpoolError> {
        durable::sync_dir(self.disk(), self.layout().dir(filed))?;
        durable::remove(self.disk(), &self.layout().metadata.join(name))
    }

    /// Removes the pending copy of a document that goes by this name elsewhere, if a crash left
    /// one. Says whether the pending document of this very name was one.
    ///
    /// # Errors
    /// When that cannot be told, or it cannot be removed.
    pub fn clear_residue(&self, name: &OsStr) -> Result<bool, SpoolError> {
        let mut was_of_name = false;
        for pending in std::iter::once(name.to_owned()).chain(names::unnumbered(name)) {
            let filed = match self.read_document(State::Pending, &pending) {
                DocumentReading::Document(document) => self.filed_before(&pending, &document),
                DocumentReading::Unreadable(reason) => Err(reason),
                DocumentReading::Unparsable(_) | DocumentReading::Vanished => Ok(None),
            };
            let filed = filed.map_err(|reason| {
                let path = self.layout().metadata.join(&pending);
                let operation = "tell whether a crash left a copy behind:";
                SpoolError::new(operation, path, io::Error::other(reason))
            })?;
            if let Some((filed, _)) = filed {
                self.remove_residue(&pending, filed)?;
                was_of_name |= pending == name;
            }
        }
        Ok(was_of_name)
    }

    /// Whether a delivered document is still the one that was listed.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn is_as_listed(&self, listed: &FileStamp) -> Result<bool, SpoolError> {
        let path = self.layout().processed.join(&listed.name);
        let is = |time: Option<std::time::SystemTime>, listed| {
            time.is_none_or(|time| timestamp::of_file(time) == listed)
        };
        match self.disk().lstat(&path) {
            Ok(stat) => Ok(stat.is_file()
                && stat.len_bytes == listed.len_bytes
                && is(stat.modified, listed.modified)
                && is(stat.changed, listed.changed)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SpoolError::new("look at", path, error)),
        }
    }

    /// Removes a delivered document. That lasts after [`Self::sync_delivered`].
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_delivered(&self, listed: &FileStamp) -> Result<(), SpoolError> {
        durable::remove(self.disk(), &self.layout().processed.join(&listed.name))
    }

    /// Makes it last that delivered documents were removed.
    ///
    /// # Errors
    /// When that may not have lasted.
    pub fn sync_delivered(&self) -> Result<(), SpoolError> {
        durable::sync_dir(self.disk(), &self.layout().processed)
    }

    /// Moves a document as it is, never over another one.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn move_document(&self, from: State, name: &OsStr, to: State) -> Result<Filed, SpoolError> {
        let path = self.layout().dir(from).join(name);
        if attributes(self.disk(), &path)?.is_none() {
            return Ok(Filed::Vanished);
        }
        durable::move_new(self.disk(), &path, self.layout().dir(to), name).map(Filed::As)
    }

    /// Moves a document, never over another one, and writes it anew there. A crash in between
    /// leaves it moved as it was.
    ///
    /// # Errors
    /// When it cannot be written durably, before it is moved, or not be moved.
    pub fn move_rewritten(
        &self,
        from: State,
        name: &OsStr,
        to: State,
        document: &Document,
    ) -> Result<Filed, SpoolError> {
        let path = self.layout().dir(from).join(name);
        let Some(attributes) = attributes(self.disk(), &path)? else {
            return Ok(Filed::Vanished);
        };
        let bytes = to_bytes(document, &path)?;
        let dir = self.layout().dir(to);
        durable::move_rewritten(self.disk(), &path, dir, name, &bytes, Some(&attributes))
            .map(Filed::As)
    }

    /// Moves bytes that are no document to corrupt_metadata/, with a note beside them that says why.
    ///
    /// # Errors
    /// When they cannot be moved or the note not be written.
    pub fn quarantine(
        &self,
        name: &OsStr,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Filed, SpoolError> {
        let corrupt = &self.layout().corrupt;
        // The note comes first: bytes that a crash leaves in front of it would never get one.
        let expected = names::free_name(self.disk(), corrupt, name);
        self.write_note(&expected, reason, now)?;
        let filed = self.move_document(State::Pending, name, State::Corrupt)?;
        match &filed {
            Filed::As(name) if *name != expected => {
                self.write_note(name, reason, now)?;
                durable::remove(self.disk(), &corrupt.join(note_name(&expected)))?;
            }
            Filed::As(_) => {}
            Filed::Vanished => durable::remove(self.disk(), &corrupt.join(note_name(&expected)))?,
        }
        Ok(filed)
    }

    fn write_note(&self, name: &OsStr, reason: &str, now: DateTime<Utc>) -> Result<(), SpoolError> {
        let text = format!(
            "{}: {reason}\nThe bytes beside this note are unchanged. Mend them there and run: callspool requeue {}\n",
            timestamp::format_millis(now),
            harmless(name),
        );
        durable::replace(
            self.disk(),
            &self.layout().corrupt,
            &note_name(name),
            text.as_bytes(),
            None,
        )
    }

    /// Moves quarantined bytes back to call_metadata/ and removes the note beside them.
    ///
    /// # Errors
    /// When they cannot be moved or the note not be removed.
    pub fn release_from_quarantine(&self, name: &OsStr) -> Result<Filed, SpoolError> {
        let filed = self.move_document(State::Corrupt, name, State::Pending)?;
        durable::remove(self.disk(), &self.layout().corrupt.join(note_name(name)))?;
        Ok(filed)
    }

    /// Keeps what must outlive the run.
    ///
    /// # Errors
    /// When it cannot be written durably.
    pub fn save_run_state(&self, state: &RunState) -> Result<(), SpoolError> {
        match &self.share {
            Some(share) => share.save_run_state(self.disk(), state),
            None => shards::save_whole(self.disk(), &self.layout().metadata, state),
        }
    }
}

/// A file name for a text that people look at in a terminal.
fn harmless(name: &OsStr) -> String {
    let odd = |c| is_display_control(c);
    name.to_string_lossy().replace(odd, "\u{fffd}")
}

fn note_name(name: &OsStr) -> OsString {
    names::with_ending(name, OsStr::new(".error.txt"))
}

fn attributes(disk: &dyn Disk, path: &Path) -> Result<Option<Attributes>, SpoolError> {
    match disk.lstat(path) {
        Ok(stat) if stat.is_file() => Ok(Some(Attributes::of(&stat))),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SpoolError::new("look at", path, error)),
    }
}

fn to_bytes(document: &Document, path: &Path) -> Result<Vec<u8>, SpoolError> {
    document
        .to_bytes()
        .map_err(|error| SpoolError::new("write", path, error.into()))
}
