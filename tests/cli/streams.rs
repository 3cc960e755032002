//! Streams that nobody reads, or that are full: no panic, and the exit code stays.

use std::fs::File;
use std::io::pipe;
use std::process::{Command, Stdio};

use test_support::{Dir, Outcome, Site};

use crate::{site, site_with, write_sessions};

/// A stream whose reader has gone away.
fn broken() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

fn finish(command: &mut Command) -> Outcome {
    let child = command.spawn().unwrap();
    Outcome::of(child.wait_with_output().unwrap())
}

#[test]
fn stdout_that_nobody_reads_changes_nothing() {
    for make in [broken, full] {
        let site = site_with(&["call-data@b:all:status=500"]);
        write_sessions(&site, &["a", "b"]);
        let call = |arguments: &[&str]| {
            finish(
                site.command(arguments)
                    .stdout(make())
                    .stderr(Stdio::piped()),
            )
        };
        for arguments in [
            &["dry-run"][..],
            &["dry-run", "--format", "json"],
            &["inspect"],
            &["inspect", "a"],
            &["inspect", "--summary"],
            &["--help"],
            &["--version"],
        ] {
            let outcome = call(arguments).expect(0);
            assert!(!outcome.stderr.contains("bug"), "{}", outcome.stderr);
        }
        call(&["inspect", "--check"]).expect(3);
        let outcome = call(&["run", "--format", "json"]).expect(3);
        assert!(!outcome.stderr.contains("bug"), "{}", outcome.stderr);
        assert_eq!(site.place("a"), Dir::Processed);
        call(&["requeue", "b"]).expect(0);
        call(&["run"]).expect(3);
    }
}

#[test]
fn stderr_that_nobody_reads_changes_nothing() {
    for make in [broken, full] {
        let site = site_with(&["call-data@b:all:status=500"]);
        write_sessions(&site, &["a", "b"]);
        let call = |arguments: &[&str]| {
            finish(
                site.command(arguments)
                    .stderr(make())
                    .stdout(Stdio::piped()),
            )
        };
        call(&["run", "--no-such-flag"]).expect(2);
        call(&["run", "--settle", "5x"]).expect(2);
        call(&["inspect", "nobody"]).expect(2);
        let outcome = call(&["run", "-vv", "--format", "json"]).expect(3);
        assert_eq!(outcome.sessions("uploaded"), 1);
    }
}

#[test]
fn without_any_stream_a_run_still_delivers() {
    let site = site();
    write_sessions(&site, &["a"]);
    let mut command = Command::new("/bin/sh");
    let program = site.command(["run"]);
    command
        .args(["-c", "exec \"$@\" <&- >&- 2>&-", "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear();
    finish(&mut command).expect(0);
    assert_delivered(&site);
}

fn assert_delivered(site: &Site) {
    assert_eq!(site.place("a"), Dir::Processed);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn the_exit_code_of_a_pipeline_is_the_programs() {
    let site = site();
    write_sessions(&site, &["a"]);
    let mut command = Command::new("/bin/bash");
    let program = site.command(["run"]);
    command
        .args(["-c", "\"$@\" | head -0; exit ${PIPESTATUS[0]}", "bash"])
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stderr(Stdio::piped());
    finish(&mut command).expect(0);
    assert_delivered(&site);
}
