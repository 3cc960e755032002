//! A story: rounds of producing, waiting, requeueing and running, all from one seed, and at last
//! runs without faults until nothing is left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use callspool::drain::{Limit, Limits};
use callspool::plan::{Again, Policy};
use callspool::spool::{Shard, State};
use fastrand::Rng;
use invariants::{End, Event, Recording, Rest, Run, World as Evidence, check_latest, drained};
use serde_json::Value;

use crate::api::Mood;
use crate::dealing::{self, Dealing};
use crate::evidence;
use crate::faults::{Death, Plan};
use crate::layout::layout;
use crate::producer::Producer;
use crate::recording::Call;
use crate::run::{self, Ended};
use crate::world::Shared;

/// How many runs without faults must be enough.
const RUNS_TO_DRAIN: usize = 60;
/// The time between two of them: longer than any backoff.
const BETWEEN_RUNS: Duration = Duration::from_secs(8 * 3600);

/// What came of a story.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Its seed.
    pub seed: u64,
    /// Runs and requeues.
    pub processes: u64,
    /// How many of them died.
    pub deaths: u64,
    /// Sessions that the producer wrote.
    pub sessions: u64,
    /// Requests that the API has seen.
    pub requests: u64,
    /// Operations of the disk that failed.
    pub disk_failures: u64,
    /// What was not as it must be, for people; empty when all was well.
    pub violations: Vec<String>,
    /// What happened, if that was asked for.
    pub trace: Vec<String>,
}

/// Syncs of a change of a document: of the file, and of its directory.
const SYNCS_OF_A_CHANGE: u64 = 2;

/// Tells the story of a seed, whose runs have so many lanes.
pub fn tell(seed: u64, lanes: usize, with_trace: bool) -> Told {
    let mut story = Story::new(seed, with_trace);
    story.lanes = lanes;
    let rounds = story.rng.usize(2..9);
    for _ in 0..rounds {
        story.round();
        if !story.told.violations.is_empty() {
            return story.end();
        }
    }
    story.drain();
    story.end()
}

/// A story that is being told.
pub(crate) struct Story {
    pub(crate) world: Shared,
    pub(crate) rng: Rng,
    pub(crate) told: Told,
    pub(crate) producer: Producer,
    policy: Policy,
    limits: Limits,
    /// How many sessions its runs work on at a time. With more than one the order of what they do is
    /// the machine's.
    lanes: usize,
    events: Vec<Event>,
    /// Calls that were recorded, or tried to be.
    pub(crate) calls: Vec<Call>,
    /// Operations of the last run.
    pub(crate) operations: u64,
    /// How runs share the spool out.
    pub(crate) dealing: Dealing,
}

impl Story {
    pub(crate) fn new(seed: u64, with_trace: bool) -> Self {
        let world = Shared::new(seed, with_trace);
        let mut rng = world.get().rng.fork();
        fastrand::seed(seed);
        let layout = layout();
        for dir in [
            &layout.root,
            &layout.metadata,
            &layout.conversations,
            &layout.recordings,
            &layout.leads,
        ] {
            world.get().disk.add_directory(dir);
        }
        let (policy, limits) = (policy(&mut rng), limits(&mut rng));
        Self {
            world,
            rng,
            told: Told {
                seed,
                ..Told::default()
            },
            producer: Producer::default(),
            policy,
            limits,
            lanes: 1,
            events: Vec::new(),
            calls: Vec::new(),
            operations: 500,
            dealing: Dealing::new(seed),
        }
    }

    pub(crate) fn end(self) -> Told {
        let mut world = self.world.get();
        Told {
            sessions: self.producer.origins.len() as u64,
            requests: world.service.log.len() as u64,
            trace: world.trace.take().unwrap_or_default(),
            ..self.told
        }
    }

    /// The producer writes some sessions.
    pub(crate) fn produce(&mut self, count: usize) {
        for _ in 0..count {
            self.producer.produce(&self.world);
        }
    }

    fn round(&mut self) {
        let first = self.events.is_empty();
        let count = self.rng.usize(usize::from(first)..5);
        self.produce(count);
        self.record_some();
        self.pass_time();
        self.producer.catch_up(&self.world);
        if self.rng.u8(..4) == 0 {
            self.change_recording();
        }
        if self.rng.u8(..3) == 0 {
            self.requeue();
        }
        self.change_mood();
        self.dealing.change();
        for _ in 0..self.dealing.runs() {
            let plan = self.plan();
            self.run(plan);
            if !self.told.violations.is_empty() {
                return;
            }
        }
    }

    /// Lets chance decide how the API feels.
    pub(crate) fn change_mood(&mut self) {
        let mut world = self.world.get();
        let mut rng = self.rng.fork();
        world.service.change_mood(&mut rng);
        let mood = world.service.mood;
        world.note(|| format!("-- the API: {mood:?}"));
    }

    fn pass_time(&mut self) {
        let seconds = [0, 60, 300, 300, 3600, 8 * 3600, 48 * 3600][self.rng.usize(..7)];
        let mut world = self.world.get();
        world.pass(Duration::from_secs(seconds));
        if self.rng.u8(..6) == 0 {
            let jumps = [-86_400, -3600, -60, 60, 3600, 86_400 * 30];
            world.jump(jumps[self.rng.usize(..jumps.len())]);
        }
    }

