//! Documents and manifests that name what they must not: nothing of it ever leaves the host.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value, json};
use test_support::{Dir, Session, Site};

use crate::disk::{make_fifo, tree, write};
use crate::site;

/// What stands in every file that must not be sent. Each is also a transcript, a lead and a
/// recording, so that nothing but confinement keeps it back.
const SECRET: &str = r#"{"items": [{"role": "user", "content": "TOP SECRET"}], "secret": "TOP SECRET", "ended_at": 5, "files": []}"#;

/// A spool with secrets beside it, and with good sessions among which the bad one stands.
struct Guarded {
    site: Site,
    outside: PathBuf,
}

impl Guarded {
    fn new() -> Self {
        let site = site();
        let outside = site.home().join("outside");
        for name in ["secret", "EG_bad.json", "transcript_bad.json", "bad.ogg"] {
            write(&outside.join(name), SECRET);
        }
        write(&site.root().join("secret"), SECRET);
        Session::new("first").age(2 * crate::OLD).write(&site);
        Session::new("last").lead("{}").write(&site);
        Self { site, outside }
    }

    /// Lays a link that leads out, a directory that does, a FIFO and a directory into a directory
    /// of the spool.
    fn lay_traps(&self, dir: Dir) {
        let dir = self.site.dir(dir);
        symlink(self.outside.join("secret"), dir.join("link")).unwrap();
        symlink("../../outside/secret", dir.join("relative")).unwrap();
        symlink(&self.outside, dir.join("way")).unwrap();
        symlink("..", dir.join("up")).unwrap();
        make_fifo(&dir.join("fifo"));
        fs::create_dir(dir.join("dir")).unwrap();
    }

    /// Runs; demands that the good sessions were delivered and that nothing secret arrived.
    #[track_caller]
    fn run(&self, code: i32, fate: &str) -> Value {
        let before = tree(&self.outside);
        let outcome = self.site.run(&[]);
        for call in self.site.api().calls() {
            assert!(!call.raw_body.contains("SECRET"), "{}", call.raw_body);
        }
        for recording in self.site.api().recordings() {
            let bytes = fs::read(&recording.path).unwrap();
            assert!(!bytes.windows(6).any(|bytes| bytes == b"SECRET"));
        }
        assert!(!outcome.stderr.contains("SECRET") && !outcome.stdout.contains("SECRET"));
        assert_eq!(tree(&self.outside), before);
        let outcome = outcome.expect(code).counts(&[("uploaded", 2), (fate, 1)]);
        for id in ["first", "last"] {
            assert_eq!(self.site.place(id), Dir::Processed);
        }
        outcome.report()
    }

    /// Demands that the bad session failed for its path and that nothing of it was sent.
    #[track_caller]
    fn assert_unsafe(&self) {
        let report = self.run(4, "failed");
        let error = &report["errors"][0];
        assert_eq!(error["session_id"], "bad");
        assert_eq!(error["kind"], "unsafe_path", "{error}");
        assert_eq!(self.site.place("bad"), Dir::Failed);
        assert_eq!(self.site.api().calls().len(), 2);
        assert_eq!(self.site.api().recordings().len(), 2);
    }
}

/// Paths that lead out of a directory or to no regular file, once the traps are laid.
const UNSAFE: [&str; 15] = [
    "..",
    "../secret",
    "../../outside/secret",
    "x/../../secret",
    "/home/agent/../secret",
    "..\\..\\outside\\secret",
    "C:\\agent\\..\\secret",
    "link",
    "/home/agent/link",
    "relative",
    "way/secret",
    "/srv/way/secret",
    "up/secret",
    "fifo",
    "dir",
];

fn bad() -> Session {
    Session::new("bad")
}

/// Tries each unsafe path on a spool of its own.
fn each_unsafe_path(dir: Dir, session: impl Fn(&str) -> Session) {
    for path in UNSAFE {
        let guarded = Guarded::new();
        guarded.lay_traps(dir);
        session(path).write(&guarded.site);
        guarded.assert_unsafe();
    }
}

#[test]
fn a_recording_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Recordings, |path| {
        bad()
            .never_recorded()
            .edit(|document| document["files"]["recording"] = json!(path))
    });
}

#[test]
fn a_manifest_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Recordings, |path| {
        bad().manifest(json!({"ended_at": 5, "files": [{"filename": path}]}).to_string())
    });
}

#[test]
fn a_manifests_location_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Recordings, |path| {
        bad().manifest(json!({"ended_at": 5, "files": [{"location": path}]}).to_string())
    });
}

