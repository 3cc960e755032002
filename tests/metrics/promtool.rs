//! promtool, which knows what Prometheus takes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The program's path.
fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new("sh")
            .arg(source.join("tests/metrics/install.sh"))
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
    })
}

/// Runs it with something on its standard input.
fn call(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(path())
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that has seen enough closes its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Demands that it has nothing to say against a text of metrics, warnings included.
#[track_caller]
pub(crate) fn check_metrics(text: &str) {
    let output = call(&["check", "metrics"], text);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

/// Demands that a command of its succeeds; gives what it says.
#[track_caller]
pub(crate) fn succeed(arguments: &[&str]) -> String {
    let output = call(arguments, "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}
