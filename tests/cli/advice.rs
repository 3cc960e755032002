//! What people are told to type works as it stands.

use std::process::Command;

use serde_json::Value;
use test_support::{Dir, Outcome, Session, Site};

use crate::kinds::write_every_kind;
use crate::{BINARY, site, site_with};

/// Every case file of a spool, as JSON.
fn cases(site: &Site) -> Vec<Value> {
    let mut ids = Vec::new();
    for state in ["pending", "failed", "corrupt", "processed"] {
        let lines = site.call(["inspect", "--format", "json", "--state", state]);
        for line in lines.expect(0).json_lines() {
            ids.push(line["session_id"].as_str().unwrap().to_owned());
        }
    }
    let mut arguments = vec!["inspect", "--format", "json", "--"];
    arguments.extend(ids.iter().map(String::as_str));
    site.call(arguments).expect(0).json_lines()
}

/// Types a command into a shell that knows nothing of the site.
fn typed(command: &str) -> Outcome {
    let script = format!("callspool() {{ '{BINARY}' \"$@\"; }}\n{command}\n");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env_clear();
    shell.env("PATH", "/usr/bin:/bin").current_dir("/");
    Outcome::of(shell.output().unwrap())
}

/// The commands of a case's advice.
fn commands(case: &Value) -> Vec<&str> {
    let advice = case["advice"].as_array().unwrap();
    assert!(!advice.is_empty(), "{case}");
    advice
        .iter()
        .filter_map(|advice| advice["command"].as_str())
        .collect()
}

#[test]
fn every_command_works_in_every_state_on_the_same_spool() {
    let site = site();
    write_every_kind(&site);
    let mut count = 0;
    for _ in 0..2 {
        for case in cases(&site) {
            for command in commands(&case) {
                let outcome = typed(&format!("{command} --dry-run")).expect(0);
                assert!(
                    outcome.stdout.contains("would be requeued"),
                    "{command}\n{}",
                    outcome.stdout
                );
                count += 1;
            }
        }
        site.run(&[]).expect(4);
    }
    assert!(count > 10, "{count}");
}

#[test]
fn every_command_below_a_listing_works() {
    let site = site();
    let mut commands = std::collections::BTreeSet::new();
    let mut collect = |site: &Site, arguments: &[&str]| {
        let text = site.call(arguments).expect(0).stdout;
        let lines = text.lines().filter_map(|line| line.split_once("$ "));
        commands.extend(lines.map(|(_, command)| command.to_owned()));
    };
    collect(&site, &["inspect"]);
    write_every_kind(&site);
    collect(&site, &["inspect"]);
    site.run(&[]).expect(4);
    collect(&site, &["inspect"]);
    for state in ["failed", "corrupt", "partial", "backoff", "processed"] {
        collect(&site, &["inspect", "--state", state]);
    }
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        typed(&command).expect(0);
    }
}

#[test]
fn names_that_a_shell_would_take_apart_are_quoted() {
    let site = site();
    for id in ["it's $HOME `x` \"y\"", "-x", "a b;c", "\u{1b}[31m"] {
        let mut session = Session::new("odd").edit(|document| {
            document["session_id"] = id.into();
            document["campaign_metadata"]["campaignId"] = "".into();
        });
        session = session.edit(|document| document["status"] = "failed".into());
        session.write(&site);
        site.run(&[]).expect(4);
        let case = &cases(&site)[0];
        assert_eq!(case["state"], "failed", "{case}");
        let put_back = commands(case)[0].to_owned();
        typed(&put_back).expect(0);
        assert_eq!(site.place("odd"), Dir::Pending, "{put_back}");
        std::fs::remove_file(site.dir(Dir::Pending).join("metadata_odd.json")).unwrap();
    }
}

#[test]
fn doing_as_told_delivers() {
    let site = site_with(&["call-data:1:status=422;body={\"success\":false,\"message\":\"no\"}"]);
    Session::new("a").never_recorded().write(&site);
    site.run(&[]).expect(4);
    let case = &cases(&site)[0];
    assert!(
        case["advice"][0]["what"]
            .as_str()
            .unwrap()
            .contains("mend what the API complains of"),
        "{case}"
    );
    typed(commands(case)[0]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let case = &cases(&site)[0];
    let again = commands(case)[0];
    assert!(again.ends_with(" requeue --part all --force a"), "{again}");
}

#[test]
fn the_spool_that_is_meant_is_named_as_it_was() {
    let site = site();
    crate::without_campaign("a").write(&site);
    let pending = site.root().join("elsewhere");
    std::fs::rename(site.dir(Dir::Pending), &pending).unwrap();
    let config = site.home().join("my config.toml");
    let root = site.root();
    std::fs::write(&config, format!("root = \"{}\"\n", root.display())).unwrap();
    let mut command = site.bare_command();
    command.args([
        "inspect",
        "--format",
        "json",
        "--metadata-dir",
        "elsewhere",
        "a",
        "--config",
    ]);
    let output = command.arg(&config).output().unwrap();
    let case = &Outcome::of(output).expect(0).json_lines()[0];
    // Nothing is to be put back yet; the command of its listing says how it is called.
    assert_eq!(case["state"], "due", "{case}");
    let mut command = site.bare_command();
    command.args(["inspect", "--metadata-dir", "elsewhere", "--config"]);
    let text = Outcome::of(command.arg(&config).output().unwrap())
        .expect(0)
        .stdout;
    let line = text
        .lines()
        .find_map(|line| line.split_once("$ "))
        .unwrap()
        .1;
    let outcome = typed(line).expect(0);
    assert!(
        outcome.stdout.starts_with("a  due"),
        "{line}\n{}",
        outcome.stdout
    );
}
