//! From raw values to settings: the one place where precedence and relative paths are decided.

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::catalog::{Kind, Setting};
use super::environment::{CONFIG_VARIABLE, Environment};
use super::error::ConfigError;
use super::file;
use super::layer::{Layer, Layers};
use super::settings::{
    Attention, Color, Directories, Format, LogFormat, Progress, SettingOrigin, Settings, Verbosity,
};
use super::shard::ArrayIndex;
use super::source::{RawValue, Source};
use super::value::{self, ValueError};
use crate::upload::base_url::BaseUrl;
use crate::upload::ping_url::PingUrl;

/// All that settings are made from.
pub struct Inputs<'a> {
    /// The settings among the flags.
    pub flags: Layer,
    /// The value of `--config`.
    pub config: Option<PathBuf>,
    /// The environment.
    pub environment: &'a Environment,
    /// Where the config file is looked for when none is named.
    pub default_config: &'a Path,
}

/// Finds the value of every setting: flag, environment, config file, default.
///
/// # Errors
/// When the config file is unusable, or a value is not one that its setting takes.
pub fn resolve(inputs: Inputs<'_>) -> Result<Settings, ConfigError> {
    let (config_file, file) = read_file(&inputs)?;
    let layers = Layers {
        flags: inputs.flags,
        environment: inputs.environment.layer(),
        file,
    };
    let mut settings = Resolver { layers: &layers }.settings()?;
    settings.config_file = config_file;
    settings.array_index = ArrayIndex::of(inputs.environment);
    settings.warnings = inputs.environment.warnings();
    Ok(settings)
}

fn read_file(inputs: &Inputs<'_>) -> Result<(Option<PathBuf>, Layer), ConfigError> {
    let from_environment = || inputs.environment.get(CONFIG_VARIABLE).map(PathBuf::from);
    if let Some(path) = inputs.config.clone().or_else(from_environment) {
        let layer = file::read(&path)?;
        return Ok((Some(path), layer));
    }
    Ok(match file::read_if_there(inputs.default_config)? {
        Some(layer) => (Some(inputs.default_config.to_owned()), layer),
        None => (None, Layer::default()),
    })
}

/// An error about a value.
pub(crate) fn value_error(name: &'static str, problem: ValueError, origin: Source) -> ConfigError {
    ConfigError::Value {
        name,
        problem: Box::new(problem),
        origin,
    }
}

struct Resolver<'a> {
    layers: &'a Layers,
}

