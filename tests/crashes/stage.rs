//! A spool, the program and the API, and everything that has happened to them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use invariants::{End, Event, Files, Origin, Rest, Run, Spool, Violation, World};
use reference_api::Fault;
use test_support::{Dir, Outcome, Site, sha256};

use crate::BINARY;
use crate::seen::{self, NAMES_EVERY_REQUEST};

/// Runs after which a spool that is still not drained never will be.
const RUNS_TO_DRAIN: usize = 40;

/// See above.
pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) world: World,
    /// The connections of each event.
    connections: BTreeMap<usize, Range<u64>>,
    /// Whether a run has ended in an orderly way since the last one that did not.
    rest: Rest,
    /// What to call this in messages, so that it can be done again.
    name: String,
}

/// A process that works on the spool.
pub(crate) struct Process {
    pub(crate) child: Child,
    before: Arc<Spool>,
    first_connection: u64,
    /// Requests that the API had seen when it was started.
    pub(crate) requests_before: usize,
    is_run: bool,
}

impl Stage {
    /// A spool that is yet to be filled.
    pub(crate) fn new(
        name: impl Into<String>,
        dedupe: bool,
        max_attempts: u64,
        fill: impl FnOnce(&Site) -> Vec<Origin>,
    ) -> Self {
        let site = Site::with_api(BINARY, |api| api.dedupe(dedupe));
        let origins = fill(&site);
        let spool = Arc::new(read_spool(&site));
        let stage = Self {
            world: World {
                origins,
                assets: spool.assets.clone(),
                spool,
                api: Vec::new(),
                events: Vec::new(),
                max_attempts,
            },
            site,
            connections: BTreeMap::new(),
            rest: Rest::Here,
            name: name.into(),
        };
        stage.order(&[]);
        stage
    }

    /// Drops all faults and orders these.
    pub(crate) fn order(&self, faults: &[String]) {
        let api = self.site.api();
        api.clear_faults();
        api.add_fault(Fault::parse(NAMES_EVERY_REQUEST).unwrap());
        for fault in faults {
            api.add_fault(Fault::parse(fault).unwrap());
        }
    }

    /// `run` with the shortest backoff, so that what failed is due at once.
    pub(crate) fn run_command(&self) -> Command {
        let attempts = self.world.max_attempts.to_string();
        self.site.command([
            "run",
            "--format",
            "json",
            "--min-backoff",
            "1ms",
            "--max-backoff",
            "1ms",
            "--response-timeout",
            "20s",
            "--rate",
            "100000/min",
            "--max-attempts",
            &attempts,
        ])
    }

    /// Starts a process on the spool. `is_run` says whether its report is one of `run`.
    pub(crate) fn start(&self, mut command: Command, is_run: bool) -> Process {
        let before = Arc::new(read_spool(&self.site));
        let first_connection = self.site.api().connections() as u64;
        let requests_before = self.site.api().requests().len();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Process {
            child,
            before,
            first_connection,
            requests_before,
            is_run,
        }
    }

    /// Waits for a process's end, notes what it did and checks everything.
    #[track_caller]
    pub(crate) fn finish(&mut self, process: Process) -> Outcome {
        let outcome = Outcome::of(process.child.wait_with_output().unwrap());
        self.wait_for_the_api();
        let event = self.world.events.len();
        let last_connection = self.site.api().connections() as u64;
        // Connections are numbered from 1.
        let connections = process.first_connection + 1..last_connection + 1;
        self.connections.insert(event, connections);
        let end = if outcome.code < 0 {
            End::Killed
        } else {
            End::Exit(outcome.code)
        };
        let after = Arc::new(read_spool(&self.site));
        self.world.spool = Arc::clone(&after);
        self.world.events.push(Event::Run(Run {
            end,
            lanes: 1,
            report: serde_json::from_str(&outcome.stdout)
                .ok()
                .filter(|_| process.is_run),
            before: process.before,
            after,
        }));
        self.world.api = seen::requests(self.site.api(), &self.world.origins, |connection| {
            let mut all = self.connections.iter();
            all.find(|(_, range)| range.contains(&connection))
                .map(|(event, _)| *event)
        });
        if end.is_abrupt() {
            self.rest = Rest::NotYet;
        } else if process.is_run {
            self.rest = Rest::Here;
        }
        let violations = invariants::check_latest(&self.world, self.rest);
        self.demand_none(&violations, &outcome);
        outcome
    }

    /// A process from start to end.
    #[track_caller]
    pub(crate) fn call(&mut self, command: Command) -> Outcome {
        let process = self.start(command, true);
        self.finish(process)
    }

