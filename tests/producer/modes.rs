//! Who may read what was recorded, and disks that take nothing.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use test_support::{Dir, Site};

use crate::{call, feed, lead, record, site, tree};

/// The command in a shell that first does something else.
fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("{preparation} && exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/");
    shell
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_callers_umask_says_who_may_do_what_with_a_recording() {
    for (umask, file, dir) in [
        ("022", 0o640, 0o750),
        ("077", 0o600, 0o700),
        ("007", 0o660, 0o770),
        ("000", 0o660, 0o770),
    ] {
        let site = site();
        for made in [Dir::Pending, Dir::Conversations, Dir::Leads] {
            fs::remove_dir(site.dir(made)).unwrap();
        }
        let prepare = format!("umask {umask}");
        let mut command = after(&prepare, &site.command(["record", "lead"]));
        feed(&mut command, lead("x").to_string().as_bytes()).expect(0);
        let mut command = after(&prepare, &site.command(["record"]));
        feed(&mut command, call("x").to_string().as_bytes()).expect(0);
        for (made, name) in [
            (Dir::Pending, "metadata_x.json"),
            (Dir::Conversations, "transcript_x.json"),
            (Dir::Leads, "lead_x.json"),
        ] {
            assert_eq!(mode(&site.dir(made)), dir, "{made:?} under {umask}");
            assert_eq!(
                mode(&site.dir(made).join(name)),
                file,
                "{name} under {umask}"
            );
        }
        for made in [Dir::Processed, Dir::Failed, Dir::Corrupt] {
            assert_eq!(mode(&site.dir(made)), dir, "{made:?} under {umask}");
        }
        // A run's own files are its user's alone, and documents keep their mode.
        after(&prepare, &site.command(["run"])).output().unwrap();
        let lock = site.dir(Dir::Pending).join(".callspool.lock");
        assert_eq!(mode(&lock), 0o600, "under {umask}");
        let document = site.dir(Dir::Processed).join("metadata_x.json");
        assert_eq!(mode(&document), file, "under {umask}");
    }
}

/// The command, such that rights count: a superuser's is run without the power to pass over them.
fn with_rights(command: Command, locked: &Path) -> Command {
    if fs::read_dir(locked).is_err() {
        return command;
    }
    let mut without = Command::new("setpriv");
    without
        .arg("--bounding-set=-dac_override,-dac_read_search")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    without
}

#[test]
fn no_call_is_lost_for_an_archive_that_the_agent_may_not_look_into() {
    let site = site();
    record(&site, &call("x")).expect(0);
    let closed = site.dir(Dir::Processed);
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let mut command = with_rights(site.command(["record"]), &closed);
    let outcome = feed(&mut command, call("y").to_string().as_bytes()).expect(0);
    assert!(
        outcome.stderr.contains("cannot look into")
            && outcome.stderr.contains("processed_metadata"),
        "{}",
        outcome.stderr
    );
    // What is pending must be seen.
    let pending = site.dir(Dir::Pending).join("metadata_x.json");
    fs::set_permissions(&pending, Permissions::from_mode(0o000)).unwrap();
    let mut command = with_rights(site.command(["record"]), &closed);
    let outcome = feed(&mut command, call("x").to_string().as_bytes()).expect(20);
    assert!(
        outcome
            .stderr
            .contains("cannot tell whether the session has a document already"),
        "{}",
        outcome.stderr
    );
    fs::set_permissions(&pending, Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
}

#[test]
fn a_disk_that_is_full_leaves_nothing_half_written() {
    // A block is 512 bytes: the transcript is large, the lead and the document are not.
    for (blocks, left) in [(0, 0), (8, 1)] {
        let site = site();
        let mut input = call("x");
        input["items"][0]["content"] = "x".repeat(20_000).into();
        let mut own = lead("x");
        own.as_object_mut().unwrap().remove("session_id");
        input["lead"] = own;
        let prepare = format!("trap '' XFSZ && ulimit -f {blocks}");
        let mut command = after(&prepare, &site.command(["record"]));
        let outcome = feed(&mut command, input.to_string().as_bytes()).expect(20);
        assert!(
            outcome.stderr.contains("cannot write"),
            "{}",
            outcome.stderr
        );
        assert_eq!(tree(&site).len(), left, "{:?}", tree(&site));
        assert_eq!(hidden(&site), [".callspool.record.lock"]);
        record(&site, &input).expect(0);
        assert_eq!(tree(&site).len(), 3);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    }
}

/// The hidden files in all directories that are written to.
fn hidden(site: &Site) -> Vec<String> {
    let dirs = [Dir::Pending, Dir::Conversations, Dir::Leads];
    let entries = dirs.map(|dir| fs::read_dir(site.dir(dir)).unwrap());
    entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect()
}

#[test]
fn a_root_that_is_not_there_is_code_10_and_directories_below_it_are_made() {
    let site = site();
    let mut command = site.bare_command();
    command
        .args(["record", "--root"])
        .arg(site.home().join("gone"));
    let outcome = feed(&mut command, call("x").to_string().as_bytes()).expect(10);
    assert!(
        outcome.stderr.contains("there is no spool at"),
        "{}",
        outcome.stderr
    );
    assert!(!site.home().join("gone").exists());

    fs::create_dir(site.home().join("empty")).unwrap();
    let mut command = site.bare_command();
    command
        .args(["record", "--root"])
        .arg(site.home().join("empty"));
    feed(&mut command, call("x").to_string().as_bytes()).expect(0);
    let mut made: Vec<_> = fs::read_dir(site.home().join("empty"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    assert_eq!(
        made,
        [
            "call_metadata",
            "conversations",
            "corrupt_metadata",
            "failed_metadata",
            "leads",
            "processed_metadata"
        ]
    );
}
