//! Confinement: documents name files, and only regular files inside the configured directories
//! are ever opened.
//!
//! A name is turned into a few candidates below the directory, and each is looked up relative to
//! the directory's descriptor by cap-std, which follows no link out of it. A hard link cannot be
//! told from the file it shares.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{ConfinedDir, Disk, OpenFile, Stat};
use crate::session::{FileFacts, Lookup};
use crate::timestamp;

/// One of conversations/, recordings/ and leads/.
#[derive(Debug)]
pub(super) struct AssetDir {
    root: PathBuf,
    path: PathBuf,
    /// The open directory; why there is none. A directory that is not there holds no files:
    /// mounts come late.
    dir: io::Result<Box<dyn ConfinedDir>>,
    disk: Arc<dyn Disk>,
}

/// A file as it was when it was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: Box<dyn OpenFile>,
    pub(super) stat: Stat,
    pub(super) facts: FileFacts,
}

impl AssetDir {
    pub(super) fn open(disk: Arc<dyn Disk>, root: &Path, path: &Path) -> Self {
        Self {
            root: root.to_owned(),
            path: path.to_owned(),
            dir: disk.open_confined(path),
            disk,
        }
    }

    /// Looks a name from a document or manifest up, by the rules for foreign absolute paths.
    pub(super) fn find(&self, raw: &str) -> Lookup<FileFacts> {
        match self.candidates(raw) {
            Err(reason) => Lookup::Unsafe(reason.to_owned()),
            Ok(candidates) => candidates
                .iter()
                .map(|candidate| self.look_up(candidate))
                .find(|found| !matches!(found, Lookup::Missing))
                .unwrap_or(Lookup::Missing),
        }
    }

    /// Looks a file up by its name directly in the directory.
    pub(super) fn find_plain(&self, name: &str) -> Lookup<FileFacts> {
        if name.contains(['/', '\\', '\0']) {
            return Lookup::Unsafe("an id that is a path".to_owned());
        }
        self.look_up(Path::new(name))
    }

