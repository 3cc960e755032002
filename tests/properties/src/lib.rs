//! What must hold for every input, whoever made it.
//!
//! One function for each kind of input: it takes bytes, reads them as callspool would, and fails
//! when a property does not hold. The fuzz targets in `fuzz/` call these functions with what
//! libFuzzer thinks of; the test beside this crate calls them with every file of the kept corpus,
//! on stable Rust. Where an answer is checked against another reading of the same bytes, that
//! reading is written anew here, or is `serde_json::Value`, which the program itself never uses.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a property that does not hold fails by panicking"
)]

mod answer;
mod config;
mod document;
mod lead;
mod manifest;
mod members;
mod oracle;
mod python;
#[path = "../../texts/python_repr.rs"]
mod python_repr;
mod record;
mod redaction;
mod session;
mod timestamp;
mod transcript;
mod transcript_forms;

pub use redaction::MARKED;

/// Takes an input, and panics when what must hold for it does not.
pub type Property = fn(&[u8]);

/// Every property by the name of its fuzz target.
pub const TARGETS: [(&str, Property); 14] = [
    ("answer", answer::check),
    ("config", config::check),
    ("document", document::check),
    ("lead", lead::check),
    ("manifest", manifest::check),
    ("python", python::check_text),
    ("python_repr", python::check_printed),
    ("record", record::check),
    ("redaction", redaction::check),
    ("retry_after", timestamp::check_retry_after),
    ("session", session::check),
    ("timestamp", timestamp::check),
    ("transcript", transcript::check),
    ("transcript_forms", transcript_forms::check),
];

/// Checks the property of that name.
///
/// # Panics
/// When the property does not hold, or there is none of that name.
pub fn check(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, property) = found.unwrap_or_else(|| panic!("no property {target}"));
    property(data);
}
