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

/// Inputs at which a property once failed, or would fail without a line that is easily lost. The
/// corpus need not keep them: others may reach the same places.
#[test]
fn what_was_found_stays_mended() {
    let twice = r#"{"session_id":"a","session_id":"s","status":"x","status":"ready_for_upload",
        "upload_attempts":1,"upload_attempts":2,"files":{"recording":"a"},
        "files":{"recording":"a","recording":null,"lead":1},"last_upload_attempt":null,
        "last_upload_attempt":"x","upload":7,"upload":{"generation":2}}"#;
    for (target, input) in [
        ("document", twice),
        // A name that letters of a token stand against, until they are masked.
        ("redaction", "\u{7f}no lead {L}{T}"),
        ("redaction", "\u{7f}no lead {T}{L}"),
        // An escape whose last digit is the first letter of what was said.
        ("redaction", "\u{7f}\\u005able for two"),
        // A longer word, cut off behind the name in it.
        ("redaction", "\u{10}no {L}son and more"),
        // A byte order mark is one only at the beginning of a file.
        ("config", "\u{feff}"),
        // A key of `status` with an escape, and one whose value is passed over.
        (
            "lead",
            r#"{"st\u0061tus":{"a":["no"]},"name":"Ann","more":[{"source":"x"},"Bo"]}"#,
        ),
    ] {
        check(target, input.as_bytes());
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
