//! Transcripts, manifests, leads and call data, through the library's public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod properties;
mod python_repr;
mod samples;
