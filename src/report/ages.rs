//! How old the sessions of each state are: a histogram, as qshape(1) has it for mail.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::session_line::{SessionLine, StateWord};
use super::style::{Style, plain};
use super::table::{Cell, Column, table};
use super::view::View;
use super::wording::printable;

/// Up to which age a session is counted in a column, in minutes, and the column's title.
type Bucket = (i64, &'static str);

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

const FINE: [Bucket; 9] = [
    (5, "5m"),
    (15, "15m"),
    (30, "30m"),
    (HOUR, "1h"),
    (2 * HOUR, "2h"),
    (4 * HOUR, "4h"),
    (8 * HOUR, "8h"),
    (DAY, "1d"),
    (3 * DAY, "3d"),
];

/// For a narrow terminal.
const COARSE: [Bucket; 4] = [(15, "15m"), (HOUR, "1h"), (4 * HOUR, "4h"), (DAY, "1d")];

/// The states in the order in which somebody wants to know of them.
const STATES: [StateWord; 9] = [
    StateWord::Failed,
    StateWord::Corrupt,
    StateWord::Skipped,
    StateWord::Backoff,
    StateWord::Waiting,
    StateWord::Settling,
    StateWord::Due,
    StateWord::Partial,
    StateWord::Processed,
];

/// The histogram: a row for each state that there is, for all of them, and one for each kind of error that sessions
/// back off for.
pub(super) fn ages(lines: &[SessionLine], view: &View) -> String {
    let fine = histogram(lines, &FINE, view);
    let is_too_wide = |width| {
        plain(&fine)
            .lines()
            .any(|line| line.chars().count() > width)
    };
    match view.width {
        Some(width) if is_too_wide(width) => histogram(lines, &COARSE, view),
        _ => fine,
    }
}

fn histogram(lines: &[SessionLine], buckets: &[Bucket], view: &View) -> String {
    let mut columns = vec![Column::text("YOUNGER THAN")];
    columns.extend(buckets.iter().map(|(_, title)| Column::number(title)));
    columns.extend([Column::number("OLDER"), Column::number("ALL")]);
    let mut rows = Vec::new();
    for state in STATES {
        let of_state: Vec<&SessionLine> = lines.iter().filter(|it| it.state == state).collect();
        if of_state.is_empty() {
            continue;
        }
        let label = Cell::styled(state.as_str(), state.style());
        rows.push(row(label, &of_state, buckets, view));
        if state != StateWord::Backoff {
            continue;
        }
        let mut kinds: BTreeMap<&str, Vec<&SessionLine>> = BTreeMap::new();
        for line in of_state {
            let error = line.last_error.as_ref();
            let kind = error.map_or("other", |error| error.kind.as_str());
            kinds.entry(kind).or_default().push(line);
        }
        rows.extend(kinds.iter().map(|(kind, lines)| {
            let label = Cell::from(format!("  {}", printable(kind)));
            row(label, lines, buckets, view)
        }));
    }
    let all: Vec<&SessionLine> = lines.iter().collect();
    rows.push(row(Cell::styled("all", Style::Strong), &all, buckets, view));
    table(&columns, &rows, None)
}

fn row(label: Cell, lines: &[&SessionLine], buckets: &[Bucket], view: &View) -> Vec<Cell> {
    let mut counts = vec![0_usize; buckets.len() + 1];
    for line in lines {
        let age = line
            .modified()
            .map_or(TimeDelta::zero(), |time| view.now - time);
        let bucket = buckets
            .iter()
            .position(|(minutes, _)| age < TimeDelta::minutes(*minutes))
            .unwrap_or(buckets.len());
        counts[bucket] += 1;
    }
    let count = |count: &usize| match count {
        // What is there stands out from what is not.
        0 => Cell::styled(".", Style::Dim),
        count => Cell::from(count.to_string()),
    };
    let mut cells = vec![label];
    cells.extend(counts.iter().map(count));
    cells.push(Cell::from(lines.len().to_string()));
    cells
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::session::Document;

    fn line(state: StateWord, minutes: i64, kind: &str) -> SessionLine {
        let text = format!(
            r#"{{"session_id":"s","upload":{{"call_data":{{"error":{{"kind":"{kind}"}}}}}}}}"#
        );
        let document = Document::parse(text.as_bytes()).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let modified = now - TimeDelta::minutes(minutes);
        SessionLine::of(&document, "metadata_s.json", state, modified, now)
    }

    #[test]
    fn a_session_is_counted_once_in_the_column_of_its_age() {
        let lines: Vec<SessionLine> = [
            (StateWord::Due, 0, ""),
            (StateWord::Due, 4, ""),
            (StateWord::Due, 5, ""),
            (StateWord::Backoff, 59, "server"),
            (StateWord::Backoff, 60, "unavailable"),
            (StateWord::Backoff, 3 * DAY - 1, "server"),
            (StateWord::Failed, 3 * DAY, "rejected"),
        ]
        .map(|(state, minutes, kind)| line(state, minutes, kind))
        .into();
        let text = |width| {
            let view = View {
                width,
                ..View::plain(DateTime::UNIX_EPOCH)
            };
            plain(&ages(&lines, &view))
        };
        insta::assert_snapshot!(format!("{}\n{}", text(None), text(Some(60))));
    }
}
