//! The line about the lock.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::CheckLine;
use crate::report::wording::{age, printable};
use crate::spool::{Holder, LockFacts};
use crate::timestamp;

const SECTION: &str = "lock";
const NAME: &str = "lock";

/// How long a run may take, where no setting says so, before somebody is told.
const LONG_RUN: Duration = Duration::from_secs(60 * 60);

/// The line. `max_duration` is the setting: a run goes on for as long as a session takes after it.
pub fn lock(facts: &LockFacts, max_duration: Option<Duration>, now: DateTime<Utc>) -> CheckLine {
    match facts {
        LockFacts::Free => CheckLine::ok(SECTION, NAME, "free"),
        LockFacts::Held { pid, holder } => held(*pid, holder.as_ref(), max_duration, now),
        LockFacts::Left {
            holder,
            has_process,
        } => left(holder, *has_process, now),
        LockFacts::Unknown(error) => CheckLine::warning(
            SECTION,
            NAME,
            format!("the lock file cannot be read: {error}"),
        )
        .advise("let the user that runs callspool read and write .callspool.lock"),
    }
}

fn held(
    pid: u32,
    holder: Option<&Holder>,
    max_duration: Option<Duration>,
    now: DateTime<Utc>,
) -> CheckLine {
    let who = match pid {
        0 => "a process that is not seen from here".to_owned(),
        pid => format!("process {pid}"),
    };
    let Some(since) = holder.and_then(|holder| timestamp::parse(&holder.started_at)) else {
        return CheckLine::ok(SECTION, NAME, format!("held by {who}; a run is under way"));
    };
    let found = format!("held by {who} for {}; a run is under way", age(since, now));
    let limit = max_duration.map_or(LONG_RUN, |duration| duration.max(LONG_RUN));
    if (now - since).to_std().unwrap_or_default() <= limit {
        return CheckLine::ok(SECTION, NAME, found);
    }
    CheckLine::warning(SECTION, NAME, found).advise(
        "see in its log whether it gets on; if not, stop it with SIGTERM: it ends in good order",
    )
}

fn left(holder: &Holder, has_process: bool, now: DateTime<Utc>) -> CheckLine {
    let when = timestamp::parse(&holder.started_at).map_or_else(
        || "a run".to_owned(),
        |since| format!("the run of {} ago", age(since, now)),
    );
    let pid = holder.pid;
    let fate = match has_process {
        true => "did not end in good order, or runs where this process does not see its lock",
        false => "did not end in good order",
    };
    let ids = holder
        .in_work
        .iter()
        .flat_map(|session| &session.session_id);
    let ids: Vec<String> = ids.map(|id| printable(id)).collect();
    let at = match ids.is_empty() {
        true => String::new(),
        false => format!(", while it worked on {}", ids.join(", ")),
    };
    let found = format!("{when} (process {pid}) {fate}{at}");
    CheckLine::warning(SECTION, NAME, found).advise(
        "the next run goes on from there; when this comes again, look for what kills it (memory, a timeout)",
    )
}

#[cfg(test)]
mod tests {
    use super::super::CheckStatus;
    use super::*;
    use crate::spool::InWork;

    #[test]
    fn a_lock_that_is_held_for_long_is_a_warning() {
        let now = timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let holder = |started_at: &str| Holder {
            pid: 7,
            started_at: started_at.to_owned(),
            in_work: vec![InWork {
                document: "metadata_session_1.json".to_owned(),
                session_id: Some("session_1\u{1b}".to_owned()),
                is_charged: false,
            }],
        };
        let status = |since: &str, max_duration| {
            let facts = LockFacts::Held {
                pid: 7,
                holder: Some(holder(since)),
            };
            lock(&facts, max_duration, now).status
        };
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (since, max_duration, expected) in [
            ("2026-11-22T11:00:00Z", None, CheckStatus::Ok),
            ("2026-11-22T10:59:59Z", None, CheckStatus::Warning),
            ("2026-11-22T10:00:00Z", hours(2), CheckStatus::Ok),
            ("2026-11-22T09:59:59Z", hours(2), CheckStatus::Warning),
            ("2026-11-22T11:59:00Z", hours(0), CheckStatus::Ok),
            ("2026-11-22T13:00:00Z", None, CheckStatus::Ok),
            ("nonsense", None, CheckStatus::Ok),
        ] {
            assert_eq!(status(since, max_duration), expected, "{since}");
        }
        let facts = LockFacts::Left {
            holder: holder("2026-11-22T11:00:00Z"),
            has_process: false,
        };
        let line = lock(&facts, None, now);
        assert_eq!(line.status, CheckStatus::Warning);
        assert_eq!(
            line.found,
            "the run of 1h ago (process 7) did not end in good order, while it worked on session_1\u{fffd}"
        );
    }
}
