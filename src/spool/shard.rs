//! A shard: which of the sessions are one run's, where several runs share a spool out.
//!
//! Nothing is agreed upon and nothing is moved: the name of a document says whose it is. Anybody can
//! work it out: SHA-256 of the name's part between `metadata_` and `.json`, a copy's number left
//! out; its first eight bytes as a number, the highest byte first; the rest of dividing that by the
//! count of shards.

use std::ffi::OsStr;
use std::fmt;

use sha2::{Digest, Sha256};

/// One of several shards, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The most shards that there may be.
    pub const MOST: u32 = 4096;

    /// A shard; `None` unless its number is below the count, and that is from 1 to
    /// [`Self::MOST`].
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (index < count && count <= Self::MOST).then_some(Self { index, count })
    }

    /// Which one it is, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether a document of that file name is in it.
    pub fn has(self, name: &OsStr) -> bool {
        number(name) % u64::from(self.count) == u64::from(self.index)
    }

    /// The shard of a text such as `3-of-8`.
    pub(super) fn parse_name(text: &str) -> Option<Self> {
        let (index, count) = text.split_once("-of-")?;
        let shard = Self::new(index.parse().ok()?, count.parse().ok()?)?;
        // No other spelling is a name that we have given.
        (shard.name() == text).then_some(shard)
    }

    /// What its files' names begin with.
    pub(super) fn name(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

/// The number that decides.
fn number(name: &OsStr) -> u64 {
    let mut number = [0; 8];
    let digest = Sha256::digest(stem(name.as_encoded_bytes()));
    for (to, from) in number.iter_mut().zip(digest) {
        *to = from;
    }
    u64::from_be_bytes(number)
}

/// What stands for the session in a document's name.
fn stem(name: &[u8]) -> &[u8] {
    let name = name.strip_prefix(b"metadata_").unwrap_or(name);
    let mut stem = name.strip_suffix(b".json").unwrap_or(name);
    // A copy may have been copied.
    while let Some(plain) = without_number(stem) {
        stem = plain;
    }
    stem
}

/// A stem without a copy's number. One of more than four digits is taken for a part of an id: ids
/// often end with a time, and all that differ in nothing else would be in one shard.
fn without_number(stem: &[u8]) -> Option<&[u8]> {
    const MAX_DIGITS: usize = 4;
    let dot = stem.iter().rposition(|byte| *byte == b'.')?;
    let (plain, number) = (stem.get(..dot)?, stem.get(dot + 1..)?);
    let is_number = (1..=MAX_DIGITS).contains(&number.len())
        && number.first() != Some(&b'0')
        && number.iter().all(u8::is_ascii_digit);
    (is_number && !plain.is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, count: u32) -> Option<u32> {
        (0..count).find(|index| {
            Shard::new(*index, count)
                .unwrap()
                .has(OsStr::new(&format!("metadata_{name}.json")))
        })
    }

    /// Worked out by `int.from_bytes(hashlib.sha256(b"…").digest()[:8], "big") % count` in Python.
    const KNOWN: [(&str, u32, u32); 7] = [
        ("session_1", 4, 2),
        ("room-abc_1761732980", 4, 1),
        ("a", 2, 0),
        ("c", 3, 2),
        ("RM_x7-1", 4096, 2580),
        ("\u{dc}n\u{ef}code", 5, 0),
        ("", 7, 1),
    ];

    #[test]
    fn anybody_can_work_out_a_sessions_shard() {
        for (name, count, expected) in KNOWN {
            assert_eq!(index(name, count), Some(expected), "{name} of {count}");
        }
    }

    #[test]
    fn copies_of_a_session_are_in_one_shard_and_ids_that_end_with_a_time_are_not() {
        let count = Shard::MOST;
        let shard = index("session_1", count);
        for copy in [
            "session_1.1",
            "session_1.27",
            "session_1.1.2",
            "session_1.9999",
        ] {
            assert_eq!(index(copy, count), shard, "{copy}");
        }
        for other in [
            "session_1.0",
            "session_1.1a",
            "session_1.1761732980",
            "session_1.",
        ] {
            assert_ne!(index(other, count), shard, "{other}");
        }
    }

    #[test]
    fn every_session_is_in_one_shard_and_shards_are_alike() {
        for count in [1, 2, 3, 7, 64] {
            let mut sizes = vec![0_u32; count as usize];
            for id in 0..6400 {
                let name = format!("metadata_session_{id}.json");
                let of: Vec<u32> = (0..count)
                    .filter(|index| Shard::new(*index, count).unwrap().has(OsStr::new(&name)))
                    .collect();
                assert_eq!(of.len(), 1, "{name}");
                sizes[of[0] as usize] += 1;
            }
            let mean = 6400 / count;
            assert!(
                sizes.iter().all(|size| size.abs_diff(mean) <= mean / 2 + 1),
                "{sizes:?}"
            );
        }
    }

    #[test]
    fn a_shard_is_below_its_count() {
        assert_eq!(Shard::new(0, 0), None);
        assert_eq!(Shard::new(4, 4), None);
        assert_eq!(Shard::new(0, Shard::MOST + 1), None);
        let last = Shard::new(Shard::MOST - 1, Shard::MOST).unwrap();
        assert_eq!(Shard::parse_name(&last.name()), Some(last));
        for odd in [
            "0-of-0",
            "1-of-1",
            "00-of-2",
            "0-of-2.lock",
            "+0-of-2",
            "0/2",
            "",
        ] {
            assert_eq!(Shard::parse_name(odd), None, "{odd:?}");
        }
    }
}