impl Resolver<'_> {
    fn settings(&self) -> Result<Settings, ConfigError> {
        let root = self.root()?;
        let dirs = self.directories(&root)?;
        let (min_backoff, max_backoff) = self.backoff()?;
        let allow_http = self.needed(Setting::AllowHttp, value::boolean)?;
        Ok(Settings {
            adopt: self.needed(Setting::Adopt, value::boolean)?,
            api_url: self.api_url(allow_http)?,
            token_file: self.file(Setting::TokenFile, &root)?,
            ca_file: self.file(Setting::CaFile, &root)?,
            allow_http,
            connect_timeout: self.needed(Setting::ConnectTimeout, value::positive_duration)?,
            response_timeout: self.needed(Setting::ResponseTimeout, value::positive_duration)?,
            min_throughput: self.needed(Setting::MinThroughput, value::throughput)?,
            batch_size: self.needed(Setting::BatchSize, batch_size)?,
            jobs: self.needed(Setting::Jobs, value::jobs)?,
            max_duration: self.optional(Setting::MaxDuration, value::duration)?,
            rate: self.optional(Setting::Rate, value::rate)?,
            shard: self.optional(Setting::Shard, value::shard)?,
            array_index: ArrayIndex::default(),
            max_wait: self.needed(Setting::MaxWait, value::duration)?,
            breaker: self.needed(Setting::Breaker, value::positive_count)?,
            wait: self.needed(Setting::Wait, value::duration)?,
            max_attempts: self.needed(Setting::MaxAttempts, value::positive_count)?,
            min_backoff,
            max_backoff,
            recording_grace: self.needed(Setting::RecordingGrace, value::duration)?,
            settle: self.needed(Setting::Settle, value::duration)?,
            default_campaign_id: self.optional(Setting::DefaultCampaignId, value::identifier)?,
            default_voice_agent_id: self
                .optional(Setting::DefaultVoiceAgentId, value::identifier)?,
            default_client_id: self.optional(Setting::DefaultClientId, value::identifier)?,
            ok_exit: self
                .optional(Setting::OkExit, value::exit_codes)?
                .unwrap_or_default(),
            attention: self.needed(Setting::Attention, attention)?,
            format: self.needed(Setting::Format, format)?,
            progress: self.needed(Setting::Progress, progress)?,
            color: self.needed(Setting::Color, Color::parse)?,
            local_time: self.needed(Setting::LocalTime, value::boolean)?,
            log_format: self.needed(Setting::LogFormat, log_format)?,
            verbosity: self.verbosity()?,
            metrics_file: self.file(Setting::MetricsFile, &root)?,
            ping_url: self.ping_url(allow_http)?,
            ping_timeout: self.needed(Setting::PingTimeout, value::positive_duration)?,
            config_file: None,
            warnings: Vec::new(),
            sources: self.sources(&root, &dirs),
            root,
            dirs,
        })
    }

    /// The value of a setting that may be unset.
    fn optional<T>(
        &self,
        setting: Setting,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Result<Option<T>, ConfigError> {
        self.layers
            .get(setting)
            .map(|raw| read(setting, &raw, &parse))
            .transpose()
    }

    /// The value of a setting that has a default.
    fn needed<T>(
        &self,
        setting: Setting,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Result<T, ConfigError> {
        self.optional(setting, parse)?
            .ok_or_else(|| value_error(setting.name(), ValueError::Empty, Source::Default))
    }

    /// A path as it was written.
    fn path(&self, setting: Setting) -> Result<Option<(PathBuf, Source)>, ConfigError> {
        let Some(raw) = self.layers.get(setting) else {
            return Ok(None);
        };
        if raw.text.is_empty() {
            return Err(value_error(setting.name(), ValueError::Empty, raw.source));
        }
        Ok(Some((PathBuf::from(raw.text), raw.source)))
    }

    /// The root; one that a config file names relatively is relative to that file's folder.
    fn root(&self) -> Result<PathBuf, ConfigError> {
        let Some((root, source)) = self.path(Setting::Root)? else {
            return Ok(PathBuf::from("."));
        };
        Ok(match source {
            Source::File { path, .. } => path
                .parent()
                .map_or_else(|| root.clone(), |folder| folder.join(&root)),
            _ => root,
        })
    }

    /// A file; one that a config file names relatively is relative to the root.
    fn file(&self, setting: Setting, root: &Path) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.path(setting)?.map(|(file, source)| match source {
            Source::File { .. } => root.join(file),
            _ => file,
        }))
    }

    /// A directory of the spool, relative to the root wherever it is named.
    fn directory(&self, setting: Setting, root: &Path) -> Result<PathBuf, ConfigError> {
        match self.path(setting)? {
            Some((directory, _)) => Ok(root.join(directory)),
            None => Err(value_error(
                setting.name(),
                ValueError::Empty,
                Source::Default,
            )),
        }
    }

    fn directories(&self, root: &Path) -> Result<Directories, ConfigError> {
        let dirs = Directories {
            metadata: self.directory(Setting::MetadataDir, root)?,
            processed: self.directory(Setting::ProcessedDir, root)?,
            failed: self.directory(Setting::FailedDir, root)?,
            corrupt: self.directory(Setting::CorruptDir, root)?,
            conversations: self.directory(Setting::ConversationsDir, root)?,
            recordings: self.directory(Setting::RecordingsDir, root)?,
            leads: self.directory(Setting::LeadsDir, root)?,
            processed_uploads: self.directory(Setting::ProcessedUploadsDir, root)?,
        };
        let states = [
            (Setting::MetadataDir, &dirs.metadata),
            (Setting::ProcessedDir, &dirs.processed),
            (Setting::FailedDir, &dirs.failed),
            (Setting::CorruptDir, &dirs.corrupt),
        ];
        for (index, (first, path)) in states.iter().enumerate() {
            let later = states.iter().skip(index + 1);
            if let Some((second, _)) = later.into_iter().find(|(_, other)| other == path) {
                return Err(ConfigError::SameDirectory {
                    first: first.name(),
                    second: second.name(),
                    path: path.to_path_buf(),
                });
            }
        }
        Ok(dirs)
    }

    fn api_url(&self, allow_http: bool) -> Result<Option<BaseUrl>, ConfigError> {
        self.optional(Setting::ApiUrl, |text| {
            let url = BaseUrl::parse(text)?;
            if !allow_http {
                url.require_encryption()?;
            }
            Ok(url)
        })
    }

    fn ping_url(&self, allow_http: bool) -> Result<Option<PingUrl>, ConfigError> {
        self.optional(Setting::PingUrl, |text| {
            let url = PingUrl::parse(text)?;
            if !allow_http {
                url.require_encryption()?;
            }
            Ok(url)
        })
    }

    fn backoff(&self) -> Result<(Duration, Duration), ConfigError> {
        let min = self.needed(Setting::MinBackoff, value::duration)?;
        let max = self.needed(Setting::MaxBackoff, value::duration)?;
        if min <= max {
            return Ok((min, max));
        }
        let (min, min_origin) = self.written(Setting::MinBackoff);
        let (max, max_origin) = self.written(Setting::MaxBackoff);
        Err(ConfigError::Backoff {
            min,
            min_origin,
            max,
            max_origin,
        })
    }

    fn written(&self, setting: Setting) -> (String, Source) {
        self.layers
            .get(setting)
            .map_or((String::new(), Source::Default), |raw| {
                (raw.text.to_string_lossy().into_owned(), raw.source)
            })
    }

    /// Quiet and verbose are one thing: the first place that speaks of either decides.
    fn verbosity(&self) -> Result<Verbosity, ConfigError> {
        for layer in self.layers.in_order() {
            let quiet = layer.get(Setting::Quiet);
            let verbose = layer.get(Setting::Verbose);
            let is_quiet = quiet
                .map(|raw| read(Setting::Quiet, raw, value::boolean))
                .transpose()?
                .unwrap_or(false);
            let level = verbose
                .map(|raw| read(Setting::Verbose, raw, value::level))
                .transpose()?
                .unwrap_or(0);
            match (quiet, verbose) {
                (Some(quiet), Some(verbose)) if is_quiet && level > 0 => {
                    return Err(ConfigError::QuietAndVerbose {
                        quiet: quiet.source.clone(),
                        verbose: verbose.source.clone(),
                    });
                }
                (None, None) => {}
                _ if is_quiet => return Ok(Verbosity::Quiet),
                _ => {
                    return Ok(match level {
                        0 => Verbosity::Normal,
                        1 => Verbosity::Debug,
                        _ => Verbosity::Trace,
                    });
                }
            }
        }
        Ok(Verbosity::Normal)
    }

    fn sources(&self, root: &Path, dirs: &Directories) -> Vec<SettingOrigin> {
        Setting::ALL
            .iter()
            .map(|setting| {
                let mut origin = SettingOrigin::from((*setting, self.layers.get(*setting)));
                let used = match setting {
                    Setting::Root => Some(root.to_owned()),
                    Setting::MetadataDir => Some(dirs.metadata.clone()),
                    Setting::ProcessedDir => Some(dirs.processed.clone()),
                    Setting::FailedDir => Some(dirs.failed.clone()),
                    Setting::CorruptDir => Some(dirs.corrupt.clone()),
                    Setting::ConversationsDir => Some(dirs.conversations.clone()),
                    Setting::RecordingsDir => Some(dirs.recordings.clone()),
                    Setting::LeadsDir => Some(dirs.leads.clone()),
                    Setting::ProcessedUploadsDir => Some(dirs.processed_uploads.clone()),
                    _ if setting.spec().kind == Kind::Path => {
                        self.file(*setting, root).ok().flatten()
                    }
                    // A secret; the rest of the program knows where it is.
                    Setting::PingUrl => {
                        let url = self.ping_url(true).ok().flatten();
                        url.map(|url| url.to_string().into())
                    }
                    _ => None,
                };
                if let Some(used) = used {
                    origin.value = Some(used.into_os_string());
                }
                origin
            })
            .collect()
    }
}

