//! Several lanes at once, each on a thread of its own.
//!
//! The thread of the run hands out the tasks and writes down what came of them; there is one order
//! of conclusions, as in a run with one lane.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

use super::agenda::Agenda;
use super::judgement::Candidate;
use super::lane::{Lane, Task, Worked};
use super::run::Drain;
use crate::clock::Clock;
use crate::upload::UploadApi;

/// What a lane has done, or the panic that it ended in.
struct Done {
    lane: usize,
    task: Task,
    worked: Result<Worked, Box<dyn Any + Send>>,
}

/// The lanes as the thread of the run sees them.
struct Crew {
    /// Where each takes its tasks from; `None` for one that could not be started.
    desks: Vec<Option<Sender<Task>>>,
    done: Receiver<Done>,
    idle: Vec<usize>,
    /// The sessions that are worked on.
    in_work: Vec<String>,
}

impl<'a, A: UploadApi + Send, C: Clock + Sync> Drain<'a, A, C> {
    pub(super) fn drain_together(
        &mut self,
        lanes: &mut [Lane<'a, A, C>],
        agenda: &mut Agenda<'a, C>,
    ) {
        let has_crew = thread::scope(|scope| {
            let mut crew = Crew::start(scope, lanes);
            let has_any = !crew.idle.is_empty();
            self.hand_out(&mut crew, agenda);
            has_any
        });
        if let ([lane, ..], false) = (lanes, has_crew) {
            log::warn!("no thread could be started; sessions are worked on one by one");
            self.drain_in_sequence(lane, agenda);
        }
    }

    /// Hands out tasks for as long as there are any, and waits for the last of them.
    fn hand_out(&mut self, crew: &mut Crew, agenda: &mut Agenda<'a, C>) {
        // One whose session is worked on already, by another document of the same name.
        let mut put_off = None;
        loop {
            while !crew.idle.is_empty() {
                let Some(candidate) = self.next_or(&mut put_off, agenda) else {
                    break;
                };
                match self.take(candidate) {
                    Ok(Some(task)) if crew.works_on(task.session_id()) => {
                        put_off = Some(task.candidate);
                        break;
                    }
                    Ok(Some(task)) => {
                        self.attempted += 1;
                        crew.give(task);
                    }
                    Ok(None) => self.settled(None, Ok(())),
                    Err(error) => self.settled(None, Err(error)),
                }
            }
            let Some(done) = crew.wait() else {
                break;
            };
            let worked = done.worked.unwrap_or_else(|panic| resume_unwind(panic));
            let result = self.conclude(&done.task, worked);
            self.settled(Some(done.lane), result);
        }
        if let Some(candidate) = put_off {
            self.ledger.leave(&candidate);
        }
    }

    /// The one that was put off, if any, else the next in turn.
    fn next_or(
        &mut self,
        put_off: &mut Option<Candidate>,
        agenda: &mut Agenda<'a, C>,
    ) -> Option<Candidate> {
        if put_off.is_some() {
            if self.must_end() {
                return None;
            }
            return put_off.take();
        }
        self.next(agenda)
    }
}

impl Crew {
    /// Starts a thread for each lane. They end when this is dropped.
    fn start<'scope, A: UploadApi + Send, C: Clock + Sync>(
        scope: &'scope Scope<'scope, '_>,
        lanes: &'scope mut [Lane<'_, A, C>],
    ) -> Self {
        let (report, done) = channel();
        let mut desks = Vec::new();
        for (number, lane) in lanes.iter_mut().enumerate() {
            let (desk, tasks) = channel::<Task>();
            let report = report.clone();
            let work = move || {
                for task in tasks {
                    let worked = catch_unwind(AssertUnwindSafe(|| lane.work(&task)));
                    let lane = number;
                    if report.send(Done { lane, task, worked }).is_err() {
                        return;
                    }
                }
            };
            let started = thread::Builder::new()
                .name(format!("lane {number}"))
                .spawn_scoped(scope, work);
            desks.push(started.ok().map(|_| desk));
        }
        let is_there = |number: &usize| desks.get(*number).is_some_and(Option::is_some);
        let idle = (0..desks.len()).rev().filter(is_there).collect();
        Self {
            desks,
            done,
            idle,
            in_work: Vec::new(),
        }
    }

    fn works_on(&self, session_id: &str) -> bool {
        self.in_work.iter().any(|id| id == session_id)
    }

    /// Gives a task to a lane that is idle.
    fn give(&mut self, task: Task) {
        let session_id = task.session_id().to_owned();
        let desk = self.idle.pop().and_then(|lane| self.desks.get(lane));
        // A lane reports whatever comes of a task, and takes tasks until it is told to end.
        if desk.is_some_and(|desk| desk.as_ref().is_some_and(|desk| desk.send(task).is_ok())) {
            self.in_work.push(session_id);
        }
    }

    /// Waits for a lane that is at work; `None` when there is none.
    fn wait(&mut self) -> Option<Done> {
        if self.in_work.is_empty() {
            return None;
        }
        let done = self.done.recv().ok()?;
        self.idle.push(done.lane);
        self.in_work.retain(|id| id != done.task.session_id());
        Some(done)
    }
}
