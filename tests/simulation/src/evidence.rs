//! The simulated disk as the judge wants to see it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use invariants::{Files, Spool};

use crate::disk::model::Model;
use crate::layout::layout;

/// What is on disk now.
pub(crate) fn spool(disk: &Model) -> Spool {
    let layout = layout();
    Spool {
        pending: files(disk, &layout.metadata),
        processed: files(disk, &layout.processed),
        failed: files(disk, &layout.failed),
        corrupt: files(disk, &layout.corrupt),
        assets: assets(disk),
    }
}

/// Every file of the producer's beside the documents: path → hash.
pub(crate) fn assets(disk: &Model) -> BTreeMap<String, String> {
    let layout = layout();
    let mut assets = BTreeMap::new();
    for dir in [&layout.conversations, &layout.recordings, &layout.leads] {
        for (name, bytes) in files(disk, dir) {
            assets.insert(dir.join(name).display().to_string(), fingerprint(&bytes));
        }
    }
    assets
}

fn files(disk: &Model, dir: &Path) -> Files {
    let names = disk.names(dir).unwrap_or_default();
    names
        .into_iter()
        .filter_map(|name| {
            let content = disk.read(&dir.join(&name)).ok()?;
            Some((name.into_string().ok()?, content.bytes.clone()))
        })
        .collect()
}

/// Enough to see whether a file has changed; made often, so it must be quick.
fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
