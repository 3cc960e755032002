//! The `callspool` program: parse, carry out, exit.

use std::panic;
use std::process::ExitCode;

use callspool::cli;
use callspool::command;
use callspool::logging::{self, LogOptions};
use callspool::report;

fn main() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(error) => return ExitCode::from(error.report()),
    };
    let settings = &invocation.settings;
    let log = logging::init(&LogOptions::new(settings));
    // One line for whoever reads the log; where it happened is in it.
    panic::set_hook(Box::new(|info| {
        log::error!("bug, please report it: {info}")
    }));
    for warning in &settings.warnings {
        log::warn!("{warning}");
    }
    let exit = match panic::catch_unwind(|| command::execute(settings, &invocation.command)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if failure.exit.code_with_ok(&settings.ok_exit) != 0 {
                log::error!(exit = failure.exit.code(); "{}", failure.line());
            }
            failure.exit
        }
        Err(_) => report::ExitCode::Internal,
    };
    let code = exit.code_with_ok(&settings.ok_exit);
    log.finish(code);
    ExitCode::from(code)
}
