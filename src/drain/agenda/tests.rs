//! In which order sessions are delivered that are judged ahead by few, and that each has one fate
//! whatever ends the run.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use tempfile::TempDir;

use crate::clock::{Clock, SystemClock};
use crate::drain::{Drain, Limits};
use crate::interrupt::Interrupt;
use crate::outcome::Failure;
use crate::plan::Policy;
use crate::report::{AttentionMode, RunSummary, Stop};
use crate::spool::{InWork, Interrupted, Layout, Spool};
use crate::timestamp;
use crate::upload::{
    Acknowledgement, CallDataPost, Presence, RecordingUpload, StoredRecording, UploadApi,
};

/// An API that takes everything, and notes the calls in their order.
struct Taking<'a> {
    calls: &'a mut Vec<String>,
    at_first: &'a mut (dyn FnMut() + Send),
}

impl UploadApi for Taking<'_> {
    fn upload_recording(&mut self, _: RecordingUpload<'_>) -> Result<StoredRecording, Failure> {
        unreachable!("no session has a recording")
    }

    fn post_call_data(&mut self, post: CallDataPost<'_>) -> Result<Acknowledgement, Failure> {
        if self.calls.is_empty() {
            (self.at_first)();
        }
        let body = str::from_utf8(post.body).unwrap();
        let (_, rest) = body.split_once("CALL-").unwrap();
        self.calls.push(rest.split_once('"').unwrap().0.to_owned());
        Ok(Acknowledgement::Stored)
    }

    fn find_call(&mut self, _: &str, _: &str) -> Result<Presence, Failure> {
        Ok(Presence::Absent)
    }
}

/// A spool on disk whose sessions are the younger the later they are put there.
struct Stage {
    dir: TempDir,
    put: u32,
    policy: Policy,
    interrupt: Interrupt,
    died_at: Vec<&'static str>,
}

impl Stage {
    fn new() -> Self {
        let stage = Self {
            dir: TempDir::new().unwrap(),
            put: 0,
            policy: Policy {
                recording_grace: Duration::ZERO,
                ..Policy::defaults()
            },
            interrupt: Interrupt::default(),
            died_at: Vec::new(),
        };
        for name in ["call_metadata", "conversations"] {
            fs::create_dir(stage.dir.path().join(name)).unwrap();
        }
        stage.write(
            "conversations/t.json",
            r#"{"items":[{"role":"user","content":"hi"}]}"#,
        );
        stage
    }

    fn write(&self, path: &str, text: &str) {
        let mut file = File::create(self.dir.path().join(path)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let time = time + Duration::from_secs(u64::from(self.put));
        file.set_modified(time).unwrap();
    }

    fn put(&mut self, id: &str, text: &str) {
        self.put += 1;
        self.write(&format!("call_metadata/metadata_{id}.json"), text);
    }

    /// Sessions that nobody has tried.
    fn untried(&mut self, ids: &[&str]) -> &mut Self {
        ids.iter().for_each(|id| self.with(id, ""));
        self
    }

    /// Sessions that failed once and are due again.
    fn retries(&mut self, ids: &[&str]) -> &mut Self {
        let failed =
            r#","upload":{"call_data":{"state":"pending","attempts":1}},"upload_attempts":1"#;
        ids.iter().for_each(|id| self.with(id, failed));
        self
    }

    /// Sessions that failed once and are not due yet.
    fn backing_off(&mut self, ids: &[&str]) -> &mut Self {
        let later = timestamp::format_millis(SystemClock.now() + TimeDelta::hours(1));
        let failed = format!(
            r#","upload":{{"call_data":{{"state":"pending","attempts":1}},"next_attempt_at":"{later}"}},"upload_attempts":1"#
        );
        ids.iter().for_each(|id| self.with(id, &failed));
        self
    }

    fn with(&mut self, id: &str, members: &str) {
        self.put(
            id,
            &format!(
                r#"{{"session_id":"{id}","campaign_metadata":{{"campaignId":"c","voiceAgentId":"v","clientId":"k"}},"files":{{"conversation":"t.json"}},"status":"ready_for_upload"{members}}}"#
            ),
        );
    }

    fn run(&self, limits: &Limits) -> (Vec<String>, RunSummary) {
        self.run_and(limits, &mut || {})
    }

    /// Makes a run; something else happens during its first request.
    fn run_and(
        &self,
        limits: &Limits,
        at_first: &mut (dyn FnMut() + Send),
    ) -> (Vec<String>, RunSummary) {
        let mut calls = Vec::new();
        let spool = Spool::open(Layout::below(self.dir.path())).unwrap();
        let (leased, _) = spool.lease(SystemClock.now()).unwrap();
        let api = Taking {
            calls: &mut calls,
            at_first,
        };
        let interrupt = self.interrupt.clone();
        let drain = Drain::new(
            &leased,
            vec![api],
            &SystemClock,
            interrupt,
            &self.policy,
            limits,
            None,
        );
        let in_work = self.died_at.iter().map(|id| InWork {
            document: format!("metadata_{id}.json"),
            session_id: None,
            is_charged: false,
        });
        let died = Interrupted {
            in_work: in_work.collect(),
        };
        let died = Some(died).filter(|_| !self.died_at.is_empty());
        let summary = drain.run(died.as_ref()).unwrap();
        assert!(summary.sessions.is_conserved(), "{:?}", summary.sessions);
        (calls, summary)
    }

    fn is_pending(&self, id: &str) -> bool {
        let name = format!("call_metadata/metadata_{id}.json");
        self.dir.path().join(name).exists()
    }
}

fn limits(window: usize) -> Limits {
    Limits {
        batch_size: None,
        max_duration: None,
        max_wait: Duration::ZERO,
        breaker: 3,
        rate: Vec::new(),
        window,
    }
}

fn batch(window: usize, size: u64) -> Limits {
    Limits {
        batch_size: Some(size),
        ..limits(window)
    }
}

/// `left`, and how many of them were not read.
fn left(summary: &RunSummary) -> (u64, u64) {
    (summary.sessions.left, summary.sessions.unread)
}

#[test]
fn sessions_take_turns_as_far_as_they_are_known() {
    let mut stage = Stage::new();
    stage
        .untried(&["a", "b", "c", "d"])
        .retries(&["r", "s"])
        .untried(&["e"]);
    let (calls, summary) = stage.run(&limits(2));
    assert_eq!(calls, ["a", "b", "c", "r", "d", "s", "e"]);
    assert_eq!((summary.sessions.uploaded, left(&summary)), (7, (0, 0)));
}

#[test]
fn a_backlog_that_fits_is_judged_as_a_whole_first() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b", "c"]).retries(&["r", "s"]);
    stage.put("corrupt", "no document");
    stage.backing_off(&["z"]);
    let (calls, summary) = stage.run(&batch(6, 1));
    assert_eq!((calls.len(), left(&summary)), (1, (4, 0)));
    assert_eq!(summary.sessions.corrupt, 1);
    assert_eq!(summary.sessions.backoff, 1);
    assert!(!stage.is_pending("corrupt"));
}

