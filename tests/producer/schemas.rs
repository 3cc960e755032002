//! The schemas that the program prints.

use std::fs;
use std::path::Path;

use serde_json::Value;
use test_support::Outcome;

use crate::site;

fn schema(arguments: &[&str]) -> Outcome {
    let mut command = site().bare_command();
    command.arg("schema").args(arguments);
    Outcome::of(command.output().unwrap())
}

#[test]
fn every_schema_is_listed_and_printed_as_it_is_in_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas");
    let list = schema(&[]).expect(0).stdout;
    let mut names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for name in &names {
        let text = schema(&[name]).expect(0).stdout;
        let file = folder.join(format!("{name}.schema.json"));
        assert_eq!(text, fs::read_to_string(file).unwrap());
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            parsed["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
    names.sort_unstable();
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.replace(".schema.json", ""))
        .collect();
    files.sort();
    assert_eq!(names, files);
}

#[test]
fn a_schema_that_is_not_there_is_a_mistake() {
    for (name, told) in [
        (
            "records",
            "there is no schema records; did you mean record?",
        ),
        ("xyzzy", "there is no schema xyzzy; see: callspool schema"),
    ] {
        let outcome = schema(&[name]).expect(2);
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    }
}
