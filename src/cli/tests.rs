use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::CommandFactory;

use super::arguments::Arguments;
use super::*;
use crate::adoption::{ByHand, Chosen};
use crate::command::{
    Adopt, Check, Command, Inspect, PartChoice, Prune, PruneSet, Record, Requeue, RequeueSet,
    Selection, StateFilter,
};
use crate::config::catalog::Setting;
use crate::config::{Environment, Source, Verbosity};
use crate::plan::Retention;

fn parsed(arguments: &str) -> Result<Invocation, ParseError> {
    let arguments = std::iter::once("callspool").chain(arguments.split_whitespace());
    parse_in(
        arguments,
        &Environment::default(),
        Path::new("/nonexistent/config.toml"),
    )
}

fn command(arguments: &str) -> Command {
    parsed(arguments).unwrap().command
}

/// The exit code and the text of what is refused, help and version included.
fn refused(arguments: &str) -> (u8, String) {
    let error = parsed(arguments).unwrap_err();
    (error.exit_code(), error.to_string())
}

#[test]
fn the_parser_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn the_flags_are_the_catalogues() {
    let root = Arguments::command();
    let mut flags: Vec<String> = root
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .filter(|name| !["config", "help", "version"].contains(name))
        .map(str::to_owned)
        .collect();
    let mut catalogued: Vec<String> = Setting::ALL
        .iter()
        .map(|setting| setting.name().to_owned())
        .collect();
    flags.sort_unstable();
    catalogued.sort_unstable();
    assert_eq!(flags, catalogued);
    let help = Arguments::command().render_long_help().to_string();
    for setting in Setting::ALL {
        assert!(help.contains(&format!("[env: {}]", setting.env_name())));
        let argument = root
            .get_arguments()
            .find(|argument| argument.get_id() == setting.name());
        assert!(argument.is_some_and(clap::Arg::is_global_set));
    }
}

#[test]
fn settings_are_taken_before_and_after_the_command() {
    for arguments in [
        "--settle 5s run",
        "run --settle 5s",
        "--settle 9s run --settle 5s",
    ] {
        let settings = parsed(arguments).unwrap().settings;
        assert_eq!(settings.settle, Duration::from_secs(5), "{arguments}");
        assert_eq!(settings.source(Setting::Settle), Source::Flag("settle"));
    }
    for (arguments, expected) in [
        ("run", Verbosity::Normal),
        ("run -q", Verbosity::Quiet),
        ("--quiet run", Verbosity::Quiet),
        ("-v run", Verbosity::Debug),
        ("run -vv", Verbosity::Trace),
        ("run -v -v -v", Verbosity::Trace),
    ] {
        assert_eq!(
            parsed(arguments).unwrap().settings.verbosity,
            expected,
            "{arguments}"
        );
    }
    for (arguments, expected) in [
        ("run", false),
        ("run --allow-http", true),
        ("--allow-http run", true),
        ("run --allow-http=no", false),
    ] {
        assert_eq!(
            parsed(arguments).unwrap().settings.allow_http,
            expected,
            "{arguments}"
        );
    }
}

#[test]
fn commands_are_understood() {
    assert_eq!(command("run"), Command::Run);
    assert_eq!(command("dry-run"), Command::DryRun);
    assert_eq!(command("record"), Command::Record(Record::Session));
    assert_eq!(command("record lead"), Command::Record(Record::Lead));
    assert_eq!(command("schema"), Command::Schema(None));
    assert_eq!(
        command("schema record"),
        Command::Schema(Some("record".to_owned()))
    );
    for (arguments, expected) in [
        ("inspect", Inspect::Overview),
        ("inspect --summary", Inspect::Summary),
        (
            "inspect --state partial",
            Inspect::State(StateFilter::Partial),
        ),
        (
            "inspect a b",
            Inspect::Sessions(vec!["a".to_owned(), "b".to_owned()]),
        ),
        (
            "inspect --check",
            Inspect::Check {
                max_age: Duration::from_secs(3600),
                max_pending: 1000,
            },
        ),
        (
            "inspect --check --max-age 2d --max-pending 0",
            Inspect::Check {
                max_age: Duration::from_secs(172_800),
                max_pending: 0,
            },
        ),
    ] {
        assert_eq!(
            command(arguments),
            Command::Inspect(expected),
            "{arguments}"
        );
    }
}

