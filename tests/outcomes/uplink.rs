//! A slow way to the API.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Bytes that pass at once, and how long the next ones take.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_TIME: Duration = Duration::from_millis(100);

/// Passes on connections, at 640 KiB/s towards the API. Ends when it is dropped.
pub(crate) struct SlowUplink {
    pub(crate) address: SocketAddr,
    _alive: Sender<()>,
}

impl SlowUplink {
    /// Passes on to that address. Serves one connection after the other.
    pub(crate) fn to(api: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            for client in listener.incoming() {
                if relay(client, api, &ended).is_none() {
                    return;
                }
            }
        });
        Self {
            address,
            _alive: alive,
        }
    }
}

/// Passes on one connection; `None` when the uplink has ended.
fn relay(client: io::Result<TcpStream>, api: SocketAddr, ended: &Receiver<()>) -> Option<()> {
    let mut client = client.ok()?;
    let mut server = TcpStream::connect(api).ok()?;
    let (mut answers, mut answered) = (server.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || io::copy(&mut answers, &mut answered));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match client.read(&mut chunk) {
            Ok(0) | Err(_) => return Some(()),
            Ok(count) => server.write_all(&chunk[..count]).ok()?,
        }
        if ended.recv_timeout(CHUNK_TIME) != Err(RecvTimeoutError::Timeout) {
            return None;
        }
    }
}
