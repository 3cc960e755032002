//! The lease of one shard, and what the lease of the whole spool has to do with shards.
//!
//! A run of a shard holds the spool's lock together with others of its kind, and its shard's lock
//! alone. Those that start take turns, for milliseconds, so that who comes first can see that nobody
//! else is there, and clear up after the dead.

use std::path::{Path, PathBuf};

use super::disk::{Access, Disk, LockFile};
use super::durable;
use super::error::{LeaseError, SpoolError};
use super::lease::{self, Hold, Interrupted, Lock};
use super::run_state::{Kept, RunState};
use super::shard::Shard;
use super::shards::{ShardFiles, ShardsDir};

/// The part in the spool that a run of a shard holds beside its own lock.
#[derive(Debug)]
pub(super) struct Share {
    shard: Shard,
    dir: ShardsDir,
    /// How often the shards' files had been put together when it began. While it holds its part
    /// that does not change.
    generation: u64,
    /// The spool's lock, held together with runs of other shards.
    whole: Box<dyn LockFile>,
    whole_path: PathBuf,
}

impl Share {
    /// Takes a shard's lock, or says who is in the way.
    pub(super) fn take(
        disk: &dyn Disk,
        metadata: &Path,
        shard: Shard,
        started_at: &str,
    ) -> Result<(Self, Lock, Option<Interrupted>), LeaseError> {
        let dir = ShardsDir::of(metadata);
        durable::ensure_dir(disk, &dir.path, Access::User)?;
        durable::keep_dirs(disk, [dir.path.as_path()])?;
        let _turn = lease::wait_for(disk, &dir.start_lock())?;
        let whole_path = metadata.join(lease::FILE_NAME);
        let whole = match lease::acquire(disk, &whole_path, Hold::Together)? {
            Ok(whole) => whole,
            Err(held) => return Err(LeaseError::Locked(lease::read_holder(&*held))),
        };
        let files = dir.files(disk)?;
        let others = Others::hold(disk, &dir, &files, shard)?;
        let (lock, died) = Lock::take(disk, dir.lock(shard), started_at)?;
        let died_before = lease::read_interrupted(&*whole);
        let died_before = died_before.map_err(SpoolError::of("read", &whole_path))?;
        let is_of_other_count = |other: &Shard| other.count() != shard.count();
        if died_before.is_some()
            || !others.0.is_empty()
            || files.states.iter().any(is_of_other_count)
        {
            let died_before = Deaths {
                of_whole: died_before,
                whole: &*whole,
                path: &whole_path,
            };
            others.clear_up(disk, &dir, &files, shard, died_before)?;
        }
        let share = Self {
            shard,
            generation: dir.generation(disk),
            dir,
            whole,
            whole_path,
        };
        Ok((share, lock, died))
    }

    /// Keeps what must outlive this shard's run.
    pub(super) fn save_run_state(
        &self,
        disk: &dyn Disk,
        state: &RunState,
    ) -> Result<(), SpoolError> {
        let kept = Kept {
            state: state.clone(),
            generation: self.generation,
        };
        self.dir.save(disk, self.shard, &kept)
    }

    /// Notes in the spool's lock file, by its time alone, that a run ended in an orderly way.
    pub(super) fn release(&self) -> Result<(), SpoolError> {
        let emptied = self.whole.set_len(0);
        emptied.map_err(SpoolError::of("empty", &self.whole_path))
    }
}

/// What a run of the whole spool has left in the spool's lock file when it died.
struct Deaths<'a> {
    of_whole: Option<Interrupted>,
    whole: &'a dyn LockFile,
    path: &'a Path,
}

/// The locks of shards of another count, held so that nobody else takes them.
struct Others(Vec<(Shard, Box<dyn LockFile>)>);

impl Others {
    fn hold(
        disk: &dyn Disk,
        dir: &ShardsDir,
        files: &ShardFiles,
        ours: Shard,
    ) -> Result<Self, LeaseError> {
        let mut held = Vec::new();
        for theirs in &files.locks {
            if theirs.count() == ours.count() {
                continue;
            }
            match lease::acquire(disk, &dir.lock(*theirs), Hold::Alone)? {
                Ok(file) => held.push((*theirs, file)),
                Err(_) => {
                    return Err(LeaseError::OtherCount {
                        ours,
                        theirs: *theirs,
                    });
                }
            }
        }
        Ok(Self(held))
    }

    /// Clears up after runs of the whole spool that died, and after those of shards of another
    /// count. Where a run of a shard of ours is at work there is nothing to clear up: it has begun
    /// with that.
    fn clear_up(
        self,
        disk: &dyn Disk,
        dir: &ShardsDir,
        files: &ShardFiles,
        ours: Shard,
        before: Deaths<'_>,
    ) -> Result<(), SpoolError> {
        let mut siblings = Vec::new();
        for sibling in &files.locks {
            if sibling.count() != ours.count() || *sibling == ours {
                continue;
            }
            match lease::acquire(disk, &dir.lock(*sibling), Hold::Alone)? {
                Ok(file) => siblings.push(file),
                Err(_) => return Ok(()),
            }
        }
        let mut deaths: Vec<Interrupted> = before.of_whole.into_iter().collect();
        deaths.extend(deaths_of(dir, &self.0)?);
        dir.put_together(disk, files, &deaths)?;
        lease::empty(before.whole).map_err(SpoolError::of("empty", before.path))?;
        remove_all(disk, dir, files, self.0.iter().map(|(shard, _)| *shard))
    }
}

/// Clears up after runs of shards, for one that has the whole spool.
pub(super) fn take_over(disk: &dyn Disk, metadata: &Path) -> Result<(), LeaseError> {
    let dir = ShardsDir::of(metadata);
    let files = dir.files(disk)?;
    if files.locks.is_empty() && files.states.is_empty() {
        return Ok(());
    }
    let mut held = Vec::new();
    for shard in &files.locks {
        match lease::acquire(disk, &dir.lock(*shard), Hold::Alone)? {
            Ok(file) => held.push((*shard, file)),
            Err(file) => return Err(LeaseError::Locked(lease::read_holder(&*file))),
        }
    }
    let deaths = deaths_of(&dir, &held)?;
    dir.put_together(disk, &files, &deaths)?;
    remove_all(disk, &dir, &files, files.locks.iter().copied())?;
    Ok(())
}

fn deaths_of(
    dir: &ShardsDir,
    held: &[(Shard, Box<dyn LockFile>)],
) -> Result<Vec<Interrupted>, SpoolError> {
    let mut deaths = Vec::new();
    for (shard, file) in held {
        let died = lease::read_interrupted(&**file);
        deaths.extend(died.map_err(SpoolError::of("read", &dir.lock(*shard)))?);
    }
    Ok(deaths)
}

/// Removes state files and some lock files; a loss of power brings none of them back.
fn remove_all(
    disk: &dyn Disk,
    dir: &ShardsDir,
    files: &ShardFiles,
    locks: impl Iterator<Item = Shard>,
) -> Result<(), SpoolError> {
    for state in &files.states {
        durable::remove(disk, &dir.state(*state))?;
    }
    for lock in locks {
        durable::remove(disk, &dir.lock(lock))?;
    }
    durable::sync_dir(disk, &dir.path)
}
