//! What is on disk for a session, in words.

use std::path::Path;

use serde::Serialize;

use super::wording::bytes;
use crate::plan::{Action, RecordingStep};
use crate::session::{Dossier, FileFacts, Lookup, PartState};
use crate::spool::Layout;

/// A file that belongs to a session, or should.
#[derive(Debug, Serialize)]
pub(super) struct CaseFile {
    /// `manifest`, `audio`, `transcript` or `lead`.
    pub(super) role: &'static str,
    /// What was found: its name and size, or why there is none.
    pub(super) found: String,
    #[serde(skip)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where it belongs.
    Here,
    /// In cloud storage, where it belongs too.
    Cloud,
    /// It is not there, or cannot be used.
    Nowhere,
}

impl CaseFile {
    /// Whether it is in its directory.
    pub(super) fn is_in_place(&self) -> bool {
        self.place == Place::Here
    }

    /// Whether it is somewhere else, and ought to be.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.place == Place::Cloud
    }

    /// The directory in which files of its role are.
    pub(super) fn dir<'a>(&self, layout: &'a Layout) -> &'a Path {
        match self.role {
            "transcript" => &layout.conversations,
            "lead" => &layout.leads,
            _ => &layout.recordings,
        }
    }
}

/// The files of a session. `redact` keeps phone numbers out of their names.
pub(super) fn files(
    dossier: &Dossier,
    next: &Action,
    redact: impl Fn(&str) -> String,
) -> Vec<CaseFile> {
    let is_remote = is_remote(dossier, next);
    let mut files = Vec::new();
    let mut add = |role: &'static str, lookup: Lookup<&FileFacts>| {
        if is_remote && role == "audio" && lookup == Lookup::Missing {
            files.push(CaseFile {
                role,
                found: "in cloud storage".to_owned(),
                place: Place::Cloud,
            });
        } else if let Some((place, found)) = found(&lookup, &redact) {
            files.push(CaseFile { role, found, place });
        }
    };
    add(
        "manifest",
        facts(&dossier.manifest, |reading| &reading.file),
    );
    for file in &dossier.manifest_files {
        add("audio", facts(file, |file| file));
    }
    if dossier.manifest_files.is_empty() {
        add("audio", facts(&dossier.named_recording, |file| file));
    }
    add(
        "transcript",
        facts(&dossier.transcript, |reading| &reading.file),
    );
    add("lead", facts(&dossier.lead, |reading| &reading.file));
    files
}

/// What became of looking for a file; `None` when the document names none. What the document calls
/// one that is not there may tell of persons, and is not shown.
fn found(lookup: &Lookup<&FileFacts>, redact: impl Fn(&str) -> String) -> Option<(Place, String)> {
    Some(match lookup {
        Lookup::NotNamed => return None,
        Lookup::Missing => (Place::Nowhere, "not there".to_owned()),
        Lookup::Unsafe(reason) => (Place::Nowhere, format!("not opened: {reason}")),
        Lookup::Unreadable(reason) => (Place::Nowhere, format!("cannot be read: {reason}")),
        Lookup::Here(file) => {
            let name = redact(&file.relative.to_string_lossy());
            (Place::Here, format!("{name} ({})", bytes(file.len_bytes)))
        }
    })
}

/// Whether egress has put the recording into cloud storage, so that no file is expected here.
fn is_remote(dossier: &Dossier, next: &Action) -> bool {
    let will_be = match next {
        Action::Deliver(delivery) => matches!(delivery.recording, RecordingStep::Remote { .. }),
        _ => false,
    };
    will_be || dossier.document.record.recording.state == PartState::Remote
}

fn facts<'a, T>(
    lookup: &'a Lookup<T>,
    file: impl Fn(&'a T) -> &'a FileFacts,
) -> Lookup<&'a FileFacts> {
    match lookup {
        Lookup::NotNamed => Lookup::NotNamed,
        Lookup::Missing => Lookup::Missing,
        Lookup::Unsafe(reason) => Lookup::Unsafe(reason.clone()),
        Lookup::Unreadable(reason) => Lookup::Unreadable(reason.clone()),
        Lookup::Here(found) => Lookup::Here(file(found)),
    }
}
