//! Prometheus' text format, as node_exporter's textfile collector reads it: written, and read back.
//!
//! Only what this program writes itself is read. A series is known by its text, labels included,
//! since that is always written alike.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::spool::Shard;

/// Why an earlier file's figures cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreviousError {
    /// It is none of our files.
    #[error("line {0} is none that callspool writes")]
    Line(usize),
    /// It is another spool's.
    #[error("it holds the figures of another spool; give each spool a file of its own")]
    OtherSpool,
    /// It is the spool's, but not of the same share of it.
    #[error(
        "it holds the figures of another shard, or of runs of the whole spool; give each shard of each count a file of its own"
    )]
    OtherShard,
}

/// What an earlier run wrote: the value of each series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Previous(BTreeMap<String, f64>);

impl Previous {
    /// Reads what an earlier run wrote for that spool, or that shard of it.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str, spool: &str, shard: Option<Shard>) -> Result<Self, PreviousError> {
        let ours = own_labels(spool, shard);
        let spools = own_labels(spool, None);
        let is_ours = |rest: &str| {
            rest.starts_with([',', '}']) && (shard.is_some() || !rest.starts_with(SHARD_LABEL))
        };
        let mut values = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (series, value) = read(line).ok_or(PreviousError::Line(index + 1))?;
            let labels = series.split_once('{').map_or("", |(_, rest)| rest);
            if !labels.strip_prefix(ours.as_str()).is_some_and(is_ours) {
                let after_spool = labels.strip_prefix(spools.as_str());
                return Err(
                    match after_spool.is_some_and(|rest| rest.starts_with([',', '}'])) {
                        true => PreviousError::OtherShard,
                        false => PreviousError::OtherSpool,
                    },
                );
            }
            values.insert(series.to_owned(), value);
        }
        Ok(Self(values))
    }

    fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// The series of that name, in the order of their labels.
    fn family(&self, name: &str) -> impl Iterator<Item = (&String, f64)> {
        let start = format!("{name}{{");
        self.0
            .range(start.clone()..)
            .take_while(move |(series, _)| series.starts_with(&start))
            .map(|(series, value)| (series, *value))
    }
}

/// A series and its value; nothing that we write is negative or infinite.
fn read(line: &str) -> Option<(&str, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let is_ours = series.starts_with("callspool_") && series.ends_with('}');
    let value: f64 = value.parse().ok()?;
    (is_ours && value.is_finite() && value >= 0.0).then_some((series, value))
}

/// How the label begins that the series of a shard have after the spool's.
const SHARD_LABEL: &str = ",shard=\"";

/// The labels that every series has.
fn own_labels(spool: &str, shard: Option<Shard>) -> String {
    let spool = format!("spool=\"{}\"", escape_label(spool));
    match shard {
        Some(shard) => format!("{spool}{SHARD_LABEL}{shard}\""),
        None => spool,
    }
}

fn escape_label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// A name and a value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Labels beside those of all, and the value that goes with them.
pub(super) type Sample<'a> = (Vec<Label<'a>>, f64);

/// A text in the making.
pub(super) struct Exposition<'a> {
    text: String,
    own_labels: String,
    previous: &'a Previous,
}

