//! What tests do to a spool's disk, and what they look at there.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use callspool::clock::{Clock, SystemClock};
use callspool::timestamp;
use chrono::TimeDelta;
use test_support::{Dir, Site, sha256};

/// A sample file of the customer's shapes.
pub(crate) fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/samples")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// A time that many seconds from now (before it, when negative), as an agent writes it.
pub(crate) fn from_now(seconds: i64) -> String {
    timestamp::format(SystemClock.now() + TimeDelta::seconds(seconds))
}

/// Sets a file's time of modification to that many seconds from now.
pub(crate) fn modify(path: &Path, seconds: i64) {
    let time: SystemTime = (SystemClock.now() + TimeDelta::seconds(seconds)).into();
    File::open(path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(time))
        .unwrap();
}

/// Writes a file anywhere, with the directories above it.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path)
        .unwrap()
        .write_all(bytes.as_ref())
        .unwrap();
    path.to_owned()
}

/// Makes a FIFO.
pub(crate) fn make_fifo(path: &Path) {
    use rustix::fs::{CWD, Mode, mkfifoat};
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

/// The transcript's name of a session.
pub(crate) fn transcript_path(site: &Site, id: &str) -> PathBuf {
    site.dir(Dir::Conversations)
        .join(format!("transcript_{id}.json"))
}

/// A document's file in a directory.
pub(crate) fn document_path(site: &Site, dir: Dir, id: &str) -> PathBuf {
    site.dir(dir).join(format!("metadata_{id}.json"))
}

/// What is on disk: each file's name with the hash of its bytes and its time of modification; of
/// what is neither a file nor a directory, the name alone.
pub(crate) type Tree = BTreeMap<PathBuf, Option<(String, SystemTime)>>;

/// Everything below a directory. The program's own lock and state files are left out.
pub(crate) fn tree(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut rest = vec![dir.to_owned()];
    while let Some(next) = rest.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                rest.push(path);
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy();
            if name == ".callspool.lock" || name == ".callspool.state" {
                continue;
            }
            let content = metadata.is_file().then(|| {
                (
                    sha256(&fs::read(&path).unwrap()),
                    metadata.modified().unwrap(),
                )
            });
            tree.insert(path.strip_prefix(dir).unwrap().to_owned(), content);
        }
    }
    tree
}

/// The trees that callspool may read and never change.
pub(crate) fn assets(site: &Site) -> [Tree; 3] {
    [Dir::Conversations, Dir::Recordings, Dir::Leads].map(|dir| tree(&site.dir(dir)))
}

/// A text with as many spaces behind it as make that many bytes.
pub(crate) fn padded(text: &str, len: usize) -> String {
    let mut text = text.to_owned();
    text.extend(std::iter::repeat_n(' ', len - text.len()));
    text
}

/// How long an age is, in seconds before now.
pub(crate) fn before_now(age: Duration) -> i64 {
    -i64::try_from(age.as_secs()).unwrap()
}
