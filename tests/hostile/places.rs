//! Links and other things in place of the spool's own directories.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use test_support::{Dir, Site};

use crate::disk::{Trap, call};
use crate::guarded::Guarded;

/// Moves a directory away and lays a link to it in its place: by its absolute path, by its
/// relative one, and over a second link.
fn link_instead(site: &Site, path: &Path, form: usize) {
    let real = site.home().join("real");
    fs::rename(path, &real).unwrap();
    let depth = path.strip_prefix(site.home()).unwrap().components().count();
    let relative = format!("{}real", "../".repeat(depth - 1));
    match form {
        0 => symlink(&real, path).unwrap(),
        1 => symlink(relative, path).unwrap(),
        _ => {
            symlink(&real, site.home().join("second")).unwrap();
            symlink(site.home().join("second"), path).unwrap();
        }
    }
}

#[test]
fn the_operators_own_links_are_followed_wherever_they_stand() {
    for form in 0..3 {
        for dir in [
            None,
            Some(Dir::Pending),
            Some(Dir::Processed),
            Some(Dir::Conversations),
            Some(Dir::Recordings),
            Some(Dir::Leads),
        ] {
            let guarded = Guarded::new();
            fs::create_dir(guarded.site.dir(Dir::Processed)).unwrap();
            let path = dir.map_or(guarded.site.root(), |dir| guarded.site.dir(dir));
            link_instead(&guarded.site, &path, form);
            guarded.look(&[]);
            guarded.run(0, &[]);
            let calls = guarded.site.api().calls();
            assert!(calls.iter().all(|call| call.recording_url.is_some()));
        }
    }
}

#[test]
fn a_root_or_pending_directory_that_is_none_is_no_spool() {
    for dir in [None, Some(Dir::Pending)] {
        for trap in Trap::possible().filter(|trap| *trap != Trap::Directory) {
            let guarded = Guarded::new();
            let path = dir.map_or(guarded.site.root(), |dir| guarded.site.dir(dir));
            let real = guarded.site.home().join("real");
            fs::rename(&path, &real).unwrap();
            trap.lay(&path, &guarded.secret);
            for command in ["run", "dry-run", "inspect"] {
                let outcome = call(&guarded.site, &[command]);
                assert_eq!(outcome.code, 10, "{trap:?}: {outcome:?}");
            }
            call(&guarded.site, &["requeue", "first"]).expect(10);
            assert!(guarded.site.api().requests().is_empty());
            fs::remove_file(&path).unwrap();
            fs::rename(&real, &path).unwrap();
            guarded.run(0, &[]);
        }
    }
}

#[test]
fn a_directory_for_documents_that_is_none_ends_the_run_before_anything_is_sent() {
    for trap in Trap::possible().filter(|trap| *trap != Trap::Directory) {
        let guarded = Guarded::new();
        let path = guarded.site.dir(Dir::Processed);
        trap.lay(&path, &guarded.secret);
        // Where a device is, is another file system.
        let code = if trap == Trap::LinkToDevice { 2 } else { 20 };
        let outcome = call(&guarded.site, &["run"]).expect(code);
        assert!(outcome.stderr.contains("processed_metadata"), "{trap:?}");
        assert!(guarded.site.api().requests().is_empty(), "{trap:?}");
        assert!(fs::read(&guarded.secret).is_ok());
        fs::remove_file(&path).unwrap();
        guarded.run(0, &[]);
    }
}

#[test]
fn a_directory_for_files_that_is_none_holds_nothing() {
    for trap in Trap::possible().filter(|trap| *trap != Trap::Directory) {
        let guarded = Guarded::new();
        let path = guarded.site.dir(Dir::Recordings);
        let real = guarded.site.home().join("real");
        fs::rename(&path, &real).unwrap();
        trap.lay(&path, &guarded.secret);
        let outcome = call(&guarded.site, &["run", "--format", "json"]);
        guarded.demand_nothing_secret(&outcome);
        let counts: &[_] = match trap {
            // Its kernel error says that it cannot be looked at, not that nothing is there.
            Trap::LinkInACircle => &[("skipped", 2)],
            _ => &[("partial", 2)],
        };
        outcome.expect(4).counts(counts);
        assert!(guarded.site.api().recordings().is_empty(), "{trap:?}");
    }
}
