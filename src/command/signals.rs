//! SIGTERM and SIGINT: stop cleanly; a second one stops at once.

use std::io;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::interrupt::Interrupt;
use crate::upload::Canceller;

/// How long a request that may still be answered is given after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Listens for signals from now on. The first raises the interrupt; recordings in mid-upload are
/// cut off, any other request has ten seconds to be answered. The second ends the process: the
/// spool is as safe as after a crash.
pub(super) fn listen(interrupt: Interrupt, canceller: Canceller) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let mut received = signals.forever();
            if let Some(signal) = received.next() {
                interrupt.raise(signal);
                log::info!(signal = signal; "told to stop: what is in flight is ended, the next signal ends the program at once");
                stop_requests(canceller);
            }
            if let Some(signal) = received.next() {
                exit_at_once(signal);
            }
        })?;
    Ok(())
}

/// Listens for signals while no request is sent. The first raises the interrupt, the second ends the
/// process.
pub(super) fn listen_idle(interrupt: Interrupt) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let listen = move || {
        for signal in signals.forever() {
            if interrupt.signal().is_some() {
                exit_at_once(signal);
            }
            interrupt.raise(signal);
            log::info!(signal = signal; "told to stop: what is begun is ended, the next signal ends the program at once");
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)?;
    Ok(())
}

fn stop_requests(canceller: Canceller) {
    canceller.cancel_recordings();
    // Nobody raises this one: it only measures time.
    let timer = Interrupt::default();
    let started = thread::Builder::new().name("grace".to_owned()).spawn({
        let canceller = canceller.clone();
        move || {
            timer.wait(GRACE);
            canceller.cancel();
        }
    });
    if started.is_err() {
        canceller.cancel();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a second signal asks for exactly this"
)]
fn exit_at_once(signal: i32) {
    std::process::exit(128 + signal);
}
