//! From the process's arguments to what the user asked for.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::{CommandFactory, Parser};

use super::arguments::Arguments;
use super::color;
use crate::command::Command;
use crate::config::{self, ConfigError, Environment, Inputs, Settings};
use crate::logging;

/// The exit code of a wrong command line or an unusable configuration.
pub const EXIT_USAGE: u8 = 2;

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Every setting.
    pub settings: Settings,
    /// What to do.
    pub command: Command,
}

/// Why there is nothing to do, or nothing can be done.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// A command line that is wrong, or one that asks for help or the version.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// Settings that cannot be used.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
}

impl From<ConfigError> for ParseError {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

impl ParseError {
    /// 0 after help or the version, else 2.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::CommandLine(error) if !error.use_stderr() => 0,
            _ => EXIT_USAGE,
        }
    }

    /// Prints the help or version to stdout, an error to stderr, and gives the exit code. That
    /// nobody reads it is no failure.
    pub fn report(&self) -> u8 {
        let _ = match self {
            Self::CommandLine(error) => error.print(),
            Self::Config(error) => {
                let line = logging::plain_line(&error.to_string());
                writeln!(io::stderr(), "error: {line}")
            }
        };
        self.exit_code()
    }
}

/// The command line as it is defined: what man pages and completions are made from.
pub fn definition() -> clap::Command {
    Arguments::command()
}

/// Understands the process's arguments, program name first, its environment and its config file.
///
/// # Errors
/// When the command line or a setting is wrong, and when help or the version is asked for.
pub fn parse<I, T>(arguments: I) -> Result<Invocation, ParseError>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let environment = Environment::of_process();
    // Help and complaints come before the settings are known.
    color::choose(color::asked_for(&arguments, &environment));
    let invocation = parse_in(arguments, &environment, Path::new(config::DEFAULT_PATH))?;
    color::choose(invocation.settings.color);
    Ok(invocation)
}

/// [`parse`] with an environment and a default config file of the caller's.
///
/// # Errors
/// As [`parse`].
pub fn parse_in<I, T>(
    arguments: I,
    environment: &Environment,
    default_config: &Path,
) -> Result<Invocation, ParseError>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let arguments = Arguments::try_parse_from(arguments)?;
    let command = arguments.command.understand()?;
    let settings = config::resolve(Inputs {
        flags: arguments.settings.layer,
        config: arguments.config,
        environment,
        default_config,
    })?;
    Ok(Invocation { settings, command })
}
