//! Which documents were removed, and nothing else of their tombstones: a run asks for no more, and may
//! have a million of them.

use super::document::Document;
use super::tombstone::{HEADER, TombstoneError, document_marks, is_mark};

/// How many words a tombstone's line has.
const WORDS: usize = 5;

/// The documents that were removed, in thirty-two bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrunedDocuments {
    /// The marks of session and saving, in order.
    marks: Vec<(u128, u128)>,
}

impl PrunedDocuments {
    /// Reads the file's lines, one after the other.
    ///
    /// # Errors
    /// When a line cannot be read, or is no tombstone.
    pub fn read<E: From<TombstoneError>>(
        lines: impl Iterator<Item = Result<String, E>>,
    ) -> Result<Self, E> {
        let mut marks = Vec::new();
        for (index, line) in lines.enumerate() {
            let line = line?;
            match index {
                0 if line == HEADER => {}
                0 => return Err(TombstoneError::at(0).into()),
                _ => marks.push(parse(&line).ok_or_else(|| TombstoneError::at(index))?),
            }
        }
        // They are written in order.
        marks.sort_unstable();
        Ok(Self { marks })
    }

    /// Whether that very document was removed: of the same session, as its agent saved it.
    pub fn has(&self, document: &Document) -> bool {
        if self.marks.is_empty() {
            return false;
        }
        let (session, saving) = document_marks(document);
        let marks = number(&session).zip(number(&saving));
        marks.is_some_and(|marks| self.marks.binary_search(&marks).is_ok())
    }
}

fn parse(line: &str) -> Option<(u128, u128)> {
    let mut words = line.split(' ');
    let session = number(words.next()?)?;
    let saving = number(words.next()?)?;
    (words.count() == WORDS - 2).then_some((session, saving))
}

fn number(mark: &str) -> Option<u128> {
    is_mark(mark).then(|| u128::from_str_radix(mark, 16).ok())?
}
