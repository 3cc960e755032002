//! What runs of shards leave: `.callspool.shards/` in the metadata directory, with a lock file and a
//! state file of each shard.
//!
//! The directory is theirs so that it can be listed whatever the number of documents. While runs
//! share the spool out, the spool's own state file stays as it is; each shard's part of it counts
//! until that shard has a state file of the same generation. As soon as the spool is one run's again,
//! or the count changes, everything is put together into the spool's file, under the next
//! generation: what the shards' files held before that counts no more, whether they are gone yet or
//! not. So it is done in one step, and done again after a crash it comes to the same.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::durable;
use super::error::SpoolError;
use super::lease::Interrupted;
use super::run_state::{self, Kept, RunState};
use super::shard::Shard;

/// The directory, in the metadata directory.
const DIR: &str = ".callspool.shards";
/// The lock of those that start, there.
const START_LOCK: &str = "start.lock";
const LOCK_SUFFIX: &str = ".lock";
const STATE_SUFFIX: &str = ".state";

/// Where the shards' files are.
#[derive(Debug)]
pub(super) struct ShardsDir {
    pub(super) path: PathBuf,
    metadata: PathBuf,
}

/// The shards that have files.
#[derive(Debug, Default)]
pub(super) struct ShardFiles {
    /// Whether there is a directory for them.
    pub(super) have_dir: bool,
    pub(super) locks: Vec<Shard>,
    pub(super) states: Vec<Shard>,
}

impl ShardsDir {
    /// The directory of a spool, whether it is there or not.
    pub(super) fn of(metadata: &Path) -> Self {
        Self {
            path: metadata.join(DIR),
            metadata: metadata.to_owned(),
        }
    }

    pub(super) fn start_lock(&self) -> PathBuf {
        self.path.join(START_LOCK)
    }

    pub(super) fn lock(&self, shard: Shard) -> PathBuf {
        self.path.join(shard.name() + LOCK_SUFFIX)
    }

    pub(super) fn state(&self, shard: Shard) -> PathBuf {
        self.path.join(state_name(shard))
    }

    /// The files that are there; none when the directory is not.
    pub(super) fn files(&self, disk: &dyn Disk) -> Result<ShardFiles, SpoolError> {
        let mut files = ShardFiles::default();
        match disk.list(&self.path, &mut |name, _| files.add(name)) {
            Ok(()) => files.have_dir = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(SpoolError::new("list", &self.path, error)),
        }
        Ok(files)
    }

    /// What runs of that shard, or of the whole spool, have to know of those before them.
    pub(super) fn run_state(&self, disk: &dyn Disk, shard: Option<Shard>) -> RunState {
        let base = self.base(disk);
        match shard {
            Some(shard) => match Kept::load(disk, &self.state(shard)) {
                Some(own) if own.generation >= base.generation => own.state,
                _ => part_of(base.state, shard),
            },
            None => {
                // What cannot be seen counts as not being there, as a state file's content does.
                let states = self.files(disk).unwrap_or_default().states;
                together(base, self.load(disk, &states))
            }
        }
    }

    /// How often the shards' files were put together.
    pub(super) fn generation(&self, disk: &dyn Disk) -> u64 {
        self.base(disk).generation
    }

    /// Puts what runs of shards have left into the spool's state file, together with the deaths of
    /// runs whose marks are about to go. Nobody else may be at work on the spool. What is put together
    /// lasts when this comes back; then the files may go that it was taken from.
    pub(super) fn put_together(
        &self,
        disk: &dyn Disk,
        files: &ShardFiles,
        deaths: &[Interrupted],
    ) -> Result<(), SpoolError> {
        let base = self.base(disk);
        let states = self.load(disk, &files.states);
        let generations = states.iter().map(|(_, kept)| kept.generation);
        let generation = generations.fold(base.generation, u64::max) + 1;
        let is_fresh = |(_, kept): &(Shard, Kept)| kept.generation >= base.generation;
        if deaths.is_empty() && !states.iter().any(is_fresh) {
            return Ok(());
        }
        let mut state = together(base, states);
        deaths.iter().for_each(|died| add_death(&mut state, died));
        let kept = Kept { state, generation };
        save(disk, &self.metadata, run_state::FILE_NAME.into(), &kept)
    }

    /// Keeps what must outlive a run of one shard.
    pub(super) fn save(
        &self,
        disk: &dyn Disk,
        shard: Shard,
        kept: &Kept,
    ) -> Result<(), SpoolError> {
        save(disk, &self.path, state_name(shard), kept)
    }

    fn base(&self, disk: &dyn Disk) -> Kept {
        Kept::load(disk, &self.metadata.join(run_state::FILE_NAME)).unwrap_or_default()
    }

