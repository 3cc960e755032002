//! Expressions over metrics: that each names what a run writes.

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use test_support::Session;

use crate::{file, run, site};

/// The metrics of node_exporter that are used beside ours.
const FOREIGN: [&str; 2] = ["node_textfile_mtime_seconds", "node_textfile_scrape_error"];

/// The labels that a scrape adds, and the spool's, whose values are the user's.
const FREE: [&str; 4] = ["job", "instance", "spool", "file"];

/// Every series that a run writes, with labels.
fn written() -> &'static [String] {
    static WRITTEN: OnceLock<Vec<String>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        // A spool in which there is something of everything that has figures of its own.
        let site = site();
        crate::write_sessions(&site, &["a"]);
        Session::new("waiting")
            .without_recording_file()
            .without_manifest()
            .age(Duration::from_secs(600))
            .write(&site);
        run(&site, &["--recording-grace", "3650d"]).expect(0);
        let text = fs::read_to_string(file(&site)).unwrap();
        let series = text.lines().filter(|line| !line.starts_with('#'));
        series
            .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
            .collect()
    })
}

/// The names of the metrics that runs write.
pub(crate) fn names() -> BTreeSet<&'static str> {
    let names = written().iter().map(|series| series.split('{').next());
    names.map(Option::unwrap).collect()
}

/// Demands that an expression asks for nothing that is never written.
#[track_caller]
pub(crate) fn demand(expression: &str) {
    let selectors = selectors(expression);
    assert!(!selectors.is_empty(), "{expression}");
    for (name, matchers) in selectors {
        if FOREIGN.contains(&name) {
            continue;
        }
        let own: Vec<&String> = written()
            .iter()
            .filter(|series| series.split('{').next() == Some(name))
            .collect();
        assert!(!own.is_empty(), "no run writes {name}: {expression}");
        for (label, values) in matchers {
            if FREE.contains(&label) {
                continue;
            }
            for value in values.split('|') {
                let wanted = format!("{label}=\"{value}\"");
                let found = own.iter().any(|series| series.contains(&wanted));
                assert!(found, "{name} never has {wanted}: {expression}");
            }
        }
    }
}

/// The metrics of an expression, each with its labels and what they are held against.
fn selectors(expression: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut found = Vec::new();
    for start in ["callspool_", "node_"] {
        for (at, _) in expression.match_indices(start) {
            let rest = &expression[at..];
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let matchers = rest
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .map_or("", |(matchers, _)| matchers);
            found.push((name, split(matchers)));
        }
    }
    found
}

fn split(matchers: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = matchers;
    while let Some((label, after)) = rest.split_once(['=', '!']) {
        let value = after.split('"').nth(1).unwrap();
        found.push((label.trim_start_matches(','), value));
        let end = after.match_indices('"').nth(1).unwrap().0;
        rest = &after[end + 1..];
    }
    found
}

#[test]
fn what_is_never_written_is_found_out() {
    demand("sum(callspool_sessions{job=~\"x\",state=~\"due|waiting\"}) > 0");
    for wrong in [
        "callspool_session",
        "sum(callspool_sessions{state=\"pending\"})",
        "callspool_sessions{state=~\"due|pending\"}",
        "callspool_sessions{fate!=\"due\"}",
    ] {
        let result = std::panic::catch_unwind(|| demand(wrong));
        assert!(result.is_err(), "{wrong}");
    }
}
