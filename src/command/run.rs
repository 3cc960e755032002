//! `run`: deliver what is due.

use super::adopt::adopt_before_run;
use super::client;
use super::failure::{CommandFailure, OrExit};
use super::progress::Bars;
use super::signals;
use super::watched::{Watch, watched};
use super::wiring::{lease, open_spool, policy, print, show, view};
use crate::clock::{Clock, SystemClock};
use crate::config::{Attention, Format, Rate, Settings, token};
use crate::drain::{Drain, Limit, Limits};
use crate::interrupt::Interrupt;
use crate::logging::LogHandle;
use crate::report::{self, AttentionMode, ExitCode, RunSummary};
use crate::spool::Shard;

/// Delivers what is due, reports on it, and tells those who watch.
pub(super) fn run(settings: &Settings, log: &LogHandle) -> Result<ExitCode, CommandFailure> {
    watched(settings, |watch| deliver(settings, log, watch))
}

fn deliver(
    settings: &Settings,
    log: &LogHandle,
    watch: &mut Watch<'_>,
) -> Result<ExitCode, CommandFailure> {
    settings.require_api_url().or_exit(ExitCode::Usage)?;
    let shard = settings.shard().or_exit(ExitCode::Usage)?;
    let token = token::load(settings).or_exit(ExitCode::Usage)?;
    let client = client::connect(settings, token.clone())?;
    let spool = open_spool(settings)?.dealt(shard);
    let interrupt = Interrupt::default();
    signals::listen(interrupt.clone(), client.canceller()).or_exit(ExitCode::Internal)?;
    let clock = SystemClock;
    let (leased, died) = lease(&spool, settings.wait, &interrupt, &clock)?;
    watch.begin(&interrupt);

    let adoption = match settings.adopt {
        true => Some(adopt_before_run(settings, &leased, &interrupt)?),
        false => None,
    };
    let policy = policy(settings);
    let secret = token.as_ref().map(|token| token.expose());
    let drain = Drain::new(
        &leased,
        client.lanes(settings.jobs),
        &clock,
        interrupt,
        &policy,
        &limits(settings, shard),
        secret,
    );
    let summary = match Bars::on_terminal(settings, log) {
        Some(bars) => drain.shown_to(&bars).run(died.as_ref()),
        None => drain.run(died.as_ref()),
    };
    let mut summary = summary.or_exit(ExitCode::NoSpool)?;
    summary.adoption = adoption;
    summary.shard = shard;
    watch.look_at(&leased);
    // What could not be recorded stays named in the lock file, so that the next run asks about it.
    if !summary.is_unrecorded
        && let Err(error) = leased.release()
    {
        summary.note_unrecorded(&error);
    }

    let mode = match settings.attention {
        Attention::Standing => AttentionMode::Standing,
        Attention::New => AttentionMode::New,
    };
    let exit = summary.exit_code(mode);
    explain(&summary, exit, settings);
    match settings.format {
        Format::Json => print(&report::run_json(&summary, exit)),
        Format::Text if settings.is_quiet() => {}
        Format::Text => show(&report::run_text(
            &summary,
            exit,
            settings.max_attempts,
            &view(settings, clock.now()),
        )),
    }
    watch.done(summary);
    Ok(exit)
}

fn limits(settings: &Settings, shard: Option<Shard>) -> Limits {
    let to_limits = |rate: &Rate| {
        rate.windows
            .iter()
            .map(|(requests, period)| Limit {
                requests: *requests,
                period: *period,
            })
            .collect()
    };
    Limits {
        batch_size: settings.batch_size.map(u64::from),
        max_duration: settings.max_duration,
        max_wait: settings.max_wait,
        breaker: settings.breaker,
        rate: settings
            .rate_of(shard)
            .as_ref()
            .map(to_limits)
            .unwrap_or_default(),
        window: Limits::WINDOW,
    }
}

/// Says on stderr why the run ended as it did, when that needs somebody.
fn explain(summary: &RunSummary, exit: ExitCode, settings: &Settings) {
    if exit.code_with_ok(&settings.ok_exit) == 0 {
        return;
    }
    for line in report::explanations(summary, exit) {
        log::error!(exit = exit.code(); "{line}");
    }
}
