//! How the counts of a chart become heights.

use super::traffic::Tally;

/// The height of all columns together, in pixels.
pub(super) const HEIGHT: f64 = 150.0;
/// The least height of a side on which something happened.
const LEAST_SIDE: f64 = 22.0;
/// The least height of a column.
const LEAST_COLUMN: f64 = 2.0;
/// The room above the columns, for half a line of text.
pub(super) const TOP: f64 = 8.0;

/// How counts become heights: the same on both sides.
pub(super) struct Scale {
    /// The count at the top, and at the bottom.
    top: u64,
    bottom: u64,
    /// Where the line between is.
    pub(super) base: f64,
    pixels_each: f64,
}

impl Scale {
    pub(super) fn of(tallies: &[Tally]) -> Self {
        let most = |count: fn(&Tally) -> u64| tallies.iter().map(count).max().unwrap_or(0);
        let top = round_up(most(Tally::arrived));
        let bottom = round_up(most(|tally| tally.failures));
        let share = float(top) / float((top + bottom).max(1));
        let base = match (top, bottom) {
            (_, 0) => HEIGHT,
            (0, _) => 0.0,
            _ => (HEIGHT * share).clamp(LEAST_SIDE, HEIGHT - LEAST_SIDE),
        };
        let each = |room: f64, count: u64| room / float(count.max(1));
        let pixels_each = match (top, bottom) {
            (_, 0) => each(base, top),
            (0, _) => each(HEIGHT - base, bottom),
            _ => each(base, top).min(each(HEIGHT - base, bottom)),
        };
        Self {
            top,
            bottom,
            base: TOP + base,
            pixels_each,
        }
    }

    pub(super) fn height(&self, count: u64) -> f64 {
        if count == 0 {
            return 0.0;
        }
        (float(count) * self.pixels_each).max(LEAST_COLUMN)
    }

    /// The counts at which lines are drawn, with their places.
    pub(super) fn lines(&self) -> Vec<(String, f64)> {
        let above = [self.top, self.top / 2].map(|count| (count, -1.0));
        let below = [self.bottom / 2, self.bottom].map(|count| (count, 1.0));
        let mut lines = vec![("0".to_owned(), self.base)];
        for (count, direction) in above.into_iter().chain(below) {
            let place = self.base + direction * float(count) * self.pixels_each;
            // One on top of the other cannot be read.
            let is_apart = lines.iter().all(|(_, other)| (other - place).abs() > 13.0);
            if count > 0 && is_apart {
                lines.push((short(count), place));
            }
        }
        lines
    }
}

/// The next count whose half is a whole number and which reads well; 0 stays.
fn round_up(count: u64) -> u64 {
    if count == 0 {
        return 0;
    }
    let mut power = 1;
    loop {
        for factor in [2, 4, 6, 8, 10] {
            if count <= factor * power {
                return factor * power;
            }
        }
        power *= 10;
    }
}

/// A count in few characters: `12`, `1.2k`, `300k`.
fn short(count: u64) -> String {
    match count {
        0..1000 => count.to_string(),
        1000..10_000 if !count.is_multiple_of(1000) => format!("{:.1}k", float(count) / 1000.0),
        1000..1_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture needs no more than 52 bits"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture needs no more than 52 bits"
)]
pub(super) fn small(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    /// Hours with these counts: delivered, delivered in part, failed.
    pub(in crate::report::page) fn tallies(counts: &[(u64, u64, u64)]) -> Vec<Tally> {
        counts
            .iter()
            .zip(0..)
            .map(|((delivered, partial, failures), hour)| Tally {
                start: DateTime::UNIX_EPOCH + TimeDelta::hours(hour),
                delivered: *delivered,
                partial: *partial,
                failures: *failures,
            })
            .collect()
    }

    #[test]
    fn the_ends_of_an_axis_read_well_and_can_be_halved() {
        for (count, expected) in [
            (0, 0),
            (1, 2),
            (3, 4),
            (10, 10),
            (11, 20),
            (81, 100),
            (101, 200),
        ] {
            assert_eq!(round_up(count), expected, "{count}");
        }
        for (count, expected) in [
            (999, "999"),
            (1000, "1k"),
            (1200, "1.2k"),
            (30_000, "30k"),
            (2_000_000, "2M"),
        ] {
            assert_eq!(short(count), expected);
        }
    }

    #[test]
    fn nothing_leaves_its_chart_and_both_sides_have_one_scale() {
        for counts in [
            &[(100_000, 0, 1)][..],
            &[(1, 0, 100_000)],
            &[(0, 0, 3)],
            &[(7, 3, 0)],
            &[(5, 5, 5), (0, 0, 10)],
        ] {
            let tallies = tallies(counts);
            let scale = Scale::of(&tallies);
            for tally in &tallies {
                let up = scale.height(tally.delivered) + scale.height(tally.partial);
                let down = scale.height(tally.failures);
                assert!(up <= scale.base - TOP + 0.01, "{counts:?}");
                assert!(down <= TOP + HEIGHT - scale.base + 0.01, "{counts:?}");
                assert_eq!(tally.failures > 0, down >= LEAST_COLUMN, "{counts:?}");
            }
        }
        let scale = Scale::of(&tallies(&[(50, 0, 50)]));
        assert!((scale.height(50) - HEIGHT / 2.0 * 50.0 / 60.0).abs() < 0.01);
    }
}
