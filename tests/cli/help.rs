//! Every example of every help text can be typed as it stands, and does not fail.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use test_support::{Dir, Outcome, Session, Site, manifest, plain_transcript};

use crate::{BINARY, site, without_campaign};

/// The session and the recording of which the examples speak.
const SESSION: &str = "session_20251029_135057_99509edf";
const EGRESS: &str = "EG_KfWxAFCAvH79";

/// A command and its subcommands, as words to type.
fn commands(command: &clap::Command, before: &[String], all: &mut Vec<Vec<String>>) {
    all.push(before.to_vec());
    for subcommand in command.get_subcommands() {
        let words = [before, &[subcommand.get_name().to_owned()]].concat();
        commands(subcommand, &words, all);
    }
}

/// The lines below `Examples:` that are to be typed; what stands deeper explains them.
fn examples(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Examples:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .map(str::to_owned)
        .collect()
}

/// A spool for an example: with the session that it speaks of, or with what that is adopted from.
fn site_for(example: &str) -> Site {
    let site = site();
    if example.contains("adopt") {
        let old = Duration::from_secs(7200);
        let transcript = plain_transcript(SESSION);
        site.put(
            Dir::Conversations,
            &format!("transcript_{SESSION}.json"),
            transcript,
            old,
        );
        site.put(
            Dir::Recordings,
            &format!("{EGRESS}.json"),
            manifest("x"),
            old,
        );
        site.put(Dir::Recordings, "x.ogg", "sound", old);
    } else {
        Session::new(SESSION).write(&site);
        without_campaign("failing").write(&site);
        site.run(&[]).expect(4);
    }
    let call = json!({
        "session_id": "session_3",
        "items": [{"role": "user", "content": "Hello?"}],
    });
    std::fs::write(site.home().join("call.json"), call.to_string()).unwrap();
    std::fs::write(site.home().join("token"), "a-token").unwrap();
    site.put(
        Dir::Conversations,
        "t.json",
        plain_transcript("session_2"),
        Duration::ZERO,
    );
    site
}

/// Types an example, with the places of this machine instead of the ones in it.
fn typed(site: &Site, example: &str) -> Outcome {
    let home = site.home().to_str().unwrap();
    let line = example
        .replace("/srv/agent", site.root().to_str().unwrap())
        .replace("/var/www/html", home)
        .replace("https://crm.example/apis/api/public", site.api_url())
        .replace("/var/www/html", home)
        .replace("/etc/callspool/token", &format!("{home}/token"));
    // What sudo and jq are asked for is all that is needed of them here.
    let script = format!(
        "set -e\n\
         callspool() {{ '{BINARY}' \"$@\"; }}\n\
         sudo() {{ shift 2; \"$@\"; }}\n\
         jq() {{ sed -n 's/.*\"session_id\":\"\\([^\"]*\\)\".*/\\1/p'; }}\n\
         {line}\n"
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("CALLSPOOL_ROOT", site.root())
        .env("CALLSPOOL_API_URL", site.api_url())
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Outcome::of(output)
}

#[test]
fn every_example_does_what_it_says_on_a_spool() {
    let mut all = Vec::new();
    commands(&callspool::cli::definition(), &[], &mut all);
    let mut count = 0;
    for words in all {
        let help = site().call(words.iter().map(String::as_str).chain(["--help"]));
        let help = help.expect(0).stdout;
        for example in examples(&help) {
            count += 1;
            let site = site_for(&example);
            let outcome = typed(&site, &example);
            assert!(
                [0, 3, 4].contains(&outcome.code),
                "{example}\nends with {}\n{}{}",
                outcome.code,
                outcome.stdout,
                outcome.stderr
            );
        }
    }
    assert!(count > 20, "{count}");
}
