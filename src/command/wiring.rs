//! From settings to what the commands work with.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::failure::{CommandFailure, OrExit, failure};
use crate::clock::{Clock, SystemClock};
use crate::config::catalog::{Kind, Setting};
use crate::config::{self, Settings, Source};
use crate::interrupt::Interrupt;
use crate::plan::Policy;
use crate::report::{self, ExitCode, Program, View, Zone};
use crate::spool::{Interrupted, Layout, LeaseError, LeasedSpool, OpenError, Spool};

/// How often a lock that another run holds is tried again.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// Where the settings say that everything is.
pub(super) fn layout(settings: &Settings) -> Layout {
    let dirs = &settings.dirs;
    Layout {
        root: settings.root.clone(),
        metadata: dirs.metadata.clone(),
        processed: dirs.processed.clone(),
        failed: dirs.failed.clone(),
        corrupt: dirs.corrupt.clone(),
        conversations: dirs.conversations.clone(),
        recordings: dirs.recordings.clone(),
        leads: dirs.leads.clone(),
    }
}

/// Opens the spool that the settings name.
pub(super) fn open_spool(settings: &Settings) -> Result<Spool, CommandFailure> {
    Spool::open(layout(settings)).map_err(|error| {
        let exit = match &error {
            OpenError::NoSpool { .. } => ExitCode::NoSpool,
            OpenError::FileSystems { .. } => ExitCode::Usage,
        };
        CommandFailure::new(exit, error)
    })
}

/// Takes the lease, waiting for it as long as asked. Also tells what a run that died was doing.
pub(super) fn lease<'a>(
    spool: &'a Spool,
    patience: Duration,
    interrupt: &Interrupt,
    clock: &SystemClock,
) -> Result<(LeasedSpool<'a>, Option<Interrupted>), CommandFailure> {
    let start = clock.monotonic();
    let mut is_told = false;
    loop {
        match spool.lease(clock.now()) {
            Ok(leased) => return Ok(leased),
            Err(error) if error.is_held() && clock.monotonic().duration_since(start) < patience => {
                if !is_told {
                    is_told = true;
                    log::info!("waiting for the lock: {error}");
                }
                if let Some(signal) = clock.wait(LOCK_POLL, interrupt) {
                    let message = "stopped by a signal while waiting for the lock";
                    return Err(failure(ExitCode::Signal(signal), message));
                }
            }
            Err(error) => {
                let exit = match &error {
                    LeaseError::Spool(_) => ExitCode::Durability,
                    _ => ExitCode::Locked,
                };
                return Err(CommandFailure::new(exit, error));
            }
        }
    }
}

/// The settings that decisions depend on.
pub(super) fn policy(settings: &Settings) -> Policy {
    Policy {
        max_attempts: settings.max_attempts,
        min_backoff: settings.min_backoff,
        max_backoff: settings.max_backoff,
        recording_grace: settings.recording_grace,
        settle: settings.settle,
        default_campaign_id: settings.default_campaign_id.clone(),
        default_voice_agent_id: settings.default_voice_agent_id.clone(),
        default_client_id: settings.default_client_id.clone(),
    }
}

/// For whom texts are made: the person at stdout, now.
pub(super) fn view(settings: &Settings, now: DateTime<Utc>) -> View {
    View {
        now,
        width: terminal_width(),
        zone: if settings.local_time {
            Zone::Local
        } else {
            Zone::Utc
        },
    }
}

/// The width of the terminal that stdout is; `None` when it is none.
///
/// A terminal that does not know its size, as a serial line, is as wide as the variable COLUMNS says,
/// else 80 columns.
fn terminal_width() -> Option<usize> {
    /// What every terminal has had since the first.
    const USUAL_WIDTH: usize = 80;
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    if size.ws_col > 0 {
        return Some(size.ws_col.into());
    }
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|text| text.trim().parse().ok());
    Some(columns.filter(|width| *width > 0).unwrap_or(USUAL_WIDTH))
}

