//! What a listing of a state directory found: a million documents in some tens of megabytes.
//!
//! All names lie one after the other in one piece of memory, without what is common to them, and a
//! row of plain numbers stands for each file. Nothing is allocated for a single one.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::disk::Stat;
use crate::timestamp;

/// What every document's name begins with.
pub(super) const PREFIX: &[u8] = b"metadata_";
/// What every document's name ends with.
pub(super) const SUFFIX: &[u8] = b".json";
/// No file name has this byte.
const END: u8 = 0;

/// Stands for the place of a name whose file is not there any more.
const GONE: u64 = u64::MAX;
/// From how many files on they are looked at on several threads.
const MANY: usize = 20_000;
const MAX_THREADS: usize = 4;
/// Enough to look at a file.
const STACK_BYTES: usize = 64 << 10;
/// What nearly every file system allows.
const MAX_NAME_BYTES: usize = 256;

/// A file in a state directory that has a document's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its file name.
    pub name: OsString,
    /// When it was last modified.
    pub modified: DateTime<Utc>,
    /// When it came to be what it is where it is: its last change of any kind. A document that is
    /// filed keeps the time of its modification, not this one.
    pub changed: DateTime<Utc>,
}

/// What a listing found: documents, the oldest first; of the same age by name.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// What is between prefix and suffix of each name, and a byte that ends it.
    names: Vec<u8>,
    rows: Vec<Row>,
    has_temporaries: bool,
}

/// One document.
#[derive(Debug, Clone, Copy)]
struct Row {
    modified: Moment,
    changed: Moment,
    /// Where its name begins.
    name: u64,
}

/// A time as seconds since the epoch and nanoseconds after these, in half of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(Rust, packed(4))]
struct Moment {
    seconds: i64,
    nanos: u32,
}

impl Moment {
    const EPOCH: Self = Self {
        seconds: 0,
        nanos: 0,
    };

    fn of(time: SystemTime) -> Self {
        let time = timestamp::of_file(time);
        Self {
            seconds: time.timestamp(),
            nanos: time.timestamp_subsec_nanos(),
        }
    }

    fn time(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.seconds, self.nanos).unwrap_or_default()
    }
}

impl Listed {
    /// Adds a document's name; says whether it is one. Its times are set by [`Self::look_at_each`].
    pub(super) fn push(&mut self, name: &OsStr) -> bool {
        let bytes = name.as_bytes();
        let middle = bytes
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(SUFFIX));
        let Some(middle) = middle else {
            return false;
        };
        self.rows.push(Row {
            modified: Moment::EPOCH,
            changed: Moment::EPOCH,
            name: self.names.len() as u64,
        });
        self.names.extend_from_slice(middle);
        self.names.push(END);
        true
    }

    /// Notes that a temporary file of ours lies about.
    pub(super) fn note_temporary(&mut self) {
        self.has_temporaries = true;
    }

    /// Sets the times of each, drops those for which there are none to be had (`None`), and puts all
    /// in order. Many are looked at on several threads: most of that time is the system's.
    pub(super) fn look_at_each(&mut self, stat: impl Fn(&OsStr) -> Option<Times> + Sync) {
        let names = &self.names;
        let look = |rows: &mut [Row], mut name: Vec<u8>| {
            for row in rows {
                write_name(&mut name, middle(names, *row));
                match stat(OsStr::from_bytes(&name)) {
                    Some(times) => (row.modified, row.changed) = (times.modified, times.changed),
                    None => row.name = GONE,
                }
            }
            name
        };
        in_parts(&mut self.rows, &look);
        self.rows.retain(|row| row.name != GONE);
        self.rows.sort_unstable_by(|a, b| {
            let by_age = a.modified.cmp(&b.modified);
            by_age.then_with(|| by_name(middle(names, *a), middle(names, *b)))
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether temporary files of ours lie about.
    pub fn has_temporaries(&self) -> bool {
        self.has_temporaries
    }

    /// One of them, by its place in the order.
    pub fn get(&self, index: usize) -> Option<Entry> {
        let row = *self.rows.get(index)?;
        let mut name = Vec::new();
        write_name(&mut name, middle(&self.names, row));
        Some(Entry {
            name: OsString::from_vec(name),
            modified: row.modified.time(),
            changed: row.changed.time(),
        })
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry> + '_ {
        (0..self.len()).map(|index| self.get(index).unwrap_or_else(Entry::nothing))
    }

    /// The places of those whose names are wanted.
    pub fn places(&self, is_wanted: impl Fn(&OsStr) -> bool) -> Vec<usize> {
        let mut name = Vec::new();
        let of = |row: &Row| {
            write_name(&mut name, middle(&self.names, *row));
            is_wanted(OsStr::from_bytes(&name))
        };
        let is_wanted = self.rows.iter().map(of).enumerate();
        is_wanted
            .filter_map(|(index, is_wanted)| is_wanted.then_some(index))
            .collect()
    }

    /// The same, those first that came last to be what they are where they are.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        // Stable: of the same age they stay in their order.
        self.rows.sort_by_key(|row| std::cmp::Reverse(row.changed));
        self
    }
}

/// Has rows worked on: a few here, many also on other threads. The work gets room for a name, made
/// here, so that a thread needs no memory but its stack.
fn in_parts(rows: &mut [Row], work: &(impl Fn(&mut [Row], Vec<u8>) -> Vec<u8> + Sync)) {
    let name = || Vec::with_capacity(MAX_NAME_BYTES);
    if rows.len() < MANY {
        work(rows, name());
        return;
    }
    let parts = Mutex::new(rows.chunks_mut(MANY / 10));
    let work_on = &|mut name: Vec<u8>| {
        loop {
            let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(part) = part else { return };
            name = work(part, name);
        }
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 1..processors.min(MAX_THREADS) {
            let name = name();
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            // Where no thread is to be had, the work is done here.
            let _ = builder.spawn_scoped(scope, move || work_on(name));
        }
        work_on(name());
    });
}

