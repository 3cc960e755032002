//! A file system in memory that knows what was synced.
//!
//! Every file and every directory has two states: the one that is seen, and the one that a loss of
//! power is sure to leave. Writing changes the first; syncing makes the second equal to it. A loss
//! of power leaves, for each name and each file by itself, some state between the two: names may
//! come back or get lost in any order, content may be old, torn or full of zeros. What every
//! journalling file system keeps is kept here too: a file that had a lasting name and was only
//! renamed has one of its names afterwards, and a sync of the directory that it left makes the new
//! name last with it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fastrand::Rng;

/// The number of a file.
pub(crate) type Inode = u64;

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) modified: SystemTime,
}

#[derive(Debug, Clone)]
struct File {
    seen: Content,
    /// `None` when it was never synced.
    lasting: Option<Content>,
}

#[derive(Debug, Clone, Default)]
struct Directory {
    seen: BTreeMap<OsString, Inode>,
    lasting: BTreeMap<OsString, Inode>,
    /// What each name stood for in turn since the directory was last synced.
    changes: BTreeMap<OsString, Vec<Option<Inode>>>,
    /// Its own name lasts.
    is_lasting: bool,
}

/// The file system.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    files: BTreeMap<Inode, File>,
    directories: BTreeMap<PathBuf, Directory>,
    last_inode: Inode,
    /// Renames from one directory to another since the first was synced.
    renames: Vec<Rename>,
}

#[derive(Debug, Clone)]
struct Rename {
    from: PathBuf,
    to: PathBuf,
    inode: Inode,
}

impl Model {
    /// Makes a directory that lasts.
    pub(crate) fn add_directory(&mut self, path: &Path) {
        let directory = self.directories.entry(path.to_owned()).or_default();
        directory.is_lasting = true;
    }

    /// Writes a file that lasts, as a producer does long before anybody looks.
    pub(crate) fn put(&mut self, path: &Path, content: Content) -> io::Result<()> {
        self.last_inode += 1;
        let inode = self.last_inode;
        let file = File {
            seen: content.clone(),
            lasting: Some(content),
        };
        self.files.insert(inode, file);
        let (directory, name) = self.split_mut(path)?;
        directory.seen.insert(name.clone(), inode);
        directory.lasting.insert(name.clone(), inode);
        directory.changes.remove(&name);
        Ok(())
    }

    pub(crate) fn is_directory(&self, path: &Path) -> bool {
        self.directories.contains_key(path)
    }

