//! The map of the code names every file and every dependency that there is, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const MAP: &str = include_str!("../../ARCHITECTURE.md");
const MANIFEST: &str = include_str!("../../Cargo.toml");

/// The rows of the map's table with that header, as trimmed cells.
fn rows(header: &str) -> Vec<Vec<&'static str>> {
    let rows: Vec<Vec<&str>> = MAP
        .lines()
        .skip_while(|line| !line.starts_with(header))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(!rows.is_empty(), "{header}");
    rows
}

/// The modules directly inside a folder of src/.
fn modules(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !["mod", "tests", "snapshots"].contains(&name.as_str()))
        .collect()
}

#[test]
fn every_file_of_a_room_is_on_the_map() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = BTreeSet::new();
    for row in rows("| room | files |") {
        let room = row[1].trim_matches(['`', '/']);
        let named: BTreeSet<String> = row[2]
            .split("; ")
            .filter_map(|file| file.split('`').nth(1))
            .map(str::to_owned)
            .collect();
        assert_eq!(named, modules(&src.join(room)), "{room}");
        rooms.insert(room.to_owned());
    }
    let folders: BTreeSet<String> = modules(&src)
        .into_iter()
        .filter(|name| src.join(name).is_dir())
        .collect();
    assert_eq!(rooms, folders);
}

#[test]
fn every_module_has_a_floor() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let named: BTreeSet<String> = rows("| floor | room |")
        .iter()
        .flat_map(|row| row[2].split(", "))
        .map(|room| room.trim_matches(['`', '/']).to_owned())
        .collect();
    let mut there = modules(&src);
    there.remove("lib");
    assert_eq!(named, there);
}

#[test]
fn every_dependency_has_its_reason() {
    let named: BTreeSet<&str> = rows("| crate | why |")
        .iter()
        .map(|row| row[1].trim_start_matches("*for tests:* "))
        .flat_map(|names| names.split(", "))
        .map(|name| name.split(' ').next().unwrap())
        .collect();
    let mut is_dependency = false;
    let mut there = BTreeSet::new();
    for line in MANIFEST.lines() {
        if line.starts_with('[') {
            is_dependency = line.ends_with("dependencies]");
        } else if is_dependency && let Some((name, _)) = line.split_once(" = ") {
            there.insert(name);
        }
    }
    assert!(there.len() > 20, "{there:?}");
    assert_eq!(named, there);
}