    /// What is to go wrong in the next process.
    pub(crate) fn plan(&mut self) -> Plan {
        let mut plan = Plan::default();
        match self.rng.u8(..5) {
            0 | 1 => {
                let death = if self.rng.bool() {
                    Death::Kill
                } else {
                    Death::PowerLoss
                };
                let last = self.operations.max(20) * 5 / 4;
                plan.death = Some((self.rng.u64(1..=last), death));
            }
            2 => plan.chance_per_mille = [1, 5, 30][self.rng.usize(..3)],
            _ => {}
        }
        plan
    }

    /// Makes a run and has it judged: of the whole spool, or of the shard whose turn it is.
    pub(crate) fn run(&mut self, plan: Plan) {
        let shard = self.dealing.next();
        self.run_shard(plan, shard);
    }

    /// Makes a run of a shard, or of all, and has it judged.
    pub(crate) fn run_shard(&mut self, plan: Plan, shard: Option<Shard>) {
        let before = self.spool();
        self.world.get().service.event = self.events.len();
        let (policy, limits) = (&self.policy, &self.limits);
        let ended = run::run(&self.world, plan, policy, limits, self.lanes, shard);
        self.operations = self.world.get().operations;
        if ended.let_in_twice {
            self.violation("[lease] a second run was let in".to_owned());
        }
        self.count(&ended);
        self.judge_syncs(&ended);
        let was_disturbed = self.world.get().disk_failures > 0;
        let after = self.spool();
        let unread = |report: &Value| report["sessions"]["unread"] != 0;
        let is_unread = ended.report.as_ref().is_none_or(unread);
        let rest = match ended.end {
            // Where something could not be read, or was not, it was left as it was.
            End::Exit(0 | 2 | 3 | 4 | 5 | 12)
                if !was_disturbed && !is_unread && shard.is_none() =>
            {
                Rest::Here
            }
            _ => Rest::NotYet,
        };
        if ended.end != End::PowerLost
            && let Some(name) = dealing::touched(&before, &after, shard)
        {
            self.violation(format!(
                "[shards] {name} is another shard's, and was changed"
            ));
        }
        let (before, after) = match shard {
            Some(shard) => (dealing::part(&before, shard), dealing::part(&after, shard)),
            None => (before, after),
        };
        self.events.push(Event::Run(Run {
            end: ended.end,
            lanes: self.lanes,
            report: ended.report,
            before,
            after,
        }));
        self.judge(rest);
    }

    pub(crate) fn count(&mut self, ended: &Ended) {
        self.told.processes += 1;
        self.told.deaths += u64::from(matches!(ended.end, End::Killed | End::PowerLost));
        self.told.disk_failures += self.world.get().disk_failures;
    }

    /// A sync that failed ends the run, and nothing is synced after it.
    pub(crate) fn judge_syncs(&mut self, ended: &Ended) {
        let world = self.world.get();
        let (failed, after) = (world.failed_syncs, world.syncs_after_failed);
        drop(world);
        let is_told = matches!(ended.end, End::Exit(20) | End::Killed | End::PowerLost);
        let is_signal = matches!(ended.end, End::Exit(code) if code > 128);
        if failed > 0 && !is_told && !is_signal {
            let end = ended.end;
            self.violation(format!("[syncs] a sync failed, and the run ended: {end:?}"));
        }
        // A lane may be at its own sync when another's fails.
        let under_way = self.lanes as u64 - 1;
        if after > under_way * SYNCS_OF_A_CHANGE {
            self.violation(format!("[syncs] {after} syncs after one that failed"));
        }
    }

