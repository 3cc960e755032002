//! How a session stands, judged by its document alone.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::backoff::RETRY_AFTER_LIMIT;
use super::policy::Policy;
use crate::session::{Document, Status};

/// How a session stands, judged by its document alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Delivered; a crash kept it from being moved.
    Delivered,
    /// Failed for good; a crash kept it from being moved.
    Failed,
    /// Its status is a word that is not ours to act on.
    Foreign(String),
    /// To be tried again, but not before this time.
    BackOff(DateTime<Utc>),
    /// To be tried; never was before.
    Untried,
    /// To be tried again now.
    Retry,
}

/// Judges a document. A backoff that ends further ahead than any that a run sets means that the
/// clock was wrong when it was set: the session is due.
pub fn standing(document: &Document, policy: &Policy, now: DateTime<Utc>) -> Standing {
    match document.status() {
        Status::Uploaded => return Standing::Delivered,
        Status::Failed => return Standing::Failed,
        Status::Other(word) => return Standing::Foreign(word),
        Status::ReadyForUpload => {}
    }
    let longest = policy.max_backoff.mul_f64(1.2).max(RETRY_AFTER_LIMIT) + Duration::from_secs(1);
    match document.record.next_attempt_at {
        Some(until)
            if until > now && (until - now).to_std().is_ok_and(|ahead| ahead <= longest) =>
        {
            Standing::BackOff(until)
        }
        _ if document.is_untried() => Standing::Untried,
        _ => Standing::Retry,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn backoff_ends_at_its_time_and_never_lasts_for_ever() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut document = Document::parse(br#"{"session_id":"s","upload_attempts":1}"#).unwrap();
        let policy = Policy::defaults();
        for (seconds, backs_off) in [
            (-1, false),
            (0, false),
            (1, true),
            (86_401, true),
            (86_402, false),
        ] {
            let until = now + TimeDelta::seconds(seconds);
            document.record.next_attempt_at = Some(until);
            let expected = if backs_off {
                Standing::BackOff(until)
            } else {
                Standing::Retry
            };
            assert_eq!(standing(&document, &policy, now), expected, "{seconds}");
        }
    }

    #[test]
    fn the_status_decides_first() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for (status, expected) in [
            ("ready_for_upload", Standing::Untried),
            ("uploaded", Standing::Delivered),
            ("failed", Standing::Failed),
            ("on_hold", Standing::Foreign("on_hold".into())),
        ] {
            let text = format!(r#"{{"session_id":"s","status":"{status}"}}"#);
            let document = Document::parse(text.as_bytes()).unwrap();
            assert_eq!(standing(&document, &Policy::defaults(), now), expected);
        }
    }
}
