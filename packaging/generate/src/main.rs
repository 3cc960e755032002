//! `callspool-packaging DIR`: writes what is installed beside the program below a directory.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Writes callspool's man pages, completions and example config.
#[derive(Parser)]
struct Arguments {
    /// Where to; man/, completions/ and config.toml in it are replaced.
    dir: PathBuf,
}

fn main() -> ExitCode {
    let dir = Arguments::parse().dir;
    match callspool_packaging::write_to(&dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let dir = dir.display();
            let _ = writeln!(io::stderr(), "error: cannot write to {dir}: {error}");
            ExitCode::FAILURE
        }
    }
}