fn read<T>(
    setting: Setting,
    raw: &RawValue,
    parse: impl Fn(&str) -> Result<T, ValueError>,
) -> Result<T, ConfigError> {
    text_of(setting, &raw.text)
        .and_then(parse)
        .map_err(|problem| value_error(setting.name(), problem, raw.source.clone()))
}

fn text_of(setting: Setting, text: &OsStr) -> Result<&str, ValueError> {
    let text = text.to_str().ok_or(ValueError::NotText)?;
    // An empty list is a list; nothing else can be written with nothing.
    if text.trim().is_empty() && setting.spec().kind != Kind::ExitCodes {
        return Err(ValueError::Empty);
    }
    Ok(text)
}

fn batch_size(text: &str) -> Result<Option<NonZeroU64>, ValueError> {
    value::count(text, 0, u64::MAX).map(NonZeroU64::new)
}

fn attention(text: &str) -> Result<Attention, ValueError> {
    value::word(
        text,
        &["standing", "new"],
        &[Attention::Standing, Attention::New],
    )
}

fn format(text: &str) -> Result<Format, ValueError> {
    value::word(text, &["text", "json"], &[Format::Text, Format::Json])
}

fn progress(text: &str) -> Result<Progress, ValueError> {
    value::word(text, &["auto", "never"], &[Progress::Auto, Progress::Never])
}

fn log_format(text: &str) -> Result<LogFormat, ValueError> {
    value::word(text, &["text", "json"], &[LogFormat::Text, LogFormat::Json])
}
