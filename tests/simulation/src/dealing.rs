//! Runs that share the spool out: some stories have them, with counts that change from round to
//! round, and runs of the whole spool between.

use std::sync::Arc;

use callspool::spool::Shard;
use fastrand::Rng;
use invariants::{Files, Spool};

/// The counts of sweeps: of the run that is swept, and of those after it.
const SWEPT: [(Option<u32>, Option<u32>); 5] = [
    (None, None),
    (Some(2), Some(2)),
    (Some(2), Some(3)),
    (Some(2), None),
    (None, Some(2)),
];

fn place(seed: u64) -> usize {
    usize::try_from(seed % 5).unwrap_or_default()
}

/// Who runs next.
#[derive(Debug)]
pub(crate) struct Dealing {
    rng: Rng,
    /// Whether the story has shards at all.
    has_shards: bool,
    /// How many there are now; `None` while runs take the whole spool.
    count: Option<u32>,
    next: u32,
}

impl Dealing {
    /// Chance of its own, so that stories without shards are told as they were.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5a4d);
        Self {
            has_shards: rng.bool(),
            count: None,
            next: 0,
            rng,
        }
    }

    /// That of a sweep's first run.
    pub(crate) fn swept(seed: u64) -> Self {
        let mut dealing = Self::new(seed);
        dealing.count = SWEPT[place(seed)].0;
        dealing
    }

    /// What follows in a sweep on the run that was swept.
    pub(crate) fn follow(&mut self, seed: u64) {
        self.count = SWEPT[place(seed)].1;
    }

    /// Somebody may change how runs are started.
    pub(crate) fn change(&mut self) {
        if self.has_shards && self.rng.u8(..3) == 0 {
            self.count = [None, Some(1), Some(2), Some(2), Some(3), Some(5)][self.rng.usize(..6)];
        }
    }

    /// The shard of the next run.
    pub(crate) fn next(&mut self) -> Option<Shard> {
        let count = self.count?;
        self.next = (self.next + 1) % count;
        Shard::new(self.next, count)
    }

    /// How many runs it takes to come to every session.
    pub(crate) fn count(&self) -> u32 {
        self.count.unwrap_or(1)
    }

    /// How many runs there are in a round: not always all shards have one.
    pub(crate) fn runs(&mut self) -> u32 {
        match self.count {
            Some(count) => self.rng.u32(1..=count),
            None => 1,
        }
    }
}

/// The documents of a shard.
pub(crate) fn part(spool: &Spool, shard: Shard) -> Arc<Spool> {
    let part = |files: &Files| {
        let files = files.iter().filter(|(name, _)| shard.has(name.as_ref()));
        files
            .map(|(name, bytes)| (name.clone(), bytes.clone()))
            .collect()
    };
    Arc::new(Spool {
        pending: part(&spool.pending),
        processed: part(&spool.processed),
        failed: part(&spool.failed),
        corrupt: part(&spool.corrupt),
        assets: spool.assets.clone(),
    })
}

/// A document that is not in the shard and was changed, if there is one.
pub(crate) fn touched(before: &Spool, after: &Spool, shard: Option<Shard>) -> Option<String> {
    let shard = shard?;
    let pairs = [
        (&before.pending, &after.pending),
        (&before.processed, &after.processed),
        (&before.failed, &after.failed),
        (&before.corrupt, &after.corrupt),
    ];
    let odd = pairs.into_iter().find_map(|(before, after)| {
        let mut names = before.keys().chain(after.keys());
        names.find(|name| {
            name.starts_with("metadata_")
                && name.ends_with(".json")
                && !shard.has(name.as_ref())
                && before.get(*name) != after.get(*name)
        })
    });
    odd.cloned()
}