    /// Opens a file that was looked up, without blocking on what may have taken its place.
    pub(super) fn open_file(&self, relative: &Path) -> io::Result<Opened> {
        let dir = self.dir.as_ref().map_err(copy_error)?;
        let file = dir.open(relative)?;
        let stat = file.stat()?;
        if !stat.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "no regular file"));
        }
        let facts = to_facts(relative, &stat)?;
        Ok(Opened { file, stat, facts })
    }

    /// Reads a file that was looked up; `None` when it is larger than the limit.
    pub(super) fn read(
        &self,
        relative: &Path,
        limit: u64,
    ) -> io::Result<(FileFacts, Option<Vec<u8>>)> {
        let Opened { file, facts, .. } = self.open_file(relative)?;
        let bytes = read_bounded(file, facts.len_bytes, limit)?;
        Ok((facts, bytes))
    }

    /// Why nothing can be looked up in the directory: it is not there, or closed.
    pub(super) fn why_closed(&self) -> Option<String> {
        let error = self.dir.as_ref().err()?;
        let path = self.path.display();
        Some(format!("{path} cannot be looked into: {error}"))
    }

    /// What tells a file from every other one, and whether the path itself is a link to it.
    pub(super) fn identity(&self, relative: &Path) -> io::Result<((u64, u64), bool)> {
        let dir = self.opened()?;
        let is_link = !dir.lstat(relative)?.is_file();
        Ok((dir.stat(relative)?.identity(), is_link))
    }

    /// Makes it last what names there are beside a file.
    pub(super) fn sync_around(&self, relative: &Path) -> io::Result<()> {
        self.opened()?.sync_around(relative)
    }

    /// Where a file is that was looked up.
    pub(super) fn whole_path(&self, relative: &Path) -> PathBuf {
        self.path.join(relative)
    }

    pub(super) fn opened(&self) -> io::Result<&dyn ConfinedDir> {
        self.dir.as_deref().map_err(copy_error)
    }

    fn look_up(&self, relative: &Path) -> Lookup<FileFacts> {
        let dir = match &self.dir {
            Ok(dir) => dir,
            Err(error) if is_not_there(error) => return Lookup::Missing,
            Err(error) => return Lookup::Unreadable(error.to_string()),
        };
        match dir.stat(relative) {
            Err(error) if is_escape(&error) => self.look_up_inside_link(&**dir, relative),
            result => to_lookup(result, relative),
        }
    }

    /// An absolute link that leads back inside is refused by cap-std; its target is looked up in
    /// its stead, again confined.
    fn look_up_inside_link(&self, dir: &dyn ConfinedDir, relative: &Path) -> Lookup<FileFacts> {
        let target = self.disk.canonicalize(&self.path.join(relative)).ok();
        let inside = target.and_then(|target| {
            let base = self.disk.canonicalize(&self.path).ok()?;
            target.strip_prefix(base).ok().map(Path::to_owned)
        });
        match inside {
            Some(target) => to_lookup(dir.stat(&target), &target),
            None => Lookup::Unsafe("a link that leads out of its directory".to_owned()),
        }
    }

    /// The places below the directory where a name may mean a file, likeliest first.
    fn candidates(&self, raw: &str) -> Result<Vec<PathBuf>, &'static str> {
        let text = raw.trim().replace('\\', "/");
        if text.contains('\0') {
            return Err("a path with a NUL byte");
        }
        let mut names: Vec<&str> = text
            .split('/')
            .filter(|name| !matches!(*name, "" | "."))
            .collect();
        if names.contains(&"..") {
            return Err("a path with ..");
        }
        let has_drive = names.first().is_some_and(|name| is_drive(name));
        if has_drive {
            names.remove(0);
        }
        let relative: PathBuf = names.iter().collect();
        let mut candidates = Vec::new();
        if text.starts_with('/') {
            candidates.extend(
                Path::new("/")
                    .join(&relative)
                    .strip_prefix(&self.path)
                    .ok()
                    .map(Path::to_owned),
            );
        } else if !has_drive {
            candidates.extend(
                self.root
                    .join(&relative)
                    .strip_prefix(&self.path)
                    .ok()
                    .map(Path::to_owned),
            );
            candidates.push(relative);
        }
        for count in [2, 1] {
            if let Some(start) = names.len().checked_sub(count) {
                candidates.push(names.iter().skip(start).collect());
            }
        }
        candidates.retain(|candidate| !candidate.as_os_str().is_empty());
        candidates.dedup();
        Ok(candidates)
    }
}

/// Reads at most `limit` bytes; `None` when there are more.
pub(super) fn read_bounded(
    file: impl Read,
    len_bytes: u64,
    limit: u64,
) -> io::Result<Option<Vec<u8>>> {
    if len_bytes > limit {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len_bytes).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Whether an error says that there is no such file.
pub(super) fn is_not_there(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}

fn to_facts(relative: &Path, stat: &Stat) -> io::Result<FileFacts> {
    let modified = stat.modified.ok_or(ErrorKind::Unsupported)?;
    Ok(FileFacts {
        relative: relative.to_owned(),
        len_bytes: stat.len_bytes,
        modified: timestamp::of_file(modified),
    })
}

fn to_lookup(result: io::Result<Stat>, relative: &Path) -> Lookup<FileFacts> {
    let facts = result.and_then(|stat| Ok((stat.is_file(), to_facts(relative, &stat)?)));
    match facts {
        Ok((true, facts)) => Lookup::Here(facts),
        Ok((false, _)) => Lookup::Unsafe("no regular file".to_owned()),
        Err(error) if is_escape(&error) => {
            Lookup::Unsafe("a link that leads out of its directory".to_owned())
        }
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Lookup::Unsafe("links that lead in a circle".to_owned())
        }
        Err(error) if is_not_there(&error) => Lookup::Missing,
        Err(error) => Lookup::Unreadable(error.to_string()),
    }
}

