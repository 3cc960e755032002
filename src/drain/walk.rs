//! The way through a snapshot: some documents by name, and then all others from the oldest on.

use std::ffi::OsStr;

use crate::spool::{Entry, Listed};

/// The documents of a snapshot that are still to be read.
#[derive(Debug)]
pub struct Walk {
    listed: Listed,
    /// The places of those that come first, in order.
    first: Vec<usize>,
    /// How many of these were taken.
    first_taken: usize,
    /// Where the others go on.
    position: usize,
}

impl Walk {
    /// A way through all of a snapshot on which those come first whose names are in one of these
    /// lists.
    pub fn new(listed: Listed, first: &[&[String]]) -> Self {
        let is_named = |name: &OsStr| {
            let name = name.to_string_lossy();
            first.iter().any(|names| names.iter().any(|it| *it == name))
        };
        let first = match first.iter().all(|names| names.is_empty()) {
            true => Vec::new(),
            false => listed.places(is_named),
        };
        Self {
            listed,
            first,
            first_taken: 0,
            position: 0,
        }
    }

    /// The next of those that come first.
    pub fn next_first(&mut self) -> Option<Entry> {
        let place = *self.first.get(self.first_taken)?;
        self.first_taken += 1;
        self.listed.get(place)
    }

    /// How many are still to come.
    pub fn len(&self) -> usize {
        let passed = self.first.partition_point(|place| *place < self.position);
        let others = (self.listed.len() - self.position) - (self.first.len() - passed);
        others + (self.first.len() - self.first_taken)
    }

    /// Whether none is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Iterator for Walk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if let Some(entry) = self.next_first() {
            return Some(entry);
        }
        while self.first.binary_search(&self.position).is_ok() {
            self.position += 1;
        }
        let entry = self.listed.get(self.position)?;
        self.position += 1;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{Layout, Spool, State};

    #[test]
    fn those_with_names_come_first_and_every_other_one_once() {
        let dir = tempfile::tempdir().unwrap();
        let pending = dir.path().join("call_metadata");
        std::fs::create_dir(&pending).unwrap();
        for name in ["a", "b", "c", "d", "e"] {
            let path = pending.join(format!("metadata_{name}.json"));
            let file = std::fs::File::create(path).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH)
                .unwrap();
        }
        let spool = Spool::open(Layout::below(dir.path())).unwrap();
        let order = |first: &[&str]| {
            let first: Vec<String> = first
                .iter()
                .map(|it| format!("metadata_{it}.json"))
                .collect();
            let mut walk = Walk::new(spool.list(State::Pending).unwrap(), &[&[], &first]);
            let mut order = String::new();
            let mut left = 5;
            assert_eq!((walk.len(), walk.is_empty()), (left, false));
            while let Some(entry) = walk.next() {
                left -= 1;
                assert_eq!((walk.len(), walk.is_empty()), (left, left == 0));
                order.push_str(&entry.name.to_string_lossy()["metadata_".len()..][..1]);
            }
            order
        };
        assert_eq!(order(&[]), "abcde");
        assert_eq!(order(&["d", "b", "gone"]), "bdace");
        assert_eq!(order(&["a", "e"]), "aebcd");
        assert_eq!(order(&["a", "b", "c", "d", "e"]), "abcde");
    }
}
