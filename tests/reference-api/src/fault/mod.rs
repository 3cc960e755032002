//! Faults on demand: which request goes wrong, and how.
//!
//! A [`Fault`] is a rule. Every request is held against the rules in their order; each rule that
//! matches counts the request, and the first that is due acts. The text form of a rule is in
//! [`Fault::parse`].

mod action;
mod book;
mod text;

pub use action::{Action, Canned};
pub(crate) use book::FaultBook;
pub use text::FaultError;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// `POST {base}/upload`.
    Upload,
    /// `POST {base}/call-data`.
    CallData,
    /// `GET {base}/call-data`.
    Question,
    /// Every request, those included that are for no path of the API.
    Any,
}

impl Target {
    /// Whether a request for `other` is meant; `None` is a request for no path of the API.
    pub(crate) fn covers(self, other: Option<Self>) -> bool {
        self == Self::Any || other == Some(self)
    }

    /// The name in a rule's text and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::CallData => "call-data",
            Self::Question => "question",
            Self::Any => "any",
        }
    }
}

/// Which of the requests that a rule matches it acts on, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hits {
    first: u64,
    last: Option<u64>,
}

impl Hits {
    /// Every one.
    pub const ALL: Self = Self {
        first: 1,
        last: None,
    };

    /// From one to another, both included; without a last one to the end.
    pub fn between(first: u64, last: Option<u64>) -> Self {
        Self { first, last }
    }

    fn contains(self, hit: u64) -> bool {
        hit >= self.first && self.last.is_none_or(|last| hit <= last)
    }
}

/// A rule: target, hits, and what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    target: Target,
    only: Option<String>,
    hits: Hits,
    action: Action,
}

impl Fault {
    /// A rule for every request to the target; narrow it with [`Self::nth`], [`Self::first`],
    /// [`Self::hits`] and [`Self::only_for`].
    pub fn new(target: Target, action: Action) -> Self {
        Self {
            target,
            only: None,
            hits: Hits::ALL,
            action,
        }
    }

    /// A rule for uploads.
    pub fn upload(action: Action) -> Self {
        Self::new(Target::Upload, action)
    }

    /// A rule for posts of call data.
    pub fn call_data(action: Action) -> Self {
        Self::new(Target::CallData, action)
    }

    /// A rule for questions whether a call is there.
    pub fn question(action: Action) -> Self {
        Self::new(Target::Question, action)
    }

    /// A rule for all requests.
    pub fn any(action: Action) -> Self {
        Self::new(Target::Any, action)
    }

    /// Acts on the n-th matching request only, counted from 1.
    #[must_use]
    pub fn nth(self, n: u64) -> Self {
        self.hits(Hits::between(n, Some(n)))
    }

    /// Acts on the first `count` matching requests.
    #[must_use]
    pub fn first(self, count: u64) -> Self {
        self.hits(Hits::between(1, Some(count)))
    }

    /// Acts on these matching requests.
    #[must_use]
    pub fn hits(mut self, hits: Hits) -> Self {
        self.hits = hits;
        self
    }

    /// Matches only requests whose subject contains the text: the file name of an upload, the call
    /// id of call data and of a question. To learn it, as much of the body is read as is needed.
    #[must_use]
    pub fn only_for(mut self, text: impl Into<String>) -> Self {
        self.only = Some(text.into());
        self
    }
}