#[test]
fn prune_is_understood() {
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    let retention = |older_than, keep| PruneSet::Retention(Retention { older_than, keep });
    let sessions =
        |ids: &[&str]| PruneSet::Sessions(ids.iter().map(|id| (*id).to_owned()).collect());
    for (arguments, set, with_files, partial, dry_run) in [
        (
            "--older-than 90d",
            retention(days(90), None),
            false,
            false,
            false,
        ),
        (
            "--keep 0 --dry-run",
            retention(None, Some(0)),
            false,
            false,
            true,
        ),
        (
            "--older-than 1d --keep 5 --with-files",
            retention(days(1), Some(5)),
            true,
            false,
            false,
        ),
        (
            "--session a --session b",
            sessions(&["a", "b"]),
            false,
            false,
            false,
        ),
        (
            "--session a --partial",
            sessions(&["a"]),
            false,
            true,
            false,
        ),
    ] {
        let expected = Command::Prune(Prune {
            set,
            with_files,
            partial,
            dry_run,
        });
        assert_eq!(
            command(&format!("prune {arguments}")),
            expected,
            "{arguments}"
        );
    }
    for offline in [false, true] {
        let flag = if offline { " --offline" } else { "" };
        let expected = Command::Check(Check { offline });
        assert_eq!(command(&format!("check{flag}")), expected);
    }
}

#[test]
fn requeue_is_understood() {
    let requeue = |arguments: &str| match command(arguments) {
        Command::Requeue(requeue) => requeue,
        other => panic!("{other:?}"),
    };
    let all = |set, since, error| Selection::All { set, since, error };
    assert_eq!(
        requeue("requeue a - --part call-data --force --dry-run"),
        Requeue {
            selection: Selection::Sessions(vec!["a".to_owned(), "-".to_owned()]),
            part: Some(PartChoice::CallData),
            force: true,
            ask_first: false,
            dry_run: true,
        }
    );
    for (arguments, expected) in [
        ("requeue --failed", all(RequeueSet::Failed, None, None)),
        ("requeue --partial", all(RequeueSet::Partial, None, None)),
        ("requeue --corrupt", all(RequeueSet::Corrupt, None, None)),
        (
            "requeue --all-processed",
            all(RequeueSet::Processed, None, None),
        ),
        (
            "requeue --failed --since 90s --error missing-transcript",
            all(
                RequeueSet::Failed,
                Some(Duration::from_secs(90)),
                Some("missing_transcript"),
            ),
        ),
    ] {
        let requeue = requeue(arguments);
        assert_eq!(requeue.selection, expected, "{arguments}");
        assert_eq!(
            (requeue.part, requeue.force, requeue.dry_run),
            (None, false, false)
        );
    }
}

#[test]
fn adopt_is_understood() {
    let adopt = |arguments: &str| match command(arguments) {
        Command::Adopt(adopt) => adopt,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        adopt("adopt --dry-run"),
        Adopt {
            by_hand: None,
            dry_run: true,
        }
    );
    let file = |name: &str| Chosen::File(name.to_owned());
    for (arguments, recording, lead, transcript) in [
        ("--recording x", file("x"), None, None),
        (
            "--no-recording --no-lead",
            Chosen::Nothing,
            Some(Chosen::Nothing),
            None,
        ),
        (
            "--recording x --lead y --transcript z",
            file("x"),
            Some(file("y")),
            Some("z".to_owned()),
        ),
    ] {
        let by_hand = ByHand {
            session: "a".to_owned(),
            transcript,
            recording,
            lead,
        };
        assert_eq!(
            adopt(&format!("adopt --session a {arguments}")),
            Adopt {
                by_hand: Some(by_hand),
                dry_run: false,
            }
        );
    }
    assert!(parsed("run --adopt").unwrap().settings.adopt);
    assert!(!parsed("run").unwrap().settings.adopt);
}

