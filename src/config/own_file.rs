//! Who may read and change a file that the settings name.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Who may read and change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFile {
    /// The permission bits.
    pub mode: u32,
    /// The user that it belongs to.
    pub user: u32,
    /// The group.
    pub group: u32,
}

impl OwnFile {
    /// Looks at a file, through links.
    ///
    /// # Errors
    /// When it is not there, or cannot be looked at.
    pub fn look_at(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            mode: metadata.mode() & 0o7777,
            user: metadata.uid(),
            group: metadata.gid(),
        })
    }

    /// Whether everybody may change it.
    pub fn is_world_writable(self) -> bool {
        self.mode & 0o002 != 0
    }

    /// Whether its group may change it.
    pub fn is_group_writable(self) -> bool {
        self.mode & 0o020 != 0
    }

    /// Whether everybody may read it.
    pub fn is_world_readable(self) -> bool {
        self.mode & 0o004 != 0
    }

    /// Whether its group may read it.
    pub fn is_group_readable(self) -> bool {
        self.mode & 0o040 != 0
    }
}
