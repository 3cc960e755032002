//! Calls of which nobody knows the number: what might be theirs is not another's without a doubt.

use super::estate::{CallFacts, Micros, Overlap, Span};

/// How far from its call's end a file may be written, to count.
const CLOSING: Micros = 10 * 60 * 1_000_000;

/// When the calls were of which nobody knows the number, in the order of their starts: a recording
/// of the same time may be theirs.
pub(super) struct Nameless {
    spans: Vec<Span>,
    longest: Micros,
}

impl Nameless {
    /// Those among these calls.
    pub(super) fn among<'a>(calls: impl Iterator<Item = &'a CallFacts>) -> Self {
        let mut spans: Vec<Span> = calls
            .filter(|facts| is_nameless(facts))
            .filter_map(CallFacts::span)
            .collect();
        spans.sort_by_key(|span| span.start);
        let longest = spans.iter().map(|span| span.end - span.start).max();
        Self {
            spans,
            longest: longest.unwrap_or_default(),
        }
    }

    /// Whether the time of one of them is nearer to a recording's than this call's is.
    pub(super) fn has_nearer(&self, made: Span, own: Span) -> bool {
        let distance = |span: &Span| (span.start - made.start).abs() + (span.end - made.end).abs();
        let first = made.start.saturating_sub(self.longest);
        let skipped = self.spans.partition_point(|span| span.start < first);
        let near = self.spans.iter().skip(skipped);
        near.take_while(|span| span.start <= made.end)
            .filter(|span| span.overlap(made) == Overlap::Clear)
            .any(|span| distance(span) <= distance(&own))
    }

    /// Whether one of them ended nearer to when a file was written than this call did.
    pub(super) fn has_nearer_end(&self, written: Micros, own_end: Micros) -> bool {
        let near = (written - own_end).abs().min(CLOSING);
        let first = written.saturating_sub(near).saturating_sub(self.longest);
        let skipped = self.spans.partition_point(|span| span.start < first);
        let spans = self.spans.iter().skip(skipped);
        spans
            .take_while(|span| span.start <= written + near)
            .any(|span| (written - span.end).abs() < near)
    }
}

/// Whether a transcript has neither number nor egress to be known by.
pub(super) fn is_nameless(facts: &CallFacts) -> bool {
    facts.number.is_none() && facts.egress_id.is_none()
}