#[test]
fn what_is_refused_is_exit_code_2() {
    let report: Vec<String> = [
        "",
        "sprint",
        "run --setle 5s",
        "run --settle",
        "run --settle 5x",
        "run --settle 5s --settle 6s",
        "run --token hush",
        "run --token=hush",
        "run extra",
        "run -q -v",
        "-q run -v",
        "-v run -q",
        "inspect a --state failed",
        "inspect a --summary",
        "inspect a --check",
        "inspect --summary --check",
        "inspect --summary --state failed",
        "inspect --state lost",
        "inspect --max-age 1h",
        "inspect --max-pending 1",
        "inspect --check --max-age 1x",
        "inspect --check --max-pending -1",
        "inspect --check --max-pending=x",
        "requeue",
        "requeue a --failed",
        "requeue --failed --partial",
        "requeue a --since 1d",
        "requeue a --error server",
        "requeue --failed --error servr",
        "requeue --failed --error xyzzy",
        "requeue a --part both",
        "adopt a",
        "adopt --session a",
        "adopt --recording x",
        "adopt --session a --recording x --no-recording",
        "adopt --session a --recording x --lead y --no-lead",
        "adopt --transcript x",
        "prune",
        "prune --with-files",
        "prune --older-than 1",
        "prune --keep -1",
        "prune --session a --older-than 1d",
        "prune --session a --keep 1",
        "prune --older-than 1d --partial",
        "prune --keep 1 --partial",
        "prune a",
        "check a",
        "run --config /nonexistent/callspool.toml",
    ]
    .iter()
    .map(|arguments| {
        let (code, text) = refused(arguments);
        assert_eq!(code, EXIT_USAGE, "{arguments}");
        assert!(!text.contains("hush"), "{text}");
        // Of help, which an empty command line gets, the start is enough.
        let text = if arguments.is_empty() {
            text.lines().next().unwrap()
        } else {
            &text
        };
        format!("$ callspool {arguments}\n{}", text.trim_end())
    })
    .collect();
    insta::assert_snapshot!(report.join("\n\n"));
}

#[test]
fn help_and_version_are_exit_code_0() {
    let (code, version) = refused("--version");
    assert_eq!(
        (code, version.as_str()),
        (0, concat!("callspool ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    for (name, arguments) in [
        ("help", "--help"),
        ("help_run", "run --help"),
        ("help_dry_run", "dry-run --help"),
        ("help_inspect", "inspect --help"),
        ("help_requeue", "requeue --help"),
        ("help_record", "record --help"),
        ("help_record_lead", "record lead --help"),
        ("help_schema", "schema --help"),
        ("help_adopt", "adopt --help"),
        ("help_check", "check --help"),
        ("help_prune", "prune --help"),
    ] {
        let (code, text) = refused(arguments);
        assert_eq!(code, 0, "{arguments}");
        insta::assert_snapshot!(name, text);
        assert_eq!(refused(&arguments.replace("--help", "-h")), (0, text));
    }
}

#[test]
fn help_needs_no_usable_configuration() {
    let environment: Environment = [("CALLSPOOL_SETTLE", "5x")].into_iter().collect();
    let arguments = |last: &str| [OsString::from("callspool"), OsString::from(last)];
    let code = |last| {
        let error = parse_in(
            arguments(last),
            &environment,
            Path::new("/nonexistent/config.toml"),
        );
        error.unwrap_err().exit_code()
    };
    assert_eq!(code("--help"), 0);
    assert_eq!(code("run"), 2);
}
