//! The settings, understood: plain typed data for the rest of the program.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use super::catalog::Setting;
use super::error::ConfigError;
use super::shard::{ArrayIndex, ShardChoice};
use super::source::{RawValue, Source};
use super::value::{self, Rate, ValueError};
use crate::upload::base_url::BaseUrl;
use crate::upload::ping_url::PingUrl;

/// The directories of the spool, joined to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// Pending documents.
    pub metadata: PathBuf,
    /// Documents of what was delivered.
    pub processed: PathBuf,
    /// Documents that need a person.
    pub failed: PathBuf,
    /// Files that are no documents.
    pub corrupt: PathBuf,
    /// Transcripts.
    pub conversations: PathBuf,
    /// Audio files and egress manifests.
    pub recordings: PathBuf,
    /// Lead files.
    pub leads: PathBuf,
    /// Marks of an older uploader.
    pub processed_uploads: PathBuf,
}

/// For how long exit code 4 stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// While something needs a person.
    Standing,
    /// For what this run brought.
    New,
}

/// The form of what goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// When texts are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// At a terminal, unless the environment asks for none.
    Auto,
    /// Wherever they go.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Reads one of the three words.
    ///
    /// # Errors
    /// When the text is none of them.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        value::word(
            text,
            &["auto", "always", "never"],
            &[Self::Auto, Self::Always, Self::Never],
        )
    }
}

/// The form of the log lines on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `key=value`.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether a run shows progress bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Where stderr is a terminal.
    Auto,
    /// Never.
    Never,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Warnings only, and nothing at all printed by a run that ends 0.
    Quiet,
    /// What was done.
    Normal,
    /// Why it was done.
    Debug,
    /// Everything.
    Trace,
}

/// One setting as it goes, for people who ask where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingOrigin {
    /// The setting.
    pub setting: Setting,
    /// Its value as it was written, paths as they are used and a secret URL with its host alone;
    /// `None` when it is not set.
    pub value: Option<OsString>,
    /// Where the value stands.
    pub source: Source,
}

impl SettingOrigin {
    /// The setting's name, with hyphens.
    pub fn name(&self) -> &'static str {
        self.setting.name()
    }
}

/// Every setting. Holds no token.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The spool's root.
    pub root: PathBuf,
    /// The spool's directories.
    pub dirs: Directories,
    /// Whether a run first makes documents for transcripts that none names.
    pub adopt: bool,
    /// The upload API, when it is set; encrypted or on this machine unless `allow_http`.
    pub api_url: Option<BaseUrl>,
    /// The file with the bearer token.
    pub token_file: Option<PathBuf>,
    /// The file with certificates (PEM) to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// How long connecting may take; more than zero.
    pub connect_timeout: Duration,
    /// How long an answer may take; more than zero.
    pub response_timeout: Duration,
    /// The slowest upload put up with, in bytes per second; at least 1.
    pub min_throughput: u64,
    /// Sessions attempted in one run; `None` for no limit.
    pub batch_size: Option<NonZeroU64>,
    /// Sessions worked on at a time.
    pub jobs: usize,
    /// After how long no new session is started.
    pub max_duration: Option<Duration>,
    /// Requests sent at most.
    pub rate: Option<Rate>,
    /// Which shard of the sessions a run takes, as it is written; see [`Settings::shard`].
    pub shard: Option<ShardChoice>,
    /// The number that the job array has given this process.
    pub array_index: ArrayIndex,
    /// The longest Retry-After that a run sits out.
    pub max_wait: Duration,
    /// Failures of the service in a row that end the run; at least 1.
    pub breaker: u32,
    /// How long to wait for the lock.
    pub wait: Duration,
    /// Attempts for each part of a session; at least 1.
    pub max_attempts: u32,
    /// The delay after the first failed attempt.
    pub min_backoff: Duration,
    /// The longest delay between attempts; at least `min_backoff`.
    pub max_backoff: Duration,
    /// How long after its call a recording is waited for.
    pub recording_grace: Duration,
    /// The age below which a file may still be in the making.
    pub settle: Duration,
    /// The campaign of documents that name none.
    pub default_campaign_id: Option<String>,
    /// The voice agent of documents that name none.
    pub default_voice_agent_id: Option<String>,
    /// The client of documents that name none.
    pub default_client_id: Option<String>,
    /// Exit codes to turn into 0, in ascending order; never 0 itself.
    pub ok_exit: Vec<u8>,
    /// For how long exit code 4 stays.
    pub attention: Attention,
    /// The form of the report.
    pub format: Format,
    /// Whether a run shows progress bars.
    pub progress: Progress,
    /// When texts are coloured.
    pub color: Color,
    /// Whether times for people are in the machine's zone.
    pub local_time: bool,
    /// The form of the log.
    pub log_format: LogFormat,
    /// How much is logged.
    pub verbosity: Verbosity,
    /// Where a run writes its figures.
    pub metrics_file: Option<PathBuf>,
    /// Whom a run tells of itself.
    pub ping_url: Option<PingUrl>,
    /// How long that may take; more than zero.
    pub ping_timeout: Duration,
    /// The config file that was read.
    pub config_file: Option<PathBuf>,
    /// What is odd about the settings but no error; to be logged.
    pub warnings: Vec<String>,
    /// Every setting, in the order of the help text, with where it came from.
    pub sources: Vec<SettingOrigin>,
}

impl Settings {
    /// The upload API, for a command that cannot do without.
    ///
    /// # Errors
    /// When it is not set.
    pub fn require_api_url(&self) -> Result<&BaseUrl, ConfigError> {
        self.api_url.as_ref().ok_or(ConfigError::ApiUrlMissing)
    }

    /// Where a setting came from.
    pub fn source(&self, setting: Setting) -> Source {
        self.sources
            .iter()
            .find(|origin| origin.setting == setting)
            .map_or(Source::Default, |origin| origin.source.clone())
    }

    /// Whether a run that ends 0 prints nothing at all.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }
}

impl From<(Setting, Option<RawValue>)> for SettingOrigin {
    fn from((setting, raw): (Setting, Option<RawValue>)) -> Self {
        let (value, source) = match raw {
            Some(raw) => (Some(raw.text), raw.source),
            None => (None, Source::Default),
        };
        Self {
            setting,
            value,
            source,
        }
    }
}
