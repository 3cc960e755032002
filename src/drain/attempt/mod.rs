//! One try at one session: the recording, the checkpoint, the call data.

mod call_data;
mod question;
mod recording;

use super::body;
use super::exchange::{Exchange, RequestFacts};
use crate::clock::Clock;
use crate::outcome::{Failure, Part};
use crate::plan::{Delivery, Policy, retry_after_delay};
use crate::redact::Redactor;
use crate::report::{PartCounts, Stop};
use crate::session::{Document, Dossier};
use crate::settle::{self, Charge};
use crate::spool::{LeasedSpool, SpoolError};
use crate::upload::UploadApi;

/// How a try at a session ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both parts have come to an end; the verdict says where the session belongs.
    Complete,
    /// A part failed for a passing reason.
    Deferred,
    /// The run must stop; with what happened, unless nothing was sent.
    Stopped(Stop, Option<String>),
    /// Somebody removed the document meanwhile.
    Vanished,
    /// Something could not be recorded: the run must end.
    Unrecorded(SpoolError),
}

impl From<SpoolError> for End {
    fn from(error: SpoolError) -> Self {
        Self::Unrecorded(error)
    }
}

/// A step of a try; the error is where the try ends early.
type Step<T> = Result<T, End>;

/// What a try at a session came to. The document holds the facts; what they cost is apart, because
/// an outage is no session's fault.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) document: Document,
    pub(super) charges: Vec<Charge>,
    pub(super) end: End,
    /// A part was delivered in this try.
    pub(super) delivered: bool,
    /// A part was rejected in this try.
    pub(super) rejected: bool,
    pub(super) parts: PartCounts,
}

/// A try in the making.
pub(super) struct Attempt<'t, 'a, A, C> {
    exchange: &'t mut Exchange<'a, A, C>,
    spool: &'t LeasedSpool<'t>,
    policy: &'t Policy,
    clock: &'t C,
    dossier: &'t Dossier,
    redactor: Redactor,
    so_far: Attempted,
    /// The document with what was delivered in this try is on disk.
    checkpointed: bool,
    /// No other session is worked on meanwhile.
    is_alone: bool,
}

impl<'t, 'a, A: UploadApi, C: Clock> Attempt<'t, 'a, A, C> {
    pub(super) fn new(
        exchange: &'t mut Exchange<'a, A, C>,
        spool: &'t LeasedSpool<'t>,
        policy: &'t Policy,
        clock: &'t C,
        dossier: &'t Dossier,
        secret: Option<&str>,
    ) -> Self {
        let mut document = dossier.document.clone();
        document.record.call_data.unconfirmed |= document.was_tried_elsewhere();
        let so_far = Attempted {
            document,
            charges: Vec::new(),
            end: End::Complete,
            delivered: false,
            rejected: false,
            parts: PartCounts::default(),
        };
        let redactor = body::redactor(dossier, secret);
        Self {
            exchange,
            spool,
            policy,
            clock,
            dossier,
            redactor,
            so_far,
            checkpointed: false,
            is_alone: true,
        }
    }

    /// Other sessions may be worked on meanwhile.
    pub(super) fn beside_others(mut self, are_there: bool) -> Self {
        self.is_alone = !are_there;
        self
    }

    /// Makes the try.
    pub(super) fn make(mut self, delivery: &Delivery) -> Attempted {
        for warning in &delivery.warnings {
            let warning = self.redactor.scrub(warning, 400);
            log::warn!(session = self.dossier.document.session_id(), warning = warning.as_str(); "odd");
        }
        let steps = self
            .recording(&delivery.recording, &delivery.call_data)
            .and_then(|()| self.call_data(&delivery.call_data));
        let now = self.clock.now();
        let stamped = self.so_far.document.set_last_upload_attempt(now);
        let steps = steps.and_then(|()| Ok(settle::set(stamped, &self.dossier.name)?));
        if let Err(end) = steps {
            self.so_far.end = end;
        }
        self.so_far
    }

    /// Whether the attempt that just failed was the part's last one.
    fn is_exhausted(&self, part: Part) -> bool {
        self.so_far.document.record.attempts(part).saturating_add(1) >= self.policy.max_attempts
    }

    fn charge(&mut self, part: Part, failure: &Failure) {
        let retry_after = failure
            .retry_after
            .map(|after| retry_after_delay(after, self.clock.now()));
        self.so_far.charges.push(Charge { part, retry_after });
    }

    fn note(&mut self, part: Part, outcome: &str, request: &RequestFacts) {
        settle::remember(
            &mut self.so_far.document,
            part,
            outcome,
            None,
            Some(request.took),
            self.clock.now(),
        );
    }

    /// Notes a failure in the document and the log, and gives it back fit to be shown.
    fn noted(&mut self, part: Part, mut failure: Failure, request: &RequestFacts) -> Failure {
        failure.message = self.redactor.scrub_message(&failure.message, 400);
        settle::note_failure(
            &mut self.so_far.document,
            part,
            &failure,
            Some(request.took),
            self.clock.now(),
        );
        log::warn!(
            session = self.dossier.document.session_id(),
            part = part.as_str(),
            kind = failure.kind.as_str(),
            request_id = request.id.as_str(),
            reason = failure.message.as_str();
            "not delivered"
        );
        failure
    }

    fn stopped(
        &mut self,
        part: Part,
        stop: Stop,
        failure: Option<Failure>,
        request: &RequestFacts,
    ) -> End {
        let message = failure.map(|failure| self.noted(part, failure, request).message);
        End::Stopped(stop, message)
    }
}
