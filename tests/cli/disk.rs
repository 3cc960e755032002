//! A disk that takes no more: exit code 20, nothing sent that could not be recorded, nothing lost.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use reference_api::Target;
use test_support::{Dir, Outcome, Session, Site};

use crate::running::Running;
use crate::{site, without_campaign, write_sessions};

/// The program's command line in a shell that first does something else.
fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("{preparation} && exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .current_dir("/");
    shell
}

/// Files may grow to so many blocks of 512 bytes; writing more fails as on a full disk.
fn with_file_limit(site: &Site, blocks: u32) -> Command {
    let command = site.command(["run", "--format", "json"]);
    after(&format!("trap '' XFSZ && ulimit -f {blocks}"), &command)
}

/// A session whose document is larger than a probe of the disk.
fn large(id: &str) -> Session {
    Session::new(id).edit(|document| document["notes"] = "x".repeat(8000).into())
}

#[test]
fn a_disk_that_takes_nothing_is_code_20_and_nothing_is_sent() {
    let site = site();
    let document = large("a").write(&site);
    let before = fs::read(&document).unwrap();
    let outcome = Outcome::of(with_file_limit(&site, 0).output().unwrap()).expect(20);
    assert!(
        outcome.stderr.contains("cannot write"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.api().requests().len(), 0);
    assert_eq!(fs::read(&document).unwrap(), before);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn a_disk_that_fills_up_while_a_recording_is_sent_loses_nothing_and_doubles_nothing() {
    let site = site();
    let document = large("a").write(&site);
    write_sessions(&site, &["b"]);
    let before = fs::read(&document).unwrap();
    let outcome = Outcome::of(with_file_limit(&site, 8).output().unwrap()).expect(20);
    assert_eq!(outcome.stopped_by().as_deref(), Some("durability"));
    let outcome = outcome.counts(&[("deferred", 1), ("left", 1)]);
    assert!(
        outcome.stderr.contains("make room or repair the volume"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.api().requests().len(), 1);
    assert_eq!(fs::read(&document).unwrap(), before);

    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().recordings().len(), 2);
    assert_eq!(site.api().calls().len(), 2);
}

#[test]
fn a_state_directory_that_is_no_directory_is_code_20_and_nothing_is_sent() {
    for dir in [Dir::Processed, Dir::Failed, Dir::Corrupt] {
        let site = site();
        write_sessions(&site, &["a"]);
        fs::write(site.dir(dir), "no directory").unwrap();
        let outcome = site.run(&[]).expect(20);
        let path = site.dir(dir).display().to_string();
        assert!(outcome.stderr.contains(&path), "{}", outcome.stderr);
        assert_eq!(site.api().requests().len(), 0);
        assert_eq!(site.place("a"), Dir::Pending);
        fs::remove_file(site.dir(dir)).unwrap();
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    }
}

#[test]
fn durability_goes_before_attention() {
    let site = site();
    without_campaign("failed-before").write(&site);
    site.run(&[]).expect(4);
    large("a").write(&site);
    Outcome::of(with_file_limit(&site, 8).output().unwrap()).expect(20);
}

#[test]
fn a_requeue_that_cannot_be_written_is_code_20_and_the_document_stands() {
    let site = site();
    large("a")
        .edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
        .write(&site);
    site.run(&[]).expect(4);
    let before = fs::read(site.dir(Dir::Failed).join("metadata_a.json")).unwrap();
    let command = site.command(["requeue", "a"]);
    let limited = after("trap '' XFSZ && ulimit -f 8", &command).output();
    Outcome::of(limited.unwrap()).expect(20);
    assert_eq!(site.place("a"), Dir::Failed);
    let after = fs::read(site.dir(Dir::Failed).join("metadata_a.json")).unwrap();
    assert_eq!(after, before);
}

/// Runs with another file system over the spool, in a mount namespace of its own; `None` when
/// that is not permitted here.
fn mounted(site: &Site, options: &str, prepare: &str) -> Option<Outcome> {
    let can_mount = Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !can_mount {
        writeln_skipped();
        return None;
    }
    let (root, real) = (site.root(), site.home().join("real"));
    let (root, real) = (root.display(), real.display());
    let script = format!(
        "cp -a {root} {real} && mount -t tmpfs -o {options} none {root} && cp -a {real}/. {root} && {prepare}"
    );
    let inner = after(&script, &site.command(["run", "--format", "json"]));
    let mut command = Command::new("unshare");
    command
        .arg("-m")
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    Some(Running::start(&mut command).finish())
}

#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn writeln_skipped() {
    eprintln!("skipped: this user may not mount a file system");
}

#[test]
fn a_full_volume_is_code_20_and_nothing_is_sent() {
    let site = site();
    write_sessions(&site, &["a"]);
    let root = site.root();
    // `dd` fills the volume and fails doing so.
    let fill = format!(
        "{{ dd if=/dev/zero of={}/ballast bs=4096 2>/dev/null || true; }}",
        root.display()
    );
    let Some(outcome) = mounted(&site, "size=256k", &fill) else {
        return;
    };
    let outcome = outcome.expect(20);
    assert!(
        outcome.stderr.contains("No space left"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.api().hits(Target::Any), 0);
}

#[test]
fn a_read_only_volume_is_code_20_and_nothing_is_sent() {
    let site = site();
    write_sessions(&site, &["a"]);
    let read_only = format!("mount -o remount,ro {}", site.root().display());
    let Some(outcome) = mounted(&site, "size=1m", &read_only) else {
        return;
    };
    let outcome = outcome.expect(20);
    assert!(
        outcome.stderr.contains("Read-only file system"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.api().hits(Target::Any), 0);
    assert_eq!(
        fs::metadata(site.root()).unwrap().dev(),
        fs::metadata(site.home()).unwrap().dev()
    );
}
