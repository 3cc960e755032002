//! The alert rules.

use std::collections::BTreeSet;

use crate::{expressions, promtool};

const RULES: &str = include_str!("../../packaging/prometheus/callspool.rules.yml");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const TESTS: &str = include_str!("../../packaging/prometheus/callspool.rules.test.yml");

/// What follows a key on its line, wherever it stands.
fn after<'a>(text: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .filter_map(move |line| line.trim_start().trim_start_matches("- ").strip_prefix(key))
        .map(str::trim)
}

fn alerts() -> Vec<&'static str> {
    after(RULES, "alert:").collect()
}

#[test]
fn the_rules_are_what_prometheus_takes_and_pass_their_tests() {
    promtool::succeed(&["check", "rules", "packaging/prometheus/callspool.rules.yml"]);
    promtool::succeed(&[
        "test",
        "rules",
        "packaging/prometheus/callspool.rules.test.yml",
    ]);
}

#[test]
fn every_alert_is_seen_firing_alone_and_silent() {
    let alerts: BTreeSet<&str> = alerts().into_iter().collect();
    assert!(alerts.len() > 15);
    let fired: BTreeSet<&str> = after(TESTS, "labels: '{alertname=")
        .map(|rest| rest.trim_matches(['"', '}', '\'']))
        .collect();
    assert_eq!(fired, alerts);
    // In each scenario there is a time at which nothing fires.
    let scenarios: Vec<&str> = TESTS.split("\n  - name: ").skip(1).collect();
    for scenario in scenarios.iter().filter(|text| text.contains("ALERTS")) {
        assert!(scenario.contains("exp_samples: []"), "{scenario}");
    }
}

#[test]
fn the_rules_ask_for_what_runs_write() {
    // Each expression goes from its key to the next one.
    let expressions: Vec<&str> = RULES
        .split(" expr: ")
        .skip(1)
        .filter_map(|rest| rest.split("\n        labels:").next())
        .collect();
    assert_eq!(expressions.len(), alerts().len());
    for expression in expressions {
        expressions::demand(expression);
    }
}

#[test]
fn every_alert_says_how_urgent_it_is_and_what_to_do() {
    for rule in RULES.split("- alert: ").skip(1) {
        let severity = after(rule, "severity:").next().unwrap();
        assert!(["page", "warning", "ticket"].contains(&severity), "{rule}");
        for key in ["summary:", "description:", "runbook: docs/operations.md#"] {
            assert_eq!(after(rule, key).count(), 1, "{key} {rule}");
        }
    }
}

#[test]
fn every_runbook_is_a_section_that_is_there() {
    let sections: BTreeSet<String> = OPERATIONS
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_start_matches(['#', ' ']))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for runbook in after(RULES, "runbook: docs/operations.md#") {
        assert!(sections.contains(runbook), "{runbook} {sections:?}");
    }
}

/// What to do about an exit code stands in the README's table; the rules must not be gentler.
#[test]
fn every_exit_code_that_needs_somebody_has_an_alert() {
    for code in [1, 2, 3, 4, 5, 10, 12, 20] {
        let alone = format!("callspool_last_run_exit_code == {code}\n");
        assert!(RULES.contains(&alone), "{code}");
    }
    assert!(RULES.contains("exit_code=\"11\""));
}
