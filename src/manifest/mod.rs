//! Egress manifests: where LiveKit's egress put the recording of a call, and how it went.
//!
//! Owns the reading of every shape in which that news is found on disk: the manifest that egress
//! writes beside the audio, its API's and webhooks' `EgressInfo` in either spelling, and two older
//! forms of the customer's own. Bytes in, plain data out: whether the files exist, and which of
//! them is sent, is not decided here.

mod egress;
mod outputs;
mod reading;
#[cfg(test)]
mod tests;

pub use egress::{Manifest, ManifestFile, Playlists, Progress, is_remote};
pub use reading::{ManifestError, parse};
