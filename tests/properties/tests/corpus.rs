//! Every file of the corpus that fuzzing has left still keeps its property, on any toolchain.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz_properties::{TARGETS, check};

/// The directory of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The names in a directory, without their extension.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_file_of_the_corpus_keeps_its_property() {
    for (target, _) in TARGETS {
        let directory = fuzz().join("corpus").join(target);
        let mut count = 0;
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::read(&path).unwrap();
            let outcome = catch_unwind(|| check(target, &data));
            assert!(outcome.is_ok(), "{} fails", path.display());
            count += 1;
        }
        assert!(count > 0, "{target} has no corpus");
    }
}

#[test]
fn every_property_has_its_fuzz_target_and_no_other_is_there() {
    let properties: BTreeSet<String> = TARGETS
        .iter()
        .map(|(target, _)| (*target).to_owned())
        .collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), properties);
    assert_eq!(names(&fuzz().join("corpus")), properties);
    for target in names(&fuzz().join("dictionaries")) {
        assert!(properties.contains(&target), "{target}");
    }
    for target in properties {
        let path = fuzz().join("fuzz_targets").join(format!("{target}.rs"));
        let source = fs::read_to_string(path).unwrap();
        assert!(source.contains(&format!("check(\"{target}\"")), "{target}");
    }
}
