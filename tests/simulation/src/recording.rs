//! An agent that records its calls through callspool's own producer, as processes of the simulated
//! world, and what must be true of what it leaves.

use std::path::Path;
use std::sync::Arc;

use callspool::lead;
use callspool::producer::{Items, NewLead, Producer, ProducerError, SessionManager};
use callspool::transcript;
use fastrand::Rng;
use invariants::{CallData, End, Origin, Recording};
use serde_json::Value;

use crate::clock::SimulatedClock;
use crate::disk::SimulatedDisk;
use crate::disk::model::Model;
use crate::faults::Plan;
use crate::layout::layout;
use crate::run::{Ended, live};
use crate::story::Story;
use crate::world::Shared;

/// So many ways are tried in which a loss of power may leave the disk.
const POWER_LOSSES: u64 = 4;

/// A call that an agent has had.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) has_lead: bool,
    /// A producer was told that it is recorded.
    pub(crate) is_acknowledged: bool,
}

/// Records a call, the lead first, in one process. It stops at the first thing that goes wrong.
pub(crate) fn record(world: &Shared, plan: Plan, call: &Call) -> Ended {
    let process = world.begin_process(plan);
    live(world, plan, || {
        let code = match record_to_end(world, process, call) {
            Ok(()) => 0,
            Err(ProducerError::NoSpool(_)) => 10,
            Err(_) => 20,
        };
        (End::Exit(code), None)
    })
}

fn record_to_end(world: &Shared, process: u64, call: &Call) -> Result<(), ProducerError> {
    let disk = Arc::new(SimulatedDisk::new(world.clone(), process));
    let clock = Arc::new(SimulatedClock::new(world.clone(), process));
    let producer = Producer::on(disk, layout(), clock);
    let session = SessionManager::new(&producer, &*call.id)?;
    session.set_campaign_metadata(
        r#"{"campaignId": "c", "voiceAgentId": "v", "clientId": "k", "odd": 1E+2}"#,
    )?;
    if call.has_lead {
        session.create_lead(&NewLead {
            name: "Ada Example".to_owned(),
            email: "ada@example.com".to_owned(),
            company: "Example Co".to_owned(),
            interest: "a demo".to_owned(),
            ..NewLead::default()
        })?;
    }
    let said = format!(
        r#"[{{"role":"user","content":"hello from {}","created_at":1761732980.5}}]"#,
        call.id
    );
    session.save_conversation_session(&Items::parse(&said)?)?;
    Ok(())
}

/// The document of a call that is on disk, as an origin for the judge. There is at most one, it is
/// whole, and so are the files that it names; else what is wrong.
pub(crate) fn find(disk: &Model, call: &Call) -> Result<Option<Origin>, String> {
    let dir = layout().metadata;
    let name = format!("metadata_{}.json", call.id);
    let again = format!("metadata_{}.1.json", call.id);
    if disk.read(&dir.join(again)).is_ok() {
        return Err(format!("[record] {} has two documents", call.id));
    }
    let Ok(content) = disk.read(&dir.join(&name)) else {
        return Ok(None);
    };
    let bytes = content.bytes.clone();
    check_files(disk, call, &bytes)?;
    Ok(Some(Origin {
        name,
        bytes,
        session_id: Some(call.id.clone()),
        recording: Recording::None,
        call_data: CallData::Whole,
        stays: false,
    }))
}

/// Whether a document of a call is whole, and the files that it names.
pub(crate) fn check_files(disk: &Model, call: &Call, document: &[u8]) -> Result<(), String> {
    let wrong = |what: &str| format!("[record] {}: {what}", call.id);
    let document: Value = serde_json::from_slice(document).map_err(|_| wrong("half a document"))?;
    let read = |member: &str| {
        let path = document["files"][member].as_str()?;
        let content = disk.read(&layout().root.join(Path::new(path))).ok()?;
        Some(content.bytes.clone())
    };
    let said = read("conversation").and_then(|bytes| transcript::parse(&bytes).ok());
    if said.is_none_or(|said| said.turns.len() != 1) {
        return Err(wrong("its transcript is not whole"));
    }
    if call.has_lead && read("lead").is_none_or(|bytes| lead::parse(&bytes).is_err()) {
        return Err(wrong("its lead is not whole"));
    }
    Ok(())
}

