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

/// The recordings that nobody has, by number, each in the order of their starts.
pub(super) struct Rooms(BTreeMap<String, Vec<Recorded>>);

impl Rooms {
    pub(super) fn of(estate: &Estate, takes: &Takes, field: &Field) -> Self {
        let mut rooms: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
        for (thing, take) in takes.all.iter().enumerate() {
            if field.is_claimed(thing) {
                continue;
            }
            let egresses = take
                .egresses
                .iter()
                .filter_map(|it| estate.egresses.get(*it));
            for egress in egresses {
                if let (Some(number), Some(when)) = (&egress.facts.number, when(&egress.facts)) {
                    rooms
                        .entry(number.clone())
                        .or_default()
                        .push(Recorded { thing, when });
                }
            }
            let files = take.audio.iter().filter_map(|it| estate.audio.get(*it));
            for file in files.filter(|_| take.egresses.is_empty()) {
                if let Some((number, second)) = names::number_and_second(&file.name) {
                    rooms.entry(number).or_default().push(Recorded {
                        thing,
                        when: When::Named(second.saturating_mul(1_000_000)),
                    });
                }
            }
        }
        for recorded in rooms.values_mut() {
            recorded.sort_by_key(|recorded| recorded.when.start());
        }
        Self(rooms)
    }

    /// Visits what may be the recording of a call.
    pub(super) fn visit(
        &self,
        number: &str,
        call: &CallFacts,
        visit: &mut dyn FnMut(usize, When, Option<&'static str>),
    ) {
        let Some(recorded) = self.0.get(number) else {
            return;
        };
        let span = call.span();
        // Nothing that starts behind the call's end can be its recording.
        let last = span.map_or(recorded.len(), |span| {
            recorded.partition_point(|it| it.when.start() <= span.end)
        });
        for it in recorded.iter().take(last) {
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
