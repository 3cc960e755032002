//! A recording opened for sending, watched while it is sent.

use std::io::{self, Read};

use super::confine::{AssetDir, is_not_there};
use super::disk::OpenFile;
use crate::session::FileFacts;

/// Why a recording cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenRecordingError {
    /// It went away since it was looked up.
    #[error("the recording is gone")]
    Gone,
    /// It is there and cannot be read.
    #[error("cannot open the recording")]
    Unreadable(#[source] io::Error),
}

/// An open recording. Reading it reads the file; it never blocks on anything but the disk.
#[derive(Debug)]
pub struct OpenRecording<'a> {
    dir: &'a AssetDir,
    file: Box<dyn OpenFile>,
    facts: FileFacts,
    identity: (u64, u64),
}

impl<'a> OpenRecording<'a> {
    pub(super) fn open(dir: &'a AssetDir, planned: &FileFacts) -> Result<Self, OpenRecordingError> {
        let (file, facts) = dir.open_file(&planned.relative).map_err(|error| {
            if is_not_there(&error) {
                OpenRecordingError::Gone
            } else {
                OpenRecordingError::Unreadable(error)
            }
        })?;
        let stat = file.stat().map_err(OpenRecordingError::Unreadable)?;
        Ok(Self {
            dir,
            file,
            facts,
            identity: stat.identity(),
        })
    }

    /// Its size in bytes when it was opened.
    pub fn len_bytes(&self) -> u64 {
        self.facts.len_bytes
    }

    /// Whether the file is still what it was when it was looked up: same size, same time of
    /// modification, and still the one that goes by its name.
    pub fn is_unchanged_since(&self, planned: &FileFacts) -> bool {
        let Ok((now_there, facts)) = self.dir.open_file(&planned.relative) else {
            return false;
        };
        let same_file = now_there
            .stat()
            .is_ok_and(|stat| stat.identity() == self.identity);
        same_file && facts == *planned && self.facts == *planned
    }
}

impl Read for OpenRecording<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}
