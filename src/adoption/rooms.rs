//! Recordings by the number and time of their rooms.

use std::collections::BTreeMap;

use super::estate::{CallFacts, EgressFacts, Estate, Micros, Overlap, Span};
use super::field::Field;
use super::index::Takes;
use super::names;

const NO_TIME: &str = "the number fits, and the times are not known";
const SHORT: &str = "the number fits, and less than half of the time";
const NO_MANIFEST: &str = "number and time fit, but no manifest says so";

/// How long before its call a recording may have been started.
const LEAD_IN: Micros = 5 * 60 * 1_000_000;

/// A recording of a number's calls.
struct Recorded {
    thing: usize,
    when: When,
}

/// When a recording was made, as far as that is known.
#[derive(Clone, Copy)]
pub(super) enum When {
    /// From start to end, by a manifest.
    Span(Span),
    /// From then on, by a manifest without an end.
    Since(Micros),
    /// From then on, by the file's name.
    Named(Micros),
    Unknown,
}

impl When {
    fn start(self) -> Micros {
        match self {
            Self::Span(span) => span.start,
            Self::Since(start) | Self::Named(start) => start,
            Self::Unknown => Micros::MIN,
        }
    }

    /// Whether it may be the recording of a call at that time, and what speaks against it.
    fn fits(self, call: Option<Span>) -> Option<Option<&'static str>> {
        let since = |start: Micros, doubt| {
            let is_within =
                call.is_none_or(|call| start >= call.start - LEAD_IN && start <= call.end);
            is_within.then_some(Some(doubt))
        };
        match (self, call) {
            (Self::Span(span), Some(call)) => match span.overlap(call) {
                Overlap::None => None,
                Overlap::Doubtful => Some(Some(SHORT)),
                Overlap::Clear => Some(None),
            },
            (Self::Since(start), _) => since(start, NO_TIME),
            (Self::Named(start), _) => since(start, NO_MANIFEST),
            (Self::Span(_) | Self::Unknown, _) => Some(Some(NO_TIME)),
        }
    }
}

/// The recordings of one number.
#[derive(Default)]
struct Room {
    /// Those whose start is known, in that order.
    known: Vec<Recorded>,
    /// The others.
    unknown: Vec<Recorded>,
    /// How long the longest is.
    longest: Micros,
}

impl Room {
    fn push(&mut self, recorded: Recorded) {
        match recorded.when {
            When::Unknown => self.unknown.push(recorded),
            When::Span(span) => {
                self.longest = self.longest.max(span.end.saturating_sub(span.start));
                self.known.push(recorded);
            }
            When::Since(_) | When::Named(_) => self.known.push(recorded),
        }
    }

    /// Those that may be of a call at that time, by their starts.
    fn near(&self, call: Option<Span>) -> &[Recorded] {
        let Some(call) = call else {
            return &self.known;
        };
        let reach = self.longest.max(LEAD_IN);
        let starts_before = |time: Micros| {
            let before = |it: &Recorded| it.when.start() < time;
            self.known.partition_point(before)
        };
        let first = starts_before(call.start.saturating_sub(reach));
        let last = starts_before(call.end.saturating_add(1));
        self.known.get(first..last).unwrap_or_default()
    }
}

/// The recordings that nobody has, by number.
pub(super) struct Rooms(BTreeMap<String, Room>);

impl Rooms {
    pub(super) fn of(estate: &Estate, takes: &Takes, field: &Field) -> Self {
        let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
        let mut add = |number: String, thing, when| {
            let room = rooms.entry(number).or_default();
            room.push(Recorded { thing, when });
        };
        for (thing, take) in takes.all.iter().enumerate() {
            if field.is_claimed(thing) {
                continue;
            }
            let egresses = take.egresses.iter();
            for egress in egresses.filter_map(|it| estate.egresses.get(*it)) {
                if let (Some(number), Some(when)) = (&egress.facts.number, when(&egress.facts)) {
                    add(number.clone(), thing, when);
                }
            }
            let files = take.audio.iter().filter(|_| take.egresses.is_empty());
            for file in files.filter_map(|it| estate.audio.get(*it)) {
                if let Some((number, second)) = names::number_and_second(&file.name) {
                    add(number, thing, When::Named(second.saturating_mul(1_000_000)));
                }
            }
        }
        for room in rooms.values_mut() {
            room.known.sort_by_key(|recorded| recorded.when.start());
        }
        Self(rooms)
    }

    /// Visits what was recorded just while a call was, whatever its number.
    pub(super) fn visit_any(&self, call: &CallFacts, visit: &mut dyn FnMut(usize)) {
        let span = call.span();
        for it in self.0.values().flat_map(|room| room.near(span)) {
            if let (When::Span(made), Some(own)) = (it.when, span)
                && made.overlap(own) == Overlap::Clear
            {
                visit(it.thing);
            }
        }
    }

    /// Visits what may be the recording of a call.
    pub(super) fn visit(
        &self,
        number: &str,
        call: &CallFacts,
        visit: &mut dyn FnMut(usize, When, Option<&'static str>),
    ) {
        let Some(room) = self.0.get(number) else {
            return;
        };
        let span = call.span();
        for it in room.unknown.iter().chain(room.near(span)) {
            if let Some(doubt) = it.when.fits(span) {
                visit(it.thing, it.when, doubt);
            }
        }
    }
}

/// When an egress recorded; `None` for one that came to nothing.
fn when(egress: &EgressFacts) -> Option<When> {
    if egress.failed && egress.files.is_empty() || !egress.in_progress && !egress.has_output {
        return None;
    }
    Some(match (egress.span(), egress.start) {
        (Some(span), _) => When::Span(span),
        (None, Some(start)) => When::Since(start),
        (None, None) => When::Unknown,
    })
}