    /// Everything in a directory.
    pub(crate) fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        let directory = self.directories.get(directory).ok_or(ErrorKind::NotFound)?;
        Ok(directory.seen.keys().cloned().collect())
    }

    /// The file that goes by a path.
    pub(crate) fn look_up(&self, path: &Path) -> io::Result<Inode> {
        let parent = path.parent().ok_or(ErrorKind::NotFound)?;
        let name = path.file_name().ok_or(ErrorKind::NotFound)?;
        let directory = self.directories.get(parent).ok_or(ErrorKind::NotFound)?;
        Ok(*directory.seen.get(name).ok_or(ErrorKind::NotFound)?)
    }

    pub(crate) fn content(&self, inode: Inode) -> io::Result<&Content> {
        let file = self.files.get(&inode).ok_or(ErrorKind::NotFound)?;
        Ok(&file.seen)
    }

    pub(crate) fn content_mut(&mut self, inode: Inode) -> io::Result<&mut Content> {
        let file = self.files.get_mut(&inode).ok_or(ErrorKind::NotFound)?;
        Ok(&mut file.seen)
    }

    /// The content that goes by a path.
    pub(crate) fn read(&self, path: &Path) -> io::Result<&Content> {
        self.content(self.look_up(path)?)
    }

    /// Makes an empty file.
    pub(crate) fn create(&mut self, path: &Path, now: SystemTime) -> io::Result<Inode> {
        if self.look_up(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let inode = self.last_inode + 1;
        let (directory, name) = self.split_mut(path)?;
        directory.set(name, Some(inode));
        let seen = Content {
            bytes: Vec::new(),
            mode: 0o600,
            modified: now,
        };
        self.files.insert(
            inode,
            File {
                seen,
                lasting: None,
            },
        );
        self.last_inode = inode;
        Ok(inode)
    }

    pub(crate) fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        if self.directories.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let parent = path.parent().ok_or(ErrorKind::NotFound)?;
        if !self.directories.contains_key(parent) {
            return Err(ErrorKind::NotFound.into());
        }
        self.directories
            .insert(path.to_owned(), Directory::default());
        Ok(())
    }

    /// Renames a file, over another one if there is one.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.look_up(from)?;
        let (directory, name) = self.split_mut(to)?;
        directory.set(name, Some(inode));
        let (directory, name) = self.split_mut(from)?;
        directory.set(name, None);
        if let Some(parent) = from.parent().filter(|parent| Some(*parent) != to.parent()) {
            self.renames.push(Rename {
                from: parent.to_owned(),
                to: to.to_owned(),
                inode,
            });
        }
        Ok(())
    }

    /// Gives a file a second name.
    pub(crate) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.look_up(from)?;
        let (directory, name) = self.split_mut(to)?;
        directory.set(name, Some(inode));
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.look_up(path)?;
        let (directory, name) = self.split_mut(path)?;
        directory.set(name, None);
        Ok(())
    }

    /// Makes a file's content last.
    pub(crate) fn sync(&mut self, inode: Inode) -> io::Result<()> {
        let file = self.files.get_mut(&inode).ok_or(ErrorKind::NotFound)?;
        file.lasting = Some(file.seen.clone());
        Ok(())
    }

    /// Makes the names in a directory last, directories that were made in it included.
    pub(crate) fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        let directory = self.directories.get_mut(path).ok_or(ErrorKind::NotFound)?;
        directory.lasting = directory.seen.clone();
        directory.changes.clear();
        for (inner, directory) in &mut self.directories {
            directory.is_lasting |= inner.parent() == Some(path);
        }
        let (done, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.renames)
            .into_iter()
            .partition(|rename| rename.from == path);
        self.renames = open;
        for rename in done {
            let (directory, name) = self.split_mut(&rename.to)?;
            if directory.seen.get(&name) == Some(&rename.inode) {
                directory.lasting.insert(name.clone(), rename.inode);
                directory.changes.remove(&name);
            }
        }
        Ok(())
    }

    /// What is left after a loss of power; chance decides what of the unsynced changes is.
    pub(crate) fn lose_power(&mut self, rng: &mut Rng) {
        self.directories.retain(|_, directory| directory.is_lasting);
        let before = self.clone();
        for directory in self.directories.values_mut() {
            directory.settle(rng);
        }
        self.keep_renamed(&before, rng);
        self.renames.clear();
        for directory in self.directories.values_mut() {
            directory.lasting = directory.seen.clone();
            directory.changes.clear();
        }
        for file in self.files.values_mut() {
            file.settle(rng);
        }
    }

    /// A file that had a lasting name, and has one to this day, is not lost.
    fn keep_renamed(&mut self, before: &Self, rng: &mut Rng) {
        let mut named: BTreeMap<Inode, Vec<(PathBuf, OsString)>> = BTreeMap::new();
        for (path, directory) in &before.directories {
            for (name, inode) in &directory.lasting {
                let places = named.entry(*inode).or_default();
                places.push((path.clone(), name.clone()));
            }
        }
        for (inode, old) in named {
            let Some(now) = before.place_of(inode) else {
                continue;
            };
            if self.place_of(inode).is_some() {
                continue;
            }
            let free: Vec<_> = old
                .into_iter()
                .filter(|(path, name)| {
                    let directory = self.directories.get(path);
                    directory.is_some_and(|directory| !directory.seen.contains_key(name))
                })
                .collect();
            let (path, name) = rng.choice(free).filter(|_| rng.bool()).unwrap_or(now);
            if let Some(directory) = self.directories.get_mut(&path) {
                directory.seen.insert(name, inode);
            }
        }
    }

    fn place_of(&self, inode: Inode) -> Option<(PathBuf, OsString)> {
        self.directories.iter().find_map(|(path, directory)| {
            let mut names = directory.seen.iter();
            let (name, _) = names.find(|(_, there)| **there == inode)?;
            Some((path.clone(), name.clone()))
        })
    }

    fn split_mut(&mut self, path: &Path) -> io::Result<(&mut Directory, OsString)> {
        let parent = path.parent().ok_or(ErrorKind::NotFound)?;
        let name = path.file_name().map(OsStr::to_owned);
        let directory = self.directories.get_mut(parent);
        Ok((
            directory.ok_or(ErrorKind::NotFound)?,
            name.ok_or(ErrorKind::InvalidFilename)?,
        ))
    }
}

impl Directory {
    fn set(&mut self, name: OsString, inode: Option<Inode>) {
        match inode {
            Some(inode) => self.seen.insert(name.clone(), inode),
            None => self.seen.remove(&name),
        };
        self.changes.entry(name).or_default().push(inode);
    }

    /// Each name stands for what it stood for at some time since the last sync.
    fn settle(&mut self, rng: &mut Rng) {
        self.seen = self.lasting.clone();
        for (name, changes) in &self.changes {
            // 0: none of the changes has lasted.
            if let Some(last) = rng.usize(..=changes.len()).checked_sub(1) {
                match changes[last] {
                    Some(inode) => self.seen.insert(name.clone(), inode),
                    None => self.seen.remove(name),
                };
            }
        }
    }
}

impl File {
    fn settle(&mut self, rng: &mut Rng) {
        if self.lasting.as_ref() != Some(&self.seen) {
            self.seen = torn(self.lasting.as_ref(), &self.seen, rng);
        }
        self.lasting = Some(self.seen.clone());
    }
}

/// What a loss of power may leave of a file that was not synced.
fn torn(old: Option<&Content>, new: &Content, rng: &mut Rng) -> Content {
    let old_bytes = old.map_or(&[][..], |content| &content.bytes);
    let cut = rng.usize(..=new.bytes.len());
    let bytes = match rng.u8(..6) {
        0 => old_bytes.to_vec(),
        1 => new.bytes.clone(),
        2 => new.bytes[..cut].to_vec(),
        3 => {
            // The length has lasted, some blocks have not.
            let mut bytes = new.bytes.clone();
            bytes[cut..].fill(0);
            bytes
        }
        4 => {
            let mut bytes = new.bytes.clone();
            bytes[..cut].fill(0);
            bytes
        }
        _ => {
            let mut bytes = new.bytes[..cut].to_vec();
            bytes.extend(old_bytes.iter().skip(cut));
            bytes
        }
    };
    let attributes = old.filter(|_| rng.bool()).unwrap_or(new);
    Content {
        bytes,
        ..attributes.clone()
    }
}
