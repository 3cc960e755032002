//! The figures of the whole spool, for `inspect`, and what a monitor makes of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::exit_code::ExitCode;
use super::session_line::{SessionLine, StateWord};
use super::wording::span;
use crate::spool::{Activity, Holder};
use crate::timestamp;

/// Counts by state, and the oldest.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Overview {
    /// The form of this object.
    pub version: u32,
    /// Files in call_metadata/.
    pub pending: u64,
    /// Of these: due now.
    pub due: u64,
    /// Of these: a recording is awaited.
    pub waiting: u64,
    /// Of these: a file may still be in the making.
    pub settling: u64,
    /// Of these: failed before and not due yet.
    pub backoff: u64,
    /// Of these: not ours to act on, or unreadable.
    pub skipped: u64,
    /// Of these: no document; the next run quarantines them.
    pub unparsable: u64,
    /// Files in processed_metadata/.
    pub processed: u64,
    /// Files in failed_metadata/.
    pub failed: u64,
    /// Files in corrupt_metadata/.
    pub corrupt: u64,
    /// The time of the oldest pending document, RFC 3339.
    pub oldest_pending_at: Option<String>,
    /// Its age in seconds.
    pub oldest_pending_age_seconds: Option<i64>,
    /// The time of the oldest document whose recording is awaited, RFC 3339.
    pub oldest_waiting_at: Option<String>,
    /// Its age in seconds.
    pub oldest_waiting_age_seconds: Option<i64>,
    /// The API asked to be left alone until then, RFC 3339.
    pub not_before: Option<String>,
    /// Bytes of recordings that the next run would send.
    pub bytes_due: u64,
    /// The run that is at work, if it can be seen.
    pub run: Option<RunLine>,
    /// Since when nobody holds the lock, RFC 3339; `None` while a run is at work, and after one that
    /// was killed.
    pub idle_since: Option<String>,
    /// What runs do, or did.
    #[serde(skip)]
    pub(super) activity: Activity,
    #[serde(skip)]
    oldest_pending: Option<DateTime<Utc>>,
    #[serde(skip)]
    oldest_waiting: Option<DateTime<Utc>>,
}

impl Overview {
    /// Counts the sessions in call_metadata/; the other states are filled in by their listings.
    pub fn of(pending: &[SessionLine], now: DateTime<Utc>) -> Self {
        let mut overview = Self::default();
        pending.iter().for_each(|line| overview.add(line));
        overview.at(now)
    }

    /// Counts one session more in call_metadata/.
    pub fn add(&mut self, line: &SessionLine) {
        self.pending += 1;
        match line.state {
            StateWord::Due => self.due += 1,
            StateWord::Waiting => self.waiting += 1,
            StateWord::Settling => self.settling += 1,
            StateWord::Backoff => self.backoff += 1,
            StateWord::Skipped => self.skipped += 1,
            StateWord::Corrupt => self.unparsable += 1,
            StateWord::Failed | StateWord::Processed | StateWord::Partial => {}
        }
        self.bytes_due += line.bytes_to_send.unwrap_or_default();
        let Some(modified) = line.modified() else {
            return;
        };
        let older = |oldest: Option<DateTime<Utc>>| {
            Some(oldest.map_or(modified, |oldest| oldest.min(modified)))
        };
        self.oldest_pending = older(self.oldest_pending);
        if line.state == StateWord::Waiting {
            self.oldest_waiting = older(self.oldest_waiting);
        }
    }

    /// The same with what depends on the time, once all are counted.
    pub fn at(self, now: DateTime<Utc>) -> Self {
        let seconds = |since: DateTime<Utc>| (now - since).num_seconds().max(0);
        Self {
            version: 1,
            oldest_pending_at: self.oldest_pending.map(timestamp::format_millis),
            oldest_pending_age_seconds: self.oldest_pending.map(seconds),
            oldest_waiting_at: self.oldest_waiting.map(timestamp::format_millis),
            oldest_waiting_age_seconds: self.oldest_waiting.map(seconds),
            ..self
        }
    }

    /// The same with what runs do, or did.
    pub fn with_activity(mut self, activity: Activity) -> Self {
        match &activity {
            Activity::AtWork {
                pid,
                holder,
                shards,
            } => {
                self.run = Some(RunLine {
                    pid: *pid,
                    started_at: holder.as_ref().map(|holder| holder.started_at.clone()),
                    session_id: holder.iter().find_map(first_session),
                    shards: shards.iter().map(ToString::to_string).collect(),
                });
            }
            Activity::Idle(at) => self.idle_since = Some(timestamp::format_millis(*at)),
            Activity::None | Activity::Unclear(_) => {}
        }
        self.activity = activity;
        self
    }
}

fn first_session(holder: &Holder) -> Option<String> {
    holder.in_work.first()?.session_id.clone()
}

/// A run that is at work.
#[derive(Debug, Clone, Serialize)]
pub struct RunLine {
    /// Its process.
    pub pid: u32,
    /// When it started, RFC 3339, once it works on a session.
    pub started_at: Option<String>,
    /// The session that it works on, or the first of them.
    pub session_id: Option<String>,
    /// The shards that runs are at work on, of which this one has the first; not there when it has
    /// the whole spool.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<String>,
}

/// What a monitor wants to know.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// How old the oldest pending session may be.
    pub max_age: Duration,
    /// How many sessions may be pending.
    pub max_pending: u64,
}

/// One line for a monitor, and its exit code: 4 when a person is needed (as `run` would say it), 3 when too many sessions
/// or too old ones are pending, else 0.
pub fn check_line(overview: &Overview, health: Health, now: DateTime<Utc>) -> (String, ExitCode) {
    let oldest = overview
        .oldest_pending
        .map(|since| (now - since).to_std().unwrap_or_default());
    let is_too_old = oldest.is_some_and(|age| age > health.max_age);
    let facts = format!(
        "pending={} oldest_pending={} failed={} corrupt={} skipped={}",
        overview.pending,
        oldest.map_or_else(|| "-".to_owned(), |age| span(age).replace(' ', "")),
        overview.failed,
        overview.corrupt,
        overview.skipped,
    );
    if overview.failed + overview.corrupt + overview.skipped > 0 {
        (
            format!("ATTENTION {facts}: a person is needed, see: callspool inspect\n"),
            ExitCode::Attention,
        )
    } else if is_too_old {
        let limit = span(health.max_age);
        (
            format!("WARNING {facts}: the oldest has been pending for more than {limit}\n"),
            ExitCode::Deferred,
        )
    } else if overview.pending > health.max_pending {
        (
            format!(
                "WARNING {facts}: more than {} are pending\n",
                health.max_pending
            ),
            ExitCode::Deferred,
        )
    } else {
        (format!("OK {facts}\n"), ExitCode::Ok)
    }
}
