//! What `requeue` did for each session, and in all.

use serde::Serialize;

use super::style::Style;
use super::table::{Cell, Column, table};
use super::wording::printable;

const COLUMNS: [Column; 3] = [
    Column::text("SESSION"),
    Column::text("RESULT"),
    Column::text("DETAIL"),
];

/// Every result, in the order in which they are counted up.
const RESULTS: [&str; 4] = ["unchanged", "refused", "would be requeued", "requeued"];

/// What was done for one session.
#[derive(Debug, Serialize)]
pub struct RequeueLine {
    /// The session's id; the file name where there is no document.
    pub session_id: String,
    /// The document's file name.
    pub document: String,
    /// `requeued`, `would be requeued`, `unchanged` or `refused`.
    pub result: &'static str,
    /// More about it.
    pub detail: String,
}

impl RequeueLine {
    fn style(&self) -> Style {
        match self.result {
            "requeued" | "would be requeued" => Style::Good,
            "refused" => Style::Bad,
            _ => Style::Dim,
        }
    }
}

/// What was done for people, and what comes of it. Nothing of it is cut: it is no listing to run the
/// eye over, but an answer.
pub fn requeue_text(lines: &[RequeueLine]) -> String {
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|line| {
            vec![
                Cell::styled(printable(&line.session_id), Style::Strong),
                Cell::styled(line.result, line.style()),
                Cell::from(printable(&line.detail)),
            ]
        })
        .collect();
    let counts: Vec<String> = RESULTS
        .iter()
        .filter_map(|result| {
            let mut of_result = lines.iter().filter(|line| line.result == *result);
            let style = of_result.next()?.style();
            let count = of_result.count() + 1;
            let end = match (*result, count) {
                ("requeued", 1) => "; the next run tries it",
                ("requeued", _) => "; the next run tries them",
                _ => "",
            };
            Some(format!(
                "{}{end}",
                style.paint(&format!("{count} {result}"))
            ))
        })
        .collect();
    let counts = counts.join(", ");
    format!("{}\n{counts}\n", table(&COLUMNS, &rows, None))
}
