//! The one place where the clock is read, and how times are written.

use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};

/// The time of day.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the clock is read"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A clock that never goes back.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the clock is read"
)]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// A time as it stands in the store: RFC 3339, UTC, milliseconds.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
