//! An egress as plain data.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// What a manifest says of an egress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// How far the egress is.
    pub progress: Progress,
    /// The files it wrote, in order; those with neither a name nor a place are left out.
    pub files: Vec<ManifestFile>,
    /// The HLS playlists it wrote, when there are any.
    pub playlists: Option<Playlists>,
    /// The recording's length: the first file's that tells one, else from start to end.
    pub duration: Option<Duration>,
    /// The room that was recorded.
    pub room_name: Option<String>,
    /// When the egress began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; never before it began.
    pub ended_at: Option<DateTime<Utc>>,
}

/// How far an egress is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Its files may still be in the making.
    InProgress,
    /// Whatever it wrote is whole.
    Ended,
    /// It came to nothing, whatever files it names.
    Failed {
        /// LiveKit's name of the status, such as `EGRESS_FAILED`.
        reason: &'static str,
        /// What LiveKit says about it. It may name hosts and paths of the customer's.
        error: Option<String>,
    },
}

/// One file of an egress.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestFile {
    /// The file's name, as egress saw it: bare, relative or absolute in its container.
    pub filename: Option<String>,
    /// Where it was put: a path, or the address of an object in cloud storage.
    pub location: Option<String>,
    /// Its size in bytes; never 0, which is how LiveKit writes that it does not know.
    pub size_bytes: Option<u64>,
    /// Its length; never zero.
    pub duration: Option<Duration>,
}

/// The HLS playlists of an egress, taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Playlists {
    /// How many segments there are in all.
    pub segments: u64,
    /// The address of the first playlist that is in cloud storage.
    pub remote_url: Option<String>,
}

/// Whether a location is the address of something that is in cloud storage already: `http(s)://`,
/// `s3://` or `gs://`, the scheme in any case.
pub fn is_remote(location: &str) -> bool {
    ["http://", "https://", "s3://", "gs://"]
        .iter()
        .any(|scheme| {
            location
                .split_at_checked(scheme.len())
                .is_some_and(|(start, rest)| start.eq_ignore_ascii_case(scheme) && !rest.is_empty())
        })
}
