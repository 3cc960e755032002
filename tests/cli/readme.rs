//! What the README promises of flags and exit codes is what the program has.

use std::collections::BTreeSet;

use crate::site;

const README: &str = include_str!("../../README.md");

/// The rows of the README's table with that header.
fn rows(header: &str) -> impl Iterator<Item = &'static str> {
    README
        .lines()
        .skip_while(move |line| !line.starts_with(header))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
}

/// The first cells of the README's table with that header.
fn first_cells(header: &str) -> BTreeSet<String> {
    rows(header)
        .filter_map(|line| line.split('|').nth(1))
        .map(|cell| cell.trim().trim_matches('`').to_owned())
        .collect()
}

#[test]
fn every_setting_of_the_readme_is_a_flag_and_the_other_way_round() {
    let help = site().call(["--help"]).expect(0).stdout;
    let flags: BTreeSet<String> = help
        .lines()
        .filter_map(|line| line.trim_start().split_once("--"))
        .filter(|(before, _)| before.is_empty() || before.ends_with(", "))
        .map(|(_, flag)| {
            let end = flag.find([' ', '[', '.']).unwrap_or(flag.len());
            format!("--{}", &flag[..end])
        })
        .filter(|flag| !["--help", "--version", "--config"].contains(&flag.as_str()))
        .collect();
    assert!(flags.len() > 30, "{flags:?}");
    assert_eq!(first_cells("| flag | default |"), flags);
}

#[test]
fn every_default_of_the_readme_is_the_programs() {
    let help = site().call(["--help"]).expect(0).stdout;
    for line in rows("| flag | default |") {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (flag, default) = (cells[1].trim_matches('`'), cells[2].trim_matches('`'));
        if default.is_empty() || default == "off" {
            continue;
        }
        let about = help
            .split(&format!("{flag} <"))
            .nth(1)
            .and_then(|text| text.split("--").next())
            .unwrap_or_default();
        assert!(
            about.contains(&format!("[default: {default}]")),
            "{flag}: {default}"
        );
    }
}

#[test]
fn every_exit_code_of_the_readme_is_in_the_help() {
    let help = site().call(["--help"]).expect(0).stdout;
    let codes = first_cells("| code | meaning |");
    assert_eq!(codes.len(), 11);
    for code in codes {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(&format!("{code} "))),
            "{code} is not in the help"
        );
    }
}
