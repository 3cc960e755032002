//! Which recording is a transcript's: by egress id, by file name, by room and time.

use super::estate::{CallFacts, Estate, Micros, Overlap, Patience, micros};
use super::field::{Edge, Field};
use super::index::{Take, Takes};
use super::nameless::{Nameless, is_nameless};
use super::names::Endings;
use super::rooms::{Rooms, When};
use super::standing;

/// By what a recording is known to be a transcript's.
pub(super) const BY_EGRESS: &str = "egress id";
pub(super) const BY_NAME: &str = "file name";
pub(super) const BY_ROOM: &str = "room name and time";

const ONLY_TIME: &str = "only the time fits";
const OTHER_EGRESS: &str = "its manifest is another egress's by the id that is in it";
const SHARED_FILE: &str = "several manifests name its file";
const OTHER_TIME: &str = "the names say so, and the times do not";
const OTHER_AGE: &str = "its file is not of the time of the call";
const OTHER_NUMBER: &str = "the names say so, and the numbers do not";
const OTHER_ROOM: &str = "another recording fits number and time";
const NEARER: &str = "a transcript without a number fits its time better";
const NEARER_END: &str = "the names say so, and a transcript without ids is nearer to its time";

/// How far two clocks may differ, and how long before or after a call's end the file of its recording
/// may be whole, where no manifest tells.
const SLACK: Micros = 60 * 1_000_000;

/// When a transcript or manifest was written, and what of.
#[derive(Clone, Copy)]
struct Written {
    start: Option<Micros>,
    end: Option<Micros>,
    modified: Micros,
    /// When the file that belongs to it can have been written last.
    last: Micros,
}

/// What recordings are matched against.
pub(super) struct Matcher<'a> {
    pub(super) estate: &'a Estate,
    pub(super) takes: &'a Takes,
    pub(super) patience: Patience,
}

