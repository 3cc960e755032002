//! What is left of sessions whose documents were removed after their delivery: so that nobody
//! takes their transcripts, or documents of theirs that come back, for something new.
//!
//! Pure. A tombstone holds no name, id or number, but hashes of the session's id, of the document as
//! its agent saved it, and of its files' names. It is a line of text, so that one session is looked up
//! among many without reading them all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::document::Document;
use super::likeness::saving_of;
use crate::timestamp;

/// What the file begins with: what it is, and in which form.
pub(super) const HEADER: &str = "callspool-pruned 1";

/// How long a tombstone is kept, in days, when the session's files are gone.
const KEPT_DAYS: i64 = 400;

/// How many bytes of a hash are kept.
const MARK_BYTES: usize = 16;

/// The bytes of a file are no tombstones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no line of callspool's")]
pub struct TombstoneError(usize);

impl TombstoneError {
    /// Of a line, by how many there are before it.
    pub(super) fn at(index: usize) -> Self {
        Self(index + 1)
    }
}

/// Where a file is that a tombstone speaks of: two directories may have files of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// In conversations/.
    Transcript,
    /// In recordings/: audio, or a manifest.
    Recording,
    /// In leads/.
    Lead,
}

impl FileKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Recording => "recording",
            Self::Lead => "lead",
        }
    }
}

/// What is left of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    session: String,
    saving: String,
    files: Vec<String>,
    delivered_at: DateTime<Utc>,
    pruned_at: DateTime<Utc>,
}

impl Tombstone {
    /// What is to be left of a delivered document and the files that it names, by what they are
    /// called in their directories.
    pub fn of(
        document: &Document,
        files: &[(FileKind, &str)],
        delivered_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            session: session_mark(document.session_id()),
            saving: mark("saving", &saving_of(document)),
            files: files
                .iter()
                .map(|(kind, name)| mark(kind.as_str(), name))
                .collect(),
            delivered_at,
            pruned_at: now,
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let tombstone = Self {
            session: words.next().filter(|word| is_mark(word))?.to_owned(),
            saving: words.next().filter(|word| is_mark(word))?.to_owned(),
            files: match words.next()? {
                "-" => Vec::new(),
                marks => marks.split(',').map(str::to_owned).collect(),
            },
            delivered_at: timestamp::parse(words.next()?)?,
            pruned_at: timestamp::parse(words.next()?)?,
        };
        let is_whole = words.next().is_none() && tombstone.files.iter().all(|it| is_mark(it));
        is_whole.then_some(tombstone)
    }

    fn line(&self) -> String {
        let files = match self.files.is_empty() {
            true => "-".to_owned(),
            false => self.files.join(","),
        };
        let (delivered, pruned) = (
            timestamp::format_millis(self.delivered_at),
            timestamp::format_millis(self.pruned_at),
        );
        format!(
            "{} {} {files} {delivered} {pruned}\n",
            self.session, self.saving
        )
    }
}

/// All tombstones of a spool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tombstones {
    /// By session and saving: a session is recorded once, but some agents use an id again.
    all: BTreeMap<(String, String), Tombstone>,
    /// When each of the files was delivered last.
    files: BTreeMap<String, DateTime<Utc>>,
}

impl Tombstones {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is another's, or damaged.
    pub fn parse(text: &str) -> Result<Self, TombstoneError> {
        let mut lines = text.lines().enumerate();
        match lines.next() {
            None => return Ok(Self::default()),
            Some((_, HEADER)) => {}
            Some(_) => return Err(TombstoneError(1)),
        }
        let mut read = Self::default();
        for (number, line) in lines {
            read.add(Tombstone::parse(line).ok_or(TombstoneError(number + 1))?);
        }
        Ok(read)
    }

    /// The file's content.
    pub fn to_text(&self) -> String {
        let lines: String = self.all.values().map(Tombstone::line).collect();
        format!("{HEADER}\n{lines}")
    }

