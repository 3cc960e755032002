//! A file that cannot be read or written. No run ends differently for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use test_support::{Dir, Outcome};

use crate::{figures, file, run, site, write_sessions};

#[test]
fn what_callspool_did_not_write_is_replaced_with_a_warning() {
    for text in ["", "node_load1 0.5\n", "\u{0}\u{1}"] {
        let site = site();
        fs::write(file(&site), text).unwrap();
        let outcome = run(&site, &[]).expect(0);
        let told = "the figures of earlier runs cannot be read, so they start anew";
        let warned = outcome.stderr.matches(told).count();
        assert_eq!(warned, usize::from(!text.is_empty()), "{}", outcome.stderr);
        figures(&site).expect("callspool_runs_total", &[("0", 1)]);
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let site = site();
    fs::write(file(&site), [0xff, 0xfe, 0x00]).unwrap();
    let outcome = run(&site, &[]).expect(0);
    assert!(
        outcome.stderr.contains("it is no text"),
        "{}",
        outcome.stderr
    );
    figures(&site).expect("callspool_runs_total", &[("0", 1)]);
}

#[test]
fn a_spool_that_writes_into_anothers_file_is_told_so() {
    let (first, second) = (site(), site());
    run(&first, &[]).expect(0);
    let shared = file(&first);
    let before = std::fs::read_to_string(&shared).unwrap();
    let outcome = second.run(&["--metrics-file", shared.to_str().unwrap()]);
    let outcome = outcome.expect(0);
    let told = "it holds the figures of another spool; give each spool a file of its own";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    // What the other has counted stays.
    assert_eq!(std::fs::read_to_string(&shared).unwrap(), before);
}

#[test]
fn a_directory_that_is_missing_costs_a_line() {
    let site = site();
    write_sessions(&site, &["a"]);
    let outcome = site.run(&["--metrics-file", "/nowhere/callspool.prom"]);
    let outcome = outcome.expect(0).counts(&[("uploaded", 1)]);
    let warnings: Vec<&str> = outcome
        .stderr
        .lines()
        .filter(|line| line.contains("level=warn"))
        .collect();
    assert_eq!(warnings.len(), 1, "{}", outcome.stderr);
    assert!(warnings[0].contains("the figures of this run cannot be written"));
    assert!(warnings[0].contains("file=/nowhere/callspool.prom"));
}

#[test]
fn what_is_no_file_is_left_alone() {
    let site = site();
    let null = site.home().join("null");
    symlink("/dev/null", &null).unwrap();
    for path in [null.to_str().unwrap(), "/dev/null", "/proc/self/fd/1", "/"] {
        let outcome = site.run(&["--metrics-file", path]).expect(0);
        assert!(
            outcome.stderr.contains("no regular file"),
            "{path}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_full_disk_leaves_the_old_figures_and_no_rest() {
    let site = site();
    run(&site, &[]).expect(0);
    let before = fs::read(file(&site)).unwrap();
    write_sessions(&site, &["a"]);
    let command = site.command(["run", "--metrics-file", file(&site).to_str().unwrap()]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "trap '' XFSZ && ulimit -f 0 && exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    Outcome::of(shell.output().unwrap()).expect(20);
    assert_eq!(site.names(Dir::Pending).len(), 1);
    assert_eq!(fs::read(file(&site)).unwrap(), before);
    let names: Vec<_> = fs::read_dir(site.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_name_in_the_config_file_is_relative_to_the_root() {
    let site = site();
    let config = site.home().join("config.toml");
    let text = format!(
        "root = {:?}\napi_url = {:?}\nmetrics_file = \"callspool.prom\"\n",
        site.root(),
        site.api_url()
    );
    fs::write(&config, text).unwrap();
    let mut command = site.bare_command();
    command.arg("--config").arg(&config).arg("run");
    Outcome::of(command.output().unwrap()).expect(0);
    assert!(site.root().join("callspool.prom").exists());
}
