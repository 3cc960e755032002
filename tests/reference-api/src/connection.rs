//! One connection: request after request, until somebody ends it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crate::body::Body;
use crate::clock;
use crate::exchange::{Exchange, Next};
use crate::head::{Framing, Head, HeadError};
use crate::log::ReceivedRequest;
use crate::response::Response;
use crate::server::Shared;
use crate::transport::Transport;

/// How long a head may take once it has begun.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a connection, buffered.
pub(crate) type Wire = BufReader<Transport>;

struct Connection<'a> {
    shared: &'a Shared,
    number: u64,
    wire: Wire,
    resets_next: bool,
}

/// Serves a connection to its end.
pub(crate) fn serve(shared: &Shared, socket: Arc<TcpStream>, number: u64) {
    let Ok(transport) = Transport::new(socket, shared.tls.as_ref()) else {
        return shared.forget(number);
    };
    let mut connection = Connection {
        shared,
        number,
        wire: BufReader::new(transport),
        resets_next: false,
    };
    let end = loop {
        match connection.next_exchange() {
            Next::Request => {}
            Next::ResetLater => connection.resets_next = true,
            end => break end,
        }
    };
    match end {
        Next::Reset => connection.wire.get_ref().arm_reset(),
        Next::CloseGently => connection.wire.get_mut().close_gently(),
        _ => connection.wire.get_mut().close(),
    }
    // The last reference closes the socket, so the server's goes first.
    shared.forget(number);
}

impl Connection<'_> {
    /// Waits for a request and deals with it.
    fn next_exchange(&mut self) -> Next {
        let transport = self.wire.get_ref();
        if transport
            .set_read_timeout(Some(self.shared.idle_timeout))
            .is_err()
            || !matches!(self.wire.fill_buf(), Ok([_, ..]))
        {
            return Next::Close;
        }
        let _ = self.wire.get_ref().set_read_timeout(Some(HEAD_TIMEOUT));
        let head = match Head::read(&mut self.wire) {
            Ok(head) => head,
            Err(HeadError::Gone) => return Next::Close,
            Err(HeadError::Malformed(message)) => return self.refuse(400, message),
            Err(HeadError::TooLarge) => return self.refuse(431, "the head is too large"),
        };
        let _ = self.wire.get_ref().set_read_timeout(None);
        self.exchange(&head)
    }

    fn exchange(&mut self, head: &Head) -> Next {
        let framing = head.framing();
        let seq = self.note(head, framing);
        if std::mem::take(&mut self.resets_next) {
            self.shared.note(seq, |request| {
                request.fault = Some("reset-next".to_owned());
            });
            return Next::Reset;
        }
        let length = match framing {
            Framing::Length(length) => length,
            Framing::Unknown if matches!(head.method.as_str(), "GET" | "HEAD" | "DELETE") => 0,
            Framing::Unknown | Framing::Chunked => {
                self.shared.note(seq, |request| request.status = Some(411));
                return self.refuse(411, "a content-length is required");
            }
            Framing::Invalid(message) => {
                self.shared.note(seq, |request| request.status = Some(400));
                return self.refuse(400, message);
            }
        };
        Exchange::new(self.shared, head, seq, Body::new(&mut self.wire, length)).run()
    }

    fn note(&self, head: &Head, framing: Framing) -> u64 {
        let text = |name: &str| head.header(name).map(str::to_owned);
        self.shared.log.open(
            &self.shared.api.store.database,
            ReceivedRequest {
                seq: 0,
                at: clock::now(),
                method: head.method.clone(),
                path: head.path.clone(),
                query: head.query.clone(),
                target: self.shared.api.target(head),
                status: None,
                fault: None,
                subject: None,
                content_length: match framing {
                    Framing::Length(length) => Some(length),
                    _ => None,
                },
                chunked: head.header("transfer-encoding").is_some(),
                body_bytes: 0,
                body_sha256: None,
                idempotency_key: head.idempotency_key().unwrap_or_default(),
                request_id: text("x-request-id"),
                user_agent: text("user-agent"),
                connection: self.number,
                headers: without_credentials(&head.headers),
            },
        )
    }

    /// Answers what cannot be read on from, and ends the connection.
    fn refuse(&mut self, status: u16, message: &str) -> Next {
        let response = Response::refusal(status, message).header("connection", "close");
        let transport = self.wire.get_mut();
        let _ = transport.write_all(&response.bytes());
        let _ = transport.flush();
        Next::CloseGently
    }
}

/// Headers to keep: of credentials only the scheme.
fn without_credentials(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let is_secret = ["authorization", "proxy-authorization", "cookie"]
                .iter()
                .any(|secret| name.eq_ignore_ascii_case(secret));
            let value = match value.split_once(' ') {
                _ if !is_secret => value.clone(),
                Some((scheme, _)) => format!("{scheme} …"),
                None => "…".to_owned(),
            };
            (name.clone(), value)
        })
        .collect()
}