    /// An operator puts a session back.
    fn requeue(&mut self) {
        let states = [State::Processed, State::Failed, State::Pending];
        let state = states[self.rng.usize(..3)];
        let layout = layout();
        let names = self.world.get().disk.names(layout.dir(state));
        let names: Vec<String> = names
            .unwrap_or_default()
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with("metadata_"))
            .collect();
        let Some(name) = self.rng.choice(&names).cloned() else {
            return;
        };
        let again = match self.rng.u8(..3) {
            0 => Again {
                recording: self.rng.bool(),
                call_data: self.rng.bool(),
            },
            _ => Again::default(),
        };
        let force = (again.recording || again.call_data) && self.rng.bool();
        let id = name.trim_start_matches("metadata_");
        let id = id.trim_end_matches(".json").to_owned();
        self.world
            .get()
            .note(|| format!("-- an operator requeues {id}: {again:?}, {force}"));
        let mut plan = self.plan();
        if let Some((at, _)) = &mut plan.death {
            *at = *at % 60 + 1;
        }
        let ended = run::requeue(&self.world, plan, state, &name, again, force);
        self.count(&ended);
        self.judge_syncs(&ended);
        self.events.push(Event::Requeue {
            session_id: id,
            // What is not wholly delivered may be sent again without force.
            force: again.recording || again.call_data,
        });
        self.judge(Rest::NotYet);
    }

    /// The producer puts other bytes into a recording that was never acknowledged.
    fn change_recording(&mut self) {
        let mut world = self.world.get();
        let at = self.rng.usize(..self.producer.origins.len().max(1));
        let Some(origin) = self.producer.origins.get_mut(at) else {
            return;
        };
        let Some(id) = origin.session_id.clone() else {
            return;
        };
        let was_sent = world.service.log.iter().any(|sent| sent.session_id == id);
        let path = layout().recordings.join(format!("call_{id}.ogg"));
        let Ok(inode) = world.disk.look_up(&path) else {
            return;
        };
        if was_sent {
            return;
        }
        let now = world.system_now();
        if let Ok(content) = world.disk.content_mut(inode) {
            content.bytes.extend_from_slice(b" and some more");
            content.modified = now;
            origin.recording = match &origin.recording {
                Recording::File(_) => Recording::File(crate::api::hash(&content.bytes)),
                other => other.clone(),
            };
        }
        if world.disk.sync(inode).is_ok() {
            world.note(|| format!("-- the recording of {id} grows"));
            self.events.push(Event::RecordingChanged { session_id: id });
        }
    }

    /// Runs without faults until nothing is due, and judges the end.
    pub(crate) fn drain(&mut self) {
        self.world.get().service.mood = Mood::Well;
        self.limits.batch_size = None;
        self.producer.finish(&self.world);
        for _ in 0..RUNS_TO_DRAIN {
            self.world.get().pass(BETWEEN_RUNS);
            for _ in 0..self.dealing.count() {
                self.run(Plan::default());
                if !self.told.violations.is_empty() {
                    return;
                }
            }
            let staying = self.producer.origins.iter().filter(|origin| origin.stays);
            if self.spool().pending.len() == staying.count() + self.own_files() {
                break;
            }
        }
        let evidence = self.evidence();
        let violations: Vec<String> = drained(&evidence).iter().map(ToString::to_string).collect();
        self.told.violations.extend(violations);
        self.judge_calls();
    }

    /// How many of the files beside the pending documents are the program's own.
    fn own_files(&self) -> usize {
        let spool = self.spool();
        let names = spool.pending.keys();
        names.filter(|name| name.starts_with('.')).count()
    }

    pub(crate) fn judge(&mut self, rest: Rest) {
        let evidence = self.evidence();
        for violation in check_latest(&evidence, rest) {
            self.violation(violation.to_string());
        }
    }

    pub(crate) fn violation(&mut self, text: String) {
        self.world.get().note(|| format!("!! {text}"));
        self.told.violations.push(text);
    }

    pub(crate) fn spool(&self) -> Arc<invariants::Spool> {
        Arc::new(evidence::spool(&self.world.get().disk))
    }

    fn evidence(&self) -> Evidence {
        let spool = self.spool();
        let mut origins = self.producer.origins.clone();
        for origin in &mut origins {
            self.allow_late(origin, &spool);
        }
        let world = self.world.get();
        Evidence {
            origins,
            assets: evidence::assets(&world.disk),
            spool,
            api: world.service.log.clone(),
            events: self.events.clone(),
            max_attempts: u64::from(self.policy.max_attempts),
        }
    }

    /// A recording that came late may rightly have been given up, a transcript too.
    fn allow_late(&self, origin: &mut invariants::Origin, spool: &invariants::Spool) {
        let Some(id) = &origin.session_id else { return };
        if !self.producer.late_sessions.contains(id) {
            return;
        }
        let places: BTreeMap<&str, &[u8]> = [&spool.processed, &spool.failed]
            .into_iter()
            .filter_map(|files| files.get(&origin.name))
            .map(|bytes| (id.as_str(), bytes.as_slice()))
            .collect();
        let Some(bytes) = places.get(id.as_str()) else {
            return;
        };
        let document: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        if document["upload"]["recording"]["state"] == "missing" {
            origin.recording = Recording::Missing;
        }
        if document["upload"]["call_data"]["error"]["kind"] == "missing_transcript" {
            origin.call_data = invariants::CallData::Impossible;
        }
    }
}

fn policy(rng: &mut Rng) -> Policy {
    Policy {
        max_attempts: rng.u32(1..6),
        min_backoff: Duration::from_secs(300),
        max_backoff: Duration::from_secs(6 * 3600),
        recording_grace: Duration::from_secs(1800),
        settle: Duration::from_secs(60),
        default_campaign_id: None,
        default_voice_agent_id: None,
        default_client_id: None,
    }
}

fn limits(rng: &mut Rng) -> Limits {
    let rate = Limit {
        requests: 5,
        period: Duration::from_secs(60),
    };
    Limits {
        batch_size: [None, None, Some(1), Some(3)][rng.usize(..4)],
        max_duration: [None, None, Some(Duration::from_secs(10))][rng.usize(..3)],
        max_wait: Duration::from_secs(30),
        breaker: rng.u32(1..4),
        rate: if rng.u8(..5) == 0 {
            vec![rate]
        } else {
            Vec::new()
        },
        window: [1, 2, 3, 5, Limits::WINDOW][rng.usize(..5)],
    }
}
