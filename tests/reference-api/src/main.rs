//! `reference-api`: runs the upload API at a terminal, and shows what it received.

mod mask;
mod show;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use reference_api::{Fault, Rate, ReferenceApi};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// An upload API that keeps what it receives, to try callspool against.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Print what a store has received.
    Show {
        /// The store.
        #[arg(long, value_name = "DIR")]
        store: PathBuf,
    },
}

#[derive(Args)]
struct Serve {
    /// Address to listen on; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Directory for what is received.
    #[arg(long, value_name = "DIR", required = true)]
    store: Option<PathBuf>,
    /// Host name in the URLs that are given out; default: the address.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Path in front of /upload and /call-data.
    #[arg(long, value_name = "PATH", default_value = "/apis/api/public")]
    base_path: String,
    /// Write the port to this file once it is open.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Require the bearer token in this file.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Limit the requests of each key, such as 100/min,1000/h.
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Store a call and a recording as often as they come.
    #[arg(long)]
    no_dedupe: bool,
    /// Close connections that are idle for that long.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    idle_timeout: Duration,
    /// Let requests go wrong: TARGET[@SUBJECT]:HITS:ACTION, such as upload:1:status=500.
    #[arg(long, value_name = "RULE")]
    fault: Vec<Fault>,
    /// Speak TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Stop when standard input ends.
    #[arg(long)]
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Show { store }) => show::print(store),
        None => serve(cli.serve),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough, such as `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "reference-api: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Serve) -> io::Result<()> {
    let exit_with_stdin = arguments.exit_with_stdin;
    let port_file = arguments.port_file.clone();
    // Before the port is known to anyone, so that no signal is missed.
    let signals = Signals::new([SIGTERM, SIGINT])?;
    let server = settings(arguments)?.start()?;
    if let Some(path) = &port_file {
        write_whole(path, &format!("{}\n", server.addr().port()))?;
    }
    writeln!(io::stdout(), "listening on {}", server.base_url())?;
    wait(signals, exit_with_stdin)?;
    server.shutdown();
    Ok(())
}

fn settings(arguments: Serve) -> io::Result<ReferenceApi> {
    let mut api = ReferenceApi::builder()
        .listen(arguments.listen)
        .base_path(&arguments.base_path)
        .dedupe(!arguments.no_dedupe)
        .idle_timeout(arguments.idle_timeout);
    if let Some(store) = arguments.store {
        api = api.store(store);
    }
    if let Some(host) = arguments.host {
        api = api.host(host);
    }
    if let Some(path) = &arguments.token_file {
        let token = String::from_utf8(read(path)?)
            .map_err(|_| io::Error::other(format!("{} is not UTF-8", path.display())))?;
        api = api.token(token.trim());
    }
    if let Some(rate) = arguments.rate {
        api = api.rate(rate);
    }
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        api = api.tls(read(certificate)?, read(key)?);
    }
    Ok(arguments.fault.into_iter().fold(api, ReferenceApi::fault))
}

/// Waits for a signal or, when asked to, for the end of standard input.
fn wait(mut signals: Signals, exit_with_stdin: bool) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel();
    if exit_with_stdin {
        let sender: Sender<()> = sender.clone();
        thread::Builder::new().spawn(move || {
            let _ = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
            let _ = sender.send(());
        })?;
    }
    thread::Builder::new().spawn(move || {
        signals.forever().next();
        let _ = sender.send(());
    })?;
    receiver.recv().map_err(io::Error::other)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| failed("read", path, &error))
}

/// Writes a file that others wait for: it is there whole or not at all.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever waits for the file must not read half of it, and nothing of value is replaced"
)]
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".new");
    fs::write(&half, text)
        .and_then(|()| fs::rename(&half, path))
        .map_err(|error| failed("write", path, &error))
}

fn failed(operation: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot {operation} {}: {error}", path.display()),
    )
}
