//! What `dry-run` prints for people: a row for each session, and what it comes to.

use super::paragraph::Shape;
use super::plan_line::{PlanKind, PlanLine};
use super::style::Style;
use super::table::{Cell, Column, GAP, NOTHING, table_of};
use super::view::View;
use super::wording::{bytes, counted, printable};

const COLUMNS: [Column; 3] = [
    Column::text("SESSION"),
    Column::text("ACTION"),
    Column::text("FILES, OR WHY"),
];

/// What stands before a time.
const UNTIL: &str = " until";

/// Where a terminal is too narrow for three.
const NARROW: [Column; 2] = [Column::text("SESSION"), Column::text("ACTION")];

/// The whole plan.
pub fn plan_text(lines: &[PlanLine], view: &View) -> String {
    if lines.is_empty() {
        return "nothing to do: no session is pending\n".to_owned();
    }
    let row = |line: &PlanLine| row(line, view);
    let table = match view.width {
        Some(width) if !fits(lines, row, width) => {
            table_of(&NARROW, lines, |line| narrow(row(line)), view.width)
        }
        _ => table_of(&COLUMNS, lines, |line| row(line).into(), view.width),
    };
    let whole = Shape {
        indent: 0,
        title: 0,
    };
    format!("{table}\n{}", whole.text(&summary(lines), view))
}

/// Whether ids and actions have room beside each other.
fn fits(lines: &[PlanLine], row: impl Fn(&PlanLine) -> [Cell; 3], width: usize) -> bool {
    let (mut session, mut action) = (0, 0);
    for [first, second, _] in lines.iter().map(row) {
        session = session.max(first.width());
        action = action.max(second.width());
    }
    session + action + GAP <= width
}

/// A row of a narrow table: the action and more about it are one text.
fn narrow([session, action, details]: [Cell; 3]) -> Vec<Cell> {
    let text = match details.text() {
        NOTHING => action.text().to_owned(),
        time if action.text().ends_with(UNTIL) => format!("{} {time}", action.text()),
        details => format!("{}: {details}", action.text()),
    };
    vec![session, action.with_text(text)]
}

fn row(line: &PlanLine, view: &View) -> [Cell; 3] {
    let step = &line.step;
    let mut what = step.what.clone();
    let mut details: Vec<String> = step.detail.iter().map(|detail| printable(detail)).collect();
    if let Some(until) = step.until {
        // In words the two belong together.
        let joint = match details.last_mut() {
            Some(detail) => detail,
            None => &mut what,
        };
        joint.push_str(UNTIL);
        let time = view.time_and_distance(until);
        match details.last_mut() {
            Some(detail) => detail.push_str(&format!(" {time}")),
            None => details.push(time),
        }
    }
    details.extend(Some(printable(&line.files_text())).filter(|files| !files.is_empty()));
    let details = match details.is_empty() {
        true => NOTHING.to_owned(),
        false => details.join(", "),
    };
    [
        Cell::styled(printable(&line.session_id), Style::Strong),
        Cell::styled(printable(&what), step.kind.style()),
        Cell::from(details),
    ]
}

/// How many sessions come to what, and how much is sent.
fn summary(lines: &[PlanLine]) -> String {
    let counts = PlanKind::ALL.into_iter().filter_map(|kind| {
        let count = lines.iter().filter(|line| line.step.kind == kind).count();
        let mut text = format!("{count} {}", kind.as_str());
        if kind == PlanKind::Send {
            let sizes = lines.iter().flat_map(|line| &line.files);
            text.push_str(&format!(" ({})", bytes(sizes.map(|file| file.bytes).sum())));
        }
        (count > 0).then(|| kind.style().paint(&text))
    });
    let counts: Vec<String> = counts.collect();
    format!(
        "{}: {}",
        counted(lines.len() as u64, "session"),
        counts.join(", ")
    )
}
