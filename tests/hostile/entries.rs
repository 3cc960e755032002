//! FIFOs, sockets, devices, directories and links where files should be.

use std::fs;

use serde_json::json;
use test_support::{Dir, Session};

use crate::disk::{TEBIBYTE, Trap, call, sparse};
use crate::guarded::Guarded;

/// A file that a session names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Transcript,
    Lead,
    Manifest,
    RecordingByManifest,
    RecordingByDocument,
}

impl Named {
    const ALL: [Self; 5] = [
        Self::Transcript,
        Self::Lead,
        Self::Manifest,
        Self::RecordingByManifest,
        Self::RecordingByDocument,
    ];

    /// A session with a trap in the place of that file.
    fn write(self, guarded: &Guarded, id: &str, trap: Trap) {
        let session = Session::new(id);
        let (session, dir, name) = match self {
            Self::Transcript => (
                session.without_transcript_file(),
                Dir::Conversations,
                format!("transcript_{id}.json"),
            ),
            Self::Lead => (
                session.edit(|document| document["files"]["lead"] = json!(format!("{id}.json"))),
                Dir::Leads,
                format!("{id}.json"),
            ),
            Self::Manifest => (
                session.without_manifest(),
                Dir::Recordings,
                format!("EG_{id}.json"),
            ),
            Self::RecordingByManifest => (
                session.without_recording_file(),
                Dir::Recordings,
                format!("{id}.ogg"),
            ),
            Self::RecordingByDocument => (
                session.never_recorded().edit(|document| {
                    document["files"]["recording"] = json!(format!("{id}.ogg"));
                }),
                Dir::Recordings,
                format!("{id}.ogg"),
            ),
        };
        session.write(&guarded.site);
        trap.lay(&guarded.site.dir(dir).join(name), &guarded.secret);
    }
}

#[test]
fn what_is_no_file_fails_its_session_and_no_other() {
    let guarded = Guarded::new();
    let traps: Vec<Trap> = Trap::possible()
        .filter(|trap| *trap != Trap::DanglingLink)
        .collect();
    let mut ids = Vec::new();
    for named in Named::ALL {
        for trap in &traps {
            let id = format!("{named:?}-{trap:?}").to_lowercase();
            named.write(&guarded, &id, *trap);
            ids.push(id);
        }
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let failed = ids.len() as u64;
    let outcome = guarded.run(4, &[("failed", failed)]);
    for error in outcome.report()["errors"].as_array().unwrap() {
        assert_eq!(error["kind"], "unsafe_path", "{error}");
    }
    for id in &ids {
        assert_eq!(guarded.site.place(id), Dir::Failed);
    }
    assert_eq!(guarded.site.api().calls().len(), 2);
    guarded.look(&ids);
}

#[test]
fn a_link_that_leads_nowhere_is_a_file_that_is_missing() {
    let guarded = Guarded::new();
    for named in Named::ALL {
        let id = format!("{named:?}").to_lowercase();
        named.write(&guarded, &id, Trap::DanglingLink);
    }
    guarded.run(4, &[("deferred", 1), ("partial", 4)]);
    assert_eq!(guarded.site.place("transcript"), Dir::Pending);
}

#[test]
fn what_is_no_file_is_no_document_and_stands_in_nobodys_way() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    // The good sessions' names are taken where they are to be filed.
    for (name, dir) in [("first", Dir::Processed), ("last", Dir::Processed)] {
        fs::create_dir_all(site.dir(dir)).unwrap();
        let trap = if name == "first" {
            Trap::Fifo
        } else {
            Trap::Directory
        };
        trap.lay(
            &site.dir(dir).join(format!("metadata_{name}.json")),
            &guarded.secret,
        );
    }
    for dir in [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt] {
        fs::create_dir_all(site.dir(dir)).unwrap();
        for trap in Trap::possible() {
            let name = format!("metadata_{trap:?}.json");
            trap.lay(&site.dir(dir).join(name), &guarded.secret);
        }
    }
    guarded.look(&[]);
    let outcome = call(site, &["run", "--format", "json"]);
    guarded.demand_nothing_secret(&outcome);
    outcome.expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().calls().len(), 2);
    for name in ["metadata_first.1.json", "metadata_last.1.json"] {
        assert!(site.dir(Dir::Processed).join(name).is_file(), "{name}");
    }
    assert_eq!(
        fs::read_to_string(&guarded.secret).unwrap(),
        crate::guarded::SECRET
    );
}

#[test]
fn a_name_that_is_taken_by_no_file_does_not_hide_what_was_filed() {
    for trap in Trap::possible() {
        let guarded = Guarded::new();
        let site = &guarded.site;
        fs::create_dir(site.dir(Dir::Processed)).unwrap();
        let before = fs::read(site.dir(Dir::Pending).join("metadata_first.json")).unwrap();
        let taken = site.dir(Dir::Processed).join("metadata_first.json");
        trap.lay(&taken, &guarded.secret);
        call(site, &["run", "--format", "json"])
            .expect(0)
            .counts(&[("uploaded", 2)]);
        // As a crash leaves it that comes between filing a document and removing the pending one.
        site.put(Dir::Pending, "metadata_first.json", before, crate::OLD);
        let outcome = call(site, &["run", "--format", "json"]).expect(0);
        assert_eq!(outcome.sessions("recovered"), 1, "{trap:?}");
        assert_eq!(site.api().calls().len(), 2, "{trap:?}");
    }
}

#[test]
fn a_state_file_that_is_none_is_as_none() {
    for trap in Trap::possible() {
        let guarded = Guarded::new();
        let state = guarded.site.dir(Dir::Pending).join(".callspool.state");
        trap.lay(&state, &guarded.secret);
        guarded.look(&[]);
        let outcome = guarded.run(0, &[]);
        let is_told = outcome.stderr.contains("makes no sense");
        assert!(is_told, "{trap:?}: {}", outcome.stderr);
    }
    for len in [17 << 20, TEBIBYTE] {
        let guarded = Guarded::new();
        sparse(
            &guarded.site.dir(Dir::Pending).join(".callspool.state"),
            len,
        );
        guarded.look(&[]);
        guarded.run(0, &[]);
    }
}

#[test]
fn a_lock_file_that_is_none_ends_the_run_before_anything_is_sent() {
    for trap in Trap::possible() {
        let guarded = Guarded::new();
        let lock = guarded.site.dir(Dir::Pending).join(".callspool.lock");
        trap.lay(&lock, &guarded.secret);
        guarded.look(&[]);
        let outcome = call(&guarded.site, &["run"]);
        guarded.demand_nothing_secret(&outcome);
        let outcome = outcome.expect(20);
        assert!(outcome.stderr.contains(".callspool.lock"), "{trap:?}");
        assert!(guarded.site.api().requests().is_empty(), "{trap:?}");
        if trap == Trap::Directory {
            fs::remove_dir(&lock).unwrap();
        } else {
            fs::remove_file(&lock).unwrap();
        }
        guarded.run(0, &[]);
    }
}

#[test]
fn a_lock_file_of_a_tebibyte_is_that_of_a_run_that_died() {
    let guarded = Guarded::new();
    let lock = guarded.site.dir(Dir::Pending).join(".callspool.lock");
    sparse(&lock, TEBIBYTE);
    guarded.run(0, &[]);
    assert_eq!(fs::metadata(&lock).unwrap().len(), 0);
}