    /// A requeue of any sessions from start to end.
    #[track_caller]
    pub(crate) fn requeue(&mut self, command: Command, force: bool) -> Outcome {
        self.note_requeue(force);
        let process = self.start(command, false);
        self.finish(process)
    }

    /// Notes that a requeue may put back any session.
    pub(crate) fn note_requeue(&mut self, force: bool) {
        let origins = self.world.origins.iter();
        let ids: Vec<String> = origins
            .filter_map(|origin| origin.session_id.clone())
            .collect();
        for session_id in ids {
            let event = Event::Requeue { session_id, force };
            self.world.events.push(event);
        }
    }

    /// Lifts all faults, runs until nothing is due, and demands that everything is where it
    /// belongs and that the API has what the documents say.
    #[track_caller]
    pub(crate) fn drain(&mut self) {
        self.order(&[]);
        for _ in 0..RUNS_TO_DRAIN {
            let outcome = self.call(self.run_command());
            let is_known = matches!(outcome.code, 0 | 3 | 4);
            assert!(
                is_known,
                "{}: {}\n{}",
                self.name, outcome.code, outcome.stderr
            );
            if self.is_drained() {
                break;
            }
        }
        let violations = invariants::drained(&self.world);
        let last = Outcome {
            code: 0,
            stdout: String::new(),
            stderr: String::new(),
        };
        self.demand_none(&violations, &last);
        let before = self.site.api().requests().len();
        self.call(self.run_command());
        assert_eq!(
            self.site.api().requests().len(),
            before + 1,
            "{}: nothing was due, and a request came beside the one that waits for the API",
            self.name
        );
    }

    /// Whether nothing is pending that a run would move.
    pub(crate) fn is_drained(&self) -> bool {
        let stays = |name: &str| {
            let mut origins = self.world.origins.iter();
            origins.any(|origin| origin.stays && origin.name == name)
        };
        self.world.spool.pending.keys().all(|name| stays(name))
    }

    /// Waits until everything that was sent so far has reached the API: a connection that is made
    /// now is accepted after all others.
    fn wait_for_the_api(&self) {
        let api = self.site.api();
        let mut socket = TcpStream::connect(api.addr()).unwrap();
        socket
            .write_all(b"GET /nothing HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 404"), "{answer:?}");
    }

    #[track_caller]
    fn demand_none(&self, violations: &[Violation], outcome: &Outcome) {
        if violations.is_empty() {
            return;
        }
        let mut text = format!("{}\n", self.name);
        for violation in violations {
            text += &format!("  {violation}\n");
        }
        for (index, event) in self.world.events.iter().enumerate() {
            let event = match event {
                Event::Run(run) => format!("{:?}", run.end),
                event => format!("{event:?}"),
            };
            text += &format!("event {index}: {event}\n");
            let sent = self.world.api.iter().enumerate();
            for (place, request) in sent.filter(|(_, request)| request.event == index) {
                text += &format!(
                    "  request {place}: {:?} {} stored {} {:?}\n",
                    request.part, request.session_id, request.stored, request.reply
                );
            }
        }
        for violation in violations {
            for (state, files) in [
                ("pending", &self.world.spool.pending),
                ("processed", &self.world.spool.processed),
                ("failed", &self.world.spool.failed),
            ] {
                let own = files.iter().filter(|(name, _)| {
                    !violation.session.is_empty() && name.contains(&violation.session)
                });
                for (name, bytes) in own {
                    text += &format!("{state}/{name}: {}\n", String::from_utf8_lossy(bytes));
                }
            }
        }
        panic!("{text}\n{}\n{}", outcome.stdout, outcome.stderr);
    }
}

/// What is on disk now.
pub(crate) fn read_spool(site: &Site) -> Spool {
    let files = |dir| -> Files {
        let names = site.names(dir).into_iter();
        names
            .filter_map(|name| {
                let bytes = fs::read(site.dir(dir).join(&name)).ok()?;
                Some((name, bytes))
            })
            .collect()
    };
    let mut assets = BTreeMap::new();
    for dir in [Dir::Conversations, Dir::Recordings, Dir::Leads] {
        for (name, bytes) in files(dir) {
            assets.insert(format!("{dir:?}/{name}"), sha256(&bytes));
        }
    }
    Spool {
        pending: files(Dir::Pending),
        processed: files(Dir::Processed),
        failed: files(Dir::Failed),
        corrupt: files(Dir::Corrupt),
        assets,
    }
}

/// How long to wait for what must come.
pub(crate) const LONG: Duration = Duration::from_secs(60);
