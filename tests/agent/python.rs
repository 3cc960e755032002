//! A Python with LiveKit's SDK.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where environments are kept from one build to the next, when it is set.
const CACHE_VARIABLE: &str = "AGENT_TESTS_CACHE";

/// The one with the version that `requirements.txt` holds. Made once.
pub(crate) fn newest() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| install(None))
}

/// The one with a version that `versions.txt` names.
pub(crate) fn of_version(version: &str) -> PathBuf {
    install(Some(version))
}

fn install(version: Option<&str>) -> PathBuf {
    let dir = std::env::var_os(CACHE_VARIABLE);
    let output = Command::new("sh")
        .arg(here().join("install.sh"))
        .arg(dir.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into()))
        .args(version)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// The directory of these tests.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent")
}

/// The directory of the Python module.
pub(crate) fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/python")
}