    fn load(&self, disk: &dyn Disk, shards: &[Shard]) -> Vec<(Shard, Kept)> {
        let kept = |shard: &Shard| Some((*shard, Kept::load(disk, &self.state(*shard))?));
        shards.iter().filter_map(kept).collect()
    }
}

impl ShardFiles {
    fn add(&mut self, name: &OsStr) {
        let shard_of = |suffix| Shard::parse_name(name.to_str()?.strip_suffix(suffix)?);
        self.locks.extend(shard_of(LOCK_SUFFIX));
        self.states.extend(shard_of(STATE_SUFFIX));
    }
}

/// Writes a state file.
fn save(disk: &dyn Disk, dir: &Path, name: OsString, kept: &Kept) -> Result<(), SpoolError> {
    let bytes = kept
        .to_bytes()
        .map_err(|error| SpoolError::new("write", dir.join(&name), io::Error::from(error)))?;
    durable::replace(disk, dir, &name, &bytes, None)
}

/// Keeps what must outlive a run of the whole spool. No file of a shard is there then, not even after
/// a loss of power, so that the generations begin anew.
pub(super) fn save_whole(
    disk: &dyn Disk,
    metadata: &Path,
    state: &RunState,
) -> Result<(), SpoolError> {
    let kept = Kept {
        state: state.clone(),
        generation: 0,
    };
    save(disk, metadata, run_state::FILE_NAME.into(), &kept)
}

fn state_name(shard: Shard) -> OsString {
    (shard.name() + STATE_SUFFIX).into()
}

/// What concerns one shard of what concerns the whole spool.
fn part_of(whole: RunState, shard: Shard) -> RunState {
    let is_ours = |name: &String| shard.has(name.as_ref());
    RunState {
        not_before: whole.not_before,
        requests: of_each(whole.requests, |index| counts_for(index, shard)),
        last: whole.last.into_iter().filter(is_ours).collect(),
        died_at: whole.died_at.into_iter().filter(is_ours).collect(),
        // One of them is enough to look for what the dead have left.
        unswept: whole.unswept && shard.index() == 0,
    }
}

/// The spool's state and those of its shards as one. A shard that has one of its own has taken over
/// its part of the spool's.
fn together(base: Kept, states: Vec<(Shard, Kept)>) -> RunState {
    let generation = base.generation;
    let fresh: Vec<(Shard, RunState)> = states
        .into_iter()
        .filter(|(_, kept)| kept.generation >= generation)
        .map(|(shard, kept)| (shard, kept.state))
        .collect();
    let has_moved = |name: &String| fresh.iter().any(|(shard, _)| shard.has(name.as_ref()));
    let mut whole = base.state;
    whole.last.retain(|name| !has_moved(name));
    whole.died_at.retain(|name| !has_moved(name));
    whole.requests = of_each(whole.requests, |index| {
        !fresh.iter().any(|(shard, _)| counts_for(index, *shard))
    });
    whole.unswept &= !fresh.iter().any(|(shard, _)| shard.index() == 0);
    for (_, state) in fresh {
        whole.not_before = whole.not_before.max(state.not_before);
        whole.requests.extend(state.requests);
        state
            .last
            .into_iter()
            .for_each(|name| add(&mut whole.last, name));
        state
            .died_at
            .into_iter()
            .for_each(|name| add(&mut whole.died_at, name));
        whole.unswept |= state.unswept;
    }
    whole.requests.sort_unstable();
    whole
}

/// Requests that are not known to be anybody's count for each shard in turn.
fn counts_for(index: usize, shard: Shard) -> bool {
    index % shard.count() as usize == shard.index() as usize
}

fn of_each<T>(items: Vec<T>, is_one: impl Fn(usize) -> bool) -> Vec<T> {
    let items = items.into_iter().enumerate();
    items
        .filter(|(index, _)| is_one(*index))
        .map(|(_, item)| item)
        .collect()
}

