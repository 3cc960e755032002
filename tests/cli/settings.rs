//! Settings: where they may stand, which goes before which, and what is said of a wrong one.

use std::fs;
use std::path::{Path, PathBuf};

use callspool::cli;
use callspool::config::Environment;
use test_support::{Dir, Outcome, Session, Site};

use crate::{BINARY, site, site_with, write_sessions};

/// Writes a config file that names root and API, and more.
fn config(site: &Site, more: &str) -> PathBuf {
    let path = site.home().join("config.toml");
    let (root, url) = (site.root(), site.api_url().to_owned());
    let text = format!("root = {root:?}\napi_url = {url:?}\nformat = \"json\"\n{more}\n");
    fs::write(&path, text).unwrap();
    path
}

fn configured(site: &Site, config: &Path, environment: &[(&str, &str)], rest: &[&str]) -> Outcome {
    let mut command = site.bare_command();
    command.arg("--config").arg(config).args(rest);
    command.envs(environment.iter().copied());
    Outcome::of(command.output().unwrap())
}

#[test]
fn a_flag_goes_before_the_environment_that_before_the_config_file_and_that_before_the_default() {
    let environment = [("CALLSPOOL_BATCH_SIZE", "2")];
    for (line, environment, flags, attempted) in [
        (
            "batch_size = 1",
            &environment[..],
            &["run", "--batch-size", "3"][..],
            3,
        ),
        ("batch_size = 1", &environment, &["run"], 2),
        ("batch_size = 1", &[], &["run"], 1),
        ("", &[], &["run"], 5),
        ("", &environment, &["--batch-size", "4", "run"], 4),
    ] {
        let site = site();
        write_sessions(&site, &["a", "b", "c", "d", "e"]);
        let outcome = configured(&site, &config(&site, line), environment, flags);
        assert_eq!(outcome.expect(0).sessions("uploaded"), attempted);
        assert_eq!(site.names(Dir::Processed).len() as u64, attempted);
    }
}

#[test]
fn every_place_may_name_the_spool() {
    let site = site();
    write_sessions(&site, &["a"]);
    let elsewhere = site.home().join("nothing");
    fs::create_dir_all(elsewhere.join("call_metadata")).unwrap();
    let config = config(&site, "");
    let pending = |environment: &[(&str, &str)], flags: &[&str]| {
        let arguments = [flags, &["inspect", "--summary"]].concat();
        let outcome = configured(&site, &config, environment, &arguments).expect(0);
        outcome.report()["pending"].as_u64().unwrap()
    };
    let (here, there) = (site.root(), elsewhere.display().to_string());
    let here = here.to_str().unwrap();
    assert_eq!(pending(&[], &[]), 1);
    assert_eq!(pending(&[("CALLSPOOL_ROOT", &there)], &[]), 0);
    assert_eq!(pending(&[("CALLSPOOL_ROOT", &there)], &["--root", here]), 1);
    assert_eq!(pending(&[], &["--root", &there]), 0);
}

#[test]
fn the_environment_may_name_the_config_file_and_the_flag_goes_before_it() {
    let site = site();
    write_sessions(&site, &["a"]);
    let config = config(&site, "");
    let run = |name: &Path, flags: &[&str]| {
        let mut command = site.bare_command();
        command.env("CALLSPOOL_CONFIG", name).args(flags);
        Outcome::of(command.output().unwrap())
    };
    run(&config, &["inspect"]).expect(0);
    let missing = site.home().join("missing.toml");
    let outcome = run(&missing, &["inspect"]).expect(2);
    assert!(
        outcome.stderr.contains("missing.toml"),
        "{}",
        outcome.stderr
    );
    run(&missing, &["--config", config.to_str().unwrap(), "inspect"]).expect(0);
}

#[test]
fn crons_bare_environment_is_enough_and_success_is_silent() {
    let site = site();
    write_sessions(&site, &["a"]);
    let config = config(&site, "");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("format = \"json\"\n", "")).unwrap();
    let output = std::process::Command::new("/usr/bin/env")
        .args(["-i", "PATH=/usr/bin:/bin", BINARY, "-q", "--config"])
        .arg(&config)
        .arg("run")
        .current_dir("/")
        .output();
    let outcome = Outcome::of(output.unwrap()).expect(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    assert_eq!(site.place("a"), Dir::Processed);
}

