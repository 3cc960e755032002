//! Names for files that must not take the place of another.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::disk::Disk;

/// The longest file name, in bytes.
const NAME_LIMIT: usize = 255;

/// The names to try in turn: `x.json`, `x.1.json`, `x.2.json`, …
pub(super) fn numbered(name: &OsStr, copy: u32) -> OsString {
    if copy == 0 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let extension = path.extension().map_or_else(OsString::new, |extension| {
        let mut dotted = OsString::from(".");
        dotted.push(extension);
        dotted
    });
    let mut ending = OsString::from(format!(".{copy}"));
    ending.push(extension);
    with_ending(path.file_stem().unwrap_or(name), &ending)
}

/// The name that a [`numbered`] one was made from, if it is one.
pub(super) fn unnumbered(name: &OsStr) -> Option<OsString> {
    let path = Path::new(name);
    let stem = Path::new(path.file_stem()?);
    let number = stem.extension()?.to_str()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let mut plain = stem.file_stem()?.to_owned();
    if let Some(extension) = path.extension() {
        plain.push(".");
        plain.push(extension);
    }
    is_number.then_some(plain)
}

/// A name with an ending, cut in front of it where the two would be too long together.
pub(super) fn with_ending(name: &OsStr, ending: &OsStr) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let room = NAME_LIMIT.saturating_sub(ending.len());
    let mut bytes = name.as_bytes().to_vec();
    bytes.truncate(room);
    bytes.extend_from_slice(ending.as_bytes());
    OsString::from_vec(bytes)
}

/// The first of the [`numbered`] names that is free in a directory.
pub(super) fn free_name(disk: &dyn Disk, dir: &Path, name: &OsStr) -> OsString {
    let names = (0..=u32::MAX).map(|copy| numbered(name, copy));
    let mut free = names.skip_while(|name| disk.lstat(&dir.join(name)).is_ok());
    free.next().unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::disk::SystemDisk;
    use crate::spool::durable::create;

    #[test]
    fn a_long_name_is_cut_so_that_its_ending_fits() {
        let long = format!("metadata_{}.json", "x".repeat(241));
        assert_eq!(long.len(), 255);
        let name = numbered(OsStr::new(&long), 12);
        assert_eq!(name.len(), 255);
        assert!(name.to_str().unwrap().ends_with("x.12.json"));
        assert_eq!(with_ending(OsStr::new("a"), OsStr::new(".b")), "a.b");
        for (name, plain) in [
            ("metadata_x.12.json", Some("metadata_x.json")),
            ("metadata_x.json", None),
            ("metadata_x.1a.json", None),
            ("metadata_x..json", None),
        ] {
            let found = unnumbered(OsStr::new(name));
            assert_eq!(found.as_deref(), plain.map(OsStr::new), "{name}");
        }
        let dir = tempfile::tempdir().unwrap();
        for expected in [long.clone(), name.to_str().unwrap().replace(".12.", "x.1.")] {
            assert_eq!(
                create(&SystemDisk, dir.path(), OsStr::new(&long), b"", None).unwrap(),
                *expected
            );
        }
    }
}
