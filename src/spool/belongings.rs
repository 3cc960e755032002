//! The files that a document names, as far as they are there: for those who remove them once they
//! are delivered, and for telling which of them other documents name too.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use super::assets::AssetPlace;
use super::confine::AssetDir;
use super::deposit::{Asset, numbered_files};
use super::error::SpoolError;
use super::gather::SMALL_LIMIT;
use super::leased::LeasedSpool;
use super::open::Spool;
use crate::manifest;
use crate::session::{Document, FileFacts, Lookup};
use crate::timestamp;

/// What a file is to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The recording that was sent, or would be.
    Recording,
    /// The egress manifest.
    Manifest,
    /// Another file that the manifest names.
    OtherOutput,
    /// The transcript.
    Transcript,
    /// The lead.
    Lead,
    /// A transcript or lead that was recorded for the session and that its document does not name.
    Superseded,
    /// What a document named that was removed before.
    LeftBehind,
}

impl Role {
    /// Whether the document itself names it.
    pub fn is_named(self) -> bool {
        !matches!(self, Self::Superseded | Self::LeftBehind)
    }

    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Manifest => "manifest",
            Self::OtherOutput => "other output",
            Self::Transcript => "transcript",
            Self::Lead => "lead",
            Self::Superseded => "superseded",
            Self::LeftBehind => "left behind",
        }
    }
}

/// A file that belongs to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// What it is to the document.
    pub role: Role,
    /// The directory that it is in.
    pub place: AssetPlace,
    /// What was found by the name in the document.
    pub found: Lookup<FileFacts>,
    /// What tells the file from every other one; `None` when it is not there.
    pub identity: Option<(u64, u64)>,
    /// Whether the name stands for a link.
    pub is_link: bool,
}

impl Spool {
    /// The files that a document names. A directory that cannot be looked into makes what should be
    /// in it unreadable, not missing.
    pub fn belongings(&self, document: &Document) -> Vec<Belonging> {
        let mut all = self.recordings_of(document);
        let conversation = document.conversation_path();
        let conventional = || format!("transcript_{}.json", document.session_id());
        let transcript = match &conversation {
            Some(path) => self.conversations.find(path),
            None => match self.conversations.find_plain(&conventional()) {
                Lookup::Here(file) => Lookup::Here(file),
                // An id that is no name has no such file.
                _ => Lookup::NotNamed,
            },
        };
        all.push(self.belonging(Role::Transcript, AssetPlace::Conversations, transcript));
        if let Some(path) = document.lead_path() {
            let lead = self.leads.find(&path);
            all.push(self.belonging(Role::Lead, AssetPlace::Leads, lead));
        }
        all.retain(|belonging| belonging.found != Lookup::NotNamed);
        all
    }

    /// The transcripts and leads that were recorded for a session, whatever its document names.
    ///
    /// # Errors
    /// When one cannot be looked at.
    pub fn recorded_for(&self, session_id: &str) -> Result<Vec<Belonging>, SpoolError> {
        let mut all = Vec::new();
        for (asset, place) in [
            (Asset::Transcript, AssetPlace::Conversations),
            (Asset::Lead, AssetPlace::Leads),
        ] {
            let dir = self.dir_of(place);
            for name in numbered_files(self.disk(), asset, self.layout(), session_id)? {
                let found = dir.find_plain(&name.to_string_lossy());
                all.push(self.belonging(Role::Superseded, place, found));
            }
        }
        Ok(all)
    }

    /// A file that lies directly in a directory and that a document named which is gone.
    pub fn left_behind(&self, place: AssetPlace, name: &OsStr) -> Belonging {
        let found = self.dir_of(place).find_plain(&name.to_string_lossy());
        self.belonging(Role::LeftBehind, place, found)
    }

