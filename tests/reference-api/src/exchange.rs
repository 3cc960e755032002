//! One request and its answer, with whatever was ordered to go wrong between them.

use std::io::{self, Write};
use std::time::Duration;

use crate::body::Body;
use crate::connection::Wire;
use crate::fault::{Action, Target};
use crate::head::Head;
use crate::log::ReceivedRequest;
use crate::response::Response;
use crate::routes::{Request, Tamper};
use crate::server::Shared;

/// How much of an upload is read to find the file's name, in bytes.
const FORM_HEAD_BYTES: usize = 16 * 1024;

/// How much of call data is read to find the call's id, in bytes.
const CALL_DATA_BYTES: usize = 128 * 1024 * 1024;

/// What comes after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next request.
    Request,
    /// The next request, to be met with a reset.
    ResetLater,
    /// The end, by FIN.
    Close,
    /// The end, by FIN, once the client has stopped sending.
    CloseGently,
    /// The end, by RST.
    Reset,
}

/// A request in work.
pub(crate) struct Exchange<'a> {
    shared: &'a Shared,
    head: &'a Head,
    seq: u64,
    target: Option<Target>,
    body: Body<'a, Wire>,
    is_awaited: bool,
}

impl<'a> Exchange<'a> {
    /// A request whose head was read and noted.
    pub(crate) fn new(shared: &'a Shared, head: &'a Head, seq: u64, body: Body<'a, Wire>) -> Self {
        let expect = head.header("expect").unwrap_or_default();
        Self {
            shared,
            head,
            seq,
            target: shared.api.target(head),
            is_awaited: expect.eq_ignore_ascii_case("100-continue") && !body.is_complete(),
            body,
        }
    }

    /// Deals with the request.
    pub(crate) fn run(mut self) -> Next {
        let next = self.deal().unwrap_or(Next::Close);
        self.note(|_| {});
        next
    }

    fn deal(&mut self) -> io::Result<Next> {
        let subject = self.subject()?;
        if !subject.is_empty() {
            self.note(|request| request.subject = Some(subject.clone()));
        }
        let Some(due) = self.shared.faults.decide(self.target, &subject) else {
            let response = self.serve(None)?;
            return self.send(response);
        };
        self.note(|request| request.fault = Some(due.rule));
        self.fail(due.action)
    }

    fn fail(&mut self, action: Action) -> io::Result<Next> {
        match action {
            Action::Answer(canned) => {
                self.read_all()?;
                self.send(Response::from(&canned))
            }
            Action::AnswerAfterServing(canned) => {
                self.serve(None)?;
                self.send(Response::from(&canned))
            }
            Action::Echo(status) => {
                self.read_all()?;
                self.send(self.echo(status))
            }
            Action::Stall => {
                self.read_all()?;
                Ok(self.stall())
            }
            Action::StallAfterServing => self.serve(None).map(|_| self.stall()),
            Action::Reset => Ok(Next::Reset),
            Action::ResetAfter(count) => self.read_to(count).map(|()| Next::Reset),
            Action::CloseAfter(count) => self.read_to(count).map(|()| Next::Close),
            Action::ResetAfterServing => self.serve(None).map(|_| Next::Reset),
            Action::CutAnswer => self.serve(None).and_then(|response| self.cut(response)),
            Action::EarlyAnswer(status) => self.answer_early(status),
            Action::EarlyClose(status) => {
                let response = Response::refusal(status, "refused at once");
                self.send(response.header("connection", "close"))?;
                Ok(Next::Close)
            }
            Action::WithoutUrl => self.send_tampered(Tamper::WithoutUrl),
            Action::RelativeUrlOnly => self.send_tampered(Tamper::RelativeUrlOnly),
            Action::WrongSize => self.send_tampered(Tamper::WrongSize),
            Action::IgnoreCallId => self.send_tampered(Tamper::IgnoreCallId),
            Action::Delay(time) => self.serve(None).and_then(|r| self.send_later(r, time)),
            Action::Trickle(time) => self.serve(None).and_then(|r| self.trickle(r, time)),
            Action::CloseUnannounced => self.send_and(Next::Close),
            Action::ResetNext => self.send_and(Next::ResetLater),
        }
    }

