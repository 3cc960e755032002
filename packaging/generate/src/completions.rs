//! Completions for bash, zsh and fish, with the values that options take.

use std::io;
use std::path::Path;

use callspool::config::catalog::{Kind, Setting};
use callspool::outcome::FailureKind;
use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::Shell;

use crate::Generated;

/// A file for each shell, below `completions/`.
///
/// # Errors
/// When one is not UTF-8, which would be a bug of the generator.
pub fn completions() -> io::Result<Vec<Generated>> {
    [
        (Shell::Bash, "callspool.bash"),
        (Shell::Zsh, "_callspool"),
        (Shell::Fish, "callspool.fish"),
    ]
    .into_iter()
    .map(|(shell, name)| {
        let mut text = Vec::new();
        let mut command =
            with_values(callspool::cli::definition()).mut_subcommand("schema", |schema| {
                schema.mut_arg("name", |name| {
                    name.value_parser(one_of(callspool::command::schema_names()))
                })
            });
        clap_complete::generate(shell, &mut command, "callspool", &mut text);
        Ok(Generated {
            path: Path::new("completions").join(name),
            text: String::from_utf8(text)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
        })
    })
    .collect()
}

/// The program takes values as text and understands them later; a shell is told here what they
/// may be.
fn with_values(command: Command) -> Command {
    command.mut_args(with_value).mut_subcommands(with_values)
}

fn with_value(arg: Arg) -> Arg {
    if !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) {
        return arg;
    }
    let name = arg.get_id().as_str().to_owned();
    if let Some(setting) = Setting::from_config_key(&name.replace('-', "_")) {
        return of_setting(arg, setting);
    }
    match name.as_str() {
        "config" => arg.value_hint(ValueHint::FilePath),
        "error" => arg.value_parser(one_of(FailureKind::ALL.map(FailureKind::as_str))),
        // Those that are closed have their values already.
        _ if arg.get_possible_values().is_empty() => arg.value_hint(ValueHint::Other),
        _ => arg,
    }
}

fn of_setting(arg: Arg, setting: Setting) -> Arg {
    let spec = setting.spec();
    match spec.kind {
        Kind::Path if spec.value_name == "FILE" => arg.value_hint(ValueHint::FilePath),
        Kind::Path | Kind::SpoolDirectory => arg.value_hint(ValueHint::DirPath),
        Kind::Boolean => arg.value_parser(one_of(["true", "false"])),
        Kind::Text if spec.value_name.contains('|') => {
            arg.value_parser(one_of(spec.value_name.split('|')))
        }
        Kind::Text if spec.value_name == "URL" => arg.value_hint(ValueHint::Url),
        _ => arg.value_hint(ValueHint::Other),
    }
}

/// One of these; what goes by another's name once.
fn one_of(names: impl IntoIterator<Item = &'static str>) -> ValueParser {
    let mut values: Vec<&str> = Vec::new();
    for name in names {
        if !values.contains(&name) {
            values.push(name);
        }
    }
    PossibleValuesParser::new(values).into()
}
