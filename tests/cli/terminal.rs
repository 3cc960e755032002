//! Names and texts that would do something to a terminal never reach it raw.

use std::time::Duration;

use test_support::{Dir, Session, Site};

use crate::{site, site_with};

/// What a terminal acts on: a colour, a title, a line of its own, a bell, the other direction, and
/// the single character that opens an escape sequence.
const HOSTILE: &str = "x\u{1b}[31m\u{1b}]0;title\u{7}\nforged level=info\r\u{202e}\u{9b}2J\u{7f}";

/// The program's own outputs hold nothing but text and ends of lines.
#[track_caller]
fn assert_harmless(text: &str) {
    let odd: Vec<char> = text
        .chars()
        .filter(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'))
        .collect();
    assert!(odd.is_empty(), "{odd:?} in {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("forged")),
        "{text:?}"
    );
}

/// A text without the styles that are the program's own; anything else that a terminal acts on stays.
fn without_own_styles(text: &str) -> String {
    let own = ["1", "2", "4", "31", "32", "33", "0"].map(|code| format!("\u{1b}[{code}m"));
    own.iter()
        .fold(text.to_owned(), |text, style| text.replace(style, ""))
}

/// A site with hostile ids, names, statuses and messages in every place where one may stand.
fn hostile_site() -> Site {
    let escaped: String = HOSTILE
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let message =
        format!("call-data:all:status=500;body={{\"success\":false,\"message\":\"{escaped}\"}}");
    let site = site_with(&[&message]);
    let hostile =
        |id: &str| Session::new(id).edit(|document| document["session_id"] = HOSTILE.into());
    hostile("failing").write(&site);
    hostile("failed")
        .edit(|document| document["campaign_metadata"]["campaignId"] = "".into())
        .write(&site);
    hostile("status")
        .edit(|document| document["status"] = HOSTILE.into())
        .write(&site);
    hostile("unsafe")
        .edit(|document| document["files"]["conversation"] = format!("../{HOSTILE}").into())
        .write(&site);
    hostile("manifest")
        .manifest(format!(
            "{{\"egress_id\":\"EG_x\",\"status\":\"EGRESS_FAILED\",\"error\":\"{escaped}\"}}"
        ))
        .write(&site);
    let old = Duration::from_secs(3600);
    site.put(
        Dir::Pending,
        &format!("metadata_{HOSTILE}.json"),
        "torn",
        old,
    );
    site
}

#[test]
fn whatever_stands_in_the_spool() {
    let site = hostile_site();
    let every_view = |site: &Site| {
        for arguments in [
            &["dry-run"][..],
            &["dry-run", "--format", "json"],
            &["inspect"],
            &["inspect", "--format", "json"],
            &["inspect", HOSTILE],
            &["inspect", HOSTILE, "--format", "json"],
            &["inspect", "--state", "failed"],
            &["inspect", "--state", "corrupt"],
            &["inspect", "--summary"],
            &["requeue", HOSTILE, "--dry-run"],
            &["requeue", HOSTILE, "--dry-run", "--format", "json"],
        ] {
            let outcome = site.call(arguments);
            assert!(!outcome.stdout.is_empty(), "{arguments:?}");
            assert_harmless(&outcome.stdout);
            assert_harmless(&outcome.stderr);
            // Where colours are, foreign sequences must be taken out too, not only for a pipe.
            let colored = site.call(arguments.iter().chain(&["--color", "always"]));
            assert_harmless(&without_own_styles(&colored.stdout));
            assert_harmless(&without_own_styles(&colored.stderr));
            assert_eq!(colored.code, outcome.code);
        }
    };
    every_view(&site);
    for arguments in [
        &["run", "-vv"][..],
        &["run", "--format", "json", "--log-format", "json"],
    ] {
        let outcome = site.call(arguments).expect(4);
        assert_harmless(&outcome.stdout);
        assert_harmless(&outcome.stderr);
    }
    every_view(&site);
    assert_harmless(&site.call(["requeue", "--failed"]).expect(0).stdout);
}

#[test]
fn whatever_stands_on_the_command_line() {
    let site = site();
    for arguments in [
        &["inspect", HOSTILE][..],
        &["requeue", HOSTILE],
        &["run", "--settle", HOSTILE],
        &["run", "--root", HOSTILE],
        &["run", "--config", HOSTILE],
        &["run", "--token-file", HOSTILE],
        &["run", "--api-url", HOSTILE],
    ] {
        let outcome = site.call(arguments);
        assert_ne!(outcome.code, 0, "{arguments:?}");
        assert_ne!(outcome.code, 1, "{arguments:?}");
        assert_harmless(&outcome.stdout);
        assert_harmless(&outcome.stderr);
    }
}
