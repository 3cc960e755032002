//! Files that the program may not read: nobody's fault, never corrupt, never half sent.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use test_support::{Dir, Session, Site};

use crate::disk::{document_path, modify, transcript_path, tree};
use crate::{OLD, site};

/// Takes all rights to a file away.
fn lock_up(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

/// Runs the program such that rights count: a superuser's is run without the power to pass over
/// them.
fn run_with_rights(site: &Site, locked: &Path) -> (i32, Value, String) {
    let plain = site.command(["run", "--format", "json"]);
    let output: Output = if File::open(locked).is_ok() {
        Command::new("setpriv")
            .arg("--bounding-set=-dac_override,-dac_read_search")
            .arg(plain.get_program())
            .args(plain.get_args())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap()
    } else {
        let mut plain = plain;
        plain.output().unwrap()
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    (output.status.code().unwrap(), report, stderr)
}

/// Demands that the session whose file is locked up is skipped, that the good one is delivered,
/// and that the first is delivered once its file can be read.
#[track_caller]
fn assert_skipped(site: &Site, locked: &Path) {
    Session::new("good").write(site);
    lock_up(locked);
    let (code, report, stderr) = run_with_rights(site, locked);
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(report["sessions"]["skipped"], 1, "{stderr}");
    assert_eq!(report["sessions"]["uploaded"], 1, "{stderr}");
    assert_eq!(report["sessions"]["conserved"], true);
    assert_eq!(site.api().calls().len(), 1);
    assert_eq!(site.place("bad"), Dir::Pending);
    assert!(site.names(Dir::Corrupt).is_empty());
    assert!(stderr.contains("skipped"), "{stderr}");

    fs::set_permissions(locked, Permissions::from_mode(0o600)).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.document(Dir::Processed, "bad")["upload_attempts"], 1);
}

#[test]
fn a_document_that_may_not_be_read_is_skipped_and_never_corrupt() {
    for age in [-10, -3600] {
        let site = site();
        Session::new("bad").write(&site);
        let document = document_path(&site, Dir::Pending, "bad");
        modify(&document, age);
        assert_skipped(&site, &document);
    }
}

#[test]
fn a_transcript_that_may_not_be_read_skips_its_session() {
    let site = site();
    Session::new("bad").write(&site);
    assert_skipped(&site, &transcript_path(&site, "bad"));
}

#[test]
fn a_lead_that_may_not_be_read_skips_its_session() {
    let site = site();
    Session::new("bad").lead("{}").write(&site);
    let lead = site.dir(Dir::Leads).join("lead_bad.json");
    assert_skipped(&site, &lead);
}

#[test]
fn a_manifest_that_may_not_be_read_skips_its_session() {
    let site = site();
    Session::new("bad").write(&site);
    let manifest = site.dir(Dir::Recordings).join("EG_bad.json");
    assert_skipped(&site, &manifest);
}

#[test]
fn a_recording_that_may_not_be_read_skips_its_session() {
    let site = site();
    Session::new("bad").write(&site);
    let recording = site.dir(Dir::Recordings).join("bad.ogg");
    assert_skipped(&site, &recording);
}

#[test]
fn a_directory_that_may_not_be_read_skips_the_sessions_that_need_it() {
    let site = site();
    Session::new("bad").lead("{}").write(&site);
    Session::new("good").write(&site);
    let leads = site.dir(Dir::Leads);
    let locked = leads.join("lead_bad.json");
    // Tells whether rights count for this process.
    lock_up(&locked);
    lock_up(&leads);
    let before = tree(&site.dir(Dir::Pending));
    let (code, report, stderr) = run_with_rights(&site, &locked);
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(report["sessions"]["skipped"], 1, "{stderr}");
    assert_eq!(report["sessions"]["uploaded"], 1, "{stderr}");
    let name = Path::new("metadata_bad.json");
    assert_eq!(tree(&site.dir(Dir::Pending))[name], before[name]);

    fs::set_permissions(&leads, Permissions::from_mode(0o700)).unwrap();
    site.put(Dir::Leads, "lead_bad.json", "{}", OLD);
    fs::set_permissions(&locked, Permissions::from_mode(0o600)).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn what_was_filed_and_cannot_be_read_is_no_reason_to_send_again() {
    let site = site();
    let before = fs::read(Session::new("bad").write(&site)).unwrap();
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    site.put(Dir::Pending, "metadata_bad.json", before, OLD);
    let filed = site.dir(Dir::Processed).join("metadata_bad.json");
    lock_up(&filed);
    let (code, report, stderr) = run_with_rights(&site, &filed);
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(report["sessions"]["skipped"], 1, "{stderr}");
    assert_eq!(site.api().calls().len(), 1);
    fs::set_permissions(&filed, Permissions::from_mode(0o600)).unwrap();
    site.run(&[]).expect(0).counts(&[("recovered", 1)]);
}
