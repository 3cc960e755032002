//! A command that failed: an exit code and the errors that led to it.

use std::fmt::Display;

use crate::report::ExitCode;

/// Why a command could not do its work.
#[derive(Debug)]
pub struct CommandFailure {
    /// How the program ends.
    pub exit: ExitCode,
    /// What happened, outermost first.
    pub error: anyhow::Error,
}

impl CommandFailure {
    /// A failure from an error with its causes.
    pub fn new(exit: ExitCode, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
        }
    }

    /// The errors on one line, outermost first. Never with a backtrace, whatever the environment
    /// says.
    pub fn line(&self) -> String {
        let causes: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        causes.join(": ")
    }
}

/// Gives errors their exit codes.
pub(super) trait OrExit<T> {
    /// Takes an error for a failure of the command with that exit code.
    fn or_exit(self, exit: ExitCode) -> Result<T, CommandFailure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: ExitCode) -> Result<T, CommandFailure> {
        self.map_err(|error| CommandFailure::new(exit, error))
    }
}

/// A failure that is only a message.
pub(super) fn failure(exit: ExitCode, message: impl Display) -> CommandFailure {
    CommandFailure::new(exit, anyhow::anyhow!("{message}"))
}
