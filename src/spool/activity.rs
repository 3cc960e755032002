//! Whether a run is at work on the spool, as far as that can be told from outside.
//!
//! Nobody asks for the lock here: who holds it for a moment only to look keeps a run from starting.
//! The kernel tells who holds which lock, and the lock file what its holder was doing.

use chrono::{DateTime, Utc};

use super::dealt_lease::Marks;
use super::lease::{self, Holder};
use super::open::Spool;
use super::shard::Shard;

/// What runs do, or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Activity {
    /// None has ever taken the lease.
    #[default]
    None,
    /// One is at work.
    AtWork {
        /// The process.
        pid: u32,
        /// What it has written down, once it works on a session.
        holder: Option<Holder>,
        /// The shards that are worked on, by a run each; that process has the first. None where it
        /// has the whole spool.
        shards: Vec<Shard>,
    },
    /// None has been since then, when the last one that held the lock (a run, a requeue, an adoption)
    /// gave it back.
    Idle(DateTime<Utc>),
    /// The last one was killed, or is at work where this process cannot see it: in another container,
    /// or on another machine.
    Unclear(Option<Holder>),
}

impl Spool {
    /// What runs do, or did. Takes no lock and changes nothing; what cannot be read counts as not
    /// being there.
    pub fn activity(&self) -> Activity {
        let dir = &self.layout().metadata;
        let path = dir.join(lease::FILE_NAME);
        let Ok(stat) = self.disk().lstat(&path) else {
            return Activity::None;
        };
        let holder = lease::read_note(self.disk(), &path).ok().flatten();
        let noted = holder.as_ref().map(|holder| holder.pid);
        let owner = self.disk().lock_owner(&path, noted);
        let marks = Marks::look(self.disk(), dir);
        if let Ok(Some(pid)) = owner {
            let shards = marks.at_work.iter().map(|(shard, ..)| *shard).collect();
            let (pid, holder) = match marks.at_work.into_iter().next() {
                Some((_, pid, holder)) => (pid, holder),
                None => (pid, holder),
            };
            return Activity::AtWork {
                pid,
                holder,
                shards,
            };
        }
        match stat.modified {
            Some(modified) if stat.len_bytes == 0 && marks.left.is_empty() => {
                Activity::Idle(modified.into())
            }
            _ => Activity::Unclear(holder.or_else(|| marks.left.into_iter().next())),
        }
    }
}
