//! The SQL: three tables, written row by row.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags, ToSql};

use super::{StoreError, StoredCall, StoredRecording};
use crate::log::ReceivedRequest;
use crate::stop::lock;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS recordings (
    seq INTEGER PRIMARY KEY, stored_name TEXT NOT NULL UNIQUE, original_name TEXT NOT NULL,
    media_type TEXT, size INTEGER NOT NULL, sha256 TEXT NOT NULL, idempotency_key TEXT,
    request_id TEXT, received_at TEXT NOT NULL, url TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL, body TEXT NOT NULL, recording_url TEXT,
    idempotency_key TEXT, request_id TEXT, received_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT, target TEXT, status INTEGER, fault TEXT, content_length INTEGER,
    chunked INTEGER NOT NULL, body_bytes INTEGER NOT NULL, body_sha256 TEXT,
    idempotency_key TEXT, request_id TEXT, user_agent TEXT, connection INTEGER NOT NULL);
";

/// The open database.
pub(crate) struct Database {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// A row that can be inserted.
pub(super) trait Row {
    /// The statement.
    const INSERT: &'static str;

    /// Hands the statement's parameters on.
    fn with_parameters<T>(&self, act: impl FnOnce(&[&dyn ToSql]) -> T) -> T;
}

impl Database {
    /// Opens the database and makes its tables.
    ///
    /// # Errors
    /// When the file cannot be opened or is no such database.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let error = |source| failed("open the tables", path, source);
        let connection = Connection::open(path).map_err(error)?;
        // A reader does not hinder the writer, and what was committed survives the process.
        connection
            .pragma_update(None, "journal_mode", "wal")
            .and_then(|()| connection.pragma_update(None, "synchronous", "normal"))
            .and_then(|()| connection.execute_batch(SCHEMA))
            .map_err(error)?;
        Ok(Self::new(path, connection))
    }

    /// Opens a database that is there, to read it.
    ///
    /// # Errors
    /// When it is not there or cannot be opened.
    pub(super) fn open_existing(path: &Path) -> Result<Self, StoreError> {
        // Not read-only: the last reader of a write-ahead log has to tidy it up.
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map(|connection| Self::new(path, connection))
            .map_err(|source| failed("open the tables", path, source))
    }

    fn new(path: &Path, connection: Connection) -> Self {
        Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn insert<R: Row>(&self, row: &R) -> Result<(), StoreError> {
        row.with_parameters(|parameters| {
            lock(&self.connection)
                .prepare_cached(R::INSERT)
                .and_then(|mut statement| statement.execute(parameters))
        })
        .map(drop)
        .map_err(|source| failed("write a row", &self.path, source))
    }

    /// Writes a request, or what became of it: the row of the same `seq` is replaced.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn put_request(&self, request: &ReceivedRequest) -> Result<(), StoreError> {
        self.insert(request)
    }

    /// The highest `seq` of a request, 0 when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn last_request(&self) -> Result<u64, StoreError> {
        lock(&self.connection)
            .query_row("SELECT coalesce(max(seq), 0) FROM requests", [], |row| {
                row.get(0)
            })
            .map_err(|source| failed("read the requests", &self.path, source))
    }

    /// All recordings in their order; `directory` is where their files are.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn load_recordings(
        &self,
        directory: &Path,
    ) -> Result<Vec<StoredRecording>, StoreError> {
        self.load(
            "SELECT seq, stored_name, original_name, media_type, size, sha256, idempotency_key,
                    request_id, received_at, url FROM recordings ORDER BY seq",
            |row| {
                let stored_name: String = row.get(1)?;
                Ok(StoredRecording {
                    seq: row.get(0)?,
                    path: directory.join(&stored_name),
                    stored_name,
                    original_name: row.get(2)?,
                    media_type: row.get(3)?,
                    size: row.get(4)?,
                    sha256: row.get(5)?,
                    idempotency_key: row.get(6)?,
                    request_id: row.get(7)?,
                    received_at: row.get(8)?,
                    url: row.get(9)?,
                })
            },
        )
    }

    /// All call data in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn load_calls(&self) -> Result<Vec<StoredCall>, StoreError> {
        self.load(
            "SELECT seq, call_id, body, recording_url, idempotency_key, request_id, received_at
             FROM calls ORDER BY seq",
            |row| {
                let raw_body: String = row.get(2)?;
                Ok(StoredCall {
                    seq: row.get(0)?,
                    call_id: row.get(1)?,
                    body: serde_json::from_str(&raw_body).unwrap_or_default(),
                    raw_body,
                    recording_url: row.get(3)?,
                    idempotency_key: row.get(4)?,
                    request_id: row.get(5)?,
                    received_at: row.get(6)?,
                })
            },
        )
    }

    fn load<T>(
        &self,
        query: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let connection = lock(&self.connection);
        let load = || -> rusqlite::Result<Vec<T>> {
            connection.prepare(query)?.query_map([], read)?.collect()
        };
        load().map_err(|source| failed("read the rows", &self.path, source))
    }
}

fn failed(operation: &'static str, path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Database {
        operation,
        path: path.to_owned(),
        source,
    }
}

impl Row for StoredRecording {
    const INSERT: &'static str =
        "INSERT INTO recordings (seq, stored_name, original_name, media_type, size, sha256,
             idempotency_key, request_id, received_at, url)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    fn with_parameters<T>(&self, act: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        act(rusqlite::params![
            self.seq,
            self.stored_name,
            self.original_name,
            self.media_type,
            self.size,
            self.sha256,
            self.idempotency_key,
            self.request_id,
            self.received_at,
            self.url,
        ])
    }
}

impl Row for StoredCall {
    const INSERT: &'static str =
        "INSERT INTO calls (seq, call_id, body, recording_url, idempotency_key, request_id,
             received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    fn with_parameters<T>(&self, act: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        act(rusqlite::params![
            self.seq,
            self.call_id,
            self.raw_body,
            self.recording_url,
            self.idempotency_key,
            self.request_id,
            self.received_at,
        ])
    }
}

impl Row for ReceivedRequest {
    const INSERT: &'static str =
        "INSERT OR REPLACE INTO requests (seq, at, method, path, query, target, status, fault,
             content_length, chunked, body_bytes, body_sha256, idempotency_key, request_id,
             user_agent, connection)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

    fn with_parameters<T>(&self, act: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        act(rusqlite::params![
            self.seq,
            crate::clock::text(self.at),
            self.method,
            self.path,
            self.query,
            self.target.map(crate::Target::as_str),
            self.status,
            self.fault,
            self.content_length,
            self.chunked,
            self.body_bytes,
            self.body_sha256,
            self.idempotency_key,
            self.request_id,
            self.user_agent,
            self.connection,
        ])
    }
}
