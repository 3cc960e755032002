//! The guide for moving over: its scripts and files are what the tests run.

use std::path::Path;

use test_support::Guide;

const GUIDE: Guide = Guide(include_str!("../../docs/migrating.md"));

/// The one code block of that kind which holds a text, for another root.
#[track_caller]
pub(crate) fn block(kind: &str, holding: &str, root: &Path) -> String {
    GUIDE.block(kind, holding, &[("/srv/agent", root.to_str().unwrap())])
}
