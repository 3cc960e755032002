//! The file with a run's figures, for node_exporter's textfile collector.

use std::path::{self, Path};

use crate::publish::{self, PublishError};
use crate::report::{Previous, PreviousError, RunFacts, metrics_text};
use crate::spool::disk::SystemDisk;

/// Far more than the figures of a spool.
const MAX_BYTES: u64 = 1 << 20;

/// What tells a spool's figures from another's: its root, without a working directory's help.
pub(super) fn spool_name(root: &Path) -> String {
    let absolute = path::absolute(root);
    let absolute = absolute.as_deref().unwrap_or(root);
    // A component at a time: `/srv/agent/.` and `/srv/agent/` are one spool.
    let plain: path::PathBuf = absolute.components().collect();
    plain.to_string_lossy().into_owned()
}

/// Writes the figures after a run; those before it are read from the file. A failure is told, and is
/// no failure of the run.
pub(super) fn write(path: &Path, facts: &RunFacts<'_>) {
    let previous = match read(path, facts) {
        Ok(previous) => previous,
        // A mistyped root, or two spools with one file, would cost the other its counters.
        Err(Unusable::OfAnother(reason)) => {
            log::warn!(file:% = path.display(), reason = reason.as_str(); "the figures of this run are not written; where the spool has moved, remove the file");
            return;
        }
        Err(Unusable::Damaged(reason)) => {
            log::warn!(file:% = path.display(), reason = reason.as_str(); "the figures of earlier runs cannot be read, so they start anew");
            Previous::default()
        }
    };
    let text = metrics_text(facts, &previous);
    if let Err(error) = publish::write(&SystemDisk, path, text.as_bytes(), facts.ended_at.into()) {
        let reason = with_cause(&error);
        log::warn!(file:% = path.display(), reason = reason.as_str(); "the figures of this run cannot be written; --metrics-file must be in a directory that this user may write to");
    }
}

/// Why what is in the file is not gone on with.
enum Unusable {
    /// It can be replaced.
    Damaged(String),
    /// It is another spool's, and stays.
    OfAnother(String),
}

fn read(path: &Path, facts: &RunFacts<'_>) -> Result<Previous, Unusable> {
    let bytes = publish::read(&SystemDisk, path, MAX_BYTES)
        .map_err(|error| Unusable::Damaged(with_cause(&error)))?;
    let Some(bytes) = bytes else {
        return Ok(Previous::default());
    };
    let text = str::from_utf8(&bytes).map_err(|_| Unusable::Damaged("it is no text".to_owned()))?;
    Previous::parse(text, facts.spool, facts.shard).map_err(|error| match error {
        PreviousError::OtherSpool | PreviousError::OtherShard => {
            Unusable::OfAnother(error.to_string())
        }
        error => Unusable::Damaged(error.to_string()),
    })
}

fn with_cause(error: &PublishError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
