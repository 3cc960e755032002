//! Call data: one row each, and which calls and keys are known.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Database, StoreError, StoredCall};
use crate::clock;
use crate::stop::lock;

/// The calls.
pub(crate) struct CallStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    rows: Vec<StoredCall>,
    by_key: HashMap<String, usize>,
    by_call_id: HashMap<String, usize>,
}

/// Call data as it came, understood as far as the API needs it.
pub(crate) struct NewCall {
    pub(crate) call_id: String,
    pub(crate) body: serde_json::Value,
    pub(crate) raw_body: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// What became of call data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It is new.
    Stored,
    /// The same body came before under the same key.
    Replayed,
    /// The call came before, under another key or with another body.
    Exists,
    /// Another call came before under the same key.
    KeyReused,
}

impl CallStore {
    /// The calls that are known.
    pub(super) fn new(rows: Vec<StoredCall>) -> Self {
        let mut inner = Inner::default();
        for row in rows {
            inner.push(row);
        }
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// All calls in their order.
    pub(crate) fn all(&self) -> Vec<StoredCall> {
        lock(&self.inner).rows.clone()
    }

    /// The latest bodies, newest first, at most `limit`: of that call, or of all.
    pub(crate) fn latest(&self, call_id: Option<&str>, limit: usize) -> Vec<String> {
        self.bodies(limit, |row| {
            call_id.is_none_or(|call_id| row.call_id == call_id)
        })
    }

    /// The latest bodies of any calls but that one, newest first, at most `limit`.
    pub(crate) fn others(&self, call_id: &str, limit: usize) -> Vec<String> {
        self.bodies(limit, |row| row.call_id != call_id)
    }

    fn bodies(&self, limit: usize, is_meant: impl Fn(&StoredCall) -> bool) -> Vec<String> {
        lock(&self.inner)
            .rows
            .iter()
            .rev()
            .filter(|row| is_meant(row))
            .take(limit)
            .map(|row| row.raw_body.clone())
            .collect()
    }

    /// Keeps call data. With `dedupe`, a call is kept once.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub(crate) fn post(
        &self,
        database: &Database,
        new: NewCall,
        dedupe: bool,
    ) -> Result<Posted, StoreError> {
        let mut inner = lock(&self.inner);
        if dedupe && let Some(known) = inner.known(&new) {
            return Ok(known);
        }
        let row = StoredCall {
            seq: inner.rows.last().map_or(0, |row| row.seq) + 1,
            recording_url: new
                .body
                .pointer("/callDetails/recordingUrl")
                .and_then(|url| url.as_str())
                .map(str::to_owned),
            call_id: new.call_id,
            body: new.body,
            raw_body: new.raw_body,
            idempotency_key: new.idempotency_key,
            request_id: new.request_id,
            received_at: clock::text(clock::now()),
        };
        database.insert(&row)?;
        inner.push(row);
        Ok(Posted::Stored)
    }
}

impl Inner {
    fn push(&mut self, row: StoredCall) {
        let index = self.rows.len();
        if let Some(key) = &row.idempotency_key {
            self.by_key.entry(key.clone()).or_insert(index);
        }
        self.by_call_id.entry(row.call_id.clone()).or_insert(index);
        self.rows.push(row);
    }

    /// What is known of a call that comes now.
    fn known(&self, new: &NewCall) -> Option<Posted> {
        let same_key = new
            .idempotency_key
            .as_ref()
            .and_then(|key| self.rows.get(*self.by_key.get(key)?));
        match same_key {
            Some(row) if row.raw_body == new.raw_body => Some(Posted::Replayed),
            _ if self.by_call_id.contains_key(&new.call_id) => Some(Posted::Exists),
            Some(_) => Some(Posted::KeyReused),
            None => None,
        }
    }
}
