//! Recordings with their manifests, and who finds them by what.

use std::collections::BTreeMap;

use super::estate::Estate;
use super::names;

/// A recording: files and the manifests that name them, or either without the other. Two manifests
/// that name the same file are one recording, of which it cannot be told whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Take {
    /// Its manifests, by number.
    pub(super) egresses: Vec<usize>,
    /// Its files, by number.
    pub(super) audio: Vec<usize>,
}

/// All recordings.
#[derive(Debug, Default)]
pub(super) struct Takes {
    pub(super) all: Vec<Take>,
    by_egress: BTreeMap<String, usize>,
    by_audio: BTreeMap<String, usize>,
    /// By what stands behind `recording_` in a file's name.
    by_ending: BTreeMap<String, Vec<usize>>,
}

impl Takes {
    pub(super) fn of(estate: &Estate) -> Self {
        let numbers: BTreeMap<&str, usize> = estate
            .audio
            .iter()
            .enumerate()
            .map(|(number, audio)| (audio.name.as_str(), number))
            .collect();
        // Each manifest takes its files; one that is taken already brings its takers together.
        let mut groups = Groups::new(estate.egresses.len());
        let mut taker: BTreeMap<usize, usize> = BTreeMap::new();
        for (egress, file) in estate.egresses.iter().enumerate() {
            for audio in file
                .facts
                .files
                .iter()
                .filter_map(|name| numbers.get(&**name))
            {
                match taker.get(audio) {
                    Some(other) => groups.join(egress, *other),
                    None => {
                        taker.insert(*audio, egress);
                    }
                }
            }
        }
        let mut takes: BTreeMap<usize, Take> = BTreeMap::new();
        for egress in 0..estate.egresses.len() {
            let take = takes.entry(groups.root(egress)).or_default();
            take.egresses.push(egress);
        }
        let mut all = Vec::new();
        for audio in 0..estate.audio.len() {
            match taker.get(&audio) {
                Some(egress) => takes
                    .entry(groups.root(*egress))
                    .or_default()
                    .audio
                    .push(audio),
                None => all.push(Take {
                    egresses: Vec::new(),
                    audio: vec![audio],
                }),
            }
        }
        all.extend(takes.into_values());
        Self::indexed(all, estate)
    }

    fn indexed(all: Vec<Take>, estate: &Estate) -> Self {
        let mut takes = Self::default();
        for (number, take) in all.iter().enumerate() {
            for egress in take
                .egresses
                .iter()
                .filter_map(|it| estate.egresses.get(*it))
            {
                takes.by_egress.insert(egress.id.clone(), number);
            }
            for audio in take.audio.iter().filter_map(|it| estate.audio.get(*it)) {
                takes.by_audio.insert(audio.name.clone(), number);
                if let Some(ending) = names::stem(&audio.name).strip_prefix("recording_") {
                    let same = takes.by_ending.entry(ending.to_owned()).or_default();
                    same.push(number);
                }
            }
        }
        takes.all = all;
        takes
    }

    /// The recording of an egress.
    pub(super) fn of_egress(&self, id: &str) -> Option<usize> {
        self.by_egress.get(id).copied()
    }

    /// The recording that a file is of.
    pub(super) fn of_audio(&self, name: &str) -> Option<usize> {
        self.by_audio.get(name).copied()
    }

    /// The recordings of that ending.
    pub(super) fn of_ending(&self, ending: &str) -> &[usize] {
        self.by_ending.get(ending).map_or(&[], Vec::as_slice)
    }
}

/// Sets that grow together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&self, of: usize) -> usize {
        let mut at = of;
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    }

    fn join(&mut self, first: usize, second: usize) {
        let (first, second) = (self.root(first), self.root(second));
        if let Some(root) = self.0.get_mut(first.max(second)) {
            *root = first.min(second);
        }
    }
}
