//! What a person sees at a terminal: widths, colours, times.

use std::time::Duration;

use callspool::report::plain;
use serde_json::json;
use test_support::{Dir, Session, Site, Terminal};

use crate::kinds::{backing_off, write_every_kind};
use crate::lock::run_in_flight;
use crate::tree::tree;
use crate::{site, without_campaign};

const AGENTS_ID: &str = "session_20251029_135057_99509edf";

/// What a person saw, and how the program ended.
struct Screen {
    code: i32,
    text: String,
}

/// At a terminal of so many columns that knows colours.
fn screen(site: &Site, columns: u16, arguments: &[&str]) -> Screen {
    screen_in(site, columns, &[("TERM", "xterm")], arguments)
}

fn screen_in(
    site: &Site,
    columns: u16,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Screen {
    let mut command = site.command(arguments);
    command.envs(environment.iter().copied());
    let (code, text) = Terminal::start_as_told(&mut command, columns).finish();
    Screen { code, text }
}

fn is_colored(text: &str) -> bool {
    text.contains("\u{1b}[")
}

/// Escape sequences as words, to be read in a snapshot; what differs from run to run is replaced.
macro_rules! assert_screen {
    ($site:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        let home = $site.home().to_str().unwrap().replace('.', "\\.");
        settings.add_filter(&home, "[home]");
        settings.add_filter("\u{1b}\\[([0-9;]*)m", "<$1>");
        settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", "[time]");
        settings.add_filter(r"in (\d+[dhms] ?)+", "in [distance]");
        settings.add_filter(
            r"(now|\d+[dhms]( \d+[dhms])? ago)(<0>)? +",
            "[distance] ago$3  ",
        );
        settings.bind(|| insta::assert_snapshot!($text));
    }};
}

/// A spool in which everything has a name of the usual length.
fn usual_site() -> Site {
    let site = site();
    let hour = Duration::from_secs(3600);
    backing_off(AGENTS_ID).age(3 * hour).write(&site);
    without_campaign("session_20251029_140000_0c5c7fd0")
        .age(2 * hour)
        .write(&site);
    Session::new("session_20251029_141500_呼叫📞")
        .age(hour)
        .write(&site);
    Session::new("session_20251029_143000_a170b338")
        .edit(|document| document["status"] = "on_hold".into())
        .age(hour)
        .write(&site);
    std::fs::create_dir(site.dir(Dir::Corrupt)).unwrap();
    site.put(Dir::Corrupt, "metadata_torn.json", "{", hour);
    site
}

#[test]
fn no_line_of_a_view_is_longer_than_the_terminal_where_it_can_be_helped() {
    let site = usual_site();
    for columns in [60, 80, 120] {
        for arguments in [&["inspect"][..], &["inspect", "--summary"], &["dry-run"]] {
            let text = plain(&screen(&site, columns, arguments).text);
            for line in text.lines().filter(|line| !line.contains('$')) {
                let width = unicode_width::UnicodeWidthStr::width(line);
                assert!(width <= columns.into(), "{columns} {arguments:?}: {line}");
            }
            assert!(text.contains(AGENTS_ID), "{text}");
        }
    }
}

#[test]
fn the_spool_at_a_glance() {
    let site = usual_site();
    for columns in [60, 80, 120] {
        let text = plain(&screen(&site, columns, &["inspect"]).text);
        assert_screen!(site, format!("{columns} columns\n{text}"));
    }
}

#[test]
fn a_case_file() {
    let site = usual_site();
    for columns in [60, 120] {
        let text = plain(&screen(&site, columns, &["inspect", "9950"]).text);
        assert_screen!(site, format!("{columns} columns\n{text}"));
    }
}

#[test]
fn colors_as_they_are_written() {
    let site = usual_site();
    let mut text = String::new();
    for arguments in [
        &["inspect"][..],
        &["inspect", AGENTS_ID],
        &["dry-run"],
        &["requeue", "--corrupt", "--dry-run"],
    ] {
        let line = arguments.join(" ");
        text.push_str(&format!(
            "$ callspool {line}\n{}\n",
            screen(&site, 100, arguments).text
        ));
    }
    assert_screen!(site, text);
}

