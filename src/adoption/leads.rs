//! Which lead is a transcript's: by path or id, by file name, by what it was made with.

use std::collections::BTreeMap;

use super::estate::{CallFacts, Estate, LeadFacts, Micros};
use super::field::{Edge, Field};
use super::names::{Endings, stem};
use super::standing;

/// By what a lead is known to be a transcript's.
pub(super) const BY_PATH: &str = "path in the transcript";
pub(super) const BY_SESSION: &str = "session id in the lead";
pub(super) const BY_NAME: &str = "file name";
pub(super) const BY_CALL: &str = "create_lead";

const OTHER_SESSION: &str = "the names say so, and the session ids do not";
const OTHER_EMAIL: &str = "the names say so, and the addresses do not";
const NO_LEAD: &str = "the names say so, but by the transcript no lead came of the call";
const OTHER_TIME: &str = "the names say so, and the times do not";
const ONLY_TIME: &str = "only the time fits";

/// How far outside of its call a lead may have been made.
const SLACK: Micros = 10 * 1_000_000;

/// Goes through all stages for these transcripts.
pub(super) fn match_all(estate: &Estate, calls: &[usize], field: &mut Field) {
    let index = Index::of(estate);
    let open = |field: &Field| -> Vec<usize> {
        let mut open = calls.to_vec();
        open.retain(|call| field.wants(*call) && !names_missing(estate, *call));
        open
    };
    field.settle(&index.by_path(calls), BY_PATH);
    let edges = index.by_session(&open(field), field);
    field.settle(&edges, BY_SESSION);
    let edges = index.by_name(&open(field), field);
    field.settle(&edges, BY_NAME);
    let edges = index.by_call(&open(field), field, true);
    field.settle(&edges, BY_CALL);
    let edges = index.by_call(&open(field), field, false);
    field.settle(&edges, BY_CALL);
}

/// Whether a transcript names a lead that is not there: then no other one is its own.
pub(super) fn names_missing(estate: &Estate, call: usize) -> bool {
    let transcript = estate.transcripts.get(call);
    let facts = transcript.and_then(standing::facts);
    facts.is_some_and(|facts| facts.lead_path.is_some() && facts.lead_file.is_none())
}

