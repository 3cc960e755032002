//! The figures in a file, read as Prometheus would, and demanded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::promtool;

/// The figures of one spool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    /// By name and labels, without the spool's.
    values: BTreeMap<String, f64>,
}

impl Figures {
    /// Reads a file whose series all have the label of that spool.
    #[track_caller]
    pub(crate) fn parse(text: &str, root: &Path) -> Self {
        promtool::check_metrics(text);
        let spool = format!("spool=\"{}\"", root.display());
        let mut values = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.contains(&spool), "{line}");
            let series = series.replace(&format!("{spool},"), "").replace(&spool, "");
            let series = series.replace("{}", "");
            let before = values.insert(series, value.parse().unwrap());
            assert_eq!(before, None, "twice: {line}");
        }
        Self { values }
    }

    /// The value of a series, such as `callspool_sessions{state="due"}`.
    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.values.get(series).copied()
    }

    /// The value of a series that must be there.
    #[track_caller]
    pub(crate) fn value(&self, series: &str) -> f64 {
        let value = self.get(series);
        assert!(value.is_some(), "no {series} in {:#?}", self.values);
        value.unwrap()
    }

    /// Demands the values of a metric with one label; of every other label's value it is 0.
    #[track_caller]
    pub(crate) fn expect(&self, name: &str, expected: &[(&str, u32)]) {
        let start = format!("{name}{{");
        let found: BTreeMap<&str, f64> = self
            .values
            .iter()
            .filter(|(series, value)| series.starts_with(&start) && **value != 0.0)
            .map(|(series, value)| (series.split('"').nth(1).unwrap(), *value))
            .collect();
        let expected: BTreeMap<&str, f64> = expected
            .iter()
            .map(|(label, value)| (*label, f64::from(*value)))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert!(self.values.keys().any(|series| series.starts_with(&start)));
    }

    /// Demands single values.
    #[track_caller]
    pub(crate) fn expect_values(&self, expected: &[(&str, f64)]) {
        for (series, value) in expected {
            assert_eq!(self.value(series), *value, "{series}");
        }
    }

    /// The names of all metrics.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let names = self.values.keys().map(|series| series.split('{').next());
        names.map(|name| name.unwrap().to_owned()).collect()
    }

    /// Without what every run has of its own: its time, its duration, its code, and its place among
    /// the runs.
    pub(crate) fn of_the_spool(&self) -> Self {
        let mut spool = self.clone();
        let is_own = |series: &String| {
            series.starts_with("callspool_last_run_") || series.starts_with("callspool_runs_total{")
        };
        spool.values.retain(|series, _| !is_own(series));
        spool
    }

    /// As it is but for one series.
    pub(crate) fn with(mut self, series: &str, value: f64) -> Self {
        self.values.insert(series.to_owned(), value);
        self
    }
}
