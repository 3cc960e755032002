//! Everything that lies directly in a directory: for those who look for what no document names.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::confine::{AssetDir, is_not_there, read_bounded};
use super::disk::Kind;
use super::error::SpoolError;
use super::layout::State;
use super::leased::LeasedSpool;
use super::open::Spool;
use super::{durable, scan};
use crate::session::{FileFacts, Lookup};
use crate::timestamp;

/// What adoption remembers between two runs, in the metadata directory.
const MEMORY_NAME: &str = ".callspool.adopted";

/// The most that is remembered, in bytes.
const MEMORY_LIMIT: u64 = 1 << 30;

/// One of the directories that are never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetPlace {
    /// conversations/
    Conversations,
    /// recordings/
    Recordings,
    /// leads/
    Leads,
}

/// What is known of a file without reading it; whoever changes the file changes this too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    /// Its name.
    pub name: OsString,
    /// Its size in bytes.
    pub len_bytes: u64,
    /// When it was last modified.
    pub modified: DateTime<Utc>,
    /// When anything about it was last changed.
    pub changed: DateTime<Utc>,
}

/// What lies directly in a directory.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Regular files that are not hidden, by name. Links are none.
    pub files: Vec<FileStamp>,
    /// Directories.
    pub directories: BTreeSet<OsString>,
}

impl Spool {
    fn asset_dir(&self, place: AssetPlace) -> (&AssetDir, &Path) {
        let layout = self.layout();
        match place {
            AssetPlace::Conversations => (&self.conversations, &layout.conversations),
            AssetPlace::Recordings => (&self.recordings, &layout.recordings),
            AssetPlace::Leads => (&self.leads, &layout.leads),
        }
    }

    /// Lists one of the directories that are never changed. One that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list_assets(&self, place: AssetPlace) -> Result<Listing, SpoolError> {
        self.list_dir(self.asset_dir(place).1)
    }

    /// Lists the documents of a state.
    ///
    /// # Errors
    /// When its directory cannot be read.
    pub fn list_documents(&self, state: State) -> Result<Vec<FileStamp>, SpoolError> {
        let mut listing = self.list_dir(self.layout().dir(state))?;
        listing
            .files
            .retain(|file| scan::is_document_name(&file.name));
        Ok(listing.files)
    }

    /// Lists a directory beside the spool's own. One that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list_dir(&self, dir: &Path) -> Result<Listing, SpoolError> {
        let mut listing = Listing::default();
        let mut names = Vec::new();
        let visit = &mut |name: &OsStr, kind| match kind {
            _ if name.as_encoded_bytes().starts_with(b".") => {}
            Kind::File => names.push(name.to_owned()),
            Kind::Directory => {
                listing.directories.insert(name.to_owned());
            }
            Kind::Other => {}
        };
        // A file in its place is listed as an empty directory.
        let listed = self.disk().open_dir(dir);
        match listed.and_then(|()| self.disk().list(dir, visit)) {
            // A link whose volume is not mounted is there, and leads nowhere.
            Err(error)
                if error.kind() == ErrorKind::NotFound && self.disk().lstat(dir).is_err() =>
            {
                return Ok(Listing::default());
            }
            listed => listed.map_err(SpoolError::of("list", dir))?,
        }
        names.sort();
        for name in names {
            let path = dir.join(&name);
            let stat = match self.disk().lstat(&path) {
                Ok(stat) if stat.is_file() => stat,
                Ok(_) => continue,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(SpoolError::new("look at", path, error)),
            };
            let time = |time: Option<SystemTime>| {
                timestamp::of_file(time.unwrap_or(SystemTime::UNIX_EPOCH))
            };
            listing.files.push(FileStamp {
                name,
                len_bytes: stat.len_bytes,
                modified: time(stat.modified),
                changed: time(stat.changed),
            });
        }
        Ok(listing)
    }

    /// Looks a name up as documents and manifests are understood.
    pub fn find_asset(&self, place: AssetPlace, raw: &str) -> Lookup<FileFacts> {
        self.asset_dir(place).0.find(raw)
    }

    /// Reads a file that lies directly in a directory; `None` when it is larger than the limit.
    ///
    /// # Errors
    /// When it cannot be read, or is no regular file by now.
    pub fn read_asset(
        &self,
        place: AssetPlace,
        name: &str,
        limit_bytes: u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let (_, bytes) = self.asset_dir(place).0.read(Path::new(name), limit_bytes)?;
        Ok(bytes)
    }

    /// What an earlier adoption remembered; nothing when it is not there or cannot be read: no
    /// decision depends on it.
    pub fn adoption_memory(&self) -> Option<Vec<u8>> {
        let path = self.layout().metadata.join(MEMORY_NAME);
        let read = || -> io::Result<Option<Vec<u8>>> {
            let file = self.disk().open(&path)?;
            let stat = file.stat()?;
            if !stat.is_file() {
                return Err(ErrorKind::InvalidInput.into());
            }
            read_bounded(file, stat.len_bytes, MEMORY_LIMIT)
        };
        match read() {
            Ok(bytes) => bytes,
            Err(error) if is_not_there(&error) => None,
            Err(error) => {
                log::warn!(file:% = path.display(), reason:% = error; "cannot read what adoption remembers");
                None
            }
        }
    }
}

impl LeasedSpool<'_> {
    /// Removes what spares the next adoption work: it speaks of files that are gone.
    ///
    /// # Errors
    /// When it cannot be removed durably.
    pub fn forget_adoption_memory(&self) -> Result<(), SpoolError> {
        let dir = &self.layout().metadata;
        durable::remove(self.disk(), &dir.join(MEMORY_NAME))?;
        durable::sync_dir(self.disk(), dir)
    }

    /// Keeps what spares the next adoption work.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_adoption_memory(&self, bytes: &[u8]) -> Result<(), SpoolError> {
        let dir = &self.layout().metadata;
        durable::replace(self.disk(), dir, MEMORY_NAME.as_ref(), bytes, None)
    }
}
