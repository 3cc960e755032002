//! A server that answers as the upload API does and throws everything away.
//!
//! It is what the peers of `make bench` send to: it must never be what they wait for. A thread for
//! each connection, large reads, answers that are ready before they are asked for; no body is kept
//! or looked at, only counted. It keeps no state but its counts, so it is no API to test against.

#![expect(
    clippy::disallowed_methods,
    reason = "it tells when the first request came, and may be told to answer late"
)]

mod authority;
mod connection;
mod request;
mod stats;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub use stats::Counts;

use authority::Authority;
use stats::Stats;
use wire::Wire;

/// How the server behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The port on the loopback interface; 0: one that is free.
    pub port: u16,
    /// How long each answer is held back.
    pub latency: Duration,
    /// Whether it speaks TLS.
    pub is_tls: bool,
}

/// A server under way. It serves until the process ends.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    authority: Option<String>,
    stats: Arc<Stats>,
}

impl Sink {
    /// Starts a server.
    ///
    /// # Errors
    /// When the port cannot be had, or no certificate be made.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let address = listener.local_addr()?;
        let stats = Arc::new(Stats::default());
        let authority = options.is_tls.then(Authority::new).transpose()?;
        let tls = authority.as_ref().map(Authority::config);
        let shared = Arc::clone(&stats);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (stats, tls) = (Arc::clone(&shared), tls.clone());
                thread::spawn(move || {
                    // A peer that goes away in mid-request shows in the counts.
                    if let Ok(wire) = Wire::new(socket, tls) {
                        let _ = connection::serve(wire, &stats, options.latency);
                    }
                });
            }
        });
        Ok(Self {
            address,
            authority: authority.map(|authority| authority.pem),
            stats,
        })
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base URL for the program.
    pub fn base_url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}/api", self.address)
    }

    /// The certificate of the authority to trust, PEM; `None` without TLS.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// What it has received since it started, or since it was last asked to count anew.
    pub fn counts(&self) -> Counts {
        self.stats.counts()
    }
}