#[test]
fn the_working_directory_counts_only_for_relative_paths_given_as_flags_and_for_the_default_root() {
    let site = site();
    write_sessions(&site, &["a"]);
    let config = config(&site, "");
    let pending = |directory: &Path, arguments: &[&str]| {
        let mut command = site.bare_command();
        command.current_dir(directory).args(arguments);
        let outcome = Outcome::of(command.args(["--format", "json"]).output().unwrap());
        outcome.expect(0).report()["pending"].as_u64().unwrap()
    };
    let summary = ["inspect", "--summary"];
    assert_eq!(pending(&site.root(), &summary), 1);
    assert_eq!(
        pending(site.home(), &["inspect", "--summary", "--root", "spool"]),
        1
    );
    let by_config = ["--config", config.to_str().unwrap(), "inspect", "--summary"];
    for directory in [Path::new("/"), site.home(), &site.root()] {
        assert_eq!(pending(directory, &by_config), 1, "{}", directory.display());
    }
}

#[test]
fn relative_paths_in_the_config_file_are_relative_to_the_root() {
    let site = Site::with_api(BINARY, |api| api.token("right-token"));
    write_sessions(&site, &["a"]);
    fs::write(site.root().join("secret"), "right-token\n").unwrap();
    fs::rename(site.dir(Dir::Pending), site.root().join("inbox")).unwrap();
    let lines = "token_file = \"secret\"\nmetadata_dir = \"inbox\"\nprocessed_dir = \"done\"";
    configured(&site, &config(&site, lines), &[], &["run"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert!(site.root().join("done/metadata_a.json").exists());
    assert!(!site.dir(Dir::Pending).exists() && !site.dir(Dir::Processed).exists());
}

#[test]
fn a_config_key_that_is_not_known_is_refused_with_the_nearest_one() {
    let site = site();
    for (line, nearest) in [
        ("batchsize = 1", "batch_size"),
        ("api-url = \"https://crm.example\"", "api_url"),
        ("recording_grce = \"5m\"", "recording_grace"),
    ] {
        let outcome = configured(&site, &config(&site, line), &[], &["run"]).expect(2);
        let key = line.split(' ').next().unwrap();
        for text in [
            "config.toml line 4",
            key,
            &format!("did you mean {nearest}?"),
        ] {
            assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
        }
    }
    assert_eq!(site.api().requests().len(), 0);
}

#[test]
fn a_variable_that_looks_like_a_setting_and_is_none_is_warned_of() {
    let site = site();
    let config = config(&site, "");
    let variable = [("CALLSPOOL_BATCHSIZE", "1")];
    let outcome = configured(&site, &config, &variable, &["run"]).expect(0);
    assert!(
        outcome.stderr.contains("CALLSPOOL_BATCHSIZE"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("CALLSPOOL_BATCH_SIZE"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_wrong_value_names_its_setting_where_it_stands_and_what_is_right() {
    let site = site();
    let plain = config(&site, "");
    let from_flag = configured(&site, &plain, &[], &["run", "--settle", "5x"]).expect(2);
    let variable = [("CALLSPOOL_SETTLE", "5x")];
    let from_environment = configured(&site, &plain, &variable, &["run"]).expect(2);
    let from_file = configured(&site, &config(&site, "settle = \"5x\""), &[], &["run"]).expect(2);
    for (outcome, place) in [
        (from_flag, "flag --settle"),
        (from_environment, "CALLSPOOL_SETTLE"),
        (from_file, "config.toml line 4"),
    ] {
        for text in ["--settle", "5x", "90s", place] {
            assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
        }
    }
}

#[test]
fn every_wrong_value_is_code_2_and_a_wrong_one_that_is_overruled_is_not_looked_at() {
    let site = site();
    let plain = config(&site, "");
    for (flag, wrong) in [
        ("--batch-size", "-1"),
        ("--batch-size", "many"),
        ("--max-attempts", "0"),
        ("--breaker", "0"),
        ("--rate", "100"),
        ("--min-throughput", "0"),
        ("--ok-exit", "0"),
        ("--ok-exit", "256"),
        ("--attention", "old"),
        ("--format", "xml"),
        ("--max-backoff", "1s"),
        ("--api-url", "crm.example/api"),
        ("--api-url", "https://crm.example/api?key=1"),
    ] {
        let assignment = format!("{flag}={wrong}");
        let outcome = configured(&site, &plain, &[], &["run", &assignment]).expect(2);
        assert!(outcome.stderr.contains(flag), "{}", outcome.stderr);
    }
    let variable = [("CALLSPOOL_BATCH_SIZE", "many")];
    configured(&site, &plain, &variable, &["run", "--batch-size", "1"]).expect(0);
}

#[test]
fn run_needs_an_api_url_and_what_sends_nothing_does_not() {
    let site = Site::without_api(BINARY);
    let outcome = site.call(["run"]).expect(2);
    for place in ["--api-url", "CALLSPOOL_API_URL", "api_url"] {
        assert!(outcome.stderr.contains(place), "{}", outcome.stderr);
    }
    site.call(["dry-run"]).expect(0);
    site.call(["inspect"]).expect(0);
    site.call(["requeue", "--failed"]).expect(0);
}

#[test]
fn plain_http_is_for_this_machine_only_unless_it_is_allowed() {
    let site = Site::without_api(BINARY);
    let url = "http://crm.example/apis/api/public";
    let outcome = site.call(["run", "--api-url", url]).expect(2);
    assert!(
        outcome.stderr.contains("--allow-http"),
        "{}",
        outcome.stderr
    );
    site.call(["dry-run", "--api-url", url, "--allow-http"])
        .expect(0);
    for own in ["http://localhost:1", "http://127.9.9.9:1", "http://[::1]:1"] {
        site.call(["dry-run", "--api-url", own]).expect(0);
    }
}

#[test]
fn credentials_in_the_api_url_are_refused_and_not_shown() {
    let site = Site::without_api(BINARY);
    let url = "https://user:sesame@crm.example/api";
    let outcome = site.call(["run", "--api-url", url]).expect(2);
    assert!(!outcome.stderr.contains("sesame"), "{}", outcome.stderr);
}

#[test]
fn every_example_in_a_help_text_is_a_command_line_that_is_understood() {
    let site = Site::without_api(BINARY);
    let mut examples = 0;
    for command in [&[][..], &["run"], &["dry-run"], &["inspect"], &["requeue"]] {
        let help = [command, &["--help"]].concat();
        let output = site.bare_command().args(help).output().unwrap();
        let outcome = Outcome::of(output).expect(0);
        assert_eq!(outcome.stderr, "");
        for example in outcome
            .stdout
            .lines()
            .flat_map(|line| line.split('|'))
            .map(str::trim)
            .filter(|part| part.starts_with("callspool ") && !part.contains('<'))
        {
            examples += 1;
            let words = example.split_whitespace();
            let parsed = cli::parse_in(words, &Environment::default(), Path::new("/none"));
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }
    assert!(examples > 12, "{examples}");
}

#[test]
fn version_and_help_are_code_0_and_on_stdout() {
    let site = Site::without_api(BINARY);
    for flag in ["--version", "--help"] {
        let outcome = Outcome::of(site.bare_command().arg(flag).output().unwrap()).expect(0);
        assert!(outcome.stdout.contains("callspool") && outcome.stderr.is_empty());
    }
    Outcome::of(site.bare_command().output().unwrap()).expect(2);
}

#[test]
fn defaults_for_ids_fill_in_what_a_document_lacks() {
    let site = site();
    Session::new("a")
        .edit(|document| document["campaign_metadata"] = serde_json::json!({"egressId": "EG_a"}))
        .write(&site);
    let lines =
        "default_campaign_id = \"c\"\ndefault_voice_agent_id = \"v\"\ndefault_client_id = \"k\"";
    configured(&site, &config(&site, lines), &[], &["run"]).expect(0);
    let call = &site.api().calls()[0].body;
    assert_eq!(
        (&call["campaignId"], &call["voiceAgentId"], &call["client"]),
        (&"c".into(), &"v".into(), &"k".into())
    );
}

#[test]
fn logs_can_be_json_and_say_more_or_less() {
    let site = site_with(&["call-data@a:1:status=500"]);
    write_sessions(&site, &["a"]);
    let outcome = site.call(["run", "--log-format", "json", "-v"]).expect(3);
    let lines: Vec<serde_json::Value> = outcome
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let levels: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["level"].as_str())
        .collect();
    assert!(
        levels.contains(&"debug") && levels.contains(&"error"),
        "{levels:?}"
    );
    let mut command = site.command(["run"]);
    let outcome = Outcome::of(command.env("RUST_LOG", "off").output().unwrap()).expect(3);
    assert_eq!(outcome.stderr, "");
}
