//! What a person can do about a session, with the command to type.

use serde::Serialize;

use super::session_line::{SessionLine, StateWord};
use super::wording::shell_word;
use crate::plan::Action;
use crate::redact::is_display_control;
use crate::session::{Lacking, UploadRecord};

/// One thing that a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What, and what comes of it.
    pub what: String,
    /// What to type; `None` where nothing typed here would do it.
    pub command: Option<String>,
}

/// The program as its user has to call it, to mean the same spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    head: String,
    can_be_typed: bool,
}

impl Default for Program {
    fn default() -> Self {
        Self::called_with([])
    }
}

impl Program {
    /// The program with these options before its command, as they were given.
    pub fn called_with(options: impl IntoIterator<Item = String>) -> Self {
        let words = std::iter::once("callspool".to_owned()).chain(options);
        let words: Vec<String> = words.collect();
        let quoted: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        Self {
            head: quoted.join(" "),
            can_be_typed: words.iter().all(|word| can_be_typed(word)),
        }
    }

    /// The program with its options, as it is typed.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// A line to type. `None` when one of the words cannot be typed.
    pub fn line(&self, words: &[&str]) -> Option<String> {
        if !self.can_be_typed || !words.iter().all(|word| can_be_typed(word)) {
            return None;
        }
        let words = words.iter().map(|word| format!(" {}", shell_word(word)));
        Some(std::iter::once(self.head.clone()).chain(words).collect())
    }

    /// A line that does something with a session: by its id, else by its document's file name.
    fn about(&self, words: &[&str], line: &SessionLine) -> Option<String> {
        [&line.session_id, &line.document]
            .into_iter()
            .find_map(|id| {
                let mut words = words.to_vec();
                if id.starts_with('-') {
                    words.push("--");
                }
                words.push(id);
                self.line(&words)
            })
    }
}

/// Whether a word is one that a person sees as it is: without characters that steer a terminal, and
/// without what stands for bytes that are no text.
fn can_be_typed(word: &str) -> bool {
    !word
        .chars()
        .any(|c| is_display_control(c) || c == char::REPLACEMENT_CHARACTER)
}

/// What a person can do about a session, first things first. `record` is what its document tells
/// beyond the line, `next` what the next run would do, where they are known.
pub fn advise(
    line: &SessionLine,
    record: Option<&UploadRecord>,
    next: Option<&Action>,
    program: &Program,
) -> Vec<Advice> {
    let kind = line.last_error.as_ref().map(|error| error.kind.as_str());
    let mut list = List {
        line,
        program,
        all: Vec::new(),
    };
    match line.state {
        StateWord::Failed => {
            list.mend(kind);
            list.requeue("put it back, so that the next run tries again");
            list.requeue_alike(kind);
        }
        StateWord::Partial => list.partial(record, kind),
        StateWord::Corrupt if line.is_in_pending => {
            list.say(
                "mend its bytes where they are: a document is one JSON object with a session_id",
            );
        }
        StateWord::Corrupt => {
            list.say("mend its bytes: a document is one JSON object with a session_id");
            list.requeue("give it back, so that the next run reads it again");
        }
        StateWord::Backoff => {
            list.mend(kind);
            list.requeue(
                "have the next run try at once; else nothing: it is tried again by itself",
            );
        }
        StateWord::Waiting | StateWord::Settling | StateWord::Skipped => list.held_up(),
        StateWord::Due => match next {
            Some(Action::Fail { failure, .. } | Action::Retry { failure }) => {
                list.mend(Some(failure.kind.as_str()));
            }
            _ => list.say("nothing: the next run takes it"),
        },
        StateWord::Processed => list.command(
            "send it once more, though it was delivered",
            &["requeue", "--part", "all", "--force"],
        ),
    }
    list.all
}

struct List<'a> {
    line: &'a SessionLine,
    program: &'a Program,
    all: Vec<Advice>,
}

impl List<'_> {
    fn say(&mut self, what: &str) {
        self.all.push(Advice {
            what: what.to_owned(),
            command: None,
        });
    }

    fn command(&mut self, what: &str, words: &[&str]) {
        self.all.push(Advice {
            what: what.to_owned(),
            command: self.program.about(words, self.line),
        });
    }

    fn requeue(&mut self, what: &str) {
        self.command(what, &["requeue"]);
    }

    /// Of a session that a run would not take now.
    fn held_up(&mut self) {
        let reason = self.line.reason.as_deref();
        let is_unreadable = reason.is_some_and(|reason| reason.contains("cannot be read"));
        self.say(match self.line.state {
            StateWord::Waiting => {
                "nothing: without a recording the call data goes alone, once the wait is over"
            }
            StateWord::Settling => {
                "nothing: it is taken once its files have not changed for --settle"
            }
            _ if self.line.has_document() && !is_unreadable => {
                "set its status to ready_for_upload, if callspool is to deliver it"
            }
            _ => "let the user that callspool runs as read what cannot be read",
        });
    }

    /// Says what to mend first, where something is to be mended.
    fn mend(&mut self, kind: Option<&str>) {
        if let Some(what) = kind.and_then(mend) {
            self.say(what);
        }
    }

    /// What failed for a reason that lies outside of the session is rarely alone.
    fn requeue_alike(&mut self, kind: Option<&str>) {
        let kind = kind.filter(|kind| ["rejected", "missing_campaign", "server"].contains(kind));
        if let Some(kind) = kind {
            self.all.push(Advice {
                what: "put back all that failed for this reason".to_owned(),
                command: self.program.line(&["requeue", "--failed", "--error", kind]),
            });
        }
    }

    fn partial(&mut self, record: Option<&UploadRecord>, kind: Option<&str>) {
        if record.is_some_and(|record| record.call_data.unlinked) {
            self.say(
                "ask the API's operator to join the recording to the call: the API kept an earlier one without it",
            );
            return;
        }
        if record.is_some_and(|record| record.recording.size_mismatch) {
            self.command(
                "listen to the recording, whose size was not the manifest's; send it again when it is whole",
                &["requeue", "--part", "recording"],
            );
            return;
        }
        let lacks = |what| record.is_some_and(|record| record.call_data.without.contains(&what));
        if self.line.recording.state == "missing" {
            self.requeue(
                "if the recording turns up, put it into the recordings directory and send it",
            );
        } else if kind.is_none() && lacks(Lacking::Transcript) {
            self.requeue(
                "if the transcript turns up, put it into the conversations directory and send it",
            );
        } else if kind.is_none() && lacks(Lacking::Lead) {
            self.requeue("if the lead turns up, put it into the leads directory and send it");
        } else {
            self.mend(kind);
            self.requeue("have the next run send what was not delivered");
        }
    }
}

