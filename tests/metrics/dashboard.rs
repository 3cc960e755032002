//! The Grafana dashboard.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::{expressions, promtool};

const DASHBOARD: &str = include_str!("../../packaging/grafana/callspool.json");

/// What the dashboard leaves out: what it tells from a time or a histogram, and what is of use elsewhere.
const NOT_SHOWN: [&str; 7] = [
    "callspool_build_info",
    "callspool_last_run_sessions",
    "callspool_oldest_pending_age_seconds",
    "callspool_oldest_waiting_age_seconds",
    "callspool_request_duration_seconds_count",
    "callspool_request_duration_seconds_sum",
    "callspool_sessions_counted_timestamp_seconds",
];

fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).unwrap()
}

/// The texts by that name, anywhere.
fn texts(value: &Value, name: &str) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == name => vec![text.clone()],
                value => texts(value, name),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| texts(item, name)).collect(),
        _ => Vec::new(),
    }
}

fn queries() -> Vec<String> {
    let queries = texts(&dashboard()["panels"], "expr");
    assert!(queries.len() > 20);
    queries
}

#[test]
fn every_query_parses() {
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for (number, query) in queries().iter().enumerate() {
        // JSON is YAML.
        let query = serde_json::to_string(query).unwrap();
        writeln!(rules, "      - record: panel:query:{number}").unwrap();
        writeln!(rules, "        expr: {query}").unwrap();
    }
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("queries.yml");
    fs::write(&path, rules).unwrap();
    promtool::succeed(&["check", "rules", path.to_str().unwrap()]);
}

#[test]
fn every_query_asks_for_what_runs_write_and_all_that_is_of_use_is_shown() {
    let queries = queries();
    for query in &queries {
        expressions::demand(query);
        // Of the spools that were chosen, and of no other.
        assert!(
            query.contains("{job=~\"$job\",instance=~\"$instance\",spool=~\"$spool\""),
            "{query}"
        );
    }
    let all = queries.join("\n");
    let unseen: BTreeSet<&str> = expressions::names()
        .into_iter()
        .filter(|name| !all.contains(&format!("{name}{{")))
        .collect();
    assert_eq!(unseen, BTreeSet::from(NOT_SHOWN));
}

#[test]
fn panels_have_ids_of_their_own_places_that_do_not_overlap_and_the_chosen_source() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels
        .iter()
        .map(|panel| panel["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let number = |name: &str| panel["gridPos"][name].as_i64().unwrap();
        let (left, top) = (number("x"), number("y"));
        assert!(left + number("w") <= 24, "{panel}");
        for x in left..left + number("w") {
            for y in top..top + number("h") {
                assert!(taken.insert((x, y)), "{}", panel["title"]);
            }
        }
    }
    let sources: BTreeSet<String> = texts(&dashboard, "uid").into_iter().collect();
    let expected = ["${datasource}", "callspool"].map(str::to_owned);
    assert_eq!(sources, BTreeSet::from(expected));
    let variables: Vec<String> = texts(&dashboard["templating"], "name");
    assert_eq!(variables, ["datasource", "job", "instance", "spool"]);
}

#[test]
fn every_exit_code_has_its_words() {
    let text = include_str!("../../README.md");
    let codes = text
        .lines()
        .skip_while(|line| !line.starts_with("| code | meaning |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(1)?.trim().parse::<u8>().ok())
        // A run that is kept away leaves the code of the one before.
        .filter(|code| *code != 11);
    let dashboard = dashboard();
    let mappings = &dashboard["panels"][0]["fieldConfig"]["defaults"]["mappings"][0]["options"];
    let mut count = 0;
    for code in codes {
        assert!(mappings[code.to_string()].is_object(), "{code}");
        count += 1;
    }
    assert!(count > 8);
}