#[test]
fn who_wants_colors_gets_them_and_who_does_not_does_not() {
    let site = usual_site();
    for (environment, arguments, expected) in [
        (&[("TERM", "xterm")][..], &[][..], true),
        (&[("TERM", "dumb")], &[], false),
        (&[], &[], false),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], &[], false),
        (&[("TERM", "xterm"), ("NO_COLOR", "")], &[], true),
        (
            &[("TERM", "xterm"), ("NO_COLOR", "1")],
            &["--color", "always"],
            true,
        ),
        (
            &[("NO_COLOR", "1"), ("CALLSPOOL_COLOR", "always")],
            &[],
            true,
        ),
        (&[("TERM", "xterm")], &["--color=never"], false),
        (
            &[("TERM", "xterm"), ("CALLSPOOL_COLOR", "never")],
            &["--color", "auto"],
            true,
        ),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
    ] {
        for command in ["inspect", "dry-run", "--help"] {
            let arguments = [arguments, &[command]].concat();
            let text = screen_in(&site, 100, environment, &arguments).text;
            assert_eq!(
                is_colored(&text),
                expected,
                "{environment:?} {arguments:?}: {text}"
            );
        }
    }
}

#[test]
fn a_pipe_gets_no_colors_unless_they_are_asked_for() {
    let site = usual_site();
    let text = site.call(["inspect"]).expect(0).stdout;
    assert!(!is_colored(&text), "{text}");
    let forced = site.call(["inspect", "--color", "always"]).expect(0);
    assert_eq!(plain(&forced.stdout), text);
    assert!(is_colored(&forced.stdout), "{}", forced.stdout);
    let mut command = site.command(["inspect"]);
    let output = command.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(is_colored(&String::from_utf8(output.stdout).unwrap()));
    // A config file says what its owner always wants.
    let config = site.home().join("color.toml");
    std::fs::write(&config, "color = \"always\"\n").unwrap();
    let arguments = ["inspect", "--config", config.to_str().unwrap()];
    assert!(is_colored(&site.call(arguments).expect(0).stdout));
}

#[test]
fn json_is_never_colored() {
    let site = usual_site();
    for arguments in [
        &["inspect"][..],
        &["inspect", AGENTS_ID],
        &["inspect", "--summary"],
        &["dry-run"],
        &["requeue", "--failed"],
    ] {
        let arguments = [arguments, &["--format", "json", "--color", "always"]].concat();
        let outcome = site.call(&arguments);
        assert!(!is_colored(&outcome.stdout), "{}", outcome.stdout);
        outcome.json_lines();
    }
}

#[test]
fn log_lines_are_colored_where_stderr_is_a_terminal_and_never_in_json() {
    let site = usual_site();
    let nobody = &["inspect", "nobody-there"];
    let text = screen(&site, 100, nobody).text;
    assert!(
        text.contains("level=\u{1b}[1m\u{1b}[31merror\u{1b}[0m "),
        "{text}"
    );
    let outcome = site.call(nobody).expect(2);
    assert!(
        outcome.stderr.contains("level=error "),
        "{}",
        outcome.stderr
    );
    let json = [&nobody[..], &["--log-format", "json"]].concat();
    assert!(!is_colored(&screen(&site, 100, &json).text));
}

#[test]
fn a_terminal_that_does_not_know_its_size_is_asked_about_by_columns() {
    let site = usual_site();
    let widest = |environment: &[(&str, &str)]| {
        let text = plain(&screen_in(&site, 0, environment, &["inspect"]).text);
        text.lines()
            .filter(|line| !line.contains('$'))
            .map(unicode_width::UnicodeWidthStr::width)
            .max()
            .unwrap()
    };
    let in_100 = widest(&[("COLUMNS", "100")]);
    assert!((81..=100).contains(&in_100), "{in_100}");
    for odd in [&[][..], &[("COLUMNS", "wide")], &[("COLUMNS", "0")]] {
        assert!(widest(odd) <= 80, "{odd:?}");
    }
}

#[test]
fn a_pipe_gets_every_text_whole_whatever_columns_says() {
    let site = usual_site();
    let mut command = site.command(["inspect"]);
    let output = command.env("COLUMNS", "40").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("or set the --default-…-id, and requeue"),
        "{text}"
    );
    let row = text
        .lines()
        .find(|line| line.starts_with(AGENTS_ID))
        .unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words[1..4], ["backoff", "3h", "1+2"], "{row}");
    assert!(words[4].ends_with('Z'), "{row}");
}

