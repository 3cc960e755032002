//! Where the token may stand, which place goes first, and that it is never shown.

use std::fs;

use test_support::{Outcome, Site};

use crate::{BINARY, write_sessions};

const RIGHT: &str = "right-token-4711";
const WRONG: &str = "wrong-token-0815";

/// What the places hold that a token may stand in; `None` for a place that is not there.
#[derive(Clone, Copy, Default)]
struct Places {
    file: Option<&'static str>,
    variable: Option<&'static str>,
    credential: Option<&'static str>,
}

fn run(places: Places) -> (Site, Outcome) {
    let site = Site::with_api(BINARY, |api| api.token(RIGHT));
    write_sessions(&site, &["a"]);
    let mut command = site.command(["run", "-vv", "--format", "json"]);
    if let Some(text) = places.file {
        let path = site.home().join("token");
        fs::write(&path, text).unwrap();
        command.arg("--token-file").arg(path);
    }
    if let Some(text) = places.variable {
        command.env("CALLSPOOL_TOKEN", text);
    }
    if let Some(text) = places.credential {
        let directory = site.home().join("credentials");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("callspool-token"), text).unwrap();
        command.env("CREDENTIALS_DIRECTORY", directory);
    }
    let outcome = Outcome::of(command.output().unwrap());
    for token in [RIGHT, WRONG] {
        assert!(!outcome.stderr.contains(token), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains(token), "{}", outcome.stdout);
    }
    (site, outcome)
}

#[test]
fn the_file_goes_before_the_variable_and_that_before_the_systemd_credential() {
    let (right, wrong) = (Some(RIGHT), Some(WRONG));
    for (file, variable, credential, code) in [
        (right, wrong, wrong, 0),
        (wrong, right, right, 12),
        (None, right, wrong, 0),
        (None, wrong, right, 12),
        (None, None, right, 0),
        (None, None, None, 12),
    ] {
        let places = Places {
            file,
            variable,
            credential,
        };
        run(places).1.expect(code);
    }
}

#[test]
fn a_line_break_behind_the_token_is_no_part_of_it() {
    let file = Some("right-token-4711\r\n");
    run(Places {
        file,
        ..Places::default()
    })
    .1
    .expect(0);
}

#[test]
fn what_is_no_token_is_code_2_wherever_it_stands_and_is_not_shown() {
    for text in [
        "",
        "  \n",
        "two words-4711",
        "r\u{e4}uber-4711",
        "a\u{7}bell-4711",
    ] {
        for place in 0..3 {
            let at = |index| (place == index).then_some(text);
            let (site, outcome) = run(Places {
                file: at(0),
                variable: at(1),
                credential: at(2),
            });
            let outcome = outcome.expect(2);
            assert!(!outcome.stderr.contains("4711"), "{}", outcome.stderr);
            let name = ["token", "CALLSPOOL_TOKEN", "CREDENTIALS_DIRECTORY"][place];
            assert!(outcome.stderr.contains(name), "{}", outcome.stderr);
            assert_eq!(site.api().requests().len(), 0);
        }
    }
}

#[test]
fn a_token_file_that_cannot_be_read_is_code_2_even_where_another_token_stands() {
    let site = Site::with_api(BINARY, |api| api.token(RIGHT));
    write_sessions(&site, &["a"]);
    for path in [site.home().join("missing"), site.home().to_owned()] {
        for command in ["run", "dry-run"] {
            let mut command = site.command([command]);
            command
                .arg("--token-file")
                .arg(&path)
                .env("CALLSPOOL_TOKEN", RIGHT);
            let outcome = Outcome::of(command.output().unwrap()).expect(2);
            let path = path.display().to_string();
            assert!(outcome.stderr.contains(&path), "{}", outcome.stderr);
        }
    }
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn a_token_in_the_config_file_is_refused_and_not_shown() {
    let site = Site::without_api(BINARY);
    let config = site.home().join("config.toml");
    fs::write(&config, format!("token = \"{RIGHT}\"\n")).unwrap();
    let outcome = site
        .call(["--config", config.to_str().unwrap(), "inspect"])
        .expect(2);
    assert!(outcome.stderr.contains("token_file"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(RIGHT), "{}", outcome.stderr);
}

#[test]
fn no_token_at_all_is_legal() {
    let site = Site::new(BINARY);
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0);
    assert_eq!(site.api().requests()[0].header("authorization"), None);
}

#[test]
fn an_empty_credentials_directory_holds_no_token() {
    let site = Site::new(BINARY);
    write_sessions(&site, &["a"]);
    let mut command = site.command(["run"]);
    command.env("CREDENTIALS_DIRECTORY", site.home());
    Outcome::of(command.output().unwrap()).expect(0);
}
