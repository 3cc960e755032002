//! A spool with secrets beside it, and with good sessions among which the bad ones stand.

use std::fs;
use std::path::PathBuf;

use test_support::{Dir, Outcome, Session, Site};

use crate::disk::{call, within, write};
use crate::site_with;

/// What stands in every file that must not be sent. Each is a transcript, a lead, a manifest and a
/// recording, so that nothing but confinement keeps it back.
pub(crate) const SECRET: &str = r#"{"items": [{"role": "user", "content": "TOP SECRET"}], "secret": "TOP SECRET", "ended_at": 5, "session_id": "TOP SECRET", "files": []}"#;

/// How much address space a run gets, in MiB, unless its input is large.
const LIMIT: u64 = 512;

pub(crate) struct Guarded {
    pub(crate) site: Site,
    /// A file outside of the spool.
    pub(crate) secret: PathBuf,
}

impl Guarded {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With an API that has faults.
    pub(crate) fn with(faults: &[&str]) -> Self {
        let site = site_with(faults);
        let secret = site.home().join("outside/secret");
        write(&secret, SECRET);
        Session::new("first").age(2 * crate::OLD).write(&site);
        Session::new("last").lead("{}").write(&site);
        Self { site, secret }
    }

    /// Runs; demands that the good sessions are delivered beside the bad ones, that the report
    /// counts what it should and that nothing secret was sent or said.
    #[track_caller]
    pub(crate) fn run(&self, code: i32, counts: &[(&str, u64)]) -> Outcome {
        self.run_within(LIMIT, code, counts)
    }

    /// The same with another limit to the address space, in MiB.
    #[track_caller]
    pub(crate) fn run_within(&self, limit: u64, code: i32, counts: &[(&str, u64)]) -> Outcome {
        let arguments = ["run", "--format", "json", "--batch-size", "0"];
        let outcome = within(&self.site, limit, &arguments);
        self.demand_nothing_secret(&outcome);
        let mut all = counts.to_vec();
        if !counts.iter().any(|(fate, _)| *fate == "uploaded") {
            all.push(("uploaded", 2));
        }
        let outcome = outcome.expect(code).counts(&all);
        for id in ["first", "last"] {
            assert_eq!(self.site.place(id), Dir::Processed);
        }
        outcome
    }

    /// Every view of the spool comes to an end, with one of these codes.
    #[track_caller]
    pub(crate) fn look(&self, ids: &[&str]) {
        for arguments in [
            &["dry-run"][..],
            &["dry-run", "--format", "json"],
            &["inspect"],
            &["inspect", "--format", "json"],
            &["inspect", "--check"],
            &["inspect", "--state", "failed"],
            &["inspect", "--state", "corrupt"],
            &["requeue", "--failed", "--dry-run"],
            &["requeue", "--corrupt", "--dry-run"],
        ] {
            let outcome = within(&self.site, LIMIT, arguments);
            assert!(
                [0, 3, 4].contains(&outcome.code),
                "{arguments:?}: {outcome:?}"
            );
            self.demand_nothing_secret(&outcome);
        }
        for id in ids {
            for command in ["inspect", "requeue"] {
                let outcome = call(&self.site, &[command, id]);
                self.demand_nothing_secret(&outcome);
                outcome.expect(0);
            }
        }
    }

    #[track_caller]
    pub(crate) fn demand_nothing_secret(&self, outcome: &Outcome) {
        for call in self.site.api().calls() {
            assert!(!call.raw_body.contains("SECRET"), "{}", call.raw_body);
        }
        for recording in self.site.api().recordings() {
            let bytes = fs::read(&recording.path).unwrap();
            assert!(!bytes.windows(6).any(|bytes| bytes == b"SECRET"));
        }
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains("SECRET"), "{said}");
    }
}
