//! What the sessions that are not delivered have in common: their ages, and why they failed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::session_line::{SessionLine, StateWord};
use crate::redact::Redactor;
use crate::timestamp;

/// The upper ends of the ages that are told apart, in minutes, and what each is called.
const AGES: [(i64, &str); 8] = [
    (5, "under 5m"),
    (15, "5m to 15m"),
    (60, "15m to 1h"),
    (4 * 60, "1h to 4h"),
    (12 * 60, "4h to 12h"),
    (24 * 60, "12h to 1d"),
    (3 * 24 * 60, "1d to 3d"),
    (7 * 24 * 60, "3d to 7d"),
];

/// What is older than all of them.
const OLDEST: &str = "over 7d";

/// Pending sessions of about the same age.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AgeGroup {
    /// What the age is called.
    pub(super) name: &'static str,
    /// How many of each state, in the order of the states.
    pub(super) states: Vec<(StateWord, u64)>,
}

impl AgeGroup {
    pub(super) fn count(&self) -> u64 {
        self.states.iter().map(|(_, count)| count).sum()
    }
}

/// The ages of pending sessions, the youngest first; up to the last group that is not empty.
pub(super) fn ages<'a>(
    pending: impl Iterator<Item = &'a SessionLine>,
    now: DateTime<Utc>,
) -> Vec<AgeGroup> {
    let names = AGES.iter().map(|(_, name)| *name).chain([OLDEST]);
    let mut groups: Vec<AgeGroup> = names
        .map(|name| AgeGroup {
            name,
            states: Vec::new(),
        })
        .collect();
    for line in pending {
        let age = line.modified().map_or(TimeDelta::zero(), |time| now - time);
        let index = AGES
            .iter()
            .take_while(|(end, _)| age >= TimeDelta::minutes(*end));
        if let Some(group) = groups.get_mut(index.count()) {
            match group
                .states
                .iter_mut()
                .find(|(state, _)| *state == line.state)
            {
                Some((_, count)) => *count += 1,
                None => group.states.push((line.state, 1)),
            }
        }
    }
    let last = groups.iter().rposition(|group| group.count() > 0);
    groups.truncate(last.map_or(0, |last| last + 1));
    groups
}

/// What all sessions that are not delivered in full have in common, whether the page shows them or
/// not.
#[derive(Debug, Default)]
pub struct Backlog {
    pub(super) ages: Vec<AgeGroup>,
    kinds: BTreeMap<String, u64>,
}

impl Backlog {
    /// Of these pending sessions, and of these others that failed or were delivered in part.
    pub fn of(pending: &[SessionLine], others: &[SessionLine], now: DateTime<Utc>) -> Self {
        let mut kinds = BTreeMap::new();
        for line in pending.iter().chain(others) {
            if let Some((kind, ..)) = trouble(line) {
                *kinds.entry(fit(kind)).or_insert(0) += 1;
            }
        }
        Self {
            ages: ages(pending.iter(), now),
            kinds,
        }
    }

    /// Why sessions are not delivered in full, the most frequent reason first, each with the newest
    /// message among the sessions that are shown.
    pub(super) fn errors<'a>(
        &'a self,
        shown: impl Iterator<Item = &'a SessionLine> + Clone,
    ) -> Vec<ErrorGroup<'a>> {
        let mut groups: Vec<_> = self
            .kinds
            .iter()
            .map(|(kind, count)| {
                let of_this_kind = shown
                    .clone()
                    .filter_map(trouble)
                    .filter(|(other, ..)| fit(other) == *kind);
                let newest = of_this_kind.max_by_key(|(.., at)| *at);
                let (_, message, at) = newest.unwrap_or((kind, "", None));
                ErrorGroup {
                    kind,
                    count: *count,
                    message,
                    at,
                }
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

/// Sessions that failed for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ErrorGroup<'a> {
    /// The kind of the error.
    pub(super) kind: &'a str,
    /// How many sessions.
    pub(super) count: u64,
    /// What the newest one says.
    pub(super) message: &'a str,
    /// When that was.
    pub(super) at: Option<DateTime<Utc>>,
}

/// Why a session is not delivered in full: the kind, a message, and when that was. What was delivered
/// in full in the end has no trouble any more.
fn trouble(line: &SessionLine) -> Option<(&str, &str, Option<DateTime<Utc>>)> {
    if line.state == StateWord::Processed {
        return None;
    }
    match (&line.last_error, &line.recording.reason) {
        (Some(error), _) => {
            let at = error.at.as_deref().and_then(timestamp::parse);
            Some((&error.kind, &error.message, at))
        }
        (None, Some(reason)) => Some(("missing recording", reason, None)),
        (None, None) => None,
    }
}

/// A kind as it is shown. Documents are foreign, and so may their kinds be.
fn fit(kind: &str) -> String {
    Redactor::new().scrub(kind, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Document;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_761_700_000, 0).unwrap()
    }

    fn line(state: StateWord, age: TimeDelta, error: &str) -> SessionLine {
        let text = format!(r#"{{"session_id":"s","upload":{{"call_data":{{"error":{error}}}}}}}"#);
        let document = Document::parse(text.as_bytes()).unwrap();
        SessionLine::of(&document, "metadata_s.json", state, now() - age, now())
    }

    #[test]
    fn ages_are_told_apart_at_their_ends() {
        let ages_of = |seconds: &[i64]| {
            let lines: Vec<_> = seconds
                .iter()
                .map(|age| line(StateWord::Due, TimeDelta::seconds(*age), "null"))
                .collect();
            ages(lines.iter(), now())
                .iter()
                .map(|group| (group.name, group.count()))
                .collect::<Vec<_>>()
        };
        assert!(ages_of(&[]).is_empty());
        assert_eq!(ages_of(&[-60, 0, 299]), [("under 5m", 3)]);
        assert_eq!(ages_of(&[299, 300]), [("under 5m", 1), ("5m to 15m", 1)]);
        let all = ages_of(&[7 * 86_400]);
        assert_eq!(all.len(), 9);
        assert_eq!(all[8], ("over 7d", 1));
    }

    #[test]
    fn errors_of_a_kind_count_together_and_show_the_newest() {
        let error = |kind: &str, message: &str, at: &str| {
            let error = format!(r#"{{"kind":"{kind}","message":"{message}","at":"{at}"}}"#);
            line(StateWord::Failed, TimeDelta::zero(), &error)
        };
        let mut lines = vec![
            error("network", "broke", "2025-10-29T00:00:00Z"),
            error("server", "older", "2025-10-29T00:00:00Z"),
            error("server", "newest", "2025-10-29T02:00:00Z"),
            error("server", "not shown", "2025-10-29T03:00:00Z"),
            line(StateWord::Due, TimeDelta::zero(), "null"),
        ];
        let mut delivered = error("auth", "gone", "2025-10-29T02:00:00Z");
        delivered.state = StateWord::Processed;
        lines.push(delivered);
        let backlog = Backlog::of(&lines[..2], &lines[2..], now());
        let shown = lines.iter().filter(|line| {
            line.last_error
                .as_ref()
                .is_none_or(|error| error.message != "not shown")
        });
        let groups = backlog.errors(shown);
        let groups: Vec<_> = groups
            .iter()
            .map(|group| (group.kind, group.count, group.message))
            .collect();
        assert_eq!(groups, [("server", 3, "newest"), ("network", 1, "broke")]);
    }
}
