//! How the spool is, in one line.

use chrono::{DateTime, Utc};

use super::super::overview::{Health, Overview};
use super::super::wording::{counted, span};
use super::html::grouped;
use crate::timestamp;

/// How much attention the spool asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// None.
    Well,
    /// Something is late or failed, and will be tried again by itself.
    Watch,
    /// A person is needed.
    Act,
}

/// How the spool is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) level: Level,
    /// One line without a full stop.
    pub(super) headline: String,
    /// Sentences behind it.
    pub(super) details: Vec<String>,
}

/// Judges the spool by its counts, as `inspect --check` does; what is tried again by itself is told
/// as well.
pub(super) fn judge(overview: &Overview, health: Health, now: DateTime<Utc>) -> Verdict {
    let mut found = Vec::new();
    found.extend(needs_person(overview));
    found.extend(too_old(overview, health, now));
    found.extend(held_off(overview));
    found.extend(too_many(overview, health));
    found.extend(tried_again(overview));
    let Some((level, headline, detail)) = (!found.is_empty()).then(|| found.remove(0)) else {
        return Verdict {
            level: Level::Well,
            headline: "All well".to_owned(),
            details: vec![backlog(overview, now)],
        };
    };
    let mut details = vec![detail];
    details.extend(found.into_iter().map(|(_, headline, _)| headline + "."));
    Verdict {
        level,
        headline,
        details,
    }
}

type Finding = (Level, String, String);

fn needs_person(overview: &Overview) -> Option<Finding> {
    let kinds = [
        (overview.failed, "failed"),
        (overview.corrupt + overview.unparsable, "corrupt"),
        (overview.skipped, "skipped"),
    ];
    let count: u64 = kinds.iter().map(|(count, _)| count).sum();
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(*count)))
        .collect();
    let headline = if count == 1 {
        "1 session needs a person".to_owned()
    } else {
        format!("{} sessions need a person", grouped(count))
    };
    let detail = format!("{}: see below what to do.", kinds.join(", "));
    (count > 0).then_some((Level::Act, headline, detail))
}

fn too_old(overview: &Overview, health: Health, now: DateTime<Utc>) -> Option<Finding> {
    let since = oldest_pending(overview)?;
    let waited = (now - since).to_std().ok()?;
    let headline = format!("The oldest session has been pending for {}", span(waited));
    let detail = format!(
        "It is there since {}; more than {} is too long.",
        moment(since),
        span(health.max_age)
    );
    (waited > health.max_age).then_some((Level::Watch, headline, detail))
}

fn held_off(overview: &Overview) -> Option<Finding> {
    let until = overview.not_before.as_deref().and_then(timestamp::parse)?;
    let headline = format!("The API asked to be left alone until {}", moment(until));
    let detail = "Nothing is sent before; no session is to blame.".to_owned();
    Some((Level::Watch, headline, detail))
}

fn too_many(overview: &Overview, health: Health) -> Option<Finding> {
    let headline = format!("{} sessions are pending", grouped(overview.pending));
    let detail = format!("More than {} are too many.", grouped(health.max_pending));
    (overview.pending > health.max_pending).then_some((Level::Watch, headline, detail))
}

fn tried_again(overview: &Overview) -> Option<Finding> {
    let sessions = counted(overview.backoff, "session");
    let headline = format!("{sessions} failed and will be tried again");
    let detail = "That goes by itself; look again when it lasts.".to_owned();
    (overview.backoff > 0).then_some((Level::Watch, headline, detail))
}

fn backlog(overview: &Overview, now: DateTime<Utc>) -> String {
    match oldest_pending(overview) {
        None => "Nothing is pending.".to_owned(),
        Some(since) => format!(
            "{} pending, the oldest for {}.",
            match overview.pending {
                1 => "1 session is".to_owned(),
                count => format!("{} sessions are", grouped(count)),
            },
            span((now - since).to_std().unwrap_or_default())
        ),
    }
}

fn oldest_pending(overview: &Overview) -> Option<DateTime<Utc>> {
    overview
        .oldest_pending_at
        .as_deref()
        .and_then(timestamp::parse)
}

/// A time to the minute.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::*;

    const HEALTH: Health = Health {
        max_age: Duration::from_secs(3600),
        max_pending: 1000,
    };

    fn now() -> DateTime<Utc> {
        timestamp::parse("2025-11-02T14:30:00Z").unwrap()
    }

    fn pending(minutes: i64) -> Overview {
        let since = now() - TimeDelta::minutes(minutes);
        let mut overview = Overview::default();
        overview.pending = 2;
        overview.due = 2;
        overview.oldest_pending_at = Some(timestamp::format_millis(since));
        overview
    }

    fn headline(overview: &Overview) -> (Level, String) {
        let verdict = judge(overview, HEALTH, now());
        assert!(!verdict.details.is_empty());
        (verdict.level, verdict.headline)
    }

    #[test]
    fn an_empty_spool_and_a_young_backlog_are_well() {
        for (overview, detail) in [
            (Overview::default(), "Nothing is pending."),
            (pending(60), "2 sessions are pending, the oldest for 1h."),
        ] {
            let verdict = judge(&overview, HEALTH, now());
            assert_eq!(verdict.headline, "All well");
            assert_eq!(verdict.details, [detail]);
        }
    }

    #[test]
    fn the_gravest_comes_first_and_the_others_are_told() {
        let mut overview = pending(61);
        let old = (
            Level::Watch,
            "The oldest session has been pending for 1h 1m".to_owned(),
        );
        assert_eq!(headline(&overview), old);
        overview.failed = 2;
        overview.corrupt = 1;
        overview.backoff = 1;
        let verdict = judge(&overview, HEALTH, now());
        assert_eq!(verdict.level, Level::Act);
        assert_eq!(verdict.headline, "3 sessions need a person");
        assert_eq!(
            verdict.details,
            [
                "2 failed, 1 corrupt: see below what to do.",
                "The oldest session has been pending for 1h 1m.",
                "1 session failed and will be tried again.",
            ]
        );
    }

    #[test]
    fn what_goes_by_itself_is_to_be_watched() {
        let mut overview = pending(1);
        overview.backoff = 1;
        let again = "1 session failed and will be tried again".to_owned();
        assert_eq!(headline(&overview), (Level::Watch, again));
        overview.pending = 1001;
        let many = "1,001 sessions are pending".to_owned();
        assert_eq!(headline(&overview), (Level::Watch, many));
        overview.not_before = Some("2025-11-02T15:00:00.000Z".to_owned());
        let held = "The API asked to be left alone until 2 Nov 2025, 15:00 UTC".to_owned();
        assert_eq!(headline(&overview), (Level::Watch, held));
    }
}
