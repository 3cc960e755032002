//! Why the settings cannot be used. Each one is the user's to mend: exit code 2.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalog::Setting;
use super::shard::ShardProblem;
use super::source::Source;
use super::value::{ValueError, quoted};
use crate::upload::token::TokenError;

/// Why the settings cannot be used. No text holds a token.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that its setting, or option, does not take.
    #[error("--{name}: {problem} (from {origin})")]
    Value {
        /// The setting's or option's name, with hyphens.
        name: &'static str,
        /// What is wrong with the value.
        problem: Box<ValueError>,
        /// Where it stands.
        origin: Source,
    },
    /// Two settings of one place that contradict each other.
    #[error("--quiet (from {quiet}) and --verbose (from {verbose}) exclude each other; keep one")]
    QuietAndVerbose {
        /// Where quiet stands.
        quiet: Source,
        /// Where verbose stands.
        verbose: Source,
    },
    /// The longest backoff is shorter than the shortest.
    #[error(
        "--max-backoff: {} (from {max_origin}) is less than --min-backoff, {} (from \
         {min_origin}); make it at least as long",
        quoted(.max), quoted(.min)
    )]
    Backoff {
        /// What `--min-backoff` is.
        min: String,
        /// Where that stands.
        min_origin: Source,
        /// What `--max-backoff` is.
        max: String,
        /// Where that stands.
        max_origin: Source,
    },
    /// Two states in one directory.
    #[error(
        "--{first} and --{second} are both {}; each state needs a directory of its own",
        .path.display()
    )]
    SameDirectory {
        /// One setting.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The directory.
        path: PathBuf,
    },
    /// `run` does not know where to send to.
    #[error(
        "--api-url is missing; give it as a flag, as {} or as {} in the config file",
        Setting::ApiUrl.env_name(), Setting::ApiUrl.config_key()
    )]
    ApiUrlMissing,
    /// Which shard is meant cannot be told.
    #[error("--shard (from {origin}): {problem}")]
    Shard {
        /// Why not.
        problem: ShardProblem,
        /// Where the setting stands.
        origin: Source,
    },
    /// The config file cannot be read.
    #[error(
        "cannot read the config file {}: {cause}; mend that, or name another with --config",
        .path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The config file is no config file by its size.
    #[error(
        "the config file {} is over 1 MiB; is it the right one? (--config names it)",
        .path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The config file is not TOML.
    #[error("{} line {line}: {problem}; the file has to be TOML, key = value", .path.display())]
    Syntax {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// What the parser said, which quotes nothing of the file.
        problem: String,
    },
    /// A key that is no setting.
    #[error("{} line {line}: {} is no setting{}", .path.display(), quoted(.key), did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A table, or a key inside one.
    #[error(
        "{} line {line}: {} is in a table, and there are no tables in this file; write its keys \
         at the top{}",
        .path.display(), quoted(.key), did_you_mean(.nearest.as_deref())
    )]
    Table {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The table and the key, with a dot between.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A value of the wrong TOML type.
    #[error("{} line {line}: {key} takes {expected}, not {found}; write {key} = {example}", .path.display())]
    WrongType {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The type it takes.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
        /// A value as it should be written.
        example: &'static str,
    },
    /// The token itself in a config file.
    #[error(
        "{} line {line}: the token does not belong in a config file, which many may read; put it \
         into a file of its own and write token_file = \"FILE\"",
        .path.display()
    )]
    TokenInFile {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
    },
    /// The file with trust anchors cannot be read.
    #[error("cannot read the --ca-file {} (from {origin}): {cause}", .path.display())]
    CaRead {
        /// The file.
        path: PathBuf,
        /// Who named it.
        origin: Source,
        /// What the system said.
        cause: io::Error,
    },
    /// The token file cannot be read.
    #[error("cannot read the token file {} (from {origin}): {cause}", .path.display())]
    TokenRead {
        /// The file.
        path: PathBuf,
        /// Who named it.
        origin: Source,
        /// What the system said.
        cause: io::Error,
    },
    /// What stands there is no token.
    #[error("the token in {place} cannot be used: {problem}")]
    Token {
        /// The file or variable.
        place: String,
        /// What is wrong with it.
        problem: TokenError,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|nearest| format!("; did you mean {nearest}?"))
        .unwrap_or_default()
}
