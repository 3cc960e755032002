//! What was received, counted.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::request::Route;

/// Counts since the start, or since counting started anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Connections on which anything was received that counts.
    pub connections: u64,
    /// Recordings.
    pub uploads: u64,
    /// Bytes of their bodies, as they were framed.
    pub upload_bytes: u64,
    /// Posts of call data.
    pub posts: u64,
    /// Bytes of their bodies.
    pub post_bytes: u64,
    /// Questions whether a call is there.
    pub questions: u64,
    /// Requests that are none of these.
    pub others: u64,
    /// When the first request's head was read, in nanoseconds since the epoch; 0 before.
    pub first_unix_ns: u64,
    /// When the last request's body was read.
    pub last_unix_ns: u64,
}

/// Counts that the threads share.
#[derive(Debug, Default)]
pub(crate) struct Stats(Mutex<Counts>);

impl Stats {
    /// A request's head is there; `is_first` on its connection.
    pub(crate) fn arrived(&self, is_first: bool) {
        self.change(|counts| {
            counts.connections += u64::from(is_first);
            if counts.first_unix_ns == 0 {
                counts.first_unix_ns = unix_ns();
            }
        });
    }

    /// A request was received with a body of that many bytes.
    pub(crate) fn received(&self, route: Route, body_bytes: u64) {
        self.change(|counts| {
            match route {
                Route::Upload => {
                    counts.uploads += 1;
                    counts.upload_bytes += body_bytes;
                }
                Route::CallData => {
                    counts.posts += 1;
                    counts.post_bytes += body_bytes;
                }
                Route::Question => counts.questions += 1,
                Route::Stats { .. } | Route::Other => counts.others += 1,
            }
            counts.last_unix_ns = unix_ns();
        });
    }

    /// The counts as they are.
    pub(crate) fn counts(&self) -> Counts {
        self.change(|counts| *counts)
    }

    /// The counts, which then start anew.
    pub(crate) fn take(&self) -> Counts {
        self.change(std::mem::take)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn unix_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
