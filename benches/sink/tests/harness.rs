//! The harness of `make bench` itself: every part of it runs, on a handful of calls, and everything
//! that it checks holds. No time is looked at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SINK: &str = env!("CARGO_BIN_EXE_sink");
const STOPWATCH: &str = env!("CARGO_BIN_EXE_stopwatch");

fn benches() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A place below the target directory.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A Python with what the peers need.
fn python() -> String {
    let kept = env::var_os("BENCH_TESTS_CACHE");
    let output = Command::new("sh")
        .arg(benches().join("install.sh"))
        .arg(kept.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into()))
        .output()
        .unwrap();
    demand_success(&output);
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[track_caller]
fn demand_success(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The harness on the programs of this build; with another callspool when one is given.
fn bench(out: &Path, callspool: &Path, parts: &str) -> Output {
    let programs = Path::new(SINK).parent().unwrap();
    assert_eq!(Path::new(STOPWATCH).parent(), Some(programs));
    Command::new(python())
        .arg(benches().join("harness/bench.py"))
        .arg("--programs")
        .arg(programs)
        .arg("--callspool")
        .arg(callspool)
        .arg("--out")
        .arg(out)
        .args(["--cases", "smoke", "--rounds", "1", "--parts", parts])
        .output()
        .unwrap()
}

#[test]
fn the_harness_measures_every_part_and_all_peers_send_the_same() {
    // Another package's program: `cargo test --workspace` builds it.
    let callspool = Path::new(SINK).with_file_name("callspool");
    assert!(
        callspool.exists(),
        "build the program first: cargo build --bin callspool"
    );
    let out = scratch("harness");
    let parts = "startup durability counting batches cost backlog scaling";
    demand_success(&bench(&out, &callspool, parts));

    let text = std::fs::read_to_string(out.join("results.json")).unwrap();
    let results: Value = serde_json::from_str(&text).unwrap();
    let batches = results["batches"].as_array().unwrap();
    assert_eq!(batches.len(), 4);
    for batch in batches {
        let peers = batch["peers"].as_array().unwrap();
        let names: Vec<_> = peers
            .iter()
            .filter_map(|peer| peer["peer"].as_str())
            .collect();
        for name in ["curl", "callspool", "python", "python-session", "shell"] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(
            peers
                .iter()
                .all(|peer| peer["laps"].as_array().unwrap().len() == 1)
        );
    }
    let report = std::fs::read_to_string(out.join("results.md")).unwrap();
    for heading in [
        "### Batches",
        "### Durability",
        "### Targets",
        "### Ten million",
    ] {
        assert!(report.contains(heading), "{heading}");
    }
    let plot = std::fs::read_to_string(out.join("cost.svg")).unwrap();
    assert!(plot.starts_with("<svg ") && plot.ends_with("</svg>\n"));
}

#[test]
fn a_peer_that_sends_less_than_it_should_ends_the_measuring() {
    let out = scratch("idle");
    let output = bench(&out, Path::new("/bin/true"), "batches");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("callspool: uploads: 0, not 3"), "{errors}");
    assert!(!out.join("results.json").exists());
}
