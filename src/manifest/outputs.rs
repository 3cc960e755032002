//! What an egress wrote: files and playlists, in every spelling.
//!
//! LiveKit's protocol names things in camelCase or snake_case depending on the printer, and writes
//! 64-bit numbers as strings in one and as numbers in the other.

use std::time::Duration;

use serde_json::value::RawValue;

use super::egress::{ManifestFile, Playlists, is_remote};
use crate::json::{self, Members};

/// The files, from the first of the lists that holds any: `EgressInfo` repeats its only file under
/// an older name. A manifest may also be the file itself.
pub(super) fn files(manifest: &Members<'_>) -> Vec<ManifestFile> {
    ["files", "fileResults", "file_results", "file"]
        .iter()
        .map(|name| objects(manifest, name).iter().filter_map(file).collect())
        .find(|files: &Vec<ManifestFile>| !files.is_empty())
        .or_else(|| {
            let named = manifest.text("file_path").or(manifest.text("filename"));
            named.and_then(|_| file(manifest)).map(|file| vec![file])
        })
        .unwrap_or_default()
}

/// One file; `None` when it has neither a name nor a place.
fn file(object: &Members<'_>) -> Option<ManifestFile> {
    let file = ManifestFile {
        filename: object.text("filename").or_else(|| object.text("file_path")),
        location: object.text("location"),
        size_bytes: positive(object, &["size"]),
        duration: positive(object, &["duration"]).map(Duration::from_nanos),
    };
    (file.filename.is_some() || file.location.is_some()).then_some(file)
}

/// The playlists, from the first of the lists that holds any.
pub(super) fn playlists(manifest: &Members<'_>) -> Option<Playlists> {
    ["playlists", "segmentResults", "segment_results", "segments"]
        .iter()
        .map(|name| objects(manifest, name))
        .find(|list| !list.is_empty())
        .map(|list| Playlists {
            segments: list
                .iter()
                .map(segments)
                .fold(0, |sum, count| sum.saturating_add(count)),
            remote_url: list.iter().find_map(playlist_url),
        })
}

/// The number of segments of one playlist.
fn segments(playlist: &Members<'_>) -> u64 {
    let listed = playlist.get("segments").and_then(json::array);
    match listed {
        Some(listed) => listed.len() as u64,
        None => positive(playlist, &["segmentCount", "segment_count"]).unwrap_or_default(),
    }
}

/// Where a playlist is, when that is in cloud storage. The live playlist does not count: it holds
/// the last few segments only.
fn playlist_url(playlist: &Members<'_>) -> Option<String> {
    ["location", "playlistLocation", "playlist_location"]
        .iter()
        .filter_map(|name| playlist.text(name))
        .find(|location| is_remote(location))
}

/// The objects in a list, or the one object that stands in its place.
fn objects<'a>(manifest: &'a Members<'_>, name: &str) -> Vec<Members<'a>> {
    let Some(value) = manifest.get(name) else {
        return Vec::new();
    };
    match json::array(value) {
        Some(list) => list.into_iter().filter_map(Members::from_raw).collect(),
        None => Members::from_raw(value).into_iter().collect(),
    }
}

/// The first of these members that is a whole number above 0. In protobuf's JSON, 0 and absent
/// are the same.
pub(super) fn positive(object: &Members<'_>, names: &[&str]) -> Option<u64> {
    names
        .iter()
        .filter_map(|name| object.get(name))
        .filter_map(|value: &RawValue| json::integer(value))
        .find_map(|number| u64::try_from(number).ok().filter(|&number| number > 0))
}
