//! Which file a path means, among those that were listed.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;

use crate::session::Lookup;
use crate::spool::{AssetPlace, Listing, Spool};

/// Resolves paths to names directly in a directory, with as little asking of the disk as possible.
pub(super) struct Resolver<'a> {
    spool: &'a Spool,
    place: AssetPlace,
    names: HashSet<String>,
    directories: BTreeSet<OsString>,
}

impl<'a> Resolver<'a> {
    pub(super) fn of(spool: &'a Spool, place: AssetPlace, listing: &Listing) -> Self {
        let names = listing.files.iter().filter_map(|file| file.name.to_str());
        Self {
            spool,
            place,
            names: names.map(str::to_owned).collect(),
            directories: listing.directories.clone(),
        }
    }

    /// The name of the file that a path may have meant to somebody else, who knew of no confinement:
    /// what is named by its last part counts as named.
    pub(super) fn name_loosely(&self, raw: &str) -> Option<String> {
        let last = raw.trim().rsplit(['/', '\\', ':']).next()?;
        let last = || self.names.contains(last).then(|| last.to_owned());
        self.name(raw).or_else(last)
    }

    /// The name of the file that a path means; `None` when it is not directly in the directory.
    pub(super) fn name(&self, raw: &str) -> Option<String> {
        let text = raw.trim().replace('\\', "/");
        let parts: Vec<&str> = text.split('/').collect();
        let (last, before) = parts.split_last()?;
        if parts.contains(&"..") {
            return None;
        }
        // A directory in the directory may hold another file of that name, which goes first.
        let is_deeper = |part: &&str| self.directories.contains(std::ffi::OsStr::new(*part));
        if before.iter().any(is_deeper) {
            return match self.spool.find_asset(self.place, raw) {
                Lookup::Here(file) => {
                    let name = file.relative.to_str()?.to_owned();
                    self.names.contains(&name).then_some(name)
                }
                _ => None,
            };
        }
        self.names.contains(*last).then(|| (*last).to_owned())
    }
}
