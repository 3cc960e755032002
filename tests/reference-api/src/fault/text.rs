//! The text form of a rule: `TARGET[@SUBJECT]:HITS:ACTION`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Action, Canned, Fault, Hits, Target};

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It has not the three parts.
    #[error("`{0}` is no fault: write TARGET[@SUBJECT]:HITS:ACTION, such as upload:1:status=500")]
    Form(String),
    /// The first part is unknown.
    #[error("`{0}` is no target: use upload, call-data, question or any")]
    Target(String),
    /// The second part is unknown.
    #[error("`{0}` names no hits: use all, 3, 1-3 or 2-")]
    Hits(String),
    /// The third part is unknown.
    #[error("`{0}` is no action")]
    Action(String),
    /// The action's value is missing or cannot be read.
    #[error("`{0}` has not the value that the action needs")]
    Value(String),
}

impl Fault {
    /// Reads a rule, `TARGET[@SUBJECT]:HITS:ACTION`.
    ///
    /// `TARGET` is `upload`, `call-data`, `question` or `any`; `@SUBJECT` stands for
    /// [`Fault::only_for`]; `HITS` is `all`, `3` (the third), `1-3` (the first three) or `2-`.
    ///
    /// | action | meaning |
    /// | --- | --- |
    /// | `status=N[;header=value…][;body=TEXT]` | that answer, nothing stored |
    /// | `stored-status=N[;…]` | the same, after all was stored |
    /// | `html=N`, `stored-html=N` | an HTML page |
    /// | `not-success`, `not-json` | 200 with `"success": false`, 200 without JSON |
    /// | `exists=N`, `conflict` | "already exists" with that status; 409 without a text |
    /// | `unanswerable` | 404 with HTML |
    /// | `echo=N` | that status, quoting body and Authorization header |
    /// | `stall`, `stored-stall` | no answer, ever |
    /// | `reset`, `reset-after=K`, `close-after=K` | before the body, after K bytes of it |
    /// | `stored-reset`, `stored-cut` | stored, then reset or half an answer |
    /// | `early=N`, `early-close=N` | answers first, then reads the body or closes |
    /// | `without-url`, `relative-url`, `wrong-size` | stored, with such an answer |
    /// | `ignore-call-id` | a question is answered with other calls |
    /// | `delay=D`, `trickle=D` | stored, answered later or a byte every D (`50ms`, `2s`) |
    /// | `close-unannounced`, `reset-next` | stored, then the connection ends |
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let mut parts = text.splitn(3, ':');
        let (Some(target), Some(hits), Some(action)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(FaultError::Form(text.to_owned()));
        };
        let (target, only) = match target.split_once('@') {
            Some((target, only)) => (target, Some(only)),
            None => (target, None),
        };
        let fault = Self::new(parse_target(target)?, parse_action(action)?).hits(parse_hits(hits)?);
        Ok(match only {
            Some(only) => fault.only_for(only),
            None => fault,
        })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::parse(text)
    }
}

fn parse_target(text: &str) -> Result<Target, FaultError> {
    [
        Target::Upload,
        Target::CallData,
        Target::Question,
        Target::Any,
    ]
    .into_iter()
    .find(|target| target.as_str() == text)
    .ok_or_else(|| FaultError::Target(text.to_owned()))
}

fn parse_hits(text: &str) -> Result<Hits, FaultError> {
    let number = |part: &str| part.parse::<u64>().ok().filter(|number| *number > 0);
    let hits = match text.split_once('-') {
        None if text == "all" => Some(Hits::ALL),
        None => number(text).map(|nth| Hits::between(nth, Some(nth))),
        Some((first, "")) => number(first).map(|first| Hits::between(first, None)),
        Some((first, last)) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| Hits::between(first, Some(last))),
    };
    hits.ok_or_else(|| FaultError::Hits(text.to_owned()))
}

fn parse_action(text: &str) -> Result<Action, FaultError> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    match value {
        None => plain_action(name),
        Some(value) => valued_action(name, value),
    }
    .map_err(|known| {
        if known {
            FaultError::Value(text.to_owned())
        } else {
            FaultError::Action(text.to_owned())
        }
    })
}

