//! `check`: tells whether the next run can work, and what to do where it cannot.
//!
//! It changes nothing, takes no lock, and sends nothing but a question about a call that there
//! cannot be.

mod api;
mod configuration;
mod token;

use super::failure::{CommandFailure, OrExit};
use super::request::Check;
use super::wiring::{layout, print, show};
use crate::clock::{Clock, SystemClock};
use crate::config::{Environment, Format, Settings};
use crate::report::{self, CheckReport, ExitCode};
use crate::spool::disk::SystemDisk;
use crate::spool::{Premises, Spool};

/// Looks at everything and says how it is.
pub(super) fn check(settings: &Settings, request: Check) -> Result<ExitCode, CommandFailure> {
    let clock = SystemClock;
    let user = rustix::process::geteuid().as_raw();
    let mut lines = configuration::lines(settings);
    let (token_line, token) = token::line(settings, &Environment::of_process());
    lines.push(token_line);

    let layout = layout(settings);
    let premises = Premises::look(&SystemDisk, &layout);
    lines.extend(report::check_directories(&premises, user));
    lines.push(report::check_lock(
        &premises.lock,
        settings.max_duration,
        clock.now(),
    ));
    // Without a spool there is nobody who was asked to wait.
    let not_before = Spool::open(layout)
        .ok()
        .and_then(|spool| spool.run_state().not_before);
    lines.extend(api::lines(settings, request, token, not_before, &clock));

    lines.extend(configuration::metrics_file(settings, &SystemDisk));

    let report = CheckReport { lines };
    match settings.format {
        Format::Json => print(&report.json().or_exit(ExitCode::Internal)?),
        Format::Text => show(&report.text(settings.is_quiet())),
    }
    Ok(report.exit_code())
}
