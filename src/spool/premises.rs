//! What can be told of a spool without its lock and without changing anything: whether its
//! directories are there and may be used, how full their disks are, who holds the lock.
//!
//! Nothing is tried by doing it, for that needs the lease: rights are what the system says they
//! are, and the lock is looked up in the system's table instead of being taken, since one that is
//! held for a moment would turn a run away.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::dealt_lease::Marks;
use super::disk::{Disk, Kind, Right, Space, Stat};
use super::layout::{Layout, State};
use super::lease::{self, Holder};

/// What a directory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The spool's root.
    Root,
    /// Documents.
    State(State),
    /// Transcripts.
    Conversations,
    /// Recordings and manifests.
    Recordings,
    /// Leads.
    Leads,
}

/// A directory of the spool, looked at.
#[derive(Debug)]
pub struct Directory {
    /// What it is for.
    pub place: Place,
    /// Where it should be.
    pub path: PathBuf,
    /// What is there.
    pub found: Found,
    /// The file system that it is on, or would be on; `None` when that cannot be told.
    pub device: Option<u64>,
}

/// What is where a directory should be.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Missing {
        /// Whether this process may make it.
        may_make: io::Result<()>,
    },
    /// Something else.
    NoDirectory,
    /// It cannot be looked at.
    Hidden(io::Error),
    /// A directory.
    There {
        /// What is known of it.
        stat: Stat,
        /// Where a link by its name leads.
        link: Option<PathBuf>,
        /// Whether it may be listed, and what is in it be reached.
        read: io::Result<()>,
        /// Whether something may be added to it.
        write: io::Result<()>,
    },
}

/// Who has the lock.
#[derive(Debug)]
pub enum LockFacts {
    /// Nobody, and the last run ended in an orderly way.
    Free,
    /// A process of that number holds it.
    Held {
        /// The process; 0 for one that this process cannot see.
        pid: u32,
        /// What it wrote down of itself, if it has by now.
        holder: Option<Holder>,
    },
    /// Nobody as far as can be seen, and the last run did not end in an orderly way.
    Left {
        /// What that run wrote down.
        holder: Holder,
        /// Whether there is a process of its number.
        has_process: bool,
    },
    /// That cannot be told.
    Unknown(io::Error),
}

/// Everything that can be told.
#[derive(Debug)]
pub struct Premises {
    /// The directories, the root first, then those of the states, then those of files.
    pub directories: Vec<Directory>,
    /// How full the file systems of the directories are, each once, with the first directory that
    /// is on it.
    pub file_systems: Vec<(PathBuf, io::Result<Space>)>,
    /// Who has the lock.
    pub lock: LockFacts,
}

impl Premises {
    /// Looks at everything.
    pub fn look(disk: &dyn Disk, layout: &Layout) -> Self {
        let states = State::ALL.map(|state| (Place::State(state), layout.dir(state)));
        let others = [
            (Place::Conversations, layout.conversations.as_path()),
            (Place::Recordings, &layout.recordings),
            (Place::Leads, &layout.leads),
        ];
        let directories: Vec<Directory> = std::iter::once((Place::Root, layout.root.as_path()))
            .chain(states)
            .chain(others)
            .map(|(place, path)| Directory {
                place,
                path: path.to_owned(),
                found: look_at(disk, path),
                device: device(disk, path),
            })
            .collect();
        Self {
            file_systems: file_systems(disk, &directories),
            lock: look_at_lock(disk, &layout.metadata),
            directories,
        }
    }
}

fn look_at(disk: &dyn Disk, path: &Path) -> Found {
    let stat = match disk.stat(path) {
        Ok(stat) if stat.kind == Kind::Directory => stat,
        Ok(_) => return Found::NoDirectory,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Found::Missing {
                may_make: may_make(disk, path),
            };
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Found::NoDirectory,
        Err(error) => return Found::Hidden(error),
    };
    let is_link = disk
        .lstat(path)
        .is_ok_and(|itself| itself.kind == Kind::Other);
    let read = disk
        .may(path, Right::Read)
        .and_then(|()| disk.may(path, Right::Enter))
        // Some file systems refuse what they have granted.
        .and_then(|()| disk.open_dir(path));
    Found::There {
        stat,
        link: is_link.then(|| disk.canonicalize(path).ok()).flatten(),
        read,
        write: disk.may(path, Right::Write),
    }
}

/// Whether a directory may be made: a run makes one, not those above it.
fn may_make(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    if disk.lstat(path).is_ok() {
        return Err(io::Error::other("a link by that name leads nowhere"));
    }
    let parent = path.parent().unwrap_or(path);
    disk.may(parent, Right::Write)
        .and_then(|()| disk.may(parent, Right::Enter))
}

/// The file system of the nearest thing that is there.
fn device(disk: &dyn Disk, path: &Path) -> Option<u64> {
    for place in path.ancestors() {
        match disk.stat(place) {
            Ok(stat) => return Some(stat.device),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    None
}

fn file_systems(disk: &dyn Disk, directories: &[Directory]) -> Vec<(PathBuf, io::Result<Space>)> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for directory in directories {
        let is_there = matches!(directory.found, Found::There { .. });
        let Some(device) = directory.device.filter(|_| is_there) else {
            continue;
        };
        if !seen.contains(&device) {
            seen.push(device);
            found.push((directory.path.clone(), disk.space(&directory.path)));
        }
    }
    found
}

fn look_at_lock(disk: &dyn Disk, dir: &Path) -> LockFacts {
    let note = match lease::read_note(disk, &dir.join(lease::FILE_NAME)) {
        Ok(note) => note,
        Err(error) if error.kind() == ErrorKind::NotFound => return LockFacts::Free,
        Err(error) => return LockFacts::Unknown(error),
    };
    let noted = note.as_ref().map(|holder| holder.pid);
    let marks = Marks::look(disk, dir);
    if let Some((_, pid, holder)) = marks.at_work.into_iter().next() {
        return LockFacts::Held { pid, holder };
    }
    let note = note.or_else(|| marks.left.into_iter().next());
    match (disk.lock_owner(&dir.join(lease::FILE_NAME), noted), note) {
        (Ok(Some(pid)), holder) => LockFacts::Held {
            pid,
            // What another run left there says nothing of this one.
            holder: holder.filter(|holder| pid == 0 || holder.pid == pid),
        },
        // Without a table there is only what stands in the file.
        (Err(_), Some(holder)) if is_process(holder.pid) => LockFacts::Held {
            pid: holder.pid,
            holder: Some(holder),
        },
        (_, Some(holder)) => LockFacts::Left {
            has_process: is_process(holder.pid),
            holder,
        },
        (_, None) => LockFacts::Free,
    }
}

fn is_process(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(Errno::SRCH)))
}