#[test]
fn a_transcript_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Conversations, |path| {
        bad().edit(|document| document["files"]["conversation"] = json!(path))
    });
}

#[test]
fn a_lead_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Leads, |path| {
        bad().edit(|document| document["files"]["lead"] = json!(path))
    });
}

#[test]
fn a_lead_of_the_campaigns_that_leads_out_fails_its_session() {
    each_unsafe_path(Dir::Leads, |path| {
        bad().edit(|document| document["campaign_metadata"]["lead_file"] = json!(path))
    });
}

#[test]
fn an_egress_id_that_is_a_path_fails_its_session() {
    for id in [
        "../../outside/EG_bad",
        "EG_../../outside/bad",
        "x/../../../outside/EG_bad",
        "/etc/passwd",
        "..\\bad",
        "a/b",
    ] {
        let guarded = Guarded::new();
        bad()
            .edit(|document| document["campaign_metadata"]["egressId"] = json!(id))
            .write(&guarded.site);
        guarded.assert_unsafe();
    }
}

#[test]
fn a_manifest_that_is_a_link_out_fails_its_session() {
    let guarded = Guarded::new();
    bad().without_manifest().write(&guarded.site);
    symlink(
        guarded.outside.join("EG_bad.json"),
        guarded.site.dir(Dir::Recordings).join("EG_bad.json"),
    )
    .unwrap();
    guarded.assert_unsafe();
}

#[test]
fn a_recording_that_is_a_link_out_fails_its_session() {
    let guarded = Guarded::new();
    bad().without_recording_file().write(&guarded.site);
    symlink(
        guarded.outside.join("bad.ogg"),
        guarded.site.dir(Dir::Recordings).join("bad.ogg"),
    )
    .unwrap();
    guarded.assert_unsafe();
}

#[test]
fn a_transcript_that_goes_by_the_sessions_name_may_not_lead_out_either() {
    let guarded = Guarded::new();
    bad()
        .without_transcript_file()
        .edit(|document| document["files"]["conversation"] = Value::Null)
        .write(&guarded.site);
    symlink(
        guarded.outside.join("transcript_bad.json"),
        guarded
            .site
            .dir(Dir::Conversations)
            .join("transcript_bad.json"),
    )
    .unwrap();
    guarded.assert_unsafe();
}

/// An absolute path that is there on this host, but not in the spool.
fn absolute(guarded: &Guarded) -> String {
    guarded.outside.join("secret").display().to_string()
}

#[test]
fn an_absolute_path_outside_is_a_recording_that_is_missing() {
    for by_manifest in [true, false] {
        let guarded = Guarded::new();
        let path = absolute(&guarded);
        let session = if by_manifest {
            bad()
                .without_recording_file()
                .manifest(json!({"ended_at": 5, "files": [{"filename": path}]}).to_string())
        } else {
            bad()
                .never_recorded()
                .edit(|document| document["files"]["recording"] = json!(path))
        };
        session.write(&guarded.site);
        guarded.run(4, "partial");
        let record = &guarded.site.document(Dir::Processed, "bad")["upload"];
        assert_eq!(record["recording"]["state"], "missing");
    }
}

#[test]
fn an_absolute_path_outside_is_a_transcript_that_is_missing() {
    let guarded = Guarded::new();
    let path = absolute(&guarded);
    bad()
        .edit(|document| document["files"]["conversation"] = json!(path))
        .write(&guarded.site);
    let report = guarded.run(3, "deferred");
    assert_eq!(report["errors"][0]["kind"], "missing_transcript");
}

#[test]
fn an_absolute_path_outside_is_a_lead_that_is_missing() {
    let guarded = Guarded::new();
    let path = absolute(&guarded);
    bad()
        .edit(|document| document["files"]["lead"] = json!(path))
        .write(&guarded.site);
    guarded.run(4, "partial");
    let call = guarded.site.api().calls();
    let call = call.iter().find(|call| call.call_id == "CALL-bad").unwrap();
    assert_eq!(call.body["lead"], json!({}));
}

#[test]
fn a_session_id_that_is_a_path_leads_to_no_transcript() {
    let guarded = Guarded::new();
    // Taken into a file name, the id would lead to this one.
    write(&guarded.site.root().join("x.json"), SECRET);
    fs::create_dir(guarded.site.dir(Dir::Conversations).join("transcript_")).unwrap();
    bad()
        .edit(|document| {
            document["session_id"] = json!("/../../x");
            document["files"]["conversation"] = Value::Null;
        })
        .write(&guarded.site);
    guarded.run(4, "partial");
}
