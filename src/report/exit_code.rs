//! Exit codes: the table that cron and alerting act on.

use std::fmt;

/// How the program ends. The numbers are the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: nothing failed.
    Ok,
    /// 1: a bug.
    Internal,
    /// 2: a wrong flag, an unusable configuration, a base URL that is not the API.
    Usage,
    /// 3: at least one session failed for a passing reason and will be retried.
    Deferred,
    /// 4: something needs a person.
    Attention,
    /// 5: the service is away or throttles; the run stopped early.
    Unavailable,
    /// 10: there is no spool.
    NoSpool,
    /// 11: another run holds the lock.
    Locked,
    /// 12: the API refused the credentials.
    Auth,
    /// 20: a write, sync or rename failed; the run stopped on purpose.
    Durability,
    /// 128 + N: stopped by signal N, cleanly.
    Signal(i32),
}

impl ExitCode {
    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Deferred => 3,
            Self::Attention => 4,
            Self::Unavailable => 5,
            Self::NoSpool => 10,
            Self::Locked => 11,
            Self::Auth => 12,
            Self::Durability => 20,
            Self::Signal(signal) => u8::try_from(signal & 0x7f).unwrap_or(0) | 0x80,
        }
    }

    /// The number after the operator's wish to take some codes for 0.
    pub fn code_with_ok(self, ok_exit: &[u8]) -> u8 {
        let code = self.code();
        if ok_exit.contains(&code) { 0 } else { code }
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code())
    }
}
