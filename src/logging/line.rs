//! One log record, one line.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use log::kv::{self, Key, Value, VisitSource, VisitValue};
use log::{Level, Record};

use super::escape;
use crate::config::LogFormat;
use crate::report::Style;
use crate::timestamp;

/// The names that every line has; a record's own value of such a name gets an underscore behind.
const OWN_KEYS: [&str; 4] = ["time", "level", "event", "target"];
const OWN_CRATE: &str = "callspool";

/// The most of a value that is logged, in characters: what comes from a document may be endless.
const MAX_VALUE_CHARS: usize = 4096;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) format: LogFormat,
    /// Whether the level stands out; never in JSON.
    pub(super) is_colored: bool,
}

/// The line of a record, without a line break.
pub(super) fn format(form: Form, now: DateTime<Utc>, record: &Record<'_>) -> String {
    let mut line = Line::new(form.format);
    line.string("time", &timestamp::format_millis(now));
    match form {
        Form {
            format: LogFormat::Text,
            is_colored: true,
        } => line.level(record.level()),
        _ => line.string("level", level_name(record.level())),
    }
    line.string("event", &record.args().to_string());
    if crate_of(record.target()) != OWN_CRATE {
        line.string("target", record.target());
    }
    // The visitor never stops a visit, and the line is whole in any case.
    let _ = record.key_values().visit(&mut Values { line: &mut line });
    line.finish()
}

/// The crate that a target belongs to.
pub(super) fn crate_of(target: &str) -> &str {
    target.split("::").next().unwrap_or(target)
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

fn level_style(level: Level) -> Style {
    match level {
        Level::Error => Style::Bad,
        Level::Warn => Style::Warning,
        Level::Info => Style::Good,
        Level::Debug | Level::Trace => Style::Dim,
    }
}

struct Line {
    form: LogFormat,
    text: String,
}

impl Line {
    fn new(form: LogFormat) -> Self {
        Self {
            form,
            text: match form {
                LogFormat::Text => String::new(),
                LogFormat::Json => "{".to_owned(),
            },
        }
    }

    fn key(&mut self, key: &str) {
        match self.form {
            LogFormat::Text => {
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
                escape::key(&mut self.text, key);
                self.text.push('=');
            }
            LogFormat::Json => {
                if self.text.len() > 1 {
                    self.text.push(',');
                }
                escape::json_string(&mut self.text, key);
                self.text.push(':');
            }
        }
    }

    fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        let shortened: String;
        let value = match value.char_indices().nth(MAX_VALUE_CHARS) {
            Some((end, _)) => {
                shortened = format!("{}…", value.get(..end).unwrap_or_default());
                &shortened
            }
            None => value,
        };
        match self.form {
            LogFormat::Text => escape::text_value(&mut self.text, value),
            LogFormat::Json => escape::json_string(&mut self.text, value),
        }
    }

    /// The level, in its colour.
    fn level(&mut self, level: Level) {
        let text = level_style(level).paint(level_name(level));
        self.literal("level", text);
    }

    /// A number, truth or null, which both forms write alike.
    fn literal(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
    }

    fn finish(mut self) -> String {
        if self.form == LogFormat::Json {
            self.text.push('}');
        }
        self.text
    }
}

struct Values<'a> {
    line: &'a mut Line,
}

impl<'kvs> VisitSource<'kvs> for Values<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let name = key.as_str();
        let name = if OWN_KEYS.contains(&name) {
            format!("{name}_")
        } else {
            name.to_owned()
        };
        value.visit(OneValue {
            line: self.line,
            name,
        })
    }
}

struct OneValue<'a> {
    line: &'a mut Line,
    name: String,
}

impl<'v> VisitValue<'v> for OneValue<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.line.string(&self.name, &value.to_string());
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.line.literal(&self.name, "null");
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.line.literal(&self.name, value);
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.line.literal(&self.name, value);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        if value.is_finite() {
            self.line.literal(&self.name, value);
        } else {
            self.line.string(&self.name, &value.to_string());
        }
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.line.literal(&self.name, value);
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.line.string(&self.name, value);
        Ok(())
    }
}
