//! Gathering a session's dossier: which files its document names, and what is in them.

use std::ffi::OsStr;
use std::fmt::Display;

use chrono::{DateTime, Utc};

use super::confine::{AssetDir, is_not_there, is_plain};
use super::open::Spool;
use crate::lead;
use crate::manifest::{self, Manifest};
use crate::session::{Document, Dossier, FileFacts, Lookup, Reading};
use crate::transcript::{self, Transcript};

/// The largest manifest or lead that is read, in bytes.
pub(super) const SMALL_LIMIT: u64 = 4 << 20;
/// The largest transcript that is read, in bytes.
pub(super) const TRANSCRIPT_LIMIT: u64 = 64 << 20;

pub(super) fn gather(
    spool: &Spool,
    name: &OsStr,
    document: Document,
    modified: DateTime<Utc>,
) -> Dossier {
    let manifest = find_manifest(spool, &document);
    let manifest_files = match manifest.here().map(|reading| &reading.content) {
        Some(Ok(manifest)) => find_manifest_files(spool, manifest),
        _ => Vec::new(),
    };
    let named_recording = find_named(&spool.recordings, document.recording_path());
    let named_recording = readable(&spool.recordings, named_recording);
    let lead = find_named(&spool.leads, document.lead_path());
    Dossier {
        name: name.to_owned(),
        modified,
        manifest,
        manifest_files,
        named_recording,
        transcript: find_transcript(spool, &document),
        lead: read(&spool.leads, lead, SMALL_LIMIT, lead::parse),
        document,
    }
}

fn find_manifest(spool: &Spool, document: &Document) -> Lookup<Reading<Manifest>> {
    let Some(id) = document.egress_id() else {
        return Lookup::NotNamed;
    };
    let found = spool.recordings.find_plain(&format!("EG_{id}.json"));
    read(&spool.recordings, found, SMALL_LIMIT, manifest::parse)
}

fn find_manifest_files(spool: &Spool, manifest: &Manifest) -> Vec<Lookup<FileFacts>> {
    let find = |file: &manifest::ManifestFile| {
        let local = file
            .location
            .as_deref()
            .filter(|location| !manifest::is_remote(location));
        match file.filename.as_deref().or(local) {
            Some(name) => readable(&spool.recordings, spool.recordings.find(name)),
            None => Lookup::NotNamed,
        }
    };
    manifest.files.iter().map(find).collect()
}

fn find_transcript(spool: &Spool, document: &Document) -> Lookup<Reading<Transcript>> {
    let found = match document.conversation_path() {
        Some(path) => spool.conversations.find(&path),
        None => find_conventional_transcript(spool, document.session_id()),
    };
    read(
        &spool.conversations,
        found,
        TRANSCRIPT_LIMIT,
        transcript::parse,
    )
}

/// The transcript that goes by the session's name, when the document names none.
fn find_conventional_transcript(spool: &Spool, session_id: &str) -> Lookup<FileFacts> {
    if !is_plain(session_id) {
        return Lookup::NotNamed;
    }
    match spool
        .conversations
        .find_plain(&format!("transcript_{session_id}.json"))
    {
        Lookup::Missing => Lookup::NotNamed,
        found => found,
    }
}

fn find_named(dir: &AssetDir, path: Option<String>) -> Lookup<FileFacts> {
    path.map_or(Lookup::NotNamed, |path| dir.find(&path))
}

/// A recording is not read before it is sent, so it is only tried whether it could be: one that
/// may not be read is nothing to spend an attempt on.
fn readable(dir: &AssetDir, found: Lookup<FileFacts>) -> Lookup<FileFacts> {
    let Lookup::Here(file) = found else {
        return found;
    };
    match dir.open_file(&file.relative) {
        Ok(_) => Lookup::Here(file),
        Err(error) if is_not_there(&error) => Lookup::Missing,
        Err(error) => Lookup::Unreadable(error.to_string()),
    }
}

fn read<T, E: Display>(
    dir: &AssetDir,
    found: Lookup<FileFacts>,
    limit: u64,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Lookup<Reading<T>> {
    let file = match found {
        Lookup::Here(file) => file,
        Lookup::NotNamed => return Lookup::NotNamed,
        Lookup::Missing => return Lookup::Missing,
        Lookup::Unsafe(reason) => return Lookup::Unsafe(reason),
        Lookup::Unreadable(reason) => return Lookup::Unreadable(reason),
    };
    match dir.read(&file.relative, limit) {
        Ok((file, Some(bytes))) => Lookup::Here(Reading {
            file,
            content: parse(&bytes).map_err(|error| error.to_string()),
        }),
        Ok((file, None)) => {
            let content = Err(format!("larger than {} MiB", limit >> 20));
            Lookup::Here(Reading { file, content })
        }
        Err(error) if is_not_there(&error) => Lookup::Missing,
        Err(error) => Lookup::Unreadable(error.to_string()),
    }
}
