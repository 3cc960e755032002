//! Everything that a directory tree is, to be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Each file and directory with its mode, its time and its bytes.
pub(crate) type Tree = BTreeMap<PathBuf, (u32, i64, i64, Option<Vec<u8>>)>;

/// Reads a tree.
pub(crate) fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    add(root, &mut tree);
    tree
}

fn add(path: &Path, tree: &mut Tree) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let bytes = metadata.is_file().then(|| fs::read(path).unwrap());
    tree.insert(
        path.to_owned(),
        (
            metadata.mode(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            bytes,
        ),
    );
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            add(&entry.unwrap().path(), tree);
        }
    }
}
