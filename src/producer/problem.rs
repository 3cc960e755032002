//! What is wrong with what a caller gave, by the name of the field and never by its value.

use std::fmt;

/// So many characters of a name that a caller made up are shown.
const SHOWN_NAME_CHARS: usize = 60;
/// So many problems are told one by one.
const TOLD_PROBLEMS: usize = 20;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `items[3]` or `lead.email`; empty for the input as a whole.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What may be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is required.
    #[error("is missing")]
    Missing,
    /// It holds nothing but white space.
    #[error("is empty")]
    Blank,
    /// It should be a JSON string.
    #[error("is not a text")]
    NotText,
    /// It should be a JSON object.
    #[error("is not an object")]
    NotAnObject,
    /// It should be a JSON array.
    #[error("is not a list")]
    NotAList,
    /// It should be a point in time.
    #[error("is not a time; write it as 2025-10-29T13:50:57Z or as seconds since 1970")]
    NotATime,
    /// It should be an e-mail address.
    #[error("is not an e-mail address")]
    NotAnEmail,
    /// It becomes a part of a file name, and is none.
    #[error("has a slash, a backslash or a NUL character in it")]
    NotAName,
    /// It is longer than anything real.
    #[error("is longer than {limit_bytes} bytes")]
    TooLong {
        /// The most that it may have.
        limit_bytes: usize,
    },
    /// What is made of it would not be read again.
    #[error("is too large: what is made of it has more than {limit_mib} MiB")]
    TooLarge {
        /// The most that is read of such a file.
        limit_mib: u64,
    },
    /// Nobody knows a field of that name.
    #[error("is not known{}", suggestion(.nearest))]
    Unknown {
        /// The known field that it may be meant to be.
        nearest: Option<&'static str>,
    },
    /// Two fields that exclude each other.
    #[error("is given beside {other}; give one of the two")]
    GivenBeside {
        /// The other field.
        other: &'static str,
    },
    /// One of two fields is needed.
    #[error("is missing, and so is {other}; give one of the two")]
    MissingBeside {
        /// The other field.
        other: &'static str,
    },
    /// A transcript that is there already has its own.
    #[error("cannot be added to a transcript_file, which is sent as it is; leave it out")]
    NotForFiles,
    /// The file that it names cannot be taken.
    #[error("names a file that {0}")]
    File(String),
    /// The input is no JSON object.
    #[error("the input is {0}")]
    Input(String),
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self {
            field: field.into(),
            fault,
        }
    }

    /// A field that nobody knows, under a name of the caller's.
    pub(super) fn unknown(prefix: &str, name: &str, known: &[&'static str]) -> Self {
        let shown: String = name.chars().take(SHOWN_NAME_CHARS).collect();
        let nearest = crate::nearest::nearest(name, known.iter().copied());
        Self::new(format!("{prefix}{shown}"), Fault::Unknown { nearest })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return self.fault.fmt(formatter);
        }
        write!(formatter, "{} {}", self.field, self.fault)
    }
}

/// Everything that is wrong, in the order of the fields; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// The problems, when there are any.
    pub(super) fn of(list: Vec<Problem>) -> Result<(), Self> {
        if list.is_empty() {
            Ok(())
        } else {
            Err(Self::all(list))
        }
    }

    /// These, of which there is at least one.
    pub(super) fn all(list: Vec<Problem>) -> Self {
        Self { list }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// A line for each, up to a number that can still be read.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .iter()
            .take(TOLD_PROBLEMS)
            .map(ToString::to_string)
            .collect();
        let untold = self.list.len() - lines.len();
        if untold > 0 {
            lines.push(format!("and {untold} more problems"));
        }
        lines
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self::all(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("; "))
    }
}

impl std::error::Error for Problems {}