/// cap-std refuses an escape with an error of its own, which has no number of the system's.
fn is_escape(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

fn copy_error(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Whether a name can stand in a file name of the customer's making.
pub(super) fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && !id.contains(['/', '\\', '\0'])
        && Path::new(id).file_name() == Some(OsStr::new(id))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::spool::disk::SystemDisk;

    fn spool() -> (tempfile::TempDir, AssetDir) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("conversations");
        fs::create_dir_all(path.join("conversations")).unwrap();
        fs::create_dir_all(path.join("sub")).unwrap();
        File::create(path.join("a.json"));
        File::create(path.join("sub/b.json"));
        File::create(path.join("conversations/c.json"));
        File::create(root.path().join("secret.json"));
        let dir = AssetDir::open(Arc::new(SystemDisk), root.path(), &path);
        (root, dir)
    }

    struct File;
    impl File {
        fn create(path: PathBuf) {
            fs::File::create(path).unwrap();
        }
    }

    fn found(dir: &AssetDir, raw: &str) -> Option<String> {
        dir.find(raw)
            .here()
            .map(|file| file.relative.to_string_lossy().into_owned())
    }

    #[test]
    fn names_from_other_hosts_are_found_by_their_last_components() {
        let (root, dir) = spool();
        let own = root.path().join("conversations/sub/b.json");
        for (raw, expected) in [
            ("/home/agent/x/conversations/a.json", Some("a.json")),
            (
                "/home/agent/x/conversations/c.json",
                Some("conversations/c.json"),
            ),
            ("/data/sub/b.json", Some("sub/b.json")),
            ("C:\\agent\\conversations\\a.json", Some("a.json")),
            ("conversations/a.json", Some("a.json")),
            ("conversations\\a.json", Some("a.json")),
            ("./conversations//a.json", Some("a.json")),
            ("a.json", Some("a.json")),
            ("sub/b.json", Some("sub/b.json")),
            (own.to_str().unwrap(), Some("sub/b.json")),
            ("/b.json", None),
            ("/", None),
        ] {
            assert_eq!(found(&dir, raw).as_deref(), expected, "{raw}");
        }
        assert_eq!(dir.find("gone.json"), Lookup::Missing);
        assert_eq!(dir.find("a.json/x"), Lookup::Missing);
        assert_eq!(dir.find(&"x".repeat(5000)), Lookup::Missing);
        assert_eq!(dir.find("/etc/passwd"), Lookup::Missing);
    }

    #[test]
    fn what_leads_out_is_unsafe() {
        let (root, dir) = spool();
        let path = root.path().join("conversations");
        symlink("../secret.json", path.join("out.json")).unwrap();
        symlink(root.path(), path.join("up")).unwrap();
        symlink("loop.json", path.join("loop.json")).unwrap();
        symlink("a.json", path.join("in.json")).unwrap();
        symlink(path.join("a.json"), path.join("absolute.json")).unwrap();
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            path.join("fifo.json"),
            rustix::fs::Mode::RUSR,
        )
        .unwrap();
        for raw in [
            "../secret.json",
            "a/../../secret.json",
            "out.json",
            "up/secret.json",
            "loop.json",
            "fifo.json",
            "sub",
            "a\0.json",
        ] {
            assert!(
                matches!(dir.find(raw), Lookup::Unsafe(_)),
                "{raw}: {:?}",
                dir.find(raw)
            );
        }
        assert!(matches!(dir.find_plain("EG_../x.json"), Lookup::Unsafe(_)));
        assert_eq!(found(&dir, "in.json").as_deref(), Some("in.json"));
        assert_eq!(found(&dir, "absolute.json").as_deref(), Some("a.json"));
        // What took a file's place after it was looked up is not opened either.
        assert_eq!(
            dir.open_file(Path::new("fifo.json")).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert!(dir.open_file(Path::new("up/secret.json")).is_err());
    }

    #[test]
    fn a_directory_that_is_not_there_holds_nothing() {
        let root = tempfile::tempdir().unwrap();
        let dir = AssetDir::open(
            Arc::new(SystemDisk),
            root.path(),
            &root.path().join("leads"),
        );
        assert_eq!(dir.find("a.json"), Lookup::Missing);
    }

    #[test]
    fn reading_stops_at_the_limit() {
        let (_root, dir) = spool();
        fs::File::create(dir.path.join("a.json"))
            .unwrap()
            .set_len(11)
            .unwrap();
        assert_eq!(dir.read(Path::new("a.json"), 10).unwrap().1, None);
        assert_eq!(
            dir.read(Path::new("a.json"), 11)
                .unwrap()
                .1
                .map(|bytes| bytes.len()),
            Some(11)
        );
        assert_eq!(read_bounded([0_u8; 12].as_slice(), 0, 11).unwrap(), None);
    }
}
