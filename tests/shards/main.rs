//! Runs that share a spool out: the shipped binary, several processes at once, against the reference
//! API.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod at_once;
mod carried;
mod deaths;
mod in_the_way;
mod one;

use sha2::{Digest, Sha256};
use test_support::{Session, Site, running::Running};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

fn site() -> Site {
    Site::new(BINARY)
}

/// The shard of a session, worked out as the README says.
fn shard_of(id: &str, count: u64) -> u64 {
    let digest = Sha256::digest(id.as_bytes());
    let number = digest.iter().take(8);
    number.fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % count)
}

/// The first so many ids of a shard.
fn ids_of(shard: u64, count: u64, how_many: usize) -> Vec<String> {
    let ids = (0..).map(|number| format!("call_{number}"));
    ids.filter(|id| shard_of(id, count) == shard)
        .take(how_many)
        .collect()
}

/// Writes sessions of which only call data is to be sent.
fn write(site: &Site, ids: &[String]) {
    for id in ids {
        Session::new(id).never_recorded().write(site);
    }
}

/// A run of a shard in the middle of its work.
fn start(site: &Site, shard: &str) -> Running {
    Running::start(&mut site.command(["run", "--format", "json", "--shard", shard]))
}

/// What is in the shards' directory, sorted.
fn shard_files(site: &Site) -> Vec<String> {
    let dir = site
        .dir(test_support::Dir::Pending)
        .join(".callspool.shards");
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
