//! A spool on disk that goes away, with one pending session in it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use crate::session::Document;
use crate::spool::{Layout, LeasedSpool, Spool, State};
use crate::timestamp;

/// The name of the pending session's document.
pub(crate) const NAME: &str = "metadata_s.json";

/// A document whose name no file system takes: whatever is tried with it fails.
pub(crate) fn impossible_name() -> OsString {
    "n".repeat(4096).into()
}

/// The one present of all tests.
pub(crate) fn now() -> DateTime<Utc> {
    timestamp::parse("2025-10-29T14:00:00Z").unwrap()
}

/// A spool on disk.
pub(crate) struct Scratch {
    dir: TempDir,
    spool: Spool,
}

impl Scratch {
    /// A spool in which the session `s` is pending, with that much in its document besides.
    pub(crate) fn with(members: &str) -> (Self, Document) {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        let layout = Layout {
            root: dir.path().to_owned(),
            metadata: at("call_metadata"),
            processed: at("processed_metadata"),
            failed: at("failed_metadata"),
            corrupt: at("corrupt_metadata"),
            conversations: at("conversations"),
            recordings: at("recordings"),
            leads: at("leads"),
        };
        fs::create_dir(&layout.metadata).unwrap();
        let text = format!(r#"{{"session_id":"s"{members}}}"#);
        fs::File::create_new(layout.metadata.join(NAME))
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .unwrap();
        let document = Document::parse(text.as_bytes()).unwrap();
        let spool = Spool::open(layout).unwrap();
        (Self { dir, spool }, document)
    }

    pub(crate) fn lease(&self) -> LeasedSpool<'_> {
        self.spool.lease(now()).unwrap().0
    }

    /// Somebody removes the session.
    pub(crate) fn remove(&self) {
        fs::remove_file(self.path(State::Pending)).unwrap();
    }

    fn path(&self, state: State) -> PathBuf {
        self.dir
            .path()
            .join(self.spool.layout().dir(state))
            .join(NAME)
    }

    /// The one state in which the session is, with its document there; `None` when it is in none.
    pub(crate) fn filed(&self) -> Option<(State, Document)> {
        let mut found = None;
        for state in State::ALL {
            if let Ok(bytes) = fs::read(self.path(state)) {
                assert!(found.is_none(), "in two places");
                found = Some((state, Document::parse(&bytes).unwrap()));
            }
        }
        found
    }
}

/// The document's name.
pub(crate) fn name() -> &'static OsStr {
    OsStr::new(NAME)
}