impl<'a> Exposition<'a> {
    pub(super) fn new(spool: &str, shard: Option<Shard>, previous: &'a Previous) -> Self {
        Self {
            text: String::new(),
            own_labels: own_labels(spool, shard),
            previous,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A gauge with its values; without any, when this run does not know them, those of before.
    pub(super) fn gauge(&mut self, name: &str, help: &str, samples: Option<&[Sample<'_>]>) {
        let mut lines = Vec::new();
        match samples {
            Some(samples) => {
                for (labels, value) in samples {
                    lines.push((self.series(name, labels), *value));
                }
            }
            None => {
                let carried = self.previous.family(name);
                lines.extend(carried.map(|(series, value)| (series.clone(), value)));
            }
        }
        if lines.is_empty() {
            return;
        }
        self.head(name, help, "gauge");
        lines
            .iter()
            .for_each(|(series, value)| self.line(series, *value));
    }

    /// A gauge with one value.
    pub(super) fn value(&mut self, name: &str, help: &str, value: Option<f64>) {
        match value {
            Some(value) => self.gauge(name, help, Some(&[(Vec::new(), value)])),
            None => self.gauge(name, help, None),
        }
    }

    /// Whether a gauge without labels of its own had a value before.
    pub(super) fn had(&self, name: &str) -> bool {
        self.previous.get(&self.series(name, &[])).is_some()
    }

    /// A counter: what this run adds goes on top of what is there.
    pub(super) fn counter(&mut self, name: &str, help: &str, samples: &[Sample<'_>]) {
        self.head(name, help, "counter");
        for (labels, added) in samples {
            let series = self.series(name, labels);
            self.add(&series, *added);
        }
    }

    /// The head of a histogram; its series are [`Self::part`]s.
    pub(super) fn histogram(&mut self, name: &str, help: &str) {
        self.head(name, help, "histogram");
    }

    /// A series of a histogram, to be added to.
    pub(super) fn part(&mut self, name: &str, labels: &[Label<'_>], added: f64) {
        let series = self.series(name, labels);
        self.add(&series, added);
    }

    fn add(&mut self, series: &str, added: f64) {
        let before = self.previous.get(series).unwrap_or_default();
        self.line(series, before + added);
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a String does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn series(&self, name: &str, labels: &[Label<'_>]) -> String {
        let mut series = format!("{name}{{{}", self.own_labels);
        for (label, value) in labels {
            let _ = write!(series, ",{label}=\"{}\"", escape_label(value));
        }
        series.push('}');
        series
    }

    fn line(&mut self, series: &str, value: f64) {
        let _ = writeln!(self.text, "{series} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Previous, PreviousError> {
        Previous::parse(text, "/srv/agent", None)
    }

    #[test]
    fn counters_go_on_and_gauges_that_are_not_known_stay() {
        let first = {
            let none = Previous::default();
            let mut page = Exposition::new("/srv/\"a\"\\\n", None, &none);
            page.counter("callspool_x_total", "X.", &[(vec![("kind", "a")], 2.0)]);
            page.value("callspool_y_seconds", "Y.", Some(1_761_732_980.125));
            page.finish()
        };
        let previous = Previous::parse(&first, "/srv/\"a\"\\\n", None).unwrap();
        let mut page = Exposition::new("/srv/\"a\"\\\n", None, &previous);
        let samples = [(vec![("kind", "a")], 1.0), (vec![("kind", "b")], 0.0)];
        page.counter("callspool_x_total", "X.", &samples);
        page.value("callspool_y_seconds", "Y.", None);
        page.value("callspool_z_seconds", "Z.", None);
        insta::assert_snapshot!(page.finish(), @r##"
        # HELP callspool_x_total X.
        # TYPE callspool_x_total counter
        callspool_x_total{spool="/srv/\"a\"\\\n",kind="a"} 3
        callspool_x_total{spool="/srv/\"a\"\\\n",kind="b"} 0
        # HELP callspool_y_seconds Y.
        # TYPE callspool_y_seconds gauge
        callspool_y_seconds{spool="/srv/\"a\"\\\n"} 1761732980.125
        "##);
    }

    #[test]
    fn a_name_that_begins_like_another_is_not_the_other() {
        let previous =
            parse("callspool_a{spool=\"/srv/agent\"} 1\ncallspool_a_b{spool=\"/srv/agent\"} 2\n");
        let previous = previous.unwrap();
        assert_eq!(previous.family("callspool_a").count(), 1);
        assert_eq!(previous.family("callspool_").count(), 0);
    }

    #[test]
    fn the_figures_of_a_shard_are_nobody_elses() {
        let shard = |index, count| Some(Shard::new(index, count).unwrap());
        let text_of = |shard| {
            let none = Previous::default();
            let mut page = Exposition::new("/srv/agent", shard, &none);
            page.value("callspool_y", "Y.", Some(1.0));
            page.gauge("callspool_z", "Z.", Some(&[(vec![("state", "due")], 2.0)]));
            page.finish()
        };
        let all = [None, shard(0, 1), shard(0, 4), shard(1, 4), shard(0, 8)];
        for writer in all {
            let text = text_of(writer);
            for reader in all {
                let read = Previous::parse(&text, "/srv/agent", reader);
                assert_eq!(read.is_ok(), writer == reader, "{writer:?} {reader:?}");
            }
        }
        assert!(
            text_of(shard(1, 4)).contains("\ncallspool_y{spool=\"/srv/agent\",shard=\"1/4\"} 1\n")
        );
    }

    #[test]
    fn what_callspool_did_not_write_is_refused() {
        for text in [
            "x",
            "node_load1 0.5",
            "callspool_a{spool=\"/srv/agent\"}",
            "callspool_a{spool=\"/srv/agent\"} x",
            "callspool_a{spool=\"/srv/agent\"} -1",
            "callspool_a{spool=\"/srv/agent\"} NaN",
            "callspool_a{spool=\"/srv/agent\"} +Inf",
            "callspool_a 1",
            "\u{0}\u{1}",
        ] {
            let text = format!("# HELP a b\n{text}\n");
            assert_eq!(parse(&text), Err(PreviousError::Line(2)), "{text:?}");
        }
        for spool in ["/srv/agent2", "/srv", ""] {
            let text = format!("callspool_a{{spool=\"{spool}\"}} 1\n");
            assert_eq!(parse(&text), Err(PreviousError::OtherSpool), "{spool}");
        }
        assert_eq!(parse(""), Ok(Previous::default()));
    }
}