impl Entry {
    /// Stands for a place that no listing has.
    fn nothing() -> Self {
        Self {
            name: OsString::new(),
            modified: DateTime::UNIX_EPOCH,
            changed: DateTime::UNIX_EPOCH,
        }
    }
}

/// When a file was last modified, and last changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    modified: Moment,
    changed: Moment,
}

impl Times {
    /// Of a file that cannot be looked at.
    pub(super) const UNKNOWN: Self = Self {
        modified: Moment::EPOCH,
        changed: Moment::EPOCH,
    };

    pub(super) fn of(stat: &Stat) -> Self {
        let modified = stat.modified.map_or(Moment::EPOCH, Moment::of);
        Self {
            modified,
            changed: stat.changed.map_or(modified, Moment::of),
        }
    }
}

fn middle(names: &[u8], row: Row) -> &[u8] {
    let start = usize::try_from(row.name).unwrap_or(usize::MAX);
    let rest = names.get(start..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == END);
    rest.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn write_name(name: &mut Vec<u8>, middle: &[u8]) {
    name.clear();
    name.reserve_exact(PREFIX.len() + middle.len() + SUFFIX.len());
    name.extend_from_slice(PREFIX);
    name.extend_from_slice(middle);
    name.extend_from_slice(SUFFIX);
}

/// Compares whole names: what follows the shorter one's middle is the suffix.
fn by_name(a: &[u8], b: &[u8]) -> Ordering {
    let common = a.len().min(b.len());
    a[..common].cmp(&b[..common]).then_with(|| {
        let (a, b) = (a[common..].iter(), b[common..].iter());
        a.chain(SUFFIX).cmp(b.chain(SUFFIX))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    fn listed(files: &[(&str, u64)]) -> Listed {
        let ages: BTreeMap<&str, u64> = files.iter().copied().collect();
        let mut listed = Listed::default();
        for (name, _) in files {
            assert!(listed.push(OsStr::new(name)), "{name}");
        }
        listed.look_at_each(|name| {
            let seconds = *ages.get(name.to_str()?)?;
            let time = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            (seconds > 0).then_some(Times {
                modified: time,
                changed: time,
            })
        });
        listed
    }

    fn names(listed: &Listed) -> Vec<String> {
        let name = |entry: Entry| entry.name.into_string().unwrap();
        listed.iter().map(name).collect()
    }

    #[test]
    fn the_oldest_come_first_and_those_of_one_age_by_their_whole_names() {
        let of_one_age = ["a-", "a", "a.1", "a1", "", "b"].map(|it| format!("metadata_{it}.json"));
        let mut files: Vec<(&str, u64)> = of_one_age.iter().map(|it| (it.as_str(), 7)).collect();
        files.push(("metadata_old.json", 6));
        files.push(("metadata_gone.json", 0));
        let mut expected: Vec<String> = of_one_age.to_vec();
        expected.sort();
        expected.insert(0, "metadata_old.json".to_owned());
        let listed = listed(&files);
        assert_eq!(names(&listed), expected);
        assert_eq!((listed.len(), listed.is_empty()), (7, false));
        assert_eq!(listed.places(|name| name == "metadata_b.json"), [6]);
        assert_eq!(listed.get(0).unwrap().modified.timestamp(), 6);
        assert_eq!(listed.get(7), None);
    }

    #[test]
    fn the_newest_come_first_where_that_is_asked_for() {
        let listed = listed(&[
            ("metadata_a.json", 1),
            ("metadata_b.json", 3),
            ("metadata_c.json", 2),
            ("metadata_d.json", 2),
        ]);
        let expected = ["b", "c", "d", "a"].map(|it| format!("metadata_{it}.json"));
        assert_eq!(names(&listed.newest_first()), expected);
    }

    #[test]
    fn many_are_looked_at_once_each() {
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        let mut listed = Listed::default();
        for number in 0..3 * MANY {
            listed.push(OsStr::new(&format!("metadata_{number:06}.json")));
        }
        let looks = AtomicUsize::new(0);
        listed.look_at_each(|name| {
            looks.fetch_add(1, Relaxed);
            let number: u64 = name.to_str()?.get(9..15)?.parse().ok()?;
            let age = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - number));
            (!number.is_multiple_of(7)).then_some(Times {
                modified: age,
                changed: age,
            })
        });
        assert_eq!(looks.into_inner(), 3 * MANY);
        let names = names(&listed);
        assert_eq!(names.len(), 3 * MANY - (3 * MANY).div_ceil(7));
        assert!(names.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn foreign_names_are_passed_over() {
        let mut listed = Listed::default();
        for name in ["x.json", "metadata_x", "metadata_.jso", "metadata_json", ""] {
            assert!(!listed.push(OsStr::new(name)), "{name}");
        }
        assert!(listed.is_empty());
    }
}
