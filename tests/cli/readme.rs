//! What the README promises of flags, variables, commands, exit codes and the report is what the
//! program has.

use std::collections::BTreeSet;
use std::fs;

use callspool::config::Environment;
use callspool::report::Stop;
use serde_json::Value;

use crate::{site, site_with, write_sessions};

const README: &str = include_str!("../../README.md");
const GUIDE: &str = include_str!("../../docs/migrating.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

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

/// The text of the README's first fenced block that begins with that line.
fn block(fence: &str, holds: &str) -> &'static str {
    README
        .split(&format!("```{fence}\n"))
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .find(|text| text.contains(holds))
        .unwrap()
}

#[test]
fn every_variable_of_the_readme_is_the_one_of_its_flag() {
    let help = site().call(["--help"]).expect(0).stdout;
    for line in rows("| flag | default |") {
        let cells: Vec<&str> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let (flag, variable) = (cells[1], cells[3]);
        let about = help
            .split('\n')
            .skip_while(|line| {
                !line.split([' ', '[', '.']).any(|word| word == flag)
                    || !line.trim_start().starts_with('-')
            })
            .take(3)
            .collect::<String>();
        assert!(
            about.contains(&format!("[env: {variable}]")),
            "{flag}: {variable}: {about}"
        );
    }
}

#[test]
fn the_readmes_config_file_is_accepted() {
    let site = site();
    let config = site.home().join("config.toml");
    fs::write(&config, block("toml", "api_url")).unwrap();
    let mut command = site.bare_command();
    command
        .args(["--config", config.to_str().unwrap(), "inspect", "--root"])
        .arg(site.root());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_readmes_call_and_lead_can_be_recorded() {
    let call = block("json", "\"items\"");
    callspool::producer::RecordInput::parse(call.as_bytes()).unwrap();
    let (_, lead) = README.split_once("`lead.json` is `").unwrap();
    let (lead, _) = lead.split_once('`').unwrap();
    callspool::producer::LeadInput::parse(lead.as_bytes()).unwrap();
}

#[test]
fn every_command_line_of_the_readme_and_the_guide_is_understood() {
    let lines = [README, GUIDE].map(|text| text.replace("\\\n", " "));
    let commands: Vec<Vec<&str>> = lines
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.trim_start().strip_prefix("$ "))
        .flat_map(|line| line.split('|'))
        .map(|command| {
            let words = command.split_whitespace();
            words
                .filter(|word| !word.starts_with(['<', '>']))
                .collect::<Vec<_>>()
        })
        .filter(|words| {
            words
                .first()
                .is_some_and(|word| word.ends_with("callspool"))
        })
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    let home = site().home().join("no.toml");
    for command in commands {
        let parsed = callspool::cli::parse_in(&command, &Environment::default(), &home);
        assert!(parsed.is_ok(), "{command:?}: {parsed:?}");
    }
}

#[test]
fn every_command_in_the_text_of_the_operations_guide_is_understood() {
    let site = site();
    let home = site.home().join("no.toml");
    let in_code = OPERATIONS.split('`').skip(1).step_by(2);
    let commands: Vec<&str> = in_code
        .filter(|code| code.starts_with("callspool ") && !code.contains('…'))
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    let second = site.home().join("second.toml");
    fs::write(&second, "").unwrap();
    for command in commands {
        let words = command.split_whitespace().map(|word| match word {
            "/etc/callspool/second.toml" => second.to_str().unwrap(),
            _ => word,
        });
        let parsed = callspool::cli::parse_in(words, &Environment::default(), &home);
        assert!(parsed.is_ok(), "{command:?}: {parsed:?}");
    }
}

#[test]
fn every_exit_code_has_its_place_in_the_operations_guide() {
    for code in first_cells("| code |") {
        let heading = format!("\n### Exit {code}\n");
        assert!(OPERATIONS.contains(&heading), "{code}");
    }
}

/// The names of all members of a value, however deep, as paths; `[]` stands for a list's elements.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                members(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(array) => {
            for value in array {
                members(value, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_readmes_report_has_the_members_of_a_real_one_and_adds_up() {
    let site = site_with(&["call-data:1:status=500"]);
    write_sessions(&site, &["a", "b"]);
    let real = site.run(&[]).expect(3).report();
    let shown: Value = serde_json::from_str(block("json", "\"command\"")).unwrap();
    let (mut expected, mut written) = (BTreeSet::new(), BTreeSet::new());
    members(&real, "", &mut expected);
    members(&shown, "", &mut written);
    assert!(expected.contains(".errors[].kind"), "{expected:?}");
    assert_eq!(written, expected);

    let sessions = shown["sessions"].as_object().unwrap();
    let sum: u64 = sessions
        .iter()
        .filter(|(name, _)| !["pending", "recovered", "conserved"].contains(&name.as_str()))
        .filter_map(|(_, count)| count.as_u64())
        .sum();
    assert_eq!(sessions["pending"], sum);
}

#[test]
fn every_reason_to_stop_is_in_the_readme() {
    let stops = [
        Stop::Deadline,
        Stop::BatchSize,
        Stop::Rate,
        Stop::Unavailable,
        Stop::Throttled,
        Stop::Rejected,
        Stop::Auth,
        Stop::Misdirected,
        Stop::Durability,
        Stop::Signal(15),
    ];
    let words: BTreeSet<String> = stops.iter().map(|stop| stop.as_str().to_owned()).collect();
    assert_eq!(first_cells("| `stopped_by` |"), words);
}
