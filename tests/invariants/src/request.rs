//! What the API has seen.

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A recording.
    Recording,
    /// A post of call data.
    CallData,
    /// The question whether a call is there.
    Question,
}

impl Part {
    /// The name of the part's record in a document; a question has none.
    pub(crate) fn record(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::CallData | Self::Question => "call_data",
        }
    }
}

/// What the API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It has the part now; for a recording with its URL.
    Acknowledged {
        /// Where the recording is.
        url: Option<String>,
    },
    /// It had the part before: a 409 that says so, or a question that found the call.
    Duplicate {
        /// Where the recording is, as far as the answer tells.
        url: Option<String>,
    },
    /// A question: the call is not there, or the answer is about others.
    Absent,
    /// A question: this API cannot tell (404 or 405 that are not the contract's).
    Unanswerable,
    /// Another status, whatever was stored.
    Refused(u16),
    /// 2xx, but not the contract's answer.
    Garbled,
    /// None, or half of one.
    Nothing,
}

/// One request, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The index of the event in [`crate::World::events`] that sent it; for those that came before
    /// all events, leave a run without anything at the front.
    pub event: usize,
    /// What it was for.
    pub part: Part,
    /// Whose it was; empty when it broke off before it said so.
    pub session_id: String,
    /// The idempotency key; a question has none.
    pub key: Option<String>,
    /// A hash of the recording or the body; none unless all of it arrived.
    pub content: Option<String>,
    /// The recording URL in call data.
    pub recording_url: Option<String>,
    /// Whether it left something new at the API.
    pub stored: bool,
    /// The answer.
    pub reply: Reply,
    /// Whether the client has read the answer; none where that is not known.
    pub read: Option<bool>,
}

impl Request {
    /// The API said that it has the part, and the client may have heard it.
    pub(crate) fn is_acknowledged(&self) -> bool {
        let says_so = matches!(
            self.reply,
            Reply::Acknowledged { .. } | Reply::Duplicate { .. }
        );
        says_so && self.read != Some(false)
    }

    /// A post that may have arrived although no answer said so: the next one needs the question.
    pub(crate) fn leaves_fate_unknown(&self) -> bool {
        match self.reply {
            Reply::Acknowledged { .. } | Reply::Duplicate { .. } => self.read == Some(false),
            Reply::Garbled => true,
            Reply::Refused(status) => {
                matches!(status, 408 | 409) || (status >= 500 && status != 501)
            }
            Reply::Nothing => self.content.is_some(),
            Reply::Absent | Reply::Unanswerable => false,
        }
    }

    /// An answer that shows that the service works: what it has against other requests is theirs.
    pub(crate) fn shows_that_it_works(&self) -> bool {
        match self.reply {
            Reply::Refused(status) => {
                (400..500).contains(&status)
                    && !matches!(status, 401 | 403 | 407 | 408 | 409 | 425 | 429)
                    || status == 501
            }
            _ => self.is_acknowledged(),
        }
    }
}
