//! What a check has found.

use std::fmt;

/// Something that must never be so, and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The check that found it.
    pub check: &'static str,
    /// The session, or the document's name where it has none; empty when it is nobody's.
    pub session: String,
    /// What is wrong.
    pub message: String,
}

impl Violation {
    pub(crate) fn new(check: &'static str, session: &str, message: impl Into<String>) -> Self {
        Self {
            check,
            session: session.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "[{}] {}: {}",
            self.check, self.session, self.message
        )
    }
}