/// The program as its user called it, for commands that they are told to type: with the options that
/// say which spool is meant. What stands in the environment or the usual config file stands there
/// still.
pub(super) fn program(settings: &Settings) -> Program {
    let mut options = Vec::new();
    let config = settings.config_file.as_ref();
    if let Some(path) = config.filter(|path| *path != Path::new(config::DEFAULT_PATH)) {
        options.extend(["--config".to_owned(), path.display().to_string()]);
    }
    let flags = settings.sources.iter().filter(|origin| {
        origin.setting == Setting::Root || origin.setting.spec().kind == Kind::SpoolDirectory
    });
    for origin in flags.filter(|origin| matches!(origin.source, Source::Flag(_))) {
        let path = origin
            .value
            .as_ref()
            .map(Path::new)
            .unwrap_or(&settings.root);
        // Directories are relative to the root, as they are told.
        let path = match origin.setting {
            Setting::Root => path,
            _ => path.strip_prefix(&settings.root).unwrap_or(path),
        };
        options.extend([format!("--{}", origin.name()), path.display().to_string()]);
    }
    Program::called_with(options)
}

/// The program for commands that are read elsewhere than where it was called, on another day: with
/// whole paths, and with what the environment or the working directory said.
pub(super) fn program_from_anywhere(settings: &Settings) -> Program {
    let whole = |path: &Path| absolute(path).display().to_string();
    let mut options = Vec::new();
    let config = settings.config_file.as_ref();
    if let Some(path) = config.filter(|path| *path != Path::new(config::DEFAULT_PATH)) {
        options.extend(["--config".to_owned(), whole(path)]);
    }
    for origin in &settings.sources {
        let is_said_here = match origin.source {
            Source::Flag(_) | Source::Environment(_) => true,
            Source::File { .. } => false,
            Source::Default => origin.setting == Setting::Root,
        };
        let path = match origin.setting {
            Setting::Root => whole(&settings.root),
            setting if setting.spec().kind == Kind::SpoolDirectory => {
                let path = origin.value.as_ref().map(Path::new);
                // Directories are relative to the root, which is told.
                let path = path.map(|path| path.strip_prefix(&settings.root).unwrap_or(path));
                path.unwrap_or(Path::new("")).display().to_string()
            }
            _ => continue,
        };
        if is_said_here {
            options.extend([format!("--{}", origin.name()), path]);
        }
    }
    Program::called_with(options)
}

/// A path that does not depend on the working directory; as it is where that cannot be told.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Prints a styled text to stdout; the styles only where they are wanted.
pub(super) fn show(text: &str) {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => print(&report::plain(text)),
        _ => print(text),
    }
}

/// Prints to stdout. A reader that has gone away is no failure; anything else is told.
pub(super) fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        log::warn!(reason:% = error; "cannot write to stdout");
    }
}

/// Prints values as JSON, one a line.
pub(super) fn print_json_lines<T: serde::Serialize>(values: &[T]) -> Result<(), CommandFailure> {
    let mut lines = JsonLines::default();
    values.iter().try_for_each(|value| lines.push(value))?;
    lines.finish();
    Ok(())
}

/// Values that are printed as JSON, one a line, as they come: many take no more memory than a few.
#[derive(Default)]
pub(super) struct JsonLines {
    text: String,
}

impl JsonLines {
    /// So much is printed at once.
    const PIECE_BYTES: usize = 64 << 10;

    /// Adds a value.
    pub(super) fn push<T: serde::Serialize>(&mut self, value: &T) -> Result<(), CommandFailure> {
        self.text
            .push_str(&report::json_line(value).or_exit(ExitCode::Internal)?);
        if self.text.len() >= Self::PIECE_BYTES {
            print(&self.text);
            self.text.clear();
        }
        Ok(())
    }

    /// Prints what is not printed yet.
    pub(super) fn finish(self) {
        print(&self.text);
    }
}
