//! Progress bars on stderr while a run works: one for the run, one for each session in work.
//!
//! Only where a person looks on: on a terminal, unless `--progress never` or `-q` says otherwise.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::config::{LogFormat, Progress, Settings};
use crate::drain::Onlooker;
use crate::logging::LogHandle;
use crate::report::{self, SessionCounts};

/// How often a bar is drawn anew when nothing moves, so that a stall shows.
const TICK: Duration = Duration::from_secs(1);
/// An estimate beyond that is none.
const STALLED: Duration = Duration::from_secs(86_400);
/// How much of a session's id stands before its bar, in characters.
const ID_WIDTH: usize = 36;

const RUN: &str = "{pos}/{len} sessions  [{wide_bar}]  {msg}{so_far}{left}";
const SENDING: &str = "{prefix}  [{wide_bar}]  {sent}{rate}{left}";
const SAYING: &str = "{prefix}  {msg}";

/// The bars of a run. Gone from the screen when dropped.
pub(super) struct Bars<'a> {
    screen: MultiProgress,
    run: ProgressBar,
    log: &'a LogHandle,
    /// What is said of the session that each lane works on.
    sessions: Mutex<BTreeMap<usize, ProgressBar>>,
}

impl<'a> Bars<'a> {
    /// The bars, when somebody looks on. Log lines go above them.
    pub(super) fn on_terminal(settings: &Settings, log: &'a LogHandle) -> Option<Self> {
        let is_wanted = settings.progress == Progress::Auto
            && settings.log_format == LogFormat::Text
            && !settings.is_quiet();
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if !is_wanted || is_dumb || !io::stderr().is_terminal() {
            return None;
        }
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let run = screen.add(ProgressBar::no_length());
        run.set_style(style(RUN));
        let room = screen.clone();
        log.ask_for_room(Some(Box::new(move |write| room.suspend(write))));
        Some(Self {
            screen,
            run,
            log,
            sessions: Mutex::default(),
        })
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<usize, ProgressBar>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_session(&self, lane: usize, change: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.sessions().get(&lane) {
            change(bar);
        }
    }

    fn say(&self, lane: usize, what: String) {
        self.with_session(lane, |bar| {
            bar.set_style(style(SAYING));
            bar.set_message(what);
        });
    }
}

impl Drop for Bars<'_> {
    fn drop(&mut self) {
        for bar in self.sessions().values() {
            bar.finish_and_clear();
        }
        self.run.finish_and_clear();
        // Writing to the terminal may fail; there is nobody to tell then.
        let _ = self.screen.clear();
        self.log.ask_for_room(None);
    }
}

impl Onlooker for Bars<'_> {
    fn begun(&self, sessions: u64) {
        self.run.set_length(sessions);
        self.run.enable_steady_tick(TICK);
    }

    fn turn(&self, lane: usize, session_id: &str) {
        let bar = self.screen.add(ProgressBar::no_length());
        bar.set_style(style(SAYING));
        bar.set_prefix(shortened(&report::printable(session_id)));
        bar.enable_steady_tick(TICK);
        if let Some(old) = self.sessions().insert(lane, bar) {
            old.finish_and_clear();
        }
    }

    fn recording(&self, lane: usize, len_bytes: u64) {
        self.with_session(lane, |bar| {
            bar.set_style(style(SENDING));
            bar.set_length(len_bytes);
            bar.reset();
        });
    }

    fn sent(&self, lane: usize, bytes: u64) {
        self.with_session(lane, |bar| {
            bar.inc(bytes);
            // The API has it whole, or the machine's buffers have.
            if bar.length() == Some(bar.position()) {
                bar.set_style(style(SAYING));
                bar.set_message("recording sent, waiting for the answer");
            }
        });
    }

    fn call_data(&self, lane: usize) {
        self.say(lane, "sending the call data".to_owned());
    }

    fn waiting(&self, lane: usize, wait: Duration) {
        let wait = report::span(wait);
        self.say(lane, format!("waiting {wait}, as the API or --rate asks"));
    }

    fn settled(&self, lane: Option<usize>, sessions: &SessionCounts) {
        if Some(self.run.position()) >= self.run.length() {
            self.run.inc_length(1);
        }
        self.run.inc(1);
        let delivered = sessions.uploaded + sessions.partial;
        let counts = [
            (delivered, "delivered"),
            (sessions.deferred, "deferred"),
            (sessions.failed, "failed"),
        ];
        let counts: String = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}, "))
            .collect();
        self.run.set_message(counts);
        if let Some(bar) = lane.and_then(|lane| self.sessions().remove(&lane)) {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants; were one wrong, a plainer bar would do.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .with_key("so_far", |state: &ProgressState, text: &mut dyn Write| {
            // A bar has nobody to tell that it cannot be drawn.
            let _ = write!(text, "{}", report::span(state.elapsed()));
        })
        .with_key("sent", |state: &ProgressState, text: &mut dyn Write| {
            let (sent, all) = (state.pos(), state.len().unwrap_or_default());
            let _ = write!(text, "{} of {}", report::bytes(sent), report::bytes(all));
        })
        .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            if has_moved(state) {
                let _ = write!(text, ", {}/s", report::bytes(per_second(state)));
            }
        })
        .with_key("left", |state: &ProgressState, text: &mut dyn Write| {
            if has_moved(state) && state.eta() < STALLED {
                let _ = write!(text, ", {} left", report::span(state.eta()));
            }
        })
}

/// Nothing is known of the pace before something has moved.
fn has_moved(state: &ProgressState) -> bool {
    state.pos() > 0
}

fn per_second(state: &ProgressState) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is a positive number of bytes, and need not be exact"
    )]
    let bytes = state.per_sec() as u64;
    bytes
}

fn shortened(id: &str) -> String {
    match id.char_indices().nth(ID_WIDTH) {
        Some((end, _)) => format!("{}…", id.get(..end).unwrap_or(id)),
        None => id.to_owned(),
    }
}