/// Time passes without a loss of power: what was not synced is written all the same.
pub(crate) fn write_back(disk: &mut Model) {
    let layout = layout();
    for dir in [&layout.leads, &layout.conversations, &layout.metadata] {
        // A directory that was never made has nothing in it.
        let _ = disk.sync_directory(dir);
    }
}

impl Story {
    /// An agent records a call or two, and may come back to one that it could not record before.
    pub(crate) fn record_some(&mut self) {
        if self.rng.bool() {
            let has_lead = self.rng.bool();
            let call = self.begin_call(has_lead);
            let plans: Vec<Plan> = (0..self.rng.usize(1..4))
                .map(|_| self.short_plan())
                .collect();
            self.record(call, &plans);
        }
        if self.rng.u8(..3) == 0 && !self.calls.is_empty() {
            let call = self.rng.usize(..self.calls.len());
            let plan = self.short_plan();
            self.record(call, &[plan]);
        }
    }

    /// A call that is yet to be recorded; its place among all.
    pub(crate) fn begin_call(&mut self, has_lead: bool) -> usize {
        self.calls.push(Call {
            id: self.producer.next_id(),
            has_lead,
            is_acknowledged: false,
        });
        self.calls.len() - 1
    }

    /// What is to go wrong in a process of few operations.
    fn short_plan(&mut self) -> Plan {
        let mut plan = self.plan();
        if let Some((at, _)) = &mut plan.death {
            *at = *at % 80 + 1;
        }
        plan
    }

    /// Tries to record a call, a process for each plan, until one succeeds. Gives the operations of the
    /// first.
    pub(crate) fn record(&mut self, place: usize, plans: &[Plan]) -> u64 {
        let mut call = self.calls[place].clone();
        let mut operations = None;
        for plan in plans {
            let ended = record(&self.world, *plan, &call);
            operations.get_or_insert(self.world.get().operations);
            self.count(&ended);
            self.judge_syncs(&ended);
            call.is_acknowledged |= ended.end == End::Exit(0);
            self.look_for(&call);
            if ended.end == End::Exit(0) {
                break;
            }
        }
        if !call.is_acknowledged {
            write_back(&mut self.world.get().disk);
        }
        self.take_in(&call);
        self.calls[place] = call;
        operations.unwrap_or_default()
    }

    /// Demands that there is all of a call or nothing, and all of one that is acknowledged.
    fn look_for(&mut self, call: &Call) {
        let found = find(&self.world.get().disk, call);
        let is_known = self.knows(call);
        match found {
            Err(wrong) => self.violation(wrong),
            Ok(None) if call.is_acknowledged && !is_known => {
                self.violation(format!("[record] {} is acknowledged, and nowhere", call.id));
            }
            Ok(Some(_)) if call.is_acknowledged => self.pull_the_plug(call),
            Ok(_) => {}
        }
    }

    /// Demands that what is acknowledged would outlast a loss of power, were there one now.
    fn pull_the_plug(&mut self, call: &Call) {
        for outcome in 0..POWER_LOSSES {
            let mut disk = self.world.get().disk.clone();
            disk.lose_power(&mut Rng::with_seed(outcome));
            match find(&disk, call) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let text = format!("[record] {} is acknowledged, and does not last", call.id);
                    self.violation(text);
                }
                Err(wrong) => self.violation(format!("{wrong}, after a loss of power")),
            }
        }
    }

    /// From now on a call whose document is there is one that must not be lost.
    fn take_in(&mut self, call: &Call) {
        let found = find(&self.world.get().disk, call);
        if let Ok(Some(origin)) = found
            && !self.knows(call)
        {
            self.producer.origins.push(origin);
        }
    }

    fn knows(&self, call: &Call) -> bool {
        let mut origins = self.producer.origins.iter();
        origins.any(|origin| origin.session_id.as_deref() == Some(&call.id))
    }

    /// What was recorded is as whole at the end as it was then.
    pub(crate) fn judge_calls(&mut self) {
        let spool = self.spool();
        for call in self.calls.clone() {
            let name = format!("metadata_{}.json", call.id);
            let places = [&spool.pending, &spool.processed, &spool.failed];
            let documents: Vec<_> = places.iter().filter_map(|files| files.get(&name)).collect();
            let known = usize::from(self.knows(&call));
            if documents.len() != known {
                let count = documents.len();
                self.violation(format!("[record] {} is there {count} times", call.id));
            }
            for document in documents {
                let checked = check_files(&self.world.get().disk, &call, document);
                if let Err(wrong) = checked {
                    self.violation(wrong);
                }
            }
        }
    }
}
