//! The lease of one shard, and what the lease of the whole spool has to do with shards.
//!
//! A run of a shard holds the spool's lock together with others of its kind, and its shard's lock
//! alone. Those that start take turns, for milliseconds, so that who comes first can see that nobody
//! else is there, and clear up after the dead.

use std::path::{Path, PathBuf};

use super::disk::{Access, Disk, LockFile};
use super::durable;
use super::error::{LeaseError, SpoolError};
use super::lease::{self, Holder, Interrupted, Lock};
use super::lock_file::{self, Acquired, Hold};
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
        let _turn = lock_file::wait_for(disk, &dir.start_lock())?;
        let whole_path = metadata.join(lease::FILE_NAME);
        let whole = match lock_file::acquire(disk, &whole_path, Hold::Together)? {
            Acquired::Ours(whole) => whole,
            Acquired::Anothers(held) => {
                return Err(LeaseError::Locked(lease::read_holder(&*held)));
            }
        };
        let files = dir.files(disk)?;
        let others = Others::look(disk, &dir, &files, shard)?;
        let (lock, died) = Lock::take(disk, dir.lock(shard), started_at)?;
        // Somebody may have died who had come to make the directory, or to remove files in it, and
        // not to make that last.
        durable::keep_dirs(disk, [dir.path.as_path()])?;
        durable::sync_dir(disk, &dir.path)?;
        let died_before = lease::read_interrupted(&*whole);
        let died_before = died_before.map_err(SpoolError::of("read", &whole_path))?;
        if (died_before.is_some() || others.have_left(&files, shard))
            && !is_sibling_at_work(disk, &dir, &files, shard)?
        {
            let deaths: Vec<Interrupted> = died_before.into_iter().chain(others.deaths).collect();
            dir.put_together(disk, &files, &deaths)?;
            lock_file::empty(&*whole).map_err(SpoolError::of("empty", &whole_path))?;
            remove_all(disk, &dir, &files.states, &others.shards)?;
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

/// Shards of another count.
#[derive(Default)]
struct Others {
    shards: Vec<Shard>,
    deaths: Vec<Interrupted>,
}

impl Others {
    /// Looks at them; that nobody is at work on one stays so as long as nobody else may start.
    fn look(
        disk: &dyn Disk,
        dir: &ShardsDir,
        files: &ShardFiles,
        ours: Shard,
    ) -> Result<Self, LeaseError> {
        let mut others = Self::default();
        for theirs in files.locks.iter().copied() {
            if theirs.count() == ours.count() {
                continue;
            }
            match died_at_work(disk, dir, theirs)? {
                Ok(died) => others.deaths.extend(died),
                Err(_) => return Err(LeaseError::OtherCount { ours, theirs }),
            }
            others.shards.push(theirs);
        }
        Ok(others)
    }

    /// Whether there is anything of theirs.
    fn have_left(&self, files: &ShardFiles, ours: Shard) -> bool {
        let mut states = files.states.iter();
        !self.shards.is_empty() || states.any(|shard| shard.count() != ours.count())
    }
}

/// Whether a run of another shard of our count is at work. If so, it has begun with clearing up.
fn is_sibling_at_work(
    disk: &dyn Disk,
    dir: &ShardsDir,
    files: &ShardFiles,
    ours: Shard,
) -> Result<bool, SpoolError> {
    for sibling in files.locks.iter().copied() {
        let is_sibling = sibling.count() == ours.count() && sibling != ours;
        if is_sibling && died_at_work(disk, dir, sibling)?.is_err() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the last run of a shard was doing when it died; else who is at work on it.
fn died_at_work(
    disk: &dyn Disk,
    dir: &ShardsDir,
    shard: Shard,
) -> Result<Result<Option<Interrupted>, Option<Holder>>, SpoolError> {
    let path = dir.lock(shard);
    match lock_file::acquire(disk, &path, Hold::Alone)? {
        Acquired::Ours(file) => {
            let died = lease::read_interrupted(&*file);
            died.map(Ok).map_err(SpoolError::of("read", &path))
        }
        Acquired::Anothers(file) => Ok(Err(lease::read_holder(&*file))),
    }
}

/// Takes the lock of the whole spool, and clears up after runs of shards.
pub(super) fn take_whole(
    disk: &dyn Disk,
    metadata: &Path,
    started_at: &str,
) -> Result<(Lock, Option<Interrupted>), LeaseError> {
    match Lock::take(disk, metadata.join(lease::FILE_NAME), started_at) {
        Ok(taken) => {
            take_over(disk, metadata)?;
            Ok(taken)
        }
        Err(LeaseError::Locked(None)) => Err(match Marks::look(disk, metadata).at_work.pop() {
            Some((shard, _, holder)) => LeaseError::Dealt { shard, holder },
            None => LeaseError::Locked(None),
        }),
        Err(error) => Err(error),
    }
}

/// Clears up after runs of shards, for one that has the whole spool.
fn take_over(disk: &dyn Disk, metadata: &Path) -> Result<(), LeaseError> {
    let dir = ShardsDir::of(metadata);
    let files = dir.files(disk)?;
    if !files.have_dir {
        return Ok(());
    }
    let mut deaths = Vec::new();
    for shard in files.locks.iter().copied() {
        match died_at_work(disk, &dir, shard)? {
            Ok(died) => deaths.extend(died),
            Err(holder) => return Err(LeaseError::Dealt { shard, holder }),
        }
    }
    dir.put_together(disk, &files, &deaths)?;
    remove_all(disk, &dir, &files.states, &files.locks)?;
    Ok(())
}

/// Removes state files and lock files; a loss of power brings none of them back.
fn remove_all(
    disk: &dyn Disk,
    dir: &ShardsDir,
    states: &[Shard],
    locks: &[Shard],
) -> Result<(), SpoolError> {
    for state in states {
        durable::remove(disk, &dir.state(*state))?;
    }
    for lock in locks {
        durable::remove(disk, &dir.lock(*lock))?;
    }
    durable::sync_dir(disk, &dir.path)
}

/// What the shards' lock files say of runs, as seen without asking for any lock.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Shards that a run is at work on, its process, and what it has written down.
    pub(super) at_work: Vec<(Shard, u32, Option<Holder>)>,
    /// What runs have left that nobody sees at work.
    pub(super) left: Vec<Holder>,
}

impl Marks {
    /// Looks at them; what cannot be seen counts as not being there.
    pub(super) fn look(disk: &dyn Disk, metadata: &Path) -> Self {
        let dir = ShardsDir::of(metadata);
        let mut marks = Self::default();
        let mut shards = dir.files(disk).unwrap_or_default().locks;
        shards.sort_unstable();
        for shard in shards {
            let path = dir.lock(shard);
            let holder = lease::read_note(disk, &path).ok().flatten();
            let noted = holder.as_ref().map(|holder| holder.pid);
            match (disk.lock_owner(&path, noted), holder) {
                // What another run left there says nothing of this one.
                (Ok(Some(pid)), holder) => {
                    let holder = holder.filter(|holder| pid == 0 || holder.pid == pid);
                    marks.at_work.push((shard, pid, holder));
                }
                (_, holder) => marks.left.extend(holder),
            }
        }
        marks
    }
}