#[test]
fn what_a_batch_does_not_come_to_is_left_unread() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b", "c", "d", "e"]);
    stage.put("corrupt", "no document");
    stage.backing_off(&["z"]);
    let (calls, summary) = stage.run(&batch(2, 1));
    assert_eq!(calls, ["a"]);
    assert_eq!(summary.stopped_by, Some(Stop::BatchSize));
    // Two and one more were judged, for the turn of a retry that did not come.
    assert_eq!((summary.sessions.pending, left(&summary)), (7, (6, 4)));
    assert_eq!(summary.exit_code(AttentionMode::Standing).code(), 0);
    assert!(stage.is_pending("corrupt"));
    let (calls, summary) = stage.run(&limits(2));
    assert_eq!((calls.len(), left(&summary)), (4, (0, 0)));
    let sessions = summary.sessions;
    assert_eq!((sessions.corrupt, sessions.backoff), (1, 1));
    assert_eq!(summary.exit_code(AttentionMode::Standing).code(), 4);
}

#[test]
fn those_that_back_off_keep_nobody_from_being_judged() {
    let mut stage = Stage::new();
    stage.backing_off(&["x", "y", "z"]).untried(&["a"]);
    let (calls, summary) = stage.run(&batch(1, 1));
    assert_eq!(calls, ["a"]);
    assert_eq!((summary.sessions.backoff, left(&summary)), (3, (0, 0)));
    assert_eq!(summary.exit_code(AttentionMode::Standing).code(), 3);
}

#[test]
fn a_session_at_which_a_run_died_is_charged_wherever_it_is_and_comes_last() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b", "c", "d", "e"]);
    stage.died_at = vec!["e", "b", "gone"];
    let (calls, summary) = stage.run(&batch(1, 1));
    assert_eq!((calls, left(&summary)), (vec!["a".to_owned()], (4, 1)));
    let read = |id| {
        let name = format!("call_metadata/metadata_{id}.json");
        fs::read_to_string(stage.dir.path().join(name)).unwrap()
    };
    for id in ["b", "e"] {
        assert_eq!(read(id).matches("crashed").count(), 2, "{}", read(id));
    }
    assert!(!read("c").contains("crashed"));
    stage.died_at = vec!["d"];
    let (calls, summary) = stage.run(&limits(1));
    assert_eq!(calls, ["b", "c", "e", "d"]);
    assert_eq!(left(&summary), (0, 0));
}

#[test]
fn a_deadline_leaves_those_that_were_judged_and_those_that_were_not() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b", "c", "d", "e"]);
    let over = Limits {
        max_duration: Some(Duration::ZERO),
        ..limits(3)
    };
    let (calls, summary) = stage.run(&over);
    assert_eq!((calls.len(), left(&summary)), (0, (5, 2)));
    assert_eq!(summary.stopped_by, Some(Stop::Deadline));
}

#[test]
fn a_signal_ends_the_reading_too() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b", "c", "d", "e"]);
    let signal = stage.interrupt.clone();
    let (calls, summary) = stage.run_and(&limits(2), &mut || signal.raise(15));
    assert_eq!((calls.len(), left(&summary)), (1, (4, 3)));
    assert_eq!(summary.stopped_by, Some(Stop::Signal(15)));
    let (calls, summary) = stage.run(&limits(2));
    assert_eq!((calls.len(), left(&summary)), (0, (4, 4)));
    assert_eq!(summary.exit_code(AttentionMode::Standing).code(), 143);
}

#[test]
fn a_document_that_cannot_be_dealt_with_in_the_middle_ends_the_run() {
    let mut stage = Stage::new();
    stage.untried(&["a", "b"]);
    stage.put("corrupt", "no document");
    stage.untried(&["c", "d"]);
    let corrupt = stage.dir.path().join("corrupt_metadata");
    let mut replace = || {
        fs::remove_dir(&corrupt).unwrap();
        File::create(&corrupt).unwrap();
    };
    let (calls, summary) = stage.run_and(&limits(1), &mut replace);
    assert_eq!((calls.len(), left(&summary)), (2, (3, 2)));
    assert_eq!(summary.stopped_by, Some(Stop::Durability));
    assert!(stage.is_pending("corrupt"));
}