/// What is to be mended before a failure of this kind can end well. `None` for one that passes.
fn mend(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "missing_campaign" => {
            "put the missing id into the document's campaign_metadata, or set --default-campaign-id and its like"
        }
        "missing_transcript" => {
            "put the transcript into the conversations directory, under the name that the document has for it"
        }
        "invalid_transcript" => {
            "mend the transcript; its error tells where it cannot be understood"
        }
        "invalid_lead" => "mend the lead file: it must be one JSON object",
        "unsafe_path" => {
            "let the document name regular files inside of the spool's own directories"
        }
        "rejected" => {
            "mend what the API complains of; if it refuses what it used to take, ask its operator"
        }
        "server" | "protocol" => {
            "if it keeps failing, show its error to the API's operator, with the request_id from the log"
        }
        "changed" => "find out what still writes to its recording",
        "crashed" => {
            "find out why runs die at it: look at the log, and for a lack of memory at the kernel's"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::session::Document;

    fn line(state: StateWord, upload: &str) -> (SessionLine, UploadRecord) {
        let text = format!(r#"{{"session_id":"call 7","upload":{upload}}}"#);
        let document = Document::parse(text.as_bytes()).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let line = SessionLine::of(&document, "metadata_x.json", state, now, now);
        (line, document.record)
    }

    fn commands(line: &SessionLine, record: Option<&UploadRecord>) -> Vec<String> {
        let advice = advise(line, record, None, &Program::default());
        advice.into_iter().filter_map(|it| it.command).collect()
    }

    #[test]
    fn every_state_has_its_advice() {
        for state in [
            StateWord::Due,
            StateWord::Waiting,
            StateWord::Settling,
            StateWord::Backoff,
            StateWord::Skipped,
            StateWord::Failed,
            StateWord::Corrupt,
            StateWord::Processed,
            StateWord::Partial,
        ] {
            let (line, record) = line(state, "{}");
            for record in [None, Some(&record)] {
                let advice = advise(&line, record, None, &Program::default());
                assert!(!advice.is_empty(), "{state:?}");
            }
        }
    }

    #[test]
    fn a_failure_names_its_remedy_before_the_command() {
        let (line, record) = line(
            StateWord::Failed,
            r#"{"call_data":{"state":"rejected","error":{"kind":"missing_campaign"}}}"#,
        );
        let advice = advise(&line, Some(&record), None, &Program::default());
        assert!(advice[0].what.contains("--default-campaign-id"));
        assert_eq!(advice[0].command, None);
        assert_eq!(
            commands(&line, Some(&record)),
            [
                "callspool requeue 'call 7'",
                "callspool requeue --failed --error missing_campaign"
            ]
        );
    }

    #[test]
    fn what_nothing_can_complete_is_not_requeued() {
        let (line, record) = line(
            StateWord::Partial,
            r#"{"recording":{"state":"uploaded"},"call_data":{"state":"duplicate","unlinked":true}}"#,
        );
        assert_eq!(commands(&line, Some(&record)), [""; 0]);
    }

    #[test]
    fn a_command_can_be_typed_as_it_stands() {
        let (mut line, _) = line(StateWord::Failed, "{}");
        for (id, expected) in [
            ("session_1", "callspool requeue session_1"),
            ("it's", r"callspool requeue 'it'\''s'"),
            ("-x", "callspool requeue -- -x"),
            ("a\u{1b}b", "callspool requeue metadata_x.json"),
        ] {
            line.session_id = id.to_owned();
            assert_eq!(commands(&line, None)[0], expected);
        }
        line.document = "\u{7}".to_owned();
        assert_eq!(commands(&line, None), [""; 0]);
        let odd = Program::called_with(["--root".to_owned(), "/srv/a\nb".to_owned()]);
        assert_eq!(odd.line(&["requeue", "x"]), None);
        let program = Program::called_with(["--root".to_owned(), "/srv/my agent".to_owned()]);
        assert_eq!(
            program.line(&["requeue", "x"]).unwrap(),
            "callspool --root '/srv/my agent' requeue x"
        );
    }
}
