//! Which transcript gets which thing, stage by stage, and only when there is no other way.

use std::collections::{BTreeMap, BTreeSet};

/// A thing that may be a transcript's, and what speaks against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// The transcript's number.
    pub(super) call: usize,
    /// The thing's number.
    pub(super) thing: usize,
    /// Why it may be another's all the same.
    pub(super) doubt: Option<&'static str>,
}

/// How a transcript stands to the things that it might have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing fits so far.
    Open,
    /// This one is its own.
    Matched {
        /// The thing.
        thing: usize,
        /// By what it is known.
        reason: &'static str,
    },
    /// It cannot be told.
    Ambiguous {
        /// Why not.
        why: &'static str,
        /// What it may be.
        things: Vec<usize>,
    },
}

/// All transcripts and all things of one kind.
#[derive(Debug)]
pub(super) struct Field {
    /// How each transcript stands.
    pub(super) places: Vec<Place>,
    /// Things that belong to somebody.
    claimed: Vec<bool>,
    /// Things of which it could not be told whose they are.
    contested: Vec<bool>,
}

const SEVERAL: &str = "several fit";
const SHARED: &str = "it fits other transcripts as well";

impl Field {
    pub(super) fn new(calls: usize, things: usize) -> Self {
        Self {
            places: vec![Place::Open; calls],
            claimed: vec![false; things],
            contested: vec![false; things],
        }
    }

    /// Takes a thing out: a document has it.
    pub(super) fn claim(&mut self, thing: usize) {
        if let Some(claimed) = self.claimed.get_mut(thing) {
            *claimed = true;
        }
    }

    /// Makes a thing one of which it cannot be told whose it is.
    pub(super) fn contest(&mut self, thing: usize) {
        if let Some(contested) = self.contested.get_mut(thing) {
            *contested = true;
        }
    }

    pub(super) fn is_claimed(&self, thing: usize) -> bool {
        self.claimed.get(thing).copied().unwrap_or_default()
    }

    /// Whether nobody has it, and nobody but one could.
    pub(super) fn is_free(&self, thing: usize) -> bool {
        !self.is_claimed(thing) && !self.contested.get(thing).copied().unwrap_or_default()
    }

    /// Whether a transcript may still want something: nothing fits so far, or it cannot be told.
    pub(super) fn wants(&self, call: usize) -> bool {
        !matches!(self.places.get(call), None | Some(Place::Matched { .. }))
    }

    /// Settles a stage: edges whose ends both have no other become matches; whoever has edges and
    /// gets no match is ambiguous from here on. Those that are ambiguous already stay so, but they
    /// compete.
    pub(super) fn settle(&mut self, edges: &[Edge], reason: &'static str) {
        let mut of_call: BTreeMap<usize, Vec<Edge>> = BTreeMap::new();
        let mut callers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for edge in edges {
            if !self.wants(edge.call) {
                continue;
            }
            let own = of_call.entry(edge.call).or_default();
            match own.iter_mut().find(|other| other.thing == edge.thing) {
                Some(other) => other.doubt = other.doubt.or(edge.doubt),
                None => own.push(*edge),
            }
            callers.entry(edge.thing).or_default().insert(edge.call);
        }
        let mut places = Vec::new();
        for (call, edges) in of_call {
            let mut place = self.place(&edges, &callers, reason);
            if let Some(Place::Ambiguous { why, things }) = self.places.get(call) {
                let mut things = things.clone();
                let more = edges.iter().map(|edge| edge.thing);
                things.extend(more.filter(|thing| !self.is_among(call, *thing)));
                place = Place::Ambiguous { why, things };
            }
            places.push((call, place));
        }
        for (call, place) in places {
            match &place {
                Place::Open => {}
                Place::Matched { thing, .. } => self.claim(*thing),
                Place::Ambiguous { things, .. } => {
                    for thing in things {
                        self.contest(*thing);
                    }
                }
            }
            if let Some(old) = self.places.get_mut(call) {
                *old = place;
            }
        }
    }

    fn is_among(&self, call: usize, thing: usize) -> bool {
        match self.places.get(call) {
            Some(Place::Ambiguous { things, .. }) => things.contains(&thing),
            _ => false,
        }
    }

    fn place(
        &self,
        edges: &[Edge],
        callers: &BTreeMap<usize, BTreeSet<usize>>,
        reason: &'static str,
    ) -> Place {
        let is_shared = |thing: usize| {
            !self.is_free(thing) || callers.get(&thing).is_some_and(|callers| callers.len() > 1)
        };
        let why = match edges {
            [edge] => match edge.doubt {
                None if !is_shared(edge.thing) => {
                    let thing = edge.thing;
                    return Place::Matched { thing, reason };
                }
                Some(doubt) => doubt,
                None => SHARED,
            },
            _ => SEVERAL,
        };
        let things = edges.iter().map(|edge| edge.thing).collect();
        Place::Ambiguous { why, things }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(call: usize, thing: usize) -> Edge {
        Edge {
            call,
            thing,
            doubt: None,
        }
    }

    fn is_matched(field: &Field, call: usize) -> Option<usize> {
        match field.places[call] {
            Place::Matched { thing, .. } => Some(thing),
            _ => None,
        }
    }

    #[test]
    fn a_match_is_the_only_one_for_both() {
        let mut field = Field::new(5, 5);
        let edges = [edge(0, 0), edge(1, 1), edge(2, 1), edge(3, 2), edge(3, 3)];
        field.settle(&edges, "x");
        let matched: Vec<_> = (0..5).map(|call| is_matched(&field, call)).collect();
        assert_eq!(matched, [Some(0), None, None, None, None]);
        let ambiguous = |call: usize, why: &'static str, things: &[usize]| {
            let things = things.to_vec();
            assert_eq!(field.places[call], Place::Ambiguous { why, things });
        };
        ambiguous(1, SHARED, &[1]);
        ambiguous(2, SHARED, &[1]);
        ambiguous(3, SEVERAL, &[2, 3]);
        assert_eq!(field.places[4], Place::Open);
    }

    #[test]
    fn what_was_doubtful_or_contested_stays_so_for_later_stages() {
        let mut field = Field::new(4, 3);
        let doubtful = Edge {
            doubt: Some("why"),
            ..edge(0, 0)
        };
        field.settle(&[doubtful, edge(1, 1)], "x");
        field.settle(&[edge(2, 0), edge(3, 2)], "y");
        assert!(matches!(
            field.places[0],
            Place::Ambiguous { why: "why", .. }
        ));
        assert!(matches!(
            field.places[2],
            Place::Ambiguous { why: SHARED, .. }
        ));
        assert_eq!(is_matched(&field, 3), Some(2));
    }

    #[test]
    fn who_is_ambiguous_competes_in_later_stages() {
        let mut field = Field::new(2, 3);
        field.settle(&[edge(0, 0), edge(0, 1)], "x");
        field.settle(&[edge(0, 2), edge(1, 2)], "y");
        let things = vec![0, 1, 2];
        assert_eq!(
            field.places[0],
            Place::Ambiguous {
                why: SEVERAL,
                things
            }
        );
        let things = vec![2];
        assert_eq!(
            field.places[1],
            Place::Ambiguous {
                why: SHARED,
                things
            }
        );
    }

    #[test]
    fn the_same_candidate_twice_is_one() {
        let mut field = Field::new(1, 1);
        field.settle(&[edge(0, 0), edge(0, 0)], "x");
        assert_eq!(is_matched(&field, 0), Some(0));
    }
}
