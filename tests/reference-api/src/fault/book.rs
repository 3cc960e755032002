//! The rules in force and their counters.

use std::sync::Mutex;

use super::{Action, Fault, Target};
use crate::stop::lock;

/// Rules in their order, each with the number of requests that it matched.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    rules: Mutex<Vec<(Fault, u64)>>,
}

/// What a request meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) rule: String,
    pub(crate) action: Action,
}

impl FromIterator<Fault> for FaultBook {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self {
            rules: Mutex::new(faults.into_iter().map(|fault| (fault, 0)).collect()),
        }
    }
}

impl FaultBook {
    /// Adds a rule behind the others.
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.rules).push((fault, 0));
    }

    /// Drops all rules and their counters.
    pub(crate) fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// Whether a decision on a request for that target depends on its subject.
    pub(crate) fn asks_for_subject(&self, target: Option<Target>) -> bool {
        lock(&self.rules)
            .iter()
            .any(|(fault, _)| fault.only.is_some() && fault.target.covers(target))
    }

    /// Counts a request and says what happens to it.
    pub(crate) fn decide(&self, target: Option<Target>, subject: &str) -> Option<Due> {
        let mut due = None;
        for (fault, count) in lock(&self.rules).iter_mut() {
            let is_meant = fault.target.covers(target)
                && fault
                    .only
                    .as_ref()
                    .is_none_or(|text| subject.contains(text));
            if !is_meant {
                continue;
            }
            *count += 1;
            if due.is_none() && fault.hits.contains(*count) {
                due = Some(Due {
                    rule: fault.to_string(),
                    action: fault.action.clone(),
                });
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(rules: &[&str]) -> FaultBook {
        let book = FaultBook::default();
        for rule in rules {
            book.add(Fault::parse(rule).unwrap());
        }
        book
    }

    fn status(book: &FaultBook, target: Option<Target>, subject: &str) -> Option<String> {
        book.decide(target, subject).map(|due| due.rule)
    }

    #[test]
    fn hits_are_counted_for_each_rule() {
        let book = book(&["upload:2-3:reset"]);
        let hit = || status(&book, Some(Target::Upload), "").is_some();
        assert_eq!([hit(), hit(), hit(), hit()], [false, true, true, false]);
        assert_eq!(status(&book, Some(Target::CallData), ""), None);
    }

    #[test]
    fn the_first_rule_that_is_due_acts_and_all_count() {
        let book = book(&["any:1:reset", "upload:2:stall"]);
        let hit = || status(&book, Some(Target::Upload), "");
        assert_eq!(hit().as_deref(), Some("any:1:reset"));
        assert_eq!(hit().as_deref(), Some("upload:2:stall"));
        assert_eq!(hit(), None);
    }

    #[test]
    fn a_rule_for_a_subject_counts_only_that() {
        let book = book(&["call-data@a:1:reset"]);
        assert!(book.asks_for_subject(Some(Target::CallData)));
        assert!(!book.asks_for_subject(Some(Target::Upload)));
        assert_eq!(status(&book, Some(Target::CallData), "b"), None);
        assert!(status(&book, Some(Target::CallData), "xax").is_some());
        assert_eq!(status(&book, Some(Target::CallData), "a"), None);
    }

    #[test]
    fn any_covers_unknown_paths_too() {
        let book = book(&["any:all:reset"]);
        assert!(status(&book, None, "").is_some());
        book.clear();
        assert_eq!(status(&book, None, ""), None);
    }
}
