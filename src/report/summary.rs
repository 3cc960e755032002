//! The summary of a run: what became of each session of the snapshot.

use std::error::Error;

use chrono::{DateTime, Utc};

use super::adoption::RunAdoption;
use super::exit_code::ExitCode;
use super::requests::RequestCounts;
use crate::outcome::Part;
use crate::spool::Shard;

/// Why a run ended before it had tried all that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// `--max-duration` is over.
    Deadline,
    /// `--batch-size` sessions were attempted.
    BatchSize,
    /// The rate that the operator set is used up.
    Rate,
    /// The service is away.
    Unavailable,
    /// The API asked to wait longer than a run may.
    Throttled,
    /// Too many rejections in a row: the API may have changed.
    Rejected,
    /// The API refused the credentials.
    Auth,
    /// The base URL is not the API.
    Misdirected,
    /// Something could not be recorded.
    Durability,
    /// A signal.
    Signal(i32),
}

impl Stop {
    /// Every word in reports.
    pub const WORDS: [&'static str; 10] = [
        Self::Deadline.as_str(),
        Self::BatchSize.as_str(),
        Self::Rate.as_str(),
        Self::Unavailable.as_str(),
        Self::Throttled.as_str(),
        Self::Rejected.as_str(),
        Self::Auth.as_str(),
        Self::Misdirected.as_str(),
        Self::Durability.as_str(),
        Self::Signal(0).as_str(),
    ];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::BatchSize => "batch_size",
            Self::Rate => "rate",
            Self::Unavailable => "unavailable",
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::Auth => "auth",
            Self::Misdirected => "misdirected",
            Self::Durability => "durability",
            Self::Signal(_) => "signal",
        }
    }

    /// Whether a session is to blame that may meet it again, so that the next run takes it last.
    pub fn is_at_a_session(self) -> bool {
        !matches!(self, Self::Deadline | Self::BatchSize | Self::Rate)
    }
}

/// What became of one session of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Delivered in full.
    Uploaded,
    /// Delivered in part, and archived.
    Partial,
    /// Tried in this run; to be tried again.
    Deferred,
    /// Needs a person.
    Failed,
    /// No document; quarantined.
    Corrupt,
    /// Its recording is awaited.
    Waiting,
    /// One of its files may still be in the making.
    Settling,
    /// Failed before and not due yet.
    BackOff,
    /// Not ours to act on, or unreadable now.
    Skipped,
    /// Removed by somebody during the run.
    Vanished,
    /// Due, and not tried in this run.
    Left,
}

/// Sessions by fate. The snapshot is counted when it is taken, the fates one by one when they are
/// known, so that a session without a fate shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are those of Fate")]
pub struct SessionCounts {
    pub pending: u64,
    pub uploaded: u64,
    pub partial: u64,
    pub deferred: u64,
    pub failed: u64,
    pub corrupt: u64,
    pub waiting: u64,
    pub settling: u64,
    pub backoff: u64,
    pub skipped: u64,
    pub vanished: u64,
    pub left: u64,
    pub recovered: u64,
    /// Of those left: their documents were not read.
    pub unread: u64,
}

impl SessionCounts {
    /// Counts one session.
    pub fn count(&mut self, fate: Fate) {
        let counter = match fate {
            Fate::Uploaded => &mut self.uploaded,
            Fate::Partial => &mut self.partial,
            Fate::Deferred => &mut self.deferred,
            Fate::Failed => &mut self.failed,
            Fate::Corrupt => &mut self.corrupt,
            Fate::Waiting => &mut self.waiting,
            Fate::Settling => &mut self.settling,
            Fate::BackOff => &mut self.backoff,
            Fate::Skipped => &mut self.skipped,
            Fate::Vanished => &mut self.vanished,
            Fate::Left => &mut self.left,
        };
        *counter += 1;
    }

    /// Whether every session of the snapshot has exactly one fate.
    pub fn is_conserved(&self) -> bool {
        self.pending
            == self.uploaded
                + self.partial
                + self.deferred
                + self.failed
                + self.corrupt
                + self.waiting
                + self.settling
                + self.backoff
                + self.skipped
                + self.vanished
                + self.left
    }

    /// Sessions delivered among those tried; none when none was tried.
    pub fn success_rate(&self) -> Option<f64> {
        let delivered = self.uploaded + self.partial;
        let tried = delivered + self.deferred + self.failed;
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of sessions are far below 2^52"
        )]
        (tried > 0).then(|| delivered as f64 / tried as f64)
    }
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartCounts {
    /// Recordings that the API took.
    pub recordings_uploaded: u64,
    /// Recordings that egress had put into cloud storage.
    pub recordings_remote: u64,
    /// Posts that the API took.
    pub call_data_uploaded: u64,
    /// Parts that the API already had.
    pub duplicates: u64,
    /// Posts with a lead that the API took.
    pub leads_uploaded: u64,
}