    /// What rules for a subject look at; empty when no rule asks.
    fn subject(&mut self) -> io::Result<String> {
        if !self.shared.faults.asks_for_subject(self.target) {
            return Ok(String::new());
        }
        Ok(match self.target {
            Some(Target::Upload) => {
                self.invite()?;
                file_name(self.body.look_ahead(FORM_HEAD_BYTES, |bytes| {
                    bytes.windows(4).any(|window| window == b"\r\n\r\n")
                }))
            }
            Some(Target::CallData) => {
                self.invite()?;
                call_id(self.body.look_ahead(CALL_DATA_BYTES, |_| false))
            }
            Some(Target::Question) => self.head.parameter("callId").unwrap_or_default(),
            Some(Target::Any) | None => self.head.path.clone(),
        })
    }

    /// Lets a client send that waits for leave to.
    fn invite(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_awaited) {
            return Ok(());
        }
        let wire = self.body.wire().get_mut();
        wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        wire.flush()
    }

    fn read_all(&mut self) -> io::Result<()> {
        self.invite()?;
        self.body.drain()
    }

    fn read_to(&mut self, count: u64) -> io::Result<()> {
        self.invite()?;
        self.body.drain_to(count)
    }

    /// Deals with the request as the API does; the body is read to its end.
    fn serve(&mut self, tamper: Option<Tamper>) -> io::Result<Response> {
        self.invite()?;
        let response = self.shared.api.respond(&mut Request {
            head: self.head,
            body: &mut self.body,
            tamper,
        })?;
        self.body.drain()?;
        Ok(response)
    }

    fn send_tampered(&mut self, tamper: Tamper) -> io::Result<Next> {
        let response = self.serve(Some(tamper))?;
        self.send(response)
    }

    /// Serves and answers, and does something unannounced after it.
    fn send_and(&mut self, next: Next) -> io::Result<Next> {
        let response = self.serve(None)?;
        self.send(response).map(|_| next)
    }

    fn send_later(&mut self, response: Response, time: Duration) -> io::Result<Next> {
        match self.shared.stop.wait_for(time) {
            true => Ok(Next::Close),
            false => self.send(response),
        }
    }

    fn answer_early(&mut self, status: u16) -> io::Result<Next> {
        let next = self.send(Response::refusal(status, "refused at once"))?;
        self.body.drain()?;
        Ok(next)
    }

    fn stall(&mut self) -> Next {
        self.note(|_| {});
        self.shared.stop.wait();
        Next::Close
    }

    fn echo(&self, status: u16) -> Response {
        let authorization = self.head.header("authorization").unwrap_or("none");
        let opening = self.body.opening();
        Response::refusal(
            status,
            &format!("refused; authorization: {authorization}; body: {opening}"),
        )
    }

    /// Writes the answer. It is noted first: who has read it finds it in the log.
    fn send(&mut self, response: Response) -> io::Result<Next> {
        let response = self.finish(response);
        let wire = self.body.wire().get_mut();
        wire.write_all(&response.bytes())?;
        wire.flush()?;
        Ok(match self.head.keep_alive {
            true => Next::Request,
            false => Next::Close,
        })
    }

    fn cut(&mut self, response: Response) -> io::Result<Next> {
        let response = self.finish(response);
        let half = response.head().len() + response.body.len() / 2;
        let wire = self.body.wire().get_mut();
        wire.write_all(response.bytes().get(..half).unwrap_or_default())?;
        wire.flush()?;
        Ok(Next::Close)
    }

    fn trickle(&mut self, response: Response, time: Duration) -> io::Result<Next> {
        let response = self.finish(response);
        for byte in response.bytes() {
            let wire = self.body.wire().get_mut();
            wire.write_all(&[byte])?;
            wire.flush()?;
            if self.shared.stop.wait_for(time) {
                return Ok(Next::Close);
            }
        }
        Ok(Next::Request)
    }

    /// Notes the answer, and completes it with what belongs to every one.
    fn finish(&self, mut response: Response) -> Response {
        let status = response.status;
        self.note(|request| request.status = Some(status));
        if let Some(id) = self.head.header("x-request-id") {
            response = response.header("x-request-id", id);
        }
        match self.head.keep_alive {
            true => response,
            false => response.header("connection", "close"),
        }
    }

    fn note(&self, change: impl FnOnce(&mut ReceivedRequest)) {
        self.shared.note(self.seq, |request| {
            request.body_bytes = self.body.received();
            request.body_sha256 = self.body.sha256();
            change(request);
        });
    }
}

/// The file name in the head of a form's first part, or all that is there.
fn file_name(opening: &[u8]) -> String {
    let text = String::from_utf8_lossy(opening);
    text.split_once("filename=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or_else(|| text.clone().into_owned(), |(name, _)| name.to_owned())
}

/// The id of a call in call data, or all that is there.
fn call_id(body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|body| Some(body.pointer("/callDetails/callId")?.as_str()?.to_owned()))
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}