struct Index<'a> {
    estate: &'a Estate,
    by_name: BTreeMap<&'a str, usize>,
    by_session: BTreeMap<&'a str, Vec<usize>>,
    by_time: BTreeMap<Micros, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(estate: &'a Estate) -> Self {
        let mut index = Self {
            estate,
            by_name: BTreeMap::new(),
            by_session: BTreeMap::new(),
            by_time: BTreeMap::new(),
        };
        for (number, lead) in estate.leads.iter().enumerate() {
            index.by_name.insert(&lead.name, number);
            for id in &lead.facts.session_ids {
                index.by_session.entry(id).or_default().push(number);
            }
            if let Some(time) = lead.facts.time {
                index.by_time.entry(time).or_default().push(number);
            }
        }
        index
    }

    fn facts(&self, call: usize) -> Option<&'a CallFacts> {
        standing::facts(self.estate.transcripts.get(call)?)
    }

    fn lead(&self, thing: usize) -> Option<&'a LeadFacts> {
        Some(&self.estate.leads.get(thing)?.facts)
    }

    /// What a document has is not left out here: then it is a collision.
    fn by_path(&self, calls: &[usize]) -> Vec<Edge> {
        let edge = |call: &usize| {
            let facts = self.facts(*call)?;
            let thing = *self.by_name.get(facts.lead_file.as_deref()?)?;
            // A lead of the same second may have taken the file's place.
            Some(Edge {
                call: *call,
                thing,
                doubt: doubt_of_content(facts, self.lead(thing)?),
            })
        };
        calls.iter().filter_map(edge).collect()
    }

    fn by_session(&self, calls: &[usize], field: &Field) -> Vec<Edge> {
        let mut edges = Vec::new();
        for call in calls.iter().copied() {
            let ids = self.facts(call).map(ids).unwrap_or_default();
            for thing in ids
                .iter()
                .filter_map(|id| self.by_session.get(id))
                .flatten()
            {
                if !field.is_claimed(*thing) {
                    edges.push(Edge {
                        call,
                        thing: *thing,
                        doubt: None,
                    });
                }
            }
        }
        edges
    }

    fn by_name(&self, calls: &[usize], field: &Field) -> Vec<Edge> {
        let mut edges = Vec::new();
        for call in calls.iter().copied() {
            let (Some(transcript), Some(facts)) =
                (self.estate.transcripts.get(call), self.facts(call))
            else {
                continue;
            };
            let endings = Endings::of(&transcript.name, facts);
            let mut names: Vec<String> = endings
                .session
                .iter()
                .map(|ending| format!("lead_{ending}.json"))
                .collect();
            names.extend(
                endings
                    .stamp
                    .map(|stamp| format!("leads_session_{stamp}.json")),
            );
            for thing in names.iter().filter_map(|name| self.by_name.get(&**name)) {
                let Some(lead) = self.lead(*thing).filter(|_| !field.is_claimed(*thing)) else {
                    continue;
                };
                edges.push(Edge {
                    call,
                    thing: *thing,
                    doubt: doubt_of_name(facts, lead),
                });
            }
        }
        edges
    }

    /// Leads that were made during calls of which it is said that a lead came of them: first those
    /// that were made with the same address, then all others, of which it cannot be told.
    fn by_call(&self, calls: &[usize], field: &Field, same_email: bool) -> Vec<Edge> {
        let mut edges = Vec::new();
        for call in calls.iter().copied() {
            let Some(facts) = self.facts(call).filter(|facts| facts.lead_generated) else {
                continue;
            };
            let Some(span) = facts.span() else {
                continue;
            };
            let times = span.start - SLACK..=span.end + SLACK;
            for thing in self.by_time.range(times).flat_map(|(_, things)| things) {
                let Some(lead) = self.lead(*thing).filter(|_| !field.is_claimed(*thing)) else {
                    continue;
                };
                let is_same = lead
                    .email
                    .as_ref()
                    .is_some_and(|email| facts.lead_emails.contains(email));
                if is_other_session(facts, lead) || same_email && !is_same {
                    continue;
                }
                edges.push(Edge {
                    call,
                    thing: *thing,
                    doubt: (!same_email).then_some(ONLY_TIME),
                });
            }
        }
        edges
    }
}

fn ids(facts: &CallFacts) -> Vec<&str> {
    let ids = [&facts.session_id, &facts.campaign_session_id];
    let mut ids: Vec<&str> = ids.into_iter().flatten().map(String::as_str).collect();
    ids.dedup();
    ids
}

/// Whether both tell of a session, and not of the same.
fn is_other_session(facts: &CallFacts, lead: &LeadFacts) -> bool {
    let own = ids(facts);
    let mut theirs = lead.session_ids.iter();
    !own.is_empty() && !lead.session_ids.is_empty() && !theirs.any(|id| own.contains(&id.as_str()))
}

/// What in a lead speaks against its being a call's.
fn doubt_of_content(facts: &CallFacts, lead: &LeadFacts) -> Option<&'static str> {
    let is_other = |email| !facts.lead_emails.is_empty() && !facts.lead_emails.contains(email);
    if is_other_session(facts, lead) {
        return Some(OTHER_SESSION);
    }
    lead.email
        .as_ref()
        .is_some_and(is_other)
        .then_some(OTHER_EMAIL)
}

fn doubt_of_name(facts: &CallFacts, lead: &LeadFacts) -> Option<&'static str> {
    if let Some(doubt) = doubt_of_content(facts, lead) {
        return Some(doubt);
    }
    if facts.denies_lead {
        return Some(NO_LEAD);
    }
    let (span, time) = (facts.span()?, lead.time?);
    let is_within = time >= span.start - SLACK && time <= span.end + SLACK;
    (!is_within).then_some(OTHER_TIME)
}

/// Whether a file in leads/ has a name that leads have.
pub(super) fn is_lead_name(name: &str) -> bool {
    let stem = stem(name);
    stem.starts_with("lead_") || stem.starts_with("leads_")
}