    /// Adds one; it takes the place of another one for the same document.
    pub fn add(&mut self, tombstone: Tombstone) {
        for file in &tombstone.files {
            let at = self
                .files
                .entry(file.clone())
                .or_insert(tombstone.delivered_at);
            *at = tombstone.delivered_at.max(*at);
        }
        let key = (tombstone.session.clone(), tombstone.saving.clone());
        self.all.insert(key, tombstone);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// When a transcript, by its file's name and its session's id, was delivered last.
    pub fn delivered(&self, transcript: &str, session_id: &str) -> Option<DateTime<Utc>> {
        let of_session = self.of_session(session_id);
        let at = of_session.map(|tombstone| tombstone.delivered_at).max();
        at.max(self.file(FileKind::Transcript, transcript))
    }

    /// When a file was delivered last.
    pub fn file(&self, kind: FileKind, name: &str) -> Option<DateTime<Utc>> {
        self.files.get(&mark(kind.as_str(), name)).copied()
    }

    /// When a file was delivered that belonged to a session which was removed; `None` when it did not.
    pub fn file_of_session(
        &self,
        session_id: &str,
        kind: FileKind,
        name: &str,
    ) -> Option<DateTime<Utc>> {
        let file = mark(kind.as_str(), name);
        let mut of_session = self.of_session(session_id);
        let found = of_session.find(|tombstone| tombstone.files.contains(&file));
        found.map(|tombstone| tombstone.delivered_at)
    }

    /// Whether a session was removed.
    pub fn has_session(&self, session_id: &str) -> bool {
        self.of_session(session_id).next().is_some()
    }

    fn of_session(&self, session_id: &str) -> impl Iterator<Item = &Tombstone> {
        let session = session_mark(session_id);
        self.all
            .range((session.clone(), String::new())..)
            .take_while(move |((found, _), _)| *found == session)
            .map(|(_, tombstone)| tombstone)
    }

    /// Drops what is so old that nobody comes back to it, unless one of its files is still there.
    pub fn drop_old<'a>(
        &mut self,
        files: impl Iterator<Item = (FileKind, &'a str)>,
        now: DateTime<Utc>,
    ) {
        let there: BTreeSet<String> = files
            .map(|(kind, name)| mark(kind.as_str(), name))
            .collect();
        let all = std::mem::take(self).all;
        for tombstone in all.into_values() {
            let is_young = now - tombstone.pruned_at < TimeDelta::days(KEPT_DAYS);
            if is_young || tombstone.files.iter().any(|file| there.contains(file)) {
                self.add(tombstone);
            }
        }
    }
}

/// Whether the text of the file names a session, without reading all of it.
pub fn text_names_session(text: &str, session_id: &str) -> bool {
    // A mark stands first in its line.
    text.contains(&format!("\n{} ", session_mark(session_id)))
}

/// The marks of a document's session and of its saving, by which its tombstone is known.
pub(super) fn document_marks(document: &Document) -> (String, String) {
    let saving = mark("saving", &saving_of(document));
    (session_mark(document.session_id()), saving)
}

fn session_mark(session_id: &str) -> String {
    mark("session", session_id)
}

/// A hash of a text of a kind, so that those of two kinds have nothing in common.
fn mark(kind: &str, text: &str) -> String {
    let digest = Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(text)
        .finalize();
    let bytes = digest.iter().take(MARK_BYTES);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn is_mark(word: &str) -> bool {
    word.len() == 2 * MARK_BYTES && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::PrunedDocuments;

    fn document(id: &str, saved: &str) -> Document {
        let text =
            format!(r#"{{"session_id": "{id}", "timestamps": {{"metadata_saved": "{saved}"}}}}"#);
        Document::parse(text.as_bytes()).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        timestamp::parse(text).unwrap()
    }

    fn two() -> Tombstones {
        let (delivered, now) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let mut all = Tombstones::default();
        let first = document("+15550100123", "2026-01-01T00:00:00Z");
        all.add(Tombstone::of(
            &first,
            &[
                (FileKind::Transcript, "t_+15550100123.json"),
                (FileKind::Lead, "b.json"),
            ],
            delivered,
            now,
        ));
        let second = document("b", "2026-01-01T00:00:00Z");
        all.add(Tombstone::of(&second, &[], delivered, now));
        all
    }

    fn pruned(text: &str) -> Result<PrunedDocuments, TombstoneError> {
        PrunedDocuments::read(text.lines().map(|line| Ok(line.to_owned())))
    }

    #[test]
    fn what_is_written_is_read_and_holds_nothing_of_a_person() {
        let all = two();
        let text = all.to_text();
        assert_eq!(Tombstones::parse(&text).unwrap(), all);
        assert!(!text.contains("15550100123"), "{text}");
        assert!(text_names_session(&text, "b") && text_names_session(&text, "+15550100123"));
        assert!(!text_names_session(&text, "c") && !text_names_session("", "b"));
        assert_eq!(Tombstones::parse("").unwrap(), Tombstones::default());
        for (text, line) in [
            ("x", 1),
            ("callspool-pruned 2\n", 1),
            ("callspool-pruned 1\nx", 2),
            (&format!("{text}zz {}", &text[20..]), 4),
        ] {
            assert_eq!(Tombstones::parse(text), Err(TombstoneError(line)), "{text}");
            assert_eq!(pruned(text), Err(TombstoneError(line)), "{text}");
        }
        assert_eq!(pruned(""), Ok(PrunedDocuments::default()));
        let torn = text.rsplit_once(' ').unwrap().0;
        assert_eq!(pruned(torn), Err(TombstoneError(3)), "{torn}");
    }

    #[test]
    fn a_document_that_comes_back_is_known_and_another_of_its_session_is_not() {
        let all = two();
        let pruned = pruned(&all.to_text()).unwrap();
        assert!(pruned.has(&document("b", "2026-01-01T00:00:00Z")));
        assert!(!pruned.has(&document("b", "2026-01-02T00:00:00Z")));
        assert!(!pruned.has(&document("c", "2026-01-01T00:00:00Z")));
        assert!(all.has_session("b") && !all.has_session("c") && !all.has_session(""));
        let delivered = Some(at("2026-01-01T00:00:00Z"));
        assert_eq!(all.delivered("t_+15550100123.json", "x"), delivered);
        assert_eq!(all.delivered("x", "b"), delivered);
        assert_eq!(all.delivered("b", "t_+15550100123.json"), None);
        assert_eq!(all.file(FileKind::Lead, "b.json"), delivered);
        assert_eq!(all.file(FileKind::Recording, "b.json"), None);
        let of = |id, kind| all.file_of_session(id, kind, "b.json");
        assert_eq!(of("+15550100123", FileKind::Lead), delivered);
        assert_eq!(of("+15550100123", FileKind::Recording), None);
        assert_eq!(of("b", FileKind::Lead), None);
    }

    #[test]
    fn old_ones_go_unless_their_transcript_is_there() {
        let day = |days| at("2026-02-01T00:00:00Z") + TimeDelta::days(days);
        let left = |days, files: &[(FileKind, &str)]| {
            let mut all = two();
            all.drop_old(files.iter().copied(), day(days));
            (all.all.len(), all.files.len())
        };
        assert_eq!(left(399, &[]), (2, 2));
        assert_eq!(left(400, &[]), (0, 0));
        assert_eq!(left(400, &[(FileKind::Lead, "b.json")]), (1, 2));
        assert_eq!(left(400, &[(FileKind::Recording, "b.json")]), (0, 0));
    }
}
