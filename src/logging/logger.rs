//! Starts logging and ends it: levels, filters, and what is held back.

use std::io::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::line::{self, Form};
use super::sink::{MakeRoom, Sink};
use crate::clock::{Clock, SystemClock};
use crate::config::{LogFormat, Settings, Verbosity};

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// The form of the lines.
    pub format: LogFormat,
    /// Whether the level stands out, in lines of text.
    pub is_colored: bool,
    /// How much, unless `filter` says.
    pub verbosity: Verbosity,
    /// What RUST_LOG says, in `env_logger`'s language.
    pub filter: Option<String>,
}

impl LogOptions {
    /// As the settings and the process's RUST_LOG say.
    pub fn new(settings: &Settings) -> Self {
        Self {
            format: settings.log_format,
            is_colored: anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
            verbosity: settings.verbosity,
            filter: std::env::var("RUST_LOG").ok(),
        }
    }
}

/// The end of logging that is told the exit code. Clones stand for the same log.
#[derive(Clone)]
pub struct LogHandle {
    sink: Sink,
    form: Form,
}

impl LogHandle {
    /// Has room made for each line from now on, such as between progress bars; `None` ends that.
    pub fn ask_for_room(&self, make_room: Option<MakeRoom>) {
        self.sink.ask_for_room(make_room);
    }

    /// Ends a run: with an exit code other than 0, what was held back is printed, else forgotten.
    pub fn finish(&self, exit_code: u8) {
        if exit_code == 0 {
            self.sink.forget();
            return;
        }
        let dropped = self.sink.release();
        if dropped > 0 {
            let note = line::format(
                self.form,
                SystemClock.now(),
                &Record::builder()
                    .level(Level::Warn)
                    .target(module_path!())
                    .args(format_args!("log lines left out"))
                    .key_values(&("lines", dropped))
                    .build(),
            );
            let mut sink = self.sink.clone();
            // The sink takes everything.
            let _ = writeln!(sink, "{note}");
        }
    }
}

/// Starts logging to stderr; with [`Verbosity::Quiet`], lines are held back until
/// [`LogHandle::finish`]. Only the first call in a process has an effect on what is logged.
pub fn init(options: &LogOptions) -> LogHandle {
    let (logger, handle) = build(options, Box::new(io::stderr()));
    let max_level = logger.inner.filter();
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(max_level);
    }
    if let Some(filter) = unusable_filter(options) {
        log::warn!(filter = filter; "RUST_LOG is not understood and has no effect");
    }
    handle
}

pub(super) fn build(options: &LogOptions, output: Box<dyn Write + Send>) -> (Logger, LogHandle) {
    let sink = Sink::new(output, options.verbosity == Verbosity::Quiet);
    let form = Form {
        format: options.format,
        is_colored: options.is_colored,
    };
    let mut builder = env_logger::Builder::new();
    match usable_filter(options) {
        Some(filter) => builder.parse_filters(filter),
        None => builder.filter_level(level(options.verbosity)),
    };
    let inner = builder
        .format(move |buffer, record| {
            let line = line::format(form, SystemClock.now(), record);
            writeln!(buffer, "{line}")
        })
        .target(env_logger::Target::Pipe(Box::new(sink.clone())))
        .build();
    (Logger { inner }, LogHandle { sink, form })
}

fn level(verbosity: Verbosity) -> LevelFilter {
    match verbosity {
        Verbosity::Quiet => LevelFilter::Warn,
        Verbosity::Normal => LevelFilter::Info,
        Verbosity::Debug => LevelFilter::Debug,
        Verbosity::Trace => LevelFilter::Trace,
    }
}

/// RUST_LOG, when it says something. The parser that `env_logger` uses would print its complaints
/// to stderr by itself, so it is asked before.
fn usable_filter(options: &LogOptions) -> Option<&str> {
    let filter = options.filter.as_deref()?;
    (!filter.trim().is_empty() && is_usable(filter)).then_some(filter)
}

fn unusable_filter(options: &LogOptions) -> Option<&str> {
    options
        .filter
        .as_deref()
        .filter(|filter| !is_usable(filter))
}

fn is_usable(filter: &str) -> bool {
    env_filter::Builder::new().try_parse(filter).is_ok()
}

/// `env_logger`, without what may hold credentials: the HTTP library dumps requests with their
/// Authorization header below warnings.
pub(super) struct Logger {
    inner: env_logger::Logger,
}

impl Logger {
    fn is_capped(metadata: &Metadata<'_>) -> bool {
        let name = line::crate_of(metadata.target());
        metadata.level() > Level::Warn && (name.starts_with("ureq") || name.starts_with("rustls"))
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !Self::is_capped(metadata) && self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !Self::is_capped(record.metadata()) {
            self.inner.log(record);
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}
