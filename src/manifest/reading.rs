//! From bytes to a [`Manifest`]: what kind of shape it is, and how far the egress is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::egress::{Manifest, ManifestFile, Playlists, Progress};
use super::outputs::{self, positive};
use crate::json::{self, JsonError, Members};

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are no JSON object.
    #[error("the manifest is {0}")]
    Json(#[from] JsonError),
    /// An object, but none that an egress is told of by.
    #[error("not an egress manifest")]
    UnknownForm,
}

/// The members by which a manifest is known. A status is another, when it is one of LiveKit's.
const MEMBERS: [&str; 19] = [
    "egress_id",
    "egressId",
    "room_id",
    "roomId",
    "room_name",
    "roomName",
    "started_at",
    "startedAt",
    "ended_at",
    "endedAt",
    "files",
    "fileResults",
    "file_results",
    "file_path",
    "filename",
    "playlists",
    "segmentResults",
    "segment_results",
    "segments",
];

/// The members that only a finished egress has; an egress in progress announces its `fileResults`
/// too.
const ENDED_MEMBERS: [&str; 4] = ["files", "file_path", "filename", "playlists"];

/// `EgressStatus` of LiveKit's protocol (livekit_egress.proto), by number.
const STATUSES: [(&str, Status); 7] = [
    ("EGRESS_STARTING", Status::Underway),
    ("EGRESS_ACTIVE", Status::Underway),
    ("EGRESS_ENDING", Status::Underway),
    ("EGRESS_COMPLETE", Status::Complete),
    ("EGRESS_FAILED", Status::Failed),
    ("EGRESS_ABORTED", Status::Failed),
    ("EGRESS_LIMIT_REACHED", Status::LimitReached),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Underway,
    Complete,
    Failed,
    LimitReached,
}

/// Reads a manifest. A byte order mark in front is ignored.
///
/// # Errors
/// When the bytes are no JSON object, or one without any member that a manifest has.
pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let outer = Members::read_slice(bytes)?;
    // A webhook wraps the egress in an event.
    let inner = ["egressInfo", "egress_info"]
        .iter()
        .find_map(|name| outer.object(name));
    let manifest = inner.as_ref().unwrap_or(&outer);
    let status = manifest.get("status").and_then(status);
    let is_single_file = manifest.object("file").is_some();
    let is_known = MEMBERS.iter().any(|name| manifest.get(name).is_some());
    if status.is_none() && !is_known && !is_single_file {
        return Err(ManifestError::UnknownForm);
    }
    let files = outputs::files(manifest);
    let playlists = outputs::playlists(manifest);
    let progress = progress(manifest, status, &files, playlists.as_ref());
    let duration = files
        .iter()
        .find_map(|file| file.duration)
        .or_else(|| elapsed(manifest));
    let started_at = time(manifest, &["started_at", "startedAt"]);
    let ended_at = time(manifest, &["ended_at", "endedAt"]);
    Ok(Manifest {
        progress,
        files,
        playlists,
        duration,
        room_name: manifest
            .text("room_name")
            .or_else(|| manifest.text("roomName")),
        started_at,
        ended_at: ended_at.filter(|ended| started_at.is_none_or(|started| started <= *ended)),
    })
}

/// A status, written as its name (with or without its prefix, in any case) or its number.
fn status(value: &RawValue) -> Option<(&'static str, Status)> {
    if let Some(number) = json::integer(value) {
        return STATUSES.get(usize::try_from(number).ok()?).copied();
    }
    let text = json::string(value)?.trim().to_ascii_uppercase();
    STATUSES
        .iter()
        .find(|(name, _)| *name == text || name.strip_prefix("EGRESS_") == Some(text.as_str()))
        .copied()
}

fn progress(
    manifest: &Members<'_>,
    status: Option<(&'static str, Status)>,
    files: &[ManifestFile],
    playlists: Option<&Playlists>,
) -> Progress {
    let is_empty = files.is_empty() && playlists.is_none();
    let error = manifest.text("error");
    match status {
        Some((_, Status::Underway)) => Progress::InProgress,
        Some((_, Status::Complete)) => Progress::Ended,
        Some((_, Status::LimitReached)) if !is_empty => Progress::Ended,
        Some((reason, _)) => Progress::Failed { reason, error },
        None if is_empty && error.is_some() => Progress::Failed {
            reason: "EGRESS_FAILED",
            error,
        },
        None if has_ended(manifest, files) => Progress::Ended,
        None => Progress::InProgress,
    }
}

/// Whether an egress without a status is over. LiveKit fills in a file's place and size once it
/// is whole.
fn has_ended(manifest: &Members<'_>, files: &[ManifestFile]) -> bool {
    positive(manifest, &["ended_at", "endedAt"]).is_some()
        || ENDED_MEMBERS
            .iter()
            .filter_map(|name| manifest.get(name))
            .any(|value| value.get() != "null")
        || files
            .iter()
            .any(|file| file.location.is_some() || file.size_bytes.is_some())
}

/// A time that is written in nanoseconds since the epoch.
fn time(manifest: &Members<'_>, names: &[&str]) -> Option<DateTime<Utc>> {
    let nanos = i64::try_from(positive(manifest, names)?).ok()?;
    Some(DateTime::from_timestamp_nanos(nanos))
}

/// From start to end; `None` when either is not known or the end is not behind the start.
fn elapsed(manifest: &Members<'_>) -> Option<Duration> {
    let started = positive(manifest, &["started_at", "startedAt"])?;
    let ended = positive(manifest, &["ended_at", "endedAt"])?;
    let nanos = ended.checked_sub(started).filter(|&nanos| nanos > 0)?;
    Some(Duration::from_nanos(nanos))
}