/// A session that was not delivered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionError {
    /// The session.
    pub session_id: String,
    /// The part at fault.
    pub part: Part,
    /// The kind, by the names of [`crate::outcome::FailureKind`].
    pub kind: String,
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// Attempts that the part has cost.
    pub attempts: u32,
    /// When it is tried again; `None` when the next run tries it, or none does.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// One line for people.
    pub message: String,
}

/// What needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// Documents in failed_metadata/.
    pub failed: u64,
    /// Files in corrupt_metadata/.
    pub corrupt: u64,
    /// Failed, corrupt and partial sessions of this run.
    pub new: u64,
}

/// Whether exit code 4 stays while something needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttentionMode {
    /// It stays until a person acts.
    Standing,
    /// It tells only of this run.
    New,
}

/// The summary of a run.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// When the run started.
    pub started_at: DateTime<Utc>,
    /// How long it took, in seconds.
    pub duration_seconds: f64,
    /// Why it ended early.
    pub stopped_by: Option<Stop>,
    /// One line for people about why it ended early.
    pub stop_message: Option<String>,
    /// Something could not be recorded.
    pub is_unrecorded: bool,
    /// Sessions by fate.
    pub sessions: SessionCounts,
    /// Sessions that failed before, or in this run, and will be tried again.
    pub retrying: u64,
    /// Sessions that the operator's own limit cut in two: deferred, but nothing of them failed.
    pub cut_short: u64,
    /// What was sent.
    pub parts: PartCounts,
    /// Bytes of recordings and call data that were sent.
    pub bytes_sent: u64,
    /// The requests that were made.
    pub requests: RequestCounts,
    /// Sessions that were tried, or left, and are not due now.
    pub put_off: u64,
    /// The time of the oldest document whose recording is awaited.
    pub oldest_waiting: Option<DateTime<Utc>>,
    /// What needs a person.
    pub needs_attention: Attention,
    /// Sessions that were not delivered as they should have been.
    pub errors: Vec<SessionError>,
    /// What came of adopting before; `None` when that was not asked for.
    pub adoption: Option<RunAdoption>,
    /// The shard that it took; `None` for the whole spool.
    pub shard: Option<Shard>,
}

impl RunSummary {
    /// An empty summary.
    pub fn new(started_at: DateTime<Utc>) -> Self {
        Self {
            started_at,
            duration_seconds: 0.0,
            stopped_by: None,
            stop_message: None,
            is_unrecorded: false,
            sessions: SessionCounts::default(),
            retrying: 0,
            cut_short: 0,
            parts: PartCounts::default(),
            bytes_sent: 0,
            requests: RequestCounts::default(),
            put_off: 0,
            oldest_waiting: None,
            needs_attention: Attention::default(),
            errors: Vec::new(),
            adoption: None,
            shard: None,
        }
    }

    /// Notes that something could not be recorded: that goes before every other reason for a run to
    /// end but a signal.
    pub fn note_unrecorded(&mut self, error: &dyn Error) {
        if std::mem::replace(&mut self.is_unrecorded, true) {
            // What failed first is why.
            return;
        }
        if !matches!(self.stopped_by, Some(Stop::Signal(_))) {
            self.stopped_by = Some(Stop::Durability);
        }
        self.stop_message = Some(error_chain(error));
    }

    /// The exit code: the first that applies of signal, 20, 1, 12, 2, 5, 4, 3, 0.
    pub fn exit_code(&self, mode: AttentionMode) -> ExitCode {
        match self.stopped_by {
            Some(Stop::Signal(signal)) => return ExitCode::Signal(signal),
            Some(Stop::Durability) => return ExitCode::Durability,
            _ if !self.sessions.is_conserved() => return ExitCode::Internal,
            Some(Stop::Auth) => return ExitCode::Auth,
            Some(Stop::Misdirected) => return ExitCode::Usage,
            Some(Stop::Unavailable | Stop::Throttled) => return ExitCode::Unavailable,
            Some(Stop::Rejected) => return ExitCode::Attention,
            Some(Stop::Deadline | Stop::BatchSize | Stop::Rate) | None => {}
        }
        let standing = self.needs_attention.failed + self.needs_attention.corrupt;
        let needs_person = match mode {
            AttentionMode::Standing => standing + self.needs_attention.new,
            AttentionMode::New => self.needs_attention.new,
        };
        let to_settle = match &self.adoption {
            None => 0,
            Some(RunAdoption::Failed(_)) => 1,
            Some(RunAdoption::Done(counts)) => match mode {
                AttentionMode::Standing => counts.needs_person(),
                AttentionMode::New => counts.new,
            },
        };
        if needs_person + self.sessions.skipped + to_settle > 0 {
            ExitCode::Attention
        } else if self.retrying + self.sessions.deferred > self.cut_short {
            ExitCode::Deferred
        } else {
            ExitCode::Ok
        }
    }
}

fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(change: impl FnOnce(&mut RunSummary)) -> RunSummary {
        let mut summary = RunSummary::new(DateTime::UNIX_EPOCH);
        change(&mut summary);
        summary
    }

    fn code(change: impl FnOnce(&mut RunSummary)) -> u8 {
        summary(change).exit_code(AttentionMode::Standing).code()
    }

    #[test]
    fn each_reason_has_its_code() {
        assert_eq!(code(|_| {}), 0);
        for (stop, expected) in [
            (Stop::Deadline, 0),
            (Stop::BatchSize, 0),
            (Stop::Rate, 0),
            (Stop::Unavailable, 5),
            (Stop::Throttled, 5),
            (Stop::Rejected, 4),
            (Stop::Auth, 12),
            (Stop::Misdirected, 2),
            (Stop::Durability, 20),
            (Stop::Signal(15), 143),
            (Stop::Signal(2), 130),
        ] {
            assert_eq!(
                code(|summary| summary.stopped_by = Some(stop)),
                expected,
                "{stop:?}"
            );
        }
        assert_eq!(code(|summary| summary.retrying = 1), 3);
        assert_eq!(code(|summary| summary.needs_attention.failed = 1), 4);
        assert_eq!(code(|summary| summary.needs_attention.corrupt = 1), 4);
        assert_eq!(code(|summary| summary.needs_attention.new = 1), 4);
    }

    #[test]
    fn what_could_not_be_recorded_goes_before_all_but_a_signal() {
        let error = std::io::Error::other("the disk is full");
        for (stop, expected) in [
            (None, 20),
            (Some(Stop::Auth), 20),
            (Some(Stop::Unavailable), 20),
            (Some(Stop::Signal(15)), 143),
        ] {
            let noted = summary(|summary| {
                summary.stopped_by = stop;
                summary.note_unrecorded(&error);
            });
            let exit = noted.exit_code(AttentionMode::Standing);
            assert_eq!(exit.code(), expected, "{stop:?}");
            assert!(noted.is_unrecorded);
            assert_eq!(noted.stop_message.as_deref(), Some("the disk is full"));
        }
    }

    #[test]
    fn the_first_that_applies_wins() {
        let all_wrong = |summary: &mut RunSummary| {
            summary.sessions.pending = 3;
            summary.sessions.deferred = 1;
            summary.sessions.skipped = 2;
            summary.retrying = 1;
        };
        assert_eq!(code(all_wrong), 4);
        let lost = |summary: &mut RunSummary| summary.sessions.pending = 1;
        assert_eq!(code(lost), 1);
        for (stop, expected) in [
            (Stop::Signal(15), 143),
            (Stop::Durability, 20),
            (Stop::Auth, 1),
            (Stop::Unavailable, 1),
        ] {
            assert_eq!(
                code(|summary| {
                    lost(summary);
                    summary.stopped_by = Some(stop);
                }),
                expected,
                "{stop:?}"
            );
        }
        for (stop, expected) in [
            (Stop::Auth, 12),
            (Stop::Misdirected, 2),
            (Stop::Throttled, 5),
            (Stop::BatchSize, 4),
        ] {
            assert_eq!(
                code(|summary| {
                    all_wrong(summary);
                    summary.stopped_by = Some(stop);
                }),
                expected,
                "{stop:?}"
            );
        }
    }

    #[test]
    fn attention_may_be_asked_for_only_when_it_is_new() {
        let old = summary(|summary| summary.needs_attention.failed = 2);
        assert_eq!(old.exit_code(AttentionMode::Standing).code(), 4);
        assert_eq!(old.exit_code(AttentionMode::New).code(), 0);
        let new = summary(|summary| {
            summary.needs_attention = Attention {
                failed: 2,
                corrupt: 0,
                new: 1,
            }
        });
        assert_eq!(new.exit_code(AttentionMode::New).code(), 4);
    }

    #[test]
    fn every_fate_counts_for_conservation() {
        use Fate::*;
        let fates = [
            Uploaded, Partial, Deferred, Failed, Corrupt, Waiting, Settling, BackOff, Skipped,
            Vanished, Left,
        ];
        let mut counts = SessionCounts::default();
        for fate in fates {
            counts.pending += 1;
            assert!(!counts.is_conserved());
            counts.count(fate);
            assert!(counts.is_conserved());
        }
        assert_eq!(counts.success_rate(), Some(0.5));
        assert_eq!(SessionCounts::default().success_rate(), None);
    }
}
