//! The flags of the settings, made from the catalogue. Their values stay raw here.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, value_parser};

use crate::config::catalog::{Kind, Setting};
use crate::config::{Layer, RawValue, Source};

/// The settings that were given as flags.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingFlags {
    pub(super) layer: Layer,
}

fn flag(setting: Setting) -> Arg {
    let spec = setting.spec();
    let arg = Arg::new(spec.name)
        .long(spec.name)
        .help(setting.help())
        .help_heading(spec.heading.as_str())
        .global(true);
    match setting {
        Setting::Quiet => arg
            .short('q')
            .action(ArgAction::SetTrue)
            .conflicts_with(Setting::Verbose.name()),
        Setting::Verbose => arg.short('v').action(ArgAction::Count),
        _ if spec.kind == Kind::Boolean => arg
            .value_name(spec.value_name)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(value_parser!(OsString)),
        _ => arg
            .value_name(spec.value_name)
            .value_parser(value_parser!(OsString)),
    }
}

fn given(setting: Setting, matches: &ArgMatches) -> Option<OsString> {
    let name = setting.name();
    if matches.value_source(name) != Some(ValueSource::CommandLine) {
        return None;
    }
    match setting {
        Setting::Quiet => Some(matches.get_flag(name).to_string().into()),
        Setting::Verbose => Some(matches.get_count(name).to_string().into()),
        _ => matches.get_one::<OsString>(name).cloned(),
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in Setting::ALL {
            if let Some(text) = given(*setting, matches) {
                let source = Source::Flag(setting.name());
                self.layer.set(*setting, RawValue { text, source });
            }
        }
        // Given before and after the command, the two escape the parser's own check.
        if self.layer.get(Setting::Quiet).is_some() && self.layer.get(Setting::Verbose).is_some() {
            return Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "the argument '--quiet' cannot be used with '--verbose'",
            ));
        }
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(Setting::ALL.iter().copied().map(flag))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}