/// An action without a value; the error says whether the name is known with one.
fn plain_action(name: &str) -> Result<Action, bool> {
    Ok(match name {
        "not-success" => Action::not_success(),
        "not-json" => Action::not_json(),
        "conflict" => Action::conflict_without_text(),
        "unanswerable" => Action::unanswerable(),
        "stall" => Action::Stall,
        "stored-stall" => Action::StallAfterServing,
        "reset" => Action::Reset,
        "stored-reset" => Action::ResetAfterServing,
        "stored-cut" => Action::CutAnswer,
        "without-url" => Action::WithoutUrl,
        "relative-url" => Action::RelativeUrlOnly,
        "wrong-size" => Action::WrongSize,
        "ignore-call-id" => Action::IgnoreCallId,
        "close-unannounced" => Action::CloseUnannounced,
        "reset-next" => Action::ResetNext,
        _ => return Err(valued_action(name, "") != Err(false)),
    })
}

/// An action with a value; the error says whether the name is known.
fn valued_action(name: &str, value: &str) -> Result<Action, bool> {
    let status = || parse_status(value).ok_or(true);
    let bytes = || value.parse::<u64>().map_err(|_| true);
    let duration = || humantime::parse_duration(value).map_err(|_| true);
    Ok(match name {
        "status" => Action::Answer(parse_canned(value).ok_or(true)?),
        "stored-status" => Action::AnswerAfterServing(parse_canned(value).ok_or(true)?),
        "html" => Action::html(status()?),
        "stored-html" => Action::AnswerAfterServing(Canned::html(status()?)),
        "exists" => Action::already_exists(status()?),
        "echo" => Action::Echo(status()?),
        "early" => Action::EarlyAnswer(status()?),
        "early-close" => Action::EarlyClose(status()?),
        "reset-after" => Action::ResetAfter(bytes()?),
        "close-after" => Action::CloseAfter(bytes()?),
        "delay" => Action::Delay(duration()?),
        "trickle" => Action::Trickle(duration()?),
        _ => return Err(false),
    })
}

fn parse_status(text: &str) -> Option<u16> {
    text.parse()
        .ok()
        .filter(|status| (200..=999).contains(status))
}

/// `N;name=value;body=rest`, where the body takes the rest.
fn parse_canned(text: &str) -> Option<Canned> {
    let (status, mut rest) = text.split_once(';').unwrap_or((text, ""));
    let mut canned = Canned::status(parse_status(status)?);
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix("body=") {
            return Some(canned.body(body));
        }
        let (header, next) = rest.split_once(';').unwrap_or((rest, ""));
        let (name, value) = header.split_once('=')?;
        canned = canned.header(name, value);
        rest = next;
    }
    Some(canned)
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.target.as_str())?;
        if let Some(only) = &self.only {
            write!(formatter, "@{only}")?;
        }
        write!(formatter, ":{}:{}", self.hits, self.action)
    }
}

impl fmt::Display for Hits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (1, None) => formatter.write_str("all"),
            (first, None) => write!(formatter, "{first}-"),
            (first, Some(last)) if first == last => write!(formatter, "{first}"),
            (first, Some(last)) => write!(formatter, "{first}-{last}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &Duration| humantime::format_duration(*time).to_string();
        match self {
            Self::Answer(canned) => write!(formatter, "status={canned}"),
            Self::AnswerAfterServing(canned) => write!(formatter, "stored-status={canned}"),
            Self::Echo(status) => write!(formatter, "echo={status}"),
            Self::Stall => formatter.write_str("stall"),
            Self::StallAfterServing => formatter.write_str("stored-stall"),
            Self::Reset => formatter.write_str("reset"),
            Self::ResetAfter(bytes) => write!(formatter, "reset-after={bytes}"),
            Self::CloseAfter(bytes) => write!(formatter, "close-after={bytes}"),
            Self::ResetAfterServing => formatter.write_str("stored-reset"),
            Self::CutAnswer => formatter.write_str("stored-cut"),
            Self::EarlyAnswer(status) => write!(formatter, "early={status}"),
            Self::EarlyClose(status) => write!(formatter, "early-close={status}"),
            Self::WithoutUrl => formatter.write_str("without-url"),
            Self::RelativeUrlOnly => formatter.write_str("relative-url"),
            Self::WrongSize => formatter.write_str("wrong-size"),
            Self::IgnoreCallId => formatter.write_str("ignore-call-id"),
            Self::Delay(delay) => write!(formatter, "delay={}", time(delay)),
            Self::Trickle(delay) => write!(formatter, "trickle={}", time(delay)),
            Self::CloseUnannounced => formatter.write_str("close-unannounced"),
            Self::ResetNext => formatter.write_str("reset-next"),
        }
    }
}

