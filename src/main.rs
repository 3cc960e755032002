//! The `callspool` program: parse, carry out, exit.

use std::panic;
use std::process::ExitCode;

use callspool::cli;
use callspool::command;
use callspool::logging::{self, LogOptions};
use callspool::report;
use rustix::fs::Mode;

fn main() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(error) => return ExitCode::from(error.report()),
    };
    if invocation.command.writes_for_its_user_alone() {
        // Whatever the caller's: files are 0600 and directories 0700, neither more nor less.
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
    }
    let settings = &invocation.settings;
    let ok_exit = invocation.command.ok_exit(settings);
    let log = logging::init(&LogOptions::new(settings));
    // One line for whoever reads the log; where it happened is in it.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        let payload = info.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or(payload.downcast_ref::<&str>().copied());
        let what = logging::without_quotation(text.unwrap_or_default());
        log::error!("bug, please report it: panicked at {place}: {what}");
    }));
    if !invocation.command.tells_of_odd_settings() {
        for warning in &settings.warnings {
            log::warn!("{warning}");
        }
    }
    let exit = match panic::catch_unwind(|| command::execute(settings, &invocation.command, &log)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if failure.exit.code_with_ok(ok_exit) != 0 {
                log::error!(exit = failure.exit.code(); "{}", failure.line());
            }
            failure.exit
        }
        Err(_) => report::ExitCode::Internal,
    };
    let code = exit.code_with_ok(ok_exit);
    log.finish(code);
    ExitCode::from(code)
}