    /// The recording, its manifest, and what else that names.
    fn recordings_of(&self, document: &Document) -> Vec<Belonging> {
        let place = AssetPlace::Recordings;
        let dir = &self.recordings;
        let manifest = document
            .egress_id()
            .map(|id| dir.find_plain(&format!("EG_{id}.json")));
        let mut outputs: Vec<Belonging> = manifest
            .as_ref()
            .and_then(Lookup::here)
            .map(|file| self.outputs(file))
            .unwrap_or_default();
        let mut all = Vec::new();
        match document.recording_path() {
            Some(path) => all.push(self.belonging(Role::Recording, place, dir.find(&path))),
            // A run writes down which one it has found; without that it is the first.
            None => {
                let first = outputs.iter().position(|output| output.identity.is_some());
                all.extend(first.map(|first| Belonging {
                    role: Role::Recording,
                    ..outputs.remove(first)
                }));
            }
        }
        let own = all.first().and_then(|recording| recording.identity);
        outputs.retain(|output| output.identity.is_some() && output.identity != own);
        all.extend(manifest.map(|found| self.belonging(Role::Manifest, place, found)));
        all.extend(outputs);
        all
    }

    fn outputs(&self, manifest: &FileFacts) -> Vec<Belonging> {
        let read = self.recordings.read(&manifest.relative, SMALL_LIMIT);
        let Ok((_, Some(bytes))) = read else {
            return Vec::new();
        };
        let Ok(manifest) = manifest::parse(&bytes) else {
            return Vec::new();
        };
        let names = manifest.files.iter().filter_map(|file| {
            let local = file.location.as_deref();
            let local = local.filter(|location| !manifest::is_remote(location));
            file.filename.as_deref().or(local)
        });
        names
            .map(|name| {
                let found = self.recordings.find(name);
                self.belonging(Role::OtherOutput, AssetPlace::Recordings, found)
            })
            .collect()
    }

    fn belonging(&self, role: Role, place: AssetPlace, found: Lookup<FileFacts>) -> Belonging {
        let dir = self.dir_of(place);
        let found = match (found, dir.why_closed()) {
            (Lookup::Missing, Some(why)) => Lookup::Unreadable(why),
            (found, _) => found,
        };
        let (identity, is_link) = match &found {
            Lookup::Here(file) => match dir.identity(&file.relative) {
                Ok((identity, is_link)) => (Some(identity), is_link),
                Err(_) => (None, true),
            },
            _ => (None, false),
        };
        Belonging {
            role,
            place,
            found,
            identity,
            is_link,
        }
    }

    fn dir_of(&self, place: AssetPlace) -> &AssetDir {
        match place {
            AssetPlace::Conversations => &self.conversations,
            AssetPlace::Recordings => &self.recordings,
            AssetPlace::Leads => &self.leads,
        }
    }
}

/// What came of removing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone, for good.
    Gone,
    /// Something else goes by its name by now, or it was written to; it was left.
    Changed,
}

impl LeasedSpool<'_> {
    /// Removes a file that a delivered document names, unless it is another one by now. One that is
    /// gone already is fine.
    ///
    /// # Errors
    /// When it cannot be looked at or removed.
    pub fn remove_belonging(&self, belonging: &Belonging) -> Result<Removed, SpoolError> {
        let (Lookup::Here(file), Some(identity)) = (&belonging.found, belonging.identity) else {
            return Ok(Removed::Gone);
        };
        let dir = self.dir_of(belonging.place);
        dir.remove(file, identity)
            .map_err(SpoolError::of("remove", &dir.whole_path(&file.relative)))
    }

    /// Makes it last that files were removed.
    ///
    /// # Errors
    /// When that may not have lasted.
    pub fn sync_belonging(&self, belonging: &Belonging) -> Result<(), SpoolError> {
        let Lookup::Here(file) = &belonging.found else {
            return Ok(());
        };
        let dir = self.dir_of(belonging.place);
        dir.sync_around(&file.relative).map_err(SpoolError::of(
            "sync the directory of",
            &dir.whole_path(&file.relative),
        ))
    }
}

impl AssetDir {
    /// Removes a file that was looked at, if it still is that file and a regular one.
    fn remove(&self, file: &FileFacts, identity: (u64, u64)) -> io::Result<Removed> {
        let dir = self.opened()?;
        let relative: &Path = &file.relative;
        let stat = match dir.lstat(relative) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Removed::Gone),
            stat => stat?,
        };
        let is_same = stat.is_file()
            && stat.identity() == identity
            && stat.len_bytes == file.len_bytes
            && stat.modified.map(timestamp::of_file) == Some(file.modified);
        if !is_same {
            return Ok(Removed::Changed);
        }
        match dir.remove(relative) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Removed::Gone),
        }
    }
}
