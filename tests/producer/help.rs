//! The examples of the help texts work as they stand.

use std::path::Path;
use std::process::Command;

use test_support::{Dir, Outcome, Site};

use crate::{BINARY, site};

/// Carries out, in a shell, what the help of a command shows as examples.
fn carry_out(site: &Site, help: &[&str]) -> Vec<Outcome> {
    let text = site.call(help.iter().chain(&["--help"])).expect(0).stdout;
    let lines = text.lines().filter_map(|line| line.strip_prefix("  echo "));
    let folder = Path::new(BINARY).parent().unwrap().display();
    lines
        .map(|line| {
            let output = Command::new("/bin/sh")
                .args(["-c", &format!("echo {line}")])
                .env_clear()
                .env("PATH", format!("{folder}:/usr/bin:/bin"))
                .env("CALLSPOOL_ROOT", site.root())
                .current_dir(site.root())
                .output();
            Outcome::of(output.unwrap()).expect(0)
        })
        .collect()
}

#[test]
fn the_examples_of_record_work_as_they_stand() {
    let site = site();
    let transcript = test_support::plain_transcript("session_2");
    let age = std::time::Duration::ZERO;
    site.put(Dir::Conversations, "t.json", transcript, age);
    assert_eq!(carry_out(&site, &["record", "lead"]).len(), 1);
    assert_eq!(carry_out(&site, &["record"]).len(), 2);
    let document = site.document(Dir::Pending, "session_1");
    assert_eq!(document["files"]["lead"], "leads/lead_session_1.json");
    let document = site.document(Dir::Pending, "session_2");
    assert_eq!(document["files"]["conversation"], "conversations/t.json");
}
