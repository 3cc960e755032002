//! What is generated says what the program does: every command, setting and value, and nothing
//! else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callspool::cli;
use callspool::config::{Environment, Settings, catalog::Setting};
use callspool_packaging::{Generated, all, completions, example_config, man_pages};

fn text_of<'a>(files: &'a [Generated], path: &str) -> &'a str {
    let found = files.iter().find(|file| file.path == Path::new(path));
    &found.unwrap_or_else(|| panic!("{path} is not there")).text
}

/// The commands as they are typed, without the program: `""`, `inspect`, `record lead`.
fn commands() -> Vec<String> {
    fn collect(command: &clap::Command, words: &str, found: &mut Vec<String>) {
        found.push(words.to_owned());
        for sub in command.get_subcommands() {
            collect(sub, format!("{words} {}", sub.get_name()).trim(), found);
        }
    }
    let mut found = Vec::new();
    collect(&cli::definition(), "", &mut found);
    assert!(found.len() >= 5, "{found:?}");
    found
}

fn settings(arguments: &[&str]) -> Settings {
    let arguments = ["callspool"].iter().chain(arguments);
    let none = Path::new("/nonexistent/config.toml");
    cli::parse_in(arguments, &Environment::default(), none)
        .unwrap()
        .settings
}

#[test]
fn every_command_has_a_page_with_all_its_sections() {
    let pages = man_pages().unwrap();
    let commands = commands();
    assert_eq!(pages.len(), commands.len());
    for command in commands {
        let name = format!("callspool {command}").trim().replace(' ', "-");
        let page = text_of(&pages, &format!("man/{name}.1"));
        let mut sections: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix(".SH "))
            .map(|section| section.trim_matches('"'))
            .collect();
        sections.retain(|section| *section != "COMMANDS");
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "ENVIRONMENT",
                "FILES",
                "EXIT STATUS",
                "EXAMPLES",
                "SEE ALSO"
            ],
            "{name}"
        );
    }
}

#[test]
fn the_first_page_names_every_setting_heading_variable_and_exit_code() {
    let pages = man_pages().unwrap();
    // As a reader sees it: without the marks of fonts and of literal hyphens.
    let page = text_of(&pages, "man/callspool.1")
        .replace("\\-", "-")
        .replace("\\fB", "")
        .replace("\\fR", "");
    let (options, rest) = page.split_once(".SH ENVIRONMENT").unwrap();
    for setting in Setting::ALL {
        let lines: BTreeSet<&str> = rest.lines().collect();
        assert!(options.contains(&format!("--{}", setting.name())));
        assert!(lines.contains(setting.env_name().as_str()), "{setting:?}");
        assert!(options.contains(setting.spec().heading.as_str()));
    }
    for code in [
        "0", "1", "2", "3", "4", "5", "10", "11", "12", "20", "128+N",
    ] {
        assert!(rest.contains(&format!("\n.TP\n{code}\n")), "{code}");
    }
}

/// The lines of the example config that are switched off, switched on.
fn switched_on(text: &str) -> String {
    let mut switched = String::new();
    for line in text.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        let is_setting = bare.starts_with(|first: char| first.is_ascii_lowercase());
        switched.push_str(if is_setting { bare } else { line });
        switched.push('\n');
    }
    switched
}

#[test]
fn the_example_config_switched_on_is_accepted_and_has_every_setting_once() {
    let text = switched_on(&example_config());
    let keys: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, _)| key)
        .collect();
    let catalogued: Vec<String> = Setting::ALL.iter().map(|one| one.config_key()).collect();
    assert_eq!(keys, catalogued);

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    File::create(&path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let named = settings(&["--config", path.to_str().unwrap(), "run"]);
    let defaults = settings(&["run"]);
    assert_eq!(named.root, Path::new("/var/spool/callspool"));
    assert!(named.api_url.is_some());
    assert_eq!(named.ok_exit, [3, 11]);
    assert_eq!(
        (
            named.settle,
            named.max_attempts,
            named.min_backoff,
            named.verbosity
        ),
        (
            defaults.settle,
            defaults.max_attempts,
            defaults.min_backoff,
            defaults.verbosity
        )
    );
}

#[test]
fn the_example_config_as_it_is_changes_nothing() {
    assert!(
        example_config()
            .lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
}

#[test]
fn the_example_config_of_the_repository_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.toml");
    let kept = fs::read_to_string(path).unwrap();
    assert!(
        kept == example_config(),
        "packaging/config.toml is out of date: make generate && cp target/generated/config.toml packaging/"
    );
}

/// What bash offers when the last of these words is completed.
fn bash_offers(words: &[&str]) -> BTreeSet<String> {
    let files = completions().unwrap();
    let script = format!(
        "set -u\n{}\nCOMP_WORDS=(callspool {})\nCOMP_CWORD={}\nCOMPREPLY=()\n\
         _callspool callspool \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        text_of(&files, "completions/callspool.bash"),
        words
            .iter()
            .map(|word| format!("'{word}'"))
            .collect::<Vec<_>>()
            .join(" "),
        words.len(),
    );
    let mut bash = Command::new("bash")
        .args(["--norc", "--noprofile", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_the_values_of_closed_options() {
    let commands: BTreeSet<String> = bash_offers(&[""])
        .into_iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let typed = cli::definition();
    let typed: BTreeSet<String> = typed
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    assert_eq!(commands, typed);
    for (words, expected) in [
        (
            &["inspect", "--state", "p"] as &[&str],
            &["pending", "processed", "partial"] as &[&str],
        ),
        (&["run", "--format", ""], &["text", "json"]),
        (&["--log-format", "j"], &["json"]),
        (&["run", "--attention", ""], &["standing", "new"]),
        (
            &["requeue", "--error", "mi"],
            &["misdirected", "missing_transcript", "missing_campaign"],
        ),
        (&["requeue", "--part", "c"], &["call-data"]),
        (&["requeue", "--all"], &["--all-processed", "--allow-http"]),
    ] {
        assert_eq!(bash_offers(words), set(expected), "{words:?}");
    }
}

#[test]
fn zsh_and_fish_know_the_values_of_closed_options_too() {
    let files = completions().unwrap();
    for (path, values) in [
        ("completions/_callspool", "(standing new)"),
        ("completions/_callspool", "missing_campaign"),
        (
            "completions/_callspool",
            "(record record-lead metadata transcript lead)",
        ),
        ("completions/callspool.fish", "standing"),
        ("completions/callspool.fish", "missing_campaign"),
    ] {
        assert!(text_of(&files, path).contains(values), "{path}: {values}");
    }
}

#[test]
fn every_file_is_written_and_pages_of_commands_that_are_gone_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let stale = dir.path().join("man/callspool-sprint.1");
    fs::create_dir_all(stale.parent().unwrap()).unwrap();
    File::create(&stale).unwrap();
    callspool_packaging::write_to(dir.path()).unwrap();
    callspool_packaging::write_to(dir.path()).unwrap();
    assert!(!stale.exists());
    let expected: BTreeSet<PathBuf> = all().unwrap().into_iter().map(|file| file.path).collect();
    let mut written = BTreeSet::new();
    for folder in ["", "man", "completions"] {
        for entry in fs::read_dir(dir.path().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                written.insert(path.strip_prefix(dir.path()).unwrap().to_owned());
            }
        }
    }
    assert_eq!(written, expected);
}
