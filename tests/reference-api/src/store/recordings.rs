//! Recordings: one file each, under a name of the API's own.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{Database, StoreError, StoredRecording};
use crate::body::hex;
use crate::clock;
use crate::stop::lock;

/// Longest file extension that is taken over from a client, in characters.
const MAX_EXTENSION: usize = 8;

/// The recordings.
pub(crate) struct RecordingStore {
    directory: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    rows: Vec<StoredRecording>,
    by_key: HashMap<String, usize>,
}

/// A file that is being received.
pub(crate) struct Incoming {
    file: NamedTempFile,
    digest: Sha256,
    size: u64,
}

/// What the client said of a recording.
pub(crate) struct NewRecording {
    pub(crate) original_name: String,
    pub(crate) media_type: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// What became of a recording.
pub(crate) enum Kept {
    /// It is new.
    Stored(StoredRecording),
    /// The same came before under the same key.
    Replayed(StoredRecording),
    /// Another came before under the same key.
    KeyReused,
}

impl RecordingStore {
    /// The recordings in a directory, and what is known of them.
    pub(super) fn new(directory: PathBuf, rows: Vec<StoredRecording>) -> Self {
        let mut inner = Inner::default();
        for row in rows {
            inner.push(row);
        }
        Self {
            directory,
            inner: Mutex::new(inner),
        }
    }

    /// All recordings in their order.
    pub(crate) fn all(&self) -> Vec<StoredRecording> {
        lock(&self.inner).rows.clone()
    }

    /// Begins a file; dropped, it is gone.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn receive(&self) -> Result<Incoming, StoreError> {
        let file = tempfile::Builder::new()
            .prefix(".incoming-")
            .tempfile_in(&self.directory)
            .map_err(|source| self.failed("create a file in", &self.directory, source))?;
        Ok(Incoming {
            file,
            digest: Sha256::new(),
            size: 0,
        })
    }

    /// Keeps a file. With `dedupe`, one that came before under the same key is not kept twice.
    ///
    /// # Errors
    /// When the file or its row cannot be written.
    pub(crate) fn keep(
        &self,
        database: &Database,
        incoming: Incoming,
        new: NewRecording,
        dedupe: bool,
        url: impl FnOnce(&str) -> String,
    ) -> Result<Kept, StoreError> {
        let mut inner = lock(&self.inner);
        let sha256 = hex(&incoming.digest.clone().finalize());
        let known = new.idempotency_key.as_ref().filter(|_| dedupe);
        if let Some(before) = known.and_then(|key| inner.with_key(key)) {
            let is_same = before.size == incoming.size && before.sha256 == sha256;
            return Ok(match is_same {
                true => Kept::Replayed(before.clone()),
                false => Kept::KeyReused,
            });
        }
        let stored_name = self.name_file(incoming.file.path(), &new.original_name)?;
        let row = StoredRecording {
            seq: inner.rows.last().map_or(0, |row| row.seq) + 1,
            path: self.directory.join(&stored_name),
            url: url(&stored_name),
            stored_name,
            original_name: new.original_name,
            media_type: new.media_type,
            size: incoming.size,
            sha256,
            idempotency_key: new.idempotency_key,
            request_id: new.request_id,
            received_at: clock::text(clock::now()),
        };
        database.insert(&row)?;
        inner.push(row.clone());
        Ok(Kept::Stored(row))
    }

    /// Gives a file its name: milliseconds since the epoch, the next free ones.
    fn name_file(&self, file: &Path, original_name: &str) -> Result<String, StoreError> {
        let extension = extension(original_name);
        let mut number = clock::now().timestamp_millis();
        loop {
            let name = format!("{number}.{extension}");
            let path = self.directory.join(&name);
            match fs::hard_link(file, &path) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(self.failed("name", &path, source)),
            }
        }
    }

    fn failed(&self, operation: &'static str, path: &Path, source: io::Error) -> StoreError {
        StoreError::File {
            operation,
            path: path.to_owned(),
            source,
        }
    }
}

impl Inner {
    fn push(&mut self, row: StoredRecording) {
        if let Some(key) = &row.idempotency_key {
            // The first answer is the one that is replayed.
            self.by_key.entry(key.clone()).or_insert(self.rows.len());
        }
        self.rows.push(row);
    }

    fn with_key(&self, key: &str) -> Option<&StoredRecording> {
        self.rows.get(*self.by_key.get(key)?)
    }
}

impl Incoming {
    fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }
}

impl Write for Incoming {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file().write(bytes)?;
        self.digest.update(bytes.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// The extension of a client's file name, when it is a harmless one; else `bin`.
fn extension(name: &str) -> String {
    name.rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|extension| (1..=MAX_EXTENSION).contains(&extension.len()))
        .filter(|extension| extension.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map_or_else(|| "bin".to_owned(), str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_cannot_leave_the_directory() {
        for (name, expected) in [
            ("a.ogg", "ogg"),
            ("a.tar.GZ", "gz"),
            ("noext", "bin"),
            ("a.", "bin"),
            ("a./../../x", "bin"),
            ("a.12345678", "12345678"),
            ("a.123456789", "bin"),
        ] {
            assert_eq!(extension(name), expected, "{name}");
        }
    }
}
