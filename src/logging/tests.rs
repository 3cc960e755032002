use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use log::kv::Source as _;
use log::{Level, LevelFilter, Log, Record};

use super::line::Form;
use super::logger::{Logger, build};
use super::sink::MAX_HELD_LINES;
use super::{LogOptions, init, line, plain_line};
use crate::config::{LogFormat, Verbosity};

/// A place for lines that a test can look at.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines, without their times.
    fn lines(&self) -> Vec<String> {
        self.text()
            .lines()
            .map(|line| {
                let (time, rest) = line.split_once(' ').unwrap();
                let time = time.strip_prefix("time=").unwrap();
                assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
                assert!(time.ends_with('Z'));
                rest.to_owned()
            })
            .collect()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe that nobody reads.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn options(verbosity: Verbosity, filter: Option<&str>) -> LogOptions {
    LogOptions {
        is_colored: false,
        format: LogFormat::Text,
        verbosity,
        filter: filter.map(str::to_owned),
    }
}

fn say(logger: &Logger, level: Level, target: &str, event: &str) {
    logger.log(
        &Record::builder()
            .level(level)
            .target(target)
            .args(format_args!("{event}"))
            .build(),
    );
}

fn levels_shown(options: &LogOptions, target: &str) -> usize {
    let page = Page::default();
    let (logger, _) = build(options, Box::new(page.clone()));
    for level in Level::iter() {
        say(&logger, level, target, "x");
    }
    page.lines().len()
}

#[test]
fn a_record_is_one_line_of_keys_and_values() {
    let page = Page::default();
    let (logger, _) = build(&options(Verbosity::Normal, None), Box::new(page.clone()));
    let values = [
        ("session", log::kv::Value::from("session_1761745857")),
        ("bytes", log::kv::Value::from(1_406_083_u64)),
        ("delta", log::kv::Value::from(-1_i64)),
        ("rate", log::kv::Value::from(0.5_f64)),
        ("whole", log::kv::Value::from(true)),
        ("level", log::kv::Value::from("mine")),
        (
            "file",
            log::kv::Value::from("a\nlevel=error \u{1b}[2J\u{202e}"),
        ),
    ];
    assert_eq!(values.as_slice().count(), values.len());
    logger.log(
        &Record::builder()
            .level(Level::Info)
            .target("callspool::drain")
            .args(format_args!("recording uploaded"))
            .key_values(&values.as_slice())
            .build(),
    );
    say(&logger, Level::Warn, "other::part", "odd\r\nthing");
    insta::assert_snapshot!(page.lines().join("\n"), @r#"level=info event="recording uploaded" session=session_1761745857 bytes=1406083 delta=-1 rate=0.5 whole=true level_=mine file="a\nlevel=error \u{1b}[2J\u{202e}"
level=warn event="odd\r\nthing" target=other::part"#);
}

#[test]
fn only_the_level_is_coloured() {
    let now = chrono::DateTime::from_timestamp(1_763_800_000, 5_000_000).unwrap();
    for (level, expected) in [
        (Level::Error, "level=\u{1b}[1m\u{1b}[31merror\u{1b}[0m"),
        (Level::Warn, "level=\u{1b}[33mwarn\u{1b}[0m"),
        (Level::Info, "level=\u{1b}[32minfo\u{1b}[0m"),
    ] {
        let form = Form {
            format: LogFormat::Text,
            is_colored: true,
        };
        let args = format_args!("up\u{1b}[2Jloaded");
        let record = Record::builder().level(level).args(args).build();
        let line = line::format(form, now, &record);
        let rest = line
            .strip_prefix("time=2025-11-22T08:26:40.005Z ")
            .unwrap()
            .strip_prefix(expected)
            .unwrap();
        assert!(rest.starts_with(r#" event="up\u{1b}[2Jloaded""#), "{rest}");
    }
}

#[test]
fn json_lines_hold_the_same() {
    let values = [
        ("session", log::kv::Value::from("session_1761745857")),
        ("bytes", log::kv::Value::from(1_406_083_u64)),
        ("file", log::kv::Value::from("a\n\u{1b}[2J\u{202e}")),
        ("share", log::kv::Value::from(f64::NAN)),
    ];
    let now = chrono::DateTime::from_timestamp(1_763_800_000, 5_000_000).unwrap();
    let json = line::format(
        // Whatever the terminal can do.
        Form {
            format: LogFormat::Json,
            is_colored: true,
        },
        now,
        &Record::builder()
            .level(Level::Error)
            .target("callspool")
            .args(format_args!("recording \"uploaded\""))
            .key_values(&values.as_slice())
            .build(),
    );
    insta::assert_snapshot!(json, @r#"{"time":"2025-11-22T08:26:40.005Z","level":"error","event":"recording \"uploaded\"","session":"session_1761745857","bytes":1406083,"file":"a\n\u001b[2J\u202e","share":"NaN"}"#);
    assert!(crate::json::RawObject::parse(&json).is_ok());
}

#[test]
fn the_switches_set_the_level_unless_rust_log_does() {
    for (verbosity, shown) in [
        (Verbosity::Normal, 3),
        (Verbosity::Debug, 4),
        (Verbosity::Trace, 5),
    ] {
        assert_eq!(
            levels_shown(&options(verbosity, None), "callspool::drain"),
            shown
        );
        assert_eq!(
            levels_shown(&options(verbosity, Some(" ")), "callspool"),
            shown
        );
        assert_eq!(
            levels_shown(&options(verbosity, Some("error")), "callspool"),
            1
        );
        assert_eq!(
            levels_shown(&options(verbosity, Some("callspool=trace")), "callspool"),
            5
        );
        assert_eq!(
            levels_shown(&options(verbosity, Some("a=b=c")), "callspool"),
            shown
        );
    }
}

#[test]
fn libraries_that_hold_credentials_never_say_more_than_warnings() {
    for filter in [
        None,
        Some("trace"),
        Some("ureq=trace,ureq::pool=trace,rustls=trace"),
    ] {
        for target in [
            "ureq",
            "ureq::pool",
            "ureq_proto::client",
            "rustls::client::hs",
            "rustls",
        ] {
            assert!(
                levels_shown(&options(Verbosity::Trace, filter), target) <= 2,
                "{target}"
            );
        }
    }
    assert_eq!(
        levels_shown(&options(Verbosity::Trace, Some("trace")), "ureq::pool"),
        2
    );
    assert_eq!(levels_shown(&options(Verbosity::Trace, None), "other"), 5);
}

#[test]
fn quiet_runs_that_end_well_print_nothing() {
    let page = Page::default();
    let (logger, handle) = build(&options(Verbosity::Quiet, None), Box::new(page.clone()));
    say(&logger, Level::Warn, "callspool", "one");
    handle.finish(0);
    say(&logger, Level::Error, "callspool", "two");
    assert_eq!(page.text(), "");
}

#[test]
fn quiet_runs_that_end_otherwise_print_what_was_held_back() {
    let page = Page::default();
    let (logger, handle) = build(&options(Verbosity::Quiet, None), Box::new(page.clone()));
    say(&logger, Level::Info, "callspool", "left out");
    say(&logger, Level::Warn, "callspool", "one");
    assert_eq!(page.text(), "");
    handle.clone().finish(3);
    say(&logger, Level::Error, "callspool", "two");
    assert_eq!(
        page.lines(),
        ["level=warn event=one", "level=error event=two"]
    );
    handle.finish(3);
    assert_eq!(page.lines().len(), 2);
}

#[test]
fn what_is_held_back_has_a_bound() {
    for (records, expected) in [
        (MAX_HELD_LINES, None),
        (
            MAX_HELD_LINES + 1,
            Some("level=warn event=\"log lines left out\" lines=1"),
        ),
        (
            MAX_HELD_LINES + 7,
            Some("level=warn event=\"log lines left out\" lines=7"),
        ),
    ] {
        let page = Page::default();
        let (logger, handle) = build(&options(Verbosity::Quiet, None), Box::new(page.clone()));
        for number in 0..records {
            say(&logger, Level::Warn, "callspool", &number.to_string());
        }
        handle.finish(1);
        let lines = page.lines();
        assert_eq!(
            lines.first().map(String::as_str),
            Some("level=warn event=0")
        );
        assert_eq!(lines.get(MAX_HELD_LINES).map(String::as_str), expected);
        assert!(lines.len() <= MAX_HELD_LINES + 1);
    }
}

#[test]
fn a_closed_stderr_stops_nothing() {
    for verbosity in [Verbosity::Normal, Verbosity::Quiet] {
        let (logger, handle) = build(&options(verbosity, None), Box::new(Closed));
        say(&logger, Level::Error, "callspool", "one");
        handle.finish(1);
        say(&logger, Level::Error, "callspool", "two");
        logger.flush();
    }
}

#[test]
fn starting_twice_is_harmless_and_lets_debug_lines_through_nowhere() {
    let quiet = options(Verbosity::Quiet, None);
    let handle = init(&quiet);
    assert_eq!(log::max_level(), LevelFilter::Warn);
    init(&options(Verbosity::Trace, None));
    assert_eq!(log::max_level(), LevelFilter::Warn);
    handle.finish(0);
}

#[test]
fn plain_lines_hold_no_control_characters() {
    assert_eq!(plain_line("a \"b\"\n\u{1b}[2J é"), "a \"b\"\\n\\u{1b}[2J é");
}
