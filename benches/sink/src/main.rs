//! `sink`: serves until it is killed. Prints its port once it listens.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Parser;
use sink::{Options, Sink};

/// A server that answers as the upload API does and throws everything away.
#[derive(Parser)]
struct Arguments {
    /// The port on the loopback interface; 0: one that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long each answer is held back, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Speak TLS, and write the certificate to trust there.
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let sink = Sink::start(Options {
        port: arguments.port,
        latency: Duration::from_millis(arguments.latency),
        is_tls: arguments.tls.is_some(),
    })?;
    if let (Some(path), Some(pem)) = (&arguments.tls, sink.authority()) {
        File::create(path)?.write_all(pem.as_bytes())?;
    }
    writeln!(io::stdout(), "{}", sink.port())?;
    loop {
        thread::park();
    }
}
