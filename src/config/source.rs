//! Where a value came from, so that every message about it can say so.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The flag of that name, hyphens inside, none in front.
    Flag(&'static str),
    /// The environment variable of that name.
    Environment(String),
    /// A config file.
    File {
        /// The file, as it was named.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(formatter, "flag --{name}"),
            Self::Environment(name) => formatter.write_str(name),
            Self::File { path, line } => write!(formatter, "{} line {line}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A value as it was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawValue {
    /// The text; paths need not be UTF-8.
    pub text: OsString,
    /// Where it stands.
    pub source: Source,
}
