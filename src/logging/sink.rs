//! Where log lines go: to stderr at once, or into memory until the exit code is known.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many lines are held back at most.
pub(super) const MAX_HELD_LINES: usize = 1000;

/// Where log lines go. Clones write to the same place.
#[derive(Clone)]
pub(super) struct Sink {
    state: Arc<Mutex<State>>,
}

/// Calls what it is given, after it has made room on the terminal.
pub type MakeRoom = Box<dyn Fn(&mut dyn FnMut()) + Send>;

struct State {
    output: Box<dyn Write + Send>,
    /// Whatever else is drawn where the lines go.
    make_room: Option<MakeRoom>,
    /// The lines held back; `None` once they go out at once.
    held: Option<Held>,
}

#[derive(Default)]
struct Held {
    lines: Vec<Vec<u8>>,
    dropped: u64,
}

impl Sink {
    /// A sink that writes to `output`, or holds back what comes until [`Sink::release`].
    pub(super) fn new(output: Box<dyn Write + Send>, hold: bool) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                output,
                make_room: None,
                held: hold.then(Held::default),
            })),
        }
    }

    /// Writes what was held back and says how many lines did not fit; later lines go out at once.
    pub(super) fn release(&self) -> u64 {
        let mut state = self.lock();
        let Some(held) = state.held.take() else {
            return 0;
        };
        for line in &held.lines {
            state.write(line);
        }
        held.dropped
    }

    /// Forgets what was held back.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        if state.held.is_some() {
            state.held = Some(Held::default());
        }
    }

    /// From now on asks for room before each line; `None` ends that.
    pub(super) fn ask_for_room(&self, make_room: Option<MakeRoom>) {
        self.lock().make_room = make_room;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A log line of a thread that panicked is still worth having.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes a line. That nobody reads it, or that the disk is full, is no reason to stop.
    fn write(&mut self, line: &[u8]) {
        let output = &mut self.output;
        let mut write = || {
            let _ = output.write_all(line);
            let _ = output.flush();
        };
        match &self.make_room {
            Some(make_room) => make_room(&mut write),
            None => write(),
        }
    }
}

/// The logger writes each record with one call.
impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        match &mut state.held {
            Some(held) if held.lines.len() < MAX_HELD_LINES => held.lines.push(line.to_vec()),
            Some(held) => held.dropped += 1,
            None => state.write(line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
