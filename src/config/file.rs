//! The config file: TOML, one flat list of keys. Reads that one file and nothing else.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::catalog::{Kind, Setting};
use super::error::ConfigError;
use super::layer::Layer;
use super::source::{RawValue, Source};
use crate::nearest::nearest;

/// Where the config file is looked for when none is named.
pub const DEFAULT_PATH: &str = "/etc/callspool/config.toml";
/// The largest config file accepted, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// Reads the config file that was named.
///
/// # Errors
/// When it cannot be read, is over 1 MiB, is not TOML, or holds what is no setting.
pub(crate) fn read(path: &Path) -> Result<Layer, ConfigError> {
    let bytes = read_bytes(path).map_err(|cause| ConfigError::Read {
        path: path.to_owned(),
        cause,
    })?;
    parse(&Arc::from(path), &bytes)
}

/// Reads the config file that nobody named, when it is there.
///
/// # Errors
/// As [`read`]; that it is not there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Layer>, ConfigError> {
    match read(path) {
        Err(ConfigError::Read { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_CONFIG_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(path: &Arc<Path>, bytes: &[u8]) -> Result<Layer, ConfigError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_CONFIG_BYTES {
        return Err(ConfigError::TooLarge {
            path: path.to_path_buf(),
        });
    }
    let syntax = |offset: usize, problem: String| ConfigError::Syntax {
        path: Arc::clone(path),
        line: line_of(bytes, offset),
        problem,
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| syntax(error.valid_up_to(), "not UTF-8".to_owned()))?;
    let (text, shift) = match text.strip_prefix('\u{feff}') {
        Some(text) => (text, '\u{feff}'.len_utf8()),
        None => (text, 0),
    };
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        // The error's Display would print the line, and with it perhaps a token.
        syntax(offset + shift, first_line(error.message()))
    })?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut layer = Layer::default();
    for (key, value) in entries {
        let line_of = |offset| line_of(bytes, offset + shift);
        let entry = Entry {
            path,
            line: line_of(key.span().start),
            line_of: &line_of,
        };
        if let Some((setting, raw)) = entry.read(key.get_ref(), value)? {
            layer.set(setting, raw);
        }
    }
    Ok(layer)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// The line, from 1, in which a byte stands.
fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// One key of the file, and where it stands.
struct Entry<'a> {
    path: &'a Arc<Path>,
    line: usize,
    /// The line of another place in the file.
    line_of: &'a dyn Fn(usize) -> usize,
}

impl Entry<'_> {
    fn read(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Option<(Setting, RawValue)>, ConfigError> {
        if let Some(table) = table_in(value.get_ref()) {
            return Err(self.table(key, table));
        }
        if key == "token" {
            return Err(ConfigError::TokenInFile {
                path: Arc::clone(self.path),
                line: self.line,
            });
        }
        let Some(setting) = Setting::from_config_key(key) else {
            return Err(ConfigError::UnknownKey {
                path: Arc::clone(self.path),
                line: self.line,
                key: key.to_owned(),
                nearest: nearest_key(key),
            });
        };
        let text = self.text(setting, value.get_ref())?;
        let source = Source::File {
            path: Arc::clone(self.path),
            line: self.line,
        };
        Ok(Some((
            setting,
            RawValue {
                text: text.into(),
                source,
            },
        )))
    }

    /// The value as a flag would have it.
    fn text(&self, setting: Setting, value: &DeValue<'_>) -> Result<String, ConfigError> {
        let kind = setting.spec().kind;
        let text = match (kind, value) {
            (Kind::Count | Kind::Level | Kind::ExitCodes, DeValue::Integer(number)) => {
                integer(number)
            }
            (Kind::ExitCodes, DeValue::Array(numbers)) => integers(numbers),
            (Kind::Boolean | Kind::Level, DeValue::Boolean(truth)) => Some(truth.to_string()),
            (Kind::Count | Kind::Level | Kind::Boolean, _) => None,
            (_, DeValue::String(text)) => Some(text.clone().into_owned()),
            _ => None,
        };
        text.ok_or_else(|| {
            let (expected, example) = shape(kind);
            ConfigError::WrongType {
                path: Arc::clone(self.path),
                line: self.line,
                key: setting.config_key(),
                expected,
                found: found(kind, value),
                example,
            }
        })
    }

    fn table(&self, key: &str, table: &DeTable<'_>) -> ConfigError {
        let inner = table
            .iter()
            .map(|(inner, _)| inner)
            .min_by_key(|inner| inner.span().start);
        let (line, key, name) = match inner {
            Some(inner) => (
                (self.line_of)(inner.span().start),
                format!("{key}.{}", inner.get_ref()),
                inner.get_ref().as_ref(),
            ),
            None => (self.line, key.to_owned(), key),
        };
        ConfigError::Table {
            path: Arc::clone(self.path),
            line,
            key,
            nearest: nearest_key(name),
        }
    }
}

/// The table that a value is, or is a list of.
fn table_in<'a, 'i>(value: &'a DeValue<'i>) -> Option<&'a DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        DeValue::Array(array) => match array.iter().next().map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            _ => None,
        },
        _ => None,
    }
}

fn nearest_key(key: &str) -> Option<String> {
    let keys: Vec<String> = Setting::ALL
        .iter()
        .map(|setting| setting.config_key())
        .collect();
    nearest(&key.replace('-', "_"), keys.iter().map(String::as_str)).map(str::to_owned)
}

/// A TOML integer in decimal.
fn integer(number: &DeInteger<'_>) -> Option<String> {
    i64::from_str_radix(number.as_str(), number.radix())
        .ok()
        .map(|number| number.to_string())
}

fn integers(numbers: &DeArray<'_>) -> Option<String> {
    let texts: Option<Vec<String>> = numbers
        .iter()
        .map(|number| match number.get_ref() {
            DeValue::Integer(number) => integer(number),
            _ => None,
        })
        .collect();
    texts.map(|texts| texts.join(","))
}

/// What a kind of value looks like in TOML, and an example.
fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Path => ("a string", "\"PATH\""),
        Kind::SpoolDirectory => ("a string", "\"DIR\""),
        Kind::Text => ("a string", "\"…\""),
        Kind::Duration => ("a string", "\"5m\""),
        Kind::Size => ("a string", "\"16KiB/s\""),
        Kind::Rate => ("a string", "\"100/min\""),
        Kind::Count => ("an integer", "20"),
        Kind::ExitCodes => ("an array of integers", "[3, 11]"),
        Kind::Boolean => ("a boolean", "true"),
        Kind::Level => ("an integer", "1"),
    }
}

/// What stands there instead.
fn found(kind: Kind, value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Integer(_) if matches!(kind, Kind::Count | Kind::Level | Kind::ExitCodes) => {
            "an integer that large"
        }
        DeValue::Array(_) if kind == Kind::ExitCodes => "an array of something else",
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
