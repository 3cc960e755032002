//! What goes wrong, and when.
//!
//! Every operation of the disk and every step of a request has a number. A [`Plan`] says at which
//! of them something happens; the rest is chance.

use rustix::io::Errno;

/// How a run ends that does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// The process is killed: what was written stays, whether synced or not.
    Kill,
    /// The power goes: what was not synced may be lost, torn or out of order.
    PowerLoss,
}

/// An operation that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failing {
    /// The number of the first operation that fails, from 1.
    pub(crate) at: u64,
    /// With what error.
    pub(crate) errno: Errno,
    /// Whether all after it fail as well.
    pub(crate) for_ever: bool,
}

/// What is to go wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    /// The operation at which the run dies, and how.
    pub(crate) death: Option<(u64, Death)>,
    /// Operations that fail.
    pub(crate) failing: Option<Failing>,
    /// How many of a thousand operations of the disk fail by chance.
    pub(crate) chance_per_mille: u32,
}

/// The errors that operations fail with.
pub(crate) const ERRORS: [Errno; 5] = [
    Errno::NOSPC,
    Errno::IO,
    Errno::ACCESS,
    Errno::XDEV,
    Errno::MFILE,
];