impl fmt::Display for Canned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        for (name, value) in &self.headers {
            write!(formatter, ";{name}={value}")?;
        }
        match &self.body {
            Some(body) => write!(formatter, ";body={body}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One rule for every action.
    const RULES: [&str; 28] = [
        "upload:1:status=500",
        "any:all:status=503;retry-after=7",
        "call-data:1-3:status=302;location=https://example.com:8443/x;body=",
        "upload:2-:status=400;x=1;body={\"a\": 1; \"b\"}",
        "call-data@session_1:all:stored-status=500",
        "upload:1:html=200",
        "upload:1:stored-html=200",
        "upload:1:not-success",
        "upload:1:not-json",
        "call-data:1:exists=409",
        "call-data:1:conflict",
        "question:1:unanswerable",
        "any:1:echo=422",
        "any:1:stall",
        "any:1:stored-stall",
        "any:1:reset",
        "upload:1:reset-after=100000",
        "upload:1:close-after=0",
        "any:1:stored-reset",
        "any:1:stored-cut",
        "upload:1:early=413",
        "upload:1:early-close=413",
        "upload:1:without-url",
        "upload:1:relative-url",
        "upload:1:wrong-size",
        "question:1:ignore-call-id",
        "any:1:delay=1s 500ms",
        "any:1:trickle=20ms",
    ];

    #[test]
    fn a_rule_means_the_same_when_it_is_printed_and_read_again() {
        for rule in RULES
            .into_iter()
            .chain(["any:1:close-unannounced", "any:1:reset-next"])
        {
            let fault = Fault::parse(rule).unwrap();
            assert_eq!(Fault::parse(&fault.to_string()).unwrap(), fault, "{rule}");
        }
    }

    #[test]
    fn parts_mean_what_the_constructors_mean() {
        let fault = Fault::call_data(Action::retry_after(503, "7"))
            .first(3)
            .only_for("session_1");
        assert_eq!(
            Fault::parse("call-data@session_1:1-3:status=503;Retry-After=7").unwrap(),
            fault
        );
        assert_eq!(
            Fault::parse("upload:2:reset").unwrap(),
            Fault::upload(Action::Reset).nth(2)
        );
    }

    #[test]
    fn what_is_no_rule_says_which_part() {
        use FaultError as E;
        for (text, expected) in [
            ("upload:1", E::Form("upload:1".into())),
            ("uploads:1:reset", E::Target("uploads".into())),
            ("upload:0:reset", E::Hits("0".into())),
            ("upload:3-2:reset", E::Hits("3-2".into())),
            ("upload:x:reset", E::Hits("x".into())),
            ("upload:1:explode", E::Action("explode".into())),
            ("upload:1:explode=1", E::Action("explode=1".into())),
            ("upload:1:status", E::Value("status".into())),
            ("upload:1:status=99", E::Value("status=99".into())),
            ("upload:1:status=500;x", E::Value("status=500;x".into())),
            ("upload:1:delay=soon", E::Value("delay=soon".into())),
            ("upload:1:reset-after=-1", E::Value("reset-after=-1".into())),
        ] {
            assert_eq!(Fault::parse(text).unwrap_err(), expected, "{text}");
        }
    }
}