#[test]
fn local_times_have_an_offset_and_json_stays_utc() {
    let site = site();
    backing_off("a").write(&site);
    let call = |zone: &str, arguments: &[&str]| {
        let mut command = site.command(arguments);
        let output = command.env("TZ", zone).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // POSIX counts west of Greenwich as positive.
    let zone = "TEST-05:30";
    let began = "2025-10-29T19:20:57+05:30";
    let local = call(zone, &["inspect", "a", "--local-time"]);
    assert!(local.contains(began), "{local}");
    assert!(!local.contains("Z ("), "{local}");
    let utc = call(zone, &["inspect", "a"]);
    assert!(utc.contains("2025-10-29T13:50:57Z"), "{utc}");
    for view in [&["inspect"][..], &["dry-run"]] {
        let text = call(zone, &[view, &["--local-time"]].concat());
        assert!(text.contains("+05:30"), "{text}");
        assert!(!call(zone, view).contains("+05:30"));
    }
    for arguments in [&["inspect", "a"][..], &["inspect"], &["dry-run"]] {
        let arguments = [arguments, &["--local-time", "--format", "json"]].concat();
        let text = call(zone, &arguments);
        assert!(!text.contains("+05:30"), "{text}");
    }
}

#[test]
fn reports_of_a_run_honour_the_zone_and_the_colors() {
    let site = crate::site_with(&["call-data:all:status=500"]);
    Session::new("a").write(&site);
    let mut command = site.command(["run", "--local-time"]);
    command.env("TZ", "TEST+03").env("TERM", "xterm");
    let (_, text) = Terminal::start_as_told(&mut command, 100).finish();
    let retry = text.lines().find(|line| line.contains("next try after"));
    let retry = retry.unwrap_or_else(|| panic!("{text}"));
    assert!(retry.contains("-03:00 (in "), "{retry}");
    assert!(
        retry.contains("\u{1b}[1m\u{1b}[31mserver 500\u{1b}[0m"),
        "{retry}"
    );
    assert!(text.contains("\u{1b}[33mexit code 3\u{1b}[0m"), "{text}");
}

#[test]
fn every_kind_of_session_can_be_seen_at_every_width() {
    let site = site();
    write_every_kind(&site);
    for columns in [1, 10, 39, 40, 79, 200] {
        for arguments in [
            &["inspect"][..],
            &["inspect", "complete", "torn-old", "backing-off"],
            &["inspect", "--state", "pending"],
            &["dry-run"],
        ] {
            let screen = screen(&site, columns, arguments);
            assert!([0, 4].contains(&screen.code), "{}", screen.text);
            assert!(plain(&screen.text).contains("complete"), "{}", screen.text);
        }
    }
}

#[test]
fn a_run_that_is_at_work_is_seen_without_its_lock_being_touched() {
    let mut site = site();
    let runs = |site: &Site| {
        let text = site.call(["inspect"]).expect(0).stdout;
        let line = text.lines().find(|line| line.starts_with("runs "));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(runs(&site).ends_with("none has been here yet"));
    let (gate, running) = run_in_flight(&mut site);
    let before = tree(&site.root());
    let line = runs(&site);
    let pid = running.pid();
    let at_work = format!("process {pid} is at work, since ");
    assert!(line.contains(&at_work), "{line}");
    assert!(line.ends_with(", at a"), "{line}");
    let lines = site.call(["inspect", "--summary", "--format", "json"]);
    let summary = lines.expect(0).report();
    assert_eq!(summary["run"]["pid"], json!(pid));
    assert_eq!(summary["run"]["session_id"], "a");
    assert_eq!(summary["idle_since"], json!(null));
    assert_eq!(tree(&site.root()), before);
    gate.open();
    running.finish().expect(0);
    let line = runs(&site);
    assert!(line.contains("none at work since 20"), "{line}");
}

#[test]
fn a_run_that_was_killed_is_told_of() {
    let mut site = site();
    let (_gate, running) = run_in_flight(&mut site);
    running.signal(rustix::process::Signal::KILL);
    running.finish();
    let text = site.call(["inspect"]).expect(0).stdout;
    assert!(
        text.contains("the last one was killed, or is at work where it cannot be seen"),
        "{text}"
    );
    assert!(text.contains(", at a\n"), "{text}");
}
