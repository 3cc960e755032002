//! Who may read what the program writes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use test_support::{Dir, Outcome, Session, Site};

use crate::disk::{after, mode};
use crate::{OLD, site_with};

/// Every state directory with its mode, and every file in it that the program has made.
fn modes(site: &Site) -> Vec<(String, u32)> {
    let mut all = Vec::new();
    for dir in [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt] {
        let path = site.dir(dir);
        if dir != Dir::Pending {
            all.push((path.display().to_string(), mode(&path)));
        }
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(".callspool") || name.ends_with(".error.txt") {
                all.push((path.display().to_string(), mode(&path)));
            }
        }
    }
    all
}

#[test]
fn whatever_the_umask_new_files_are_0600_and_new_directories_0700() {
    for umask in ["000", "022", "077", "0777"] {
        let site = site_with(&["call-data@b:all:status=503;retry-after=900"]);
        for id in ["a", "b"] {
            Session::new(id).write(&site);
        }
        site.put(Dir::Pending, "metadata_torn.json", "{", OLD);
        // The throttling leaves a state file behind.
        let run = after(&format!("umask {umask}"), &site.command(["run"])).output();
        Outcome::of(run.unwrap()).expect(5);
        let modes = modes(&site);
        for end in [
            "processed_metadata",
            "failed_metadata",
            "corrupt_metadata",
            ".callspool.lock",
            ".callspool.state",
            "metadata_torn.json.error.txt",
        ] {
            let found = modes.iter().find(|(path, _)| path.ends_with(end));
            let (_, mode) = found.unwrap_or_else(|| panic!("no {end} in {modes:?}"));
            let expected = if end.starts_with('.') || end.ends_with(".txt") {
                0o600
            } else {
                0o700
            };
            assert_eq!(*mode, expected, "{end} under {umask}: {mode:o}");
        }
        assert_eq!(modes.len(), 6, "{modes:?}");
        let requeue = after(
            &format!("umask {umask}"),
            &site.command(["requeue", "torn"]),
        );
        Outcome::of({ requeue }.output().unwrap()).expect(0);
    }
}

#[test]
fn a_documents_mode_stays_through_all_that_is_written() {
    for umask in ["000", "077", "0777"] {
        for kept in [0o644, 0o640, 0o660, 0o600, 0o444] {
            let site = site_with(&["call-data@b:1:status=500"]);
            for id in ["a", "b", "c"] {
                let campaign = if id == "c" { "" } else { "campaign-1" };
                let document = Session::new(id)
                    .edit(|document| document["campaign_metadata"]["campaignId"] = campaign.into())
                    .write(&site);
                fs::set_permissions(document, Permissions::from_mode(kept)).unwrap();
            }
            let call = |arguments: &[&str], code: i32| {
                let shell = after(&format!("umask {umask}"), &site.command(arguments));
                Outcome::of({ shell }.output().unwrap()).expect(code);
            };
            let is_kept = |dir: Dir, id: &str| {
                let path = site.dir(dir).join(format!("metadata_{id}.json"));
                assert_eq!(mode(&path), kept, "{id} under {umask}");
            };
            call(&["run"], 4);
            is_kept(Dir::Processed, "a");
            is_kept(Dir::Pending, "b");
            is_kept(Dir::Failed, "c");
            call(&["requeue", "a", "b", "c", "--part", "all", "--force"], 0);
            for id in ["a", "b", "c"] {
                is_kept(Dir::Pending, id);
            }
            call(&["run"], 4);
            is_kept(Dir::Processed, "a");
            is_kept(Dir::Processed, "b");
            is_kept(Dir::Failed, "c");
        }
    }
}

#[test]
fn a_superuser_leaves_documents_to_their_owner() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let owner = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid())
    };
    let site = site_with(&["call-data@b:1:status=500"]);
    for id in ["a", "b"] {
        let document = Session::new(id).write(&site);
        chown(&document, Some(4711), Some(4712)).unwrap();
        fs::set_permissions(&document, Permissions::from_mode(0o640)).unwrap();
    }
    site.call(["run"]).expect(3);
    for (dir, name) in [
        (Dir::Processed, "metadata_a.json"),
        (Dir::Pending, "metadata_b.json"),
    ] {
        let path = site.dir(dir).join(name);
        assert_eq!(owner(&path), (4711, 4712), "{name}");
        assert_eq!(mode(&path), 0o640, "{name}");
    }
}