impl Matcher<'_> {
    /// Goes through all stages for these transcripts.
    pub(super) fn match_all(&self, calls: &[usize], field: &mut Field) {
        let edges = self.by_egress(calls);
        field.settle(&edges, BY_EGRESS);
        let edges = self.by_name(calls, field);
        field.settle(&edges, BY_NAME);
        let edges = self.by_room(calls, field);
        field.settle(&edges, BY_ROOM);
        let edges = self.by_time(calls, field);
        field.settle(&edges, BY_ROOM);
    }

    /// What fits in time alone, for calls of which nobody knows the number: no match, but they are not
    /// to go without their recording for that.
    fn by_time(&self, calls: &[usize], field: &Field) -> Vec<Edge> {
        let rooms = Rooms::of(self.estate, self.takes, field);
        let mut edges = Vec::new();
        for call in calls.iter().copied().filter(|call| field.wants(*call)) {
            let Some(facts) = self.facts(call) else {
                continue;
            };
            if facts.number.is_none() && facts.egress_id.is_none() {
                rooms.visit_any(facts, &mut |thing| {
                    let doubt = Some(ONLY_TIME);
                    edges.push(Edge { call, thing, doubt });
                });
            }
        }
        edges
    }

    fn facts(&self, call: usize) -> Option<&CallFacts> {
        standing::facts(self.estate.transcripts.get(call)?)
    }

    /// The certain stage. What a document has is not left out here: then it is a collision.
    fn by_egress(&self, calls: &[usize]) -> Vec<Edge> {
        let edge = |call: &usize| {
            let id = self.facts(*call)?.egress_id.as_ref()?;
            let thing = self.takes.of_egress(id)?;
            Some(Edge {
                call: *call,
                thing,
                doubt: self.doubt_of_take(self.takes.all.get(thing)?),
            })
        };
        calls.iter().filter_map(edge).collect()
    }

    /// Why the file of a recording may be another egress's, whatever speaks for it. A manifest is
    /// written when its file is whole.
    fn doubt_of_take(&self, take: &Take) -> Option<&'static str> {
        match take.egresses.as_slice() {
            [] => None,
            [egress] => {
                let egress = self.estate.egresses.get(*egress)?;
                if egress
                    .facts
                    .own_id
                    .as_ref()
                    .is_some_and(|id| *id != egress.id)
                {
                    return Some(OTHER_EGRESS);
                }
                let written = Written {
                    start: egress.facts.start,
                    end: egress.facts.end,
                    modified: egress.modified,
                    last: egress.modified.saturating_add(SLACK),
                };
                self.is_of_other_age(take, written).then_some(OTHER_AGE)
            }
            _ => Some(SHARED_FILE),
        }
    }

    fn by_name(&self, calls: &[usize], field: &Field) -> Vec<Edge> {
        let rooms = Rooms::of(self.estate, self.takes, field);
        let nameless = self.nameless(calls, field);
        let mut edges = Vec::new();
        for call in calls.iter().copied().filter(|call| field.wants(*call)) {
            let (Some(transcript), Some(facts)) =
                (self.estate.transcripts.get(call), self.facts(call))
            else {
                continue;
            };
            let endings = Endings::of(&transcript.name, facts);
            let named = endings.session.iter().chain(endings.stamp.iter());
            for thing in named.flat_map(|ending| self.takes.of_ending(ending)) {
                let Some(take) = self.takes.all.get(*thing) else {
                    continue;
                };
                if field.is_claimed(*thing) || !self.is_possible(take, facts) {
                    continue;
                }
                let doubt = self
                    .doubt_of_name(take, facts, transcript.modified)
                    .or_else(|| self.nearer(&nameless, take, facts))
                    .or_else(|| {
                        let has_other = self.has_other(&rooms, *thing, facts);
                        has_other.then_some(OTHER_ROOM)
                    });
                edges.push(Edge {
                    call,
                    thing: *thing,
                    doubt,
                });
            }
        }
        edges
    }

    /// Whether another recording than this one is, without a doubt, of a call's number and time.
    fn has_other(&self, rooms: &Rooms, thing: usize, facts: &CallFacts) -> bool {
        let mut has_other = false;
        let mut visit = |other: usize, _, doubt: Option<&str>| {
            let take = self.takes.all.get(other);
            let is_possible = take.is_some_and(|take| self.is_possible(take, facts));
            has_other |= other != thing && doubt.is_none() && is_possible;
        };
        if let Some(number) = &facts.number {
            rooms.visit(number, facts, &mut visit);
        }
        has_other
    }

    /// Whether a recording is not another egress's than the transcript's.
    fn is_possible(&self, take: &Take, facts: &CallFacts) -> bool {
        let Some(id) = &facts.egress_id else {
            return true;
        };
        let mut egresses = take.egresses.iter();
        take.egresses.is_empty()
            || egresses.any(|it| self.estate.egresses.get(*it).is_some_and(|it| it.id == *id))
    }

    fn doubt_of_name(
        &self,
        take: &Take,
        facts: &CallFacts,
        modified: Micros,
    ) -> Option<&'static str> {
        let mut egresses = take.egresses.iter();
        let Some(egress) = egresses.next() else {
            let written = Written {
                start: facts.start,
                end: facts.end,
                modified,
                last: facts.end.unwrap_or(modified).saturating_add(SLACK),
            };
            return self.is_of_other_age(take, written).then_some(OTHER_AGE);
        };
        let egress = &self.estate.egresses.get(*egress)?.facts;
        let is_apart = match (facts.span(), egress.span()) {
            (Some(call), Some(egress)) => call.overlap(egress) != Overlap::Clear,
            _ => false,
        };
        let is_other = match (&facts.number, &egress.number) {
            (Some(own), Some(other)) => own != other,
            _ => false,
        };
        let doubt = self.doubt_of_take(take);
        doubt
            .or(is_apart.then_some(OTHER_TIME))
            .or(is_other.then_some(OTHER_NUMBER))
    }

    /// Whether a file was written at another time than what it belongs to: before that, or after,
    /// where the transcript or manifest still has the time at which it was written itself.
    fn is_of_other_age(&self, take: &Take, written: Written) -> bool {
        let grace = micros(self.patience.recording_grace);
        let keeps_time = written.end.is_some_and(|end| {
            let times = end.saturating_sub(grace)..=end.saturating_add(grace);
            times.contains(&written.modified)
        });
        let first = written.end.map(|end| end.saturating_sub(SLACK));
        let is_other = |at: Micros| {
            written.start.is_some_and(|start| at < start)
                || keeps_time && (at > written.last || first.is_some_and(|first| at < first))
        };
        let mut files = take
            .audio
            .iter()
            .filter_map(|it| self.estate.audio.get(*it));
        files.any(|file| is_other(file.modified))
    }

    /// Whether a transcript without ids fits a recording of the right name better than one with.
    fn nearer(&self, nameless: &Nameless, take: &Take, facts: &CallFacts) -> Option<&'static str> {
        let mut egresses = take.egresses.iter();
        let has_nearer = match egresses.next().map(|it| self.estate.egresses.get(*it)) {
            Some(egress) => nameless.has_nearer(egress?.facts.span()?, facts.span()?),
            None => {
                let files = take.audio.iter();
                let mut files = files.filter_map(|it| self.estate.audio.get(*it));
                let end = facts.end?;
                files.any(|file| nameless.has_nearer_end(file.modified, end))
            }
        };
        // One without ids has no nearer one but itself.
        (has_nearer && !is_nameless(facts)).then_some(NEARER_END)
    }

    fn nameless(&self, calls: &[usize], field: &Field) -> Nameless {
        let open = calls.iter().filter(|call| field.wants(**call));
        Nameless::among(open.filter_map(|call| self.facts(*call)))
    }

    fn by_room(&self, calls: &[usize], field: &Field) -> Vec<Edge> {
        let rooms = Rooms::of(self.estate, self.takes, field);
        let nameless = self.nameless(calls, field);
        let mut edges = Vec::new();
        for call in calls.iter().copied().filter(|call| field.wants(*call)) {
            let Some(facts) = self.facts(call) else {
                continue;
            };
            let Some(number) = &facts.number else {
                continue;
            };
            rooms.visit(number, facts, &mut |thing, when, doubt| {
                let is_nearer = || match (when, facts.span()) {
                    (When::Span(made), Some(own)) => nameless.has_nearer(made, own),
                    _ => false,
                };
                let doubt = doubt.or_else(|| is_nearer().then_some(NEARER));
                let take = self.takes.all.get(thing);
                if let Some(take) = take.filter(|take| self.is_possible(take, facts)) {
                    let doubt = doubt.or_else(|| self.doubt_of_take(take));
                    edges.push(Edge { call, thing, doubt });
                }
            });
        }
        edges
    }
}
