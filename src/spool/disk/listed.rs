//! Listing a directory of the machine's, a million names at a time.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, SeekFrom};

use super::system::{kind_of_system, of_system};
use super::{Kind, ListedDir, Stat};

/// How much of a directory is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// An open directory.
#[derive(Debug)]
pub(super) struct SystemDir(OwnedFd);

impl SystemDir {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(dir, flags, Mode::empty())?))
    }
}

impl ListedDir for SystemDir {
    fn names(&self, visit: &mut dyn FnMut(&OsStr, Kind)) -> io::Result<()> {
        rustix::fs::seek(&self.0, SeekFrom::Start(0))?;
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        let mut entries = RawDir::new(&self.0, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not tell.
                FileType::Unknown => match self.lstat(name) {
                    Ok(stat) => stat.kind,
                    Err(error) => {
                        log::debug!(error:% = error; "passed over while listing");
                        continue;
                    }
                },
                file_type => kind_of_system(file_type),
            };
            visit(name, kind);
        }
        Ok(())
    }

    fn lstat(&self, name: &OsStr) -> io::Result<Stat> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(of_system(&stat))
    }
}