fn add_death(state: &mut RunState, died: &Interrupted) {
    state.unswept = true;
    for session in &died.in_work {
        add(&mut state.last, session.document.clone());
        if !session.is_charged {
            add(&mut state.died_at, session.document.clone());
        }
    }
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::spool::InWork;
    use crate::spool::disk::SystemDisk;

    const NAMES: [&str; 6] = ["a.json", "b.json", "c.json", "d.json", "e.json", "f.json"];

    fn shard(index: u32, count: u32) -> Shard {
        Shard::new(index, count).unwrap()
    }

    fn at(seconds: i64) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp(1_761_732_980 + seconds, 0).unwrap()
    }

    /// What runs of the whole spool may leave. Two requests are of the same moment.
    fn whole() -> RunState {
        RunState {
            not_before: Some(at(60)),
            requests: [0, 1, 1, 2, 3, 4, 5].map(at).to_vec(),
            last: NAMES[..3].iter().map(ToString::to_string).collect(),
            died_at: NAMES[2..].iter().map(ToString::to_string).collect(),
            unswept: true,
        }
    }

    fn sorted(mut state: RunState) -> RunState {
        state.last.sort();
        state.died_at.sort();
        state
    }

    fn with_files(act: impl Fn(&ShardsDir)) {
        let dir = tempfile::tempdir().unwrap();
        let shards = ShardsDir::of(dir.path());
        std::fs::create_dir(&shards.path).unwrap();
        save_whole(&SystemDisk, dir.path(), &whole()).unwrap();
        act(&shards);
    }

    fn keep(shards: &ShardsDir, shard: Shard, state: RunState, generation: u64) {
        let kept = Kept { state, generation };
        shards.save(&SystemDisk, shard, &kept).unwrap();
    }

    #[test]
    fn what_is_dealt_out_is_whole_again_when_it_is_put_together() {
        for count in [1, 2, 3, 7] {
            with_files(|shards| {
                for index in 0..count {
                    let shard = shard(index, count);
                    let part = shards.run_state(&SystemDisk, Some(shard));
                    let names = part.last.iter().chain(&part.died_at);
                    assert!(names.into_iter().all(|name| shard.has(name.as_ref())));
                    keep(shards, shard, part, 0);
                    // In between the spool's state is known from some files and the rest.
                    let known = shards.run_state(&SystemDisk, None);
                    assert_eq!(sorted(known), sorted(whole()), "{shard}");
                }
                let files = shards.files(&SystemDisk).unwrap();
                shards.put_together(&SystemDisk, &files, &[]).unwrap();
                let base = shards.base(&SystemDisk);
                assert_eq!(sorted(base.state), sorted(whole()), "{count}");
                assert_eq!(base.generation, 1);
            });
        }
    }

    #[test]
    fn what_a_shard_has_dealt_with_is_not_the_spools_any_more() {
        with_files(|shards| {
            let one = shard(1, 2);
            keep(shards, one, RunState::default(), 0);
            let rest = shards.run_state(&SystemDisk, None);
            assert!(rest.died_at.iter().all(|name| !one.has(name.as_ref())));
            assert_eq!(rest.requests, [0, 1, 3, 5].map(at));
            assert!(rest.unswept);
            keep(shards, shard(0, 2), RunState::default(), 0);
            let rest = shards.run_state(&SystemDisk, None);
            let not_before = Some(at(60));
            assert_eq!(
                rest,
                RunState {
                    not_before,
                    ..RunState::default()
                }
            );
        });
    }

    #[test]
    fn a_file_of_an_earlier_generation_counts_no_more() {
        with_files(|shards| {
            let one = shard(0, 1);
            keep(shards, one, RunState::default(), 0);
            let files = shards.files(&SystemDisk).unwrap();
            let died = Interrupted {
                in_work: vec![InWork {
                    document: "g.json".to_owned(),
                    session_id: None,
                    is_charged: false,
                }],
            };
            shards.put_together(&SystemDisk, &files, &[died]).unwrap();
            // Its file is there still.
            for seen in [None, Some(one)] {
                let state = shards.run_state(&SystemDisk, seen);
                assert_eq!(state.died_at, ["g.json"], "{seen:?}");
                assert_eq!(state.last, ["g.json"]);
                assert!(state.unswept);
            }
            shards.put_together(&SystemDisk, &files, &[]).unwrap();
            assert_eq!(
                shards.generation(&SystemDisk),
                1,
                "nothing is to be put together"
            );
            keep(shards, one, RunState::default(), 1);
            assert!(shards.run_state(&SystemDisk, None).died_at.is_empty());
        });
    }

    #[test]
    fn foreign_names_and_files_that_make_no_sense_are_none() {
        with_files(|shards| {
            for name in [
                "0-of-0.state",
                "x",
                "1-of-2.state.tmp",
                "start.lock",
                "0-of-2.lock",
            ] {
                std::fs::File::create(shards.path.join(name)).unwrap();
            }
            std::fs::File::create(shards.state(shard(1, 2))).unwrap();
            let files = shards.files(&SystemDisk).unwrap();
            assert_eq!(
                (files.locks, files.states),
                (vec![shard(0, 2)], vec![shard(1, 2)])
            );
            let part = shards.run_state(&SystemDisk, Some(shard(1, 2)));
            assert_eq!(part, part_of(whole(), shard(1, 2)));
        });
    }
}
