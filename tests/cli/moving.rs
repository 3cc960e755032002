//! Recordings that change while they are sent: what the API took is not what is on disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use test_support::{Dir, Session, sha256};

use crate::gate::Gate;
use crate::running::{PATIENCE, Running};
use crate::site;

/// Changes a recording when the API has it whole and has not been heard, and demands that this
/// counts as no delivery, and that what is there in the end arrives.
#[track_caller]
fn assert_not_delivered(change: impl Fn(&Path)) {
    let mut site = site();
    let session = Session::new("a");
    session.write(&site);
    let path = site.dir(Dir::Recordings).join(session.recording_name());
    let gate = Gate::holding_answers(&mut site);
    let run = Running::start(&mut site.command(["run", "--format", "json"]));
    assert!(site.api().wait_until(PATIENCE, |requests| {
        requests
            .first()
            .is_some_and(|request| request.status.is_some())
    }));
    change(&path);
    gate.open();
    let outcome = run.finish().expect(3).counts(&[("deferred", 1)]);
    assert_eq!(outcome.report()["errors"][0]["kind"], "changed");
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["upload"]["recording"]["state"], "pending");
    assert_eq!(document["upload"]["recording"]["attempts"], 1);
    assert!(site.api().calls().is_empty());

    site.lift_backoffs();
    // As long as the first: an API that knows keys must not take it for that one.
    site.put(
        Dir::Recordings,
        "a.ogg",
        "sound of z",
        std::time::Duration::from_secs(3600),
    );
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let recordings = site.api().recordings();
    let last = recordings.last().unwrap();
    assert_eq!(last.sha256, sha256(b"sound of z"));
    assert_eq!(
        site.api().calls()[0].body["callDetails"]["recordingUrl"],
        last.url.as_str()
    );
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
    assert_not_delivered(|path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(3)
            .unwrap();
    });
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
fn one_that_is_removed_is_not_delivered() {
    assert_not_delivered(|path| fs::remove_file(path).unwrap());
}
