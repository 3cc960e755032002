//! Recordings that change while they are sent: what the API took is not what is on disk.

use std::fs::{self, File, FileTimes, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use test_support::{Dir, Session, Site, sha256};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::site;

/// More than fits into all buffers between the program and the API.
const LARGE: usize = 24 << 20;

/// How far the recording has gone when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The first bytes are there.
    Begun,
    /// Some of it is there, and the program holds the rest back.
    Midway,
    /// The API has it whole, and its answer has not come back.
    Sent,
}

impl Point {
    const ALL: [Self; 3] = [Self::Begun, Self::Midway, Self::Sent];

    /// Puts a gate in front of a site's API at which a recording stops at this point.
    fn gate(self, site: &mut Site) -> Gate {
        match self {
            Self::Begun => Gate::taking(site, 1),
            Self::Midway => Gate::taking(site, LARGE / 3),
            Self::Sent => Gate::holding_answers(site),
        }
    }

    /// Waits until the recording has come there.
    fn wait(self, site: &Site, gate: &Gate) {
        if self == Self::Sent {
            assert!(site.api().wait_until(PATIENCE, |requests| {
                requests
                    .first()
                    .is_some_and(|request| request.status.is_some())
            }));
        } else {
            gate.wait_until_full();
        }
    }
}

/// Changes a recording at each point of its way, and demands that this counts as no delivery, that
/// nothing is made of what was half sent, and that what is there in the end arrives.
#[track_caller]
fn assert_not_delivered(change: impl Fn(&Path)) {
    for point in Point::ALL {
        let mut site = site();
        let session = Session::new("a").recording(vec![b'a'; LARGE]);
        session.write(&site);
        let path = site.dir(Dir::Recordings).join(session.recording_name());
        let gate = point.gate(&mut site);
        let run = Running::start(&mut site.command(["run", "--format", "json"]));
        point.wait(&site, &gate);
        change(&path);
        gate.open();
        let outcome = run.finish().expect(3).counts(&[("deferred", 1)]);
        assert_eq!(
            outcome.report()["errors"][0]["kind"],
            "changed",
            "{point:?}"
        );
        let document = site.document(Dir::Pending, "a");
        let record = &document["upload"]["recording"];
        assert_eq!(record["state"], "pending", "{point:?}");
        assert_eq!(record["attempts"], 1, "{point:?}");
        assert!(record["url"].is_null(), "{point:?}");
        assert!(site.api().calls().is_empty(), "{point:?}");
        let is_whole = |len: u64| len == LARGE as u64;
        assert!(
            site.api()
                .recordings()
                .iter()
                .all(|stored| is_whole(stored.size)),
            "{point:?}"
        );

        site.lift_backoffs();
        clear_away(&path);
        // As long as the first: an API that knows keys must not take it for that one.
        let after = vec![b'z'; LARGE];
        let hour = Duration::from_secs(3600);
        site.put(Dir::Recordings, "a.ogg", &after, hour);
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        let recordings = site.api().recordings();
        let last = recordings.last().unwrap();
        assert_eq!(last.sha256, sha256(&after), "{point:?}");
        let calls = site.api().calls();
        assert_eq!(calls.len(), 1, "{point:?}");
        let url = &calls[0].body["callDetails"]["recordingUrl"];
        assert_eq!(*url, last.url.as_str(), "{point:?}");
    }
}

fn clear_away(path: &Path) {
    if path.is_dir() {
        fs::remove_dir(path).unwrap();
    } else {
        let _ = fs::remove_file(path);
    }
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

#[test]
fn one_that_grows_is_not_delivered() {
    assert_not_delivered(|path| {
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(b"more").unwrap();
    });
}

#[test]
fn one_that_shrinks_is_not_delivered() {
    assert_not_delivered(|path| open(path).set_len(3).unwrap());
}

#[test]
fn one_that_loses_its_last_byte_is_not_delivered() {
    assert_not_delivered(|path| open(path).set_len(LARGE as u64 - 1).unwrap());
}

#[test]
fn one_that_is_emptied_is_not_delivered() {
    assert_not_delivered(|path| open(path).set_len(0).unwrap());
}

#[test]
fn one_that_is_emptied_and_written_anew_is_not_delivered() {
    assert_not_delivered(|path| fs::write(path, vec![b'b'; LARGE]).unwrap());
}

#[test]
fn one_that_is_replaced_is_not_delivered() {
    assert_not_delivered(|path| {
        let bytes = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    });
}

#[test]
fn one_that_another_is_moved_over_is_not_delivered() {
    assert_not_delivered(|path| {
        let other = path.with_extension("part");
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        fs::write(&other, vec![b'b'; LARGE]).unwrap();
        // Same size, same time: only the file is another.
        open(&other)
            .set_times(FileTimes::new().set_modified(modified))
            .unwrap();
        fs::rename(&other, path).unwrap();
    });
}

#[test]
fn one_that_is_written_to_in_place_and_set_back_in_time_is_not_delivered() {
    assert_not_delivered(|path| {
        let file = open(path);
        let modified = file.metadata().unwrap().modified().unwrap();
        file.write_all_at(b"other", 7).unwrap();
        file.write_all_at(b"other", LARGE as u64 - 7).unwrap();
        file.set_times(FileTimes::new().set_modified(modified))
            .unwrap();
    });
}

#[test]
fn one_that_is_removed_is_not_delivered() {
    assert_not_delivered(|path| fs::remove_file(path).unwrap());
}

#[test]
fn one_that_nobody_may_read_any_more_is_not_delivered() {
    assert_not_delivered(|path| fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap());
}

#[test]
fn one_that_turns_into_a_fifo_is_not_delivered() {
    assert_not_delivered(|path| {
        fs::remove_file(path).unwrap();
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    });
}

#[test]
fn one_that_turns_into_a_directory_is_not_delivered() {
    assert_not_delivered(|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    });
}

#[test]
fn one_that_turns_into_a_link_is_not_delivered() {
    assert_not_delivered(|path| {
        // Even to itself under another name, as long as that lies outside.
        let away = path.ancestors().nth(3).unwrap().join("away.ogg");
        fs::rename(path, &away).unwrap();
        symlink(&away, path).unwrap();
    });
}
