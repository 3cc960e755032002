//! A recording opened for sending, watched while it is sent.

use std::io::{self, Read};
use std::time::SystemTime;

use rustix::io::Errno;

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
    /// Unlike the time of modification it cannot be set back, so that what is written in place
    /// does not go unseen.
    changed: Option<SystemTime>,
}

impl<'a> OpenRecording<'a> {
    pub(super) fn open(dir: &'a AssetDir, planned: &FileFacts) -> Result<Self, OpenRecordingError> {
        let opened = dir.open_file(&planned.relative).map_err(|error| {
            if is_not_there(&error) {
                OpenRecordingError::Gone
            } else {
                OpenRecordingError::Unreadable(error)
            }
        })?;
        Ok(Self {
            dir,
            identity: opened.stat.identity(),
            changed: opened.stat.changed,
            file: opened.file,
            facts: opened.facts,
        })
    }

    /// Whether it was, when it was opened, what it was when it was looked up: same size, same time
    /// of modification.
    pub fn is_as_planned(&self, planned: &FileFacts) -> bool {
        self.facts == *planned
    }

    /// Its size in bytes when it was opened.
    pub fn len_bytes(&self) -> u64 {
        self.facts.len_bytes
    }

    /// Whether the file is still what it was when it was looked up: same size, same time of
    /// modification, nothing done to it since it was opened, and still the one that goes by its
    /// name.
    ///
    /// # Errors
    /// When it cannot be looked at now.
    pub fn is_unchanged_since(&self, planned: &FileFacts) -> io::Result<bool> {
        let there = match self.dir.open_file(&planned.relative) {
            Ok(there) => there,
            Err(error) if is_not_there(&error) || is_something_else(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let is_same_file =
            there.stat.identity() == self.identity && there.stat.changed == self.changed;
        Ok(is_same_file && there.facts == *planned && self.is_as_planned(planned))
    }
}

impl Read for OpenRecording<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

/// Whether an error says that something other than a file inside the directory goes by the name: a
/// refusal of our own, links in a circle, a socket.
fn is_something_else(error: &io::Error) -> bool {
    error.raw_os_error().is_none_or(|number| {
        [Errno::LOOP, Errno::NXIO]
            .iter()
            .any(|errno| errno.raw_os_error() == number)
    })
}
