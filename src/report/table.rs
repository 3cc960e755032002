//! Tables without lines: columns two spaces apart, the last one as long as its text.
//!
//! For a pipe nothing is cut and no row is broken. At a terminal the last column, which explains,
//! gives way: it is cut where the line ends, or goes below its row where too little is left beside
//! it. When the others are too wide even so, those that can be done without are left out.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::style::Style;

/// The widest that a column gets. A longer cell moves the rest of its own row only.
const MAX_WIDTH: usize = 60;

/// The space that the last column must have to stay beside the others.
const MIN_LAST_WIDTH: usize = 28;

/// By how much a last column that goes below its row is moved in.
const INDENT: usize = 4;

/// Between two columns.
pub(super) const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    is_number: bool,
    is_dispensable: bool,
}

impl Column {
    /// A column of words.
    pub(super) const fn text(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            is_dispensable: false,
        }
    }

    /// A column of numbers, set to the right.
    pub(super) const fn number(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(title)
        }
    }

    /// The same column, left out where a terminal is too narrow.
    pub(super) const fn dispensable(self) -> Self {
        Self {
            is_dispensable: true,
            ..self
        }
    }
}

/// What stands in one column of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    style: Option<Style>,
}

impl Cell {
    /// A text in a style. It must be printable.
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style: Some(style),
        }
    }

    /// What stands in it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same in style, with another text.
    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// How many columns of a terminal it takes.
    pub(super) fn width(&self) -> usize {
        self.text.width()
    }

    fn paint(&self, text: &str) -> String {
        match self.style {
            Some(style) => style.paint(text),
            None => text.to_owned(),
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            style: None,
        }
    }
}

/// Sets rows under the columns' titles, for a terminal of that width or for a pipe.
pub(super) fn table(columns: &[Column], rows: &[Vec<Cell>], width: Option<usize>) -> String {
    table_of(columns, rows, Clone::clone, width)
}

/// The same of rows that are made of something else, each of them twice: a long table's are not all in
/// memory.
pub(super) fn table_of<T>(
    columns: &[Column],
    items: &[T],
    row: impl Fn(&T) -> Vec<Cell>,
    width: Option<usize>,
) -> String {
    let header: Vec<Cell> = columns
        .iter()
        .map(|column| Cell::styled(column.title, Style::Heading))
        .collect();
    let mut widths = vec![0; columns.len()];
    let mut widen = |row: &[Cell]| {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().min(MAX_WIDTH).max(*width);
        }
    };
    widen(&header);
    items.iter().for_each(|item| widen(&row(item)));
    let layout = Layout::new(columns, widths, width);
    let mut text = layout.row(&header);
    items
        .iter()
        .for_each(|item| text.push_str(&layout.row(&row(item))));
    text
}

/// Which columns there are, and where.
struct Layout<'a> {
    columns: &'a [Column],
    widths: Vec<usize>,
    shown: Vec<usize>,
    /// Where the last column goes; `None` for a pipe.
    last: Option<Last>,
}

enum Last {
    /// Behind the others, in so many columns.
    Beside(usize),
    /// Below them.
    Below(usize),
}

impl<'a> Layout<'a> {
    fn new(columns: &'a [Column], widths: Vec<usize>, width: Option<usize>) -> Self {
        let last = columns.len().saturating_sub(1);
        let mut layout = Self {
            columns,
            widths,
            shown: (0..last).collect(),
            last: None,
        };
        let Some(width) = width else {
            return layout;
        };
        while layout.taken() > width + GAP {
            let mut shown = layout.shown.iter();
            let Some(at) = shown.rposition(|index| columns[*index].is_dispensable) else {
                break;
            };
            layout.shown.remove(at);
        }
        let left = width.saturating_sub(layout.taken());
        let wanted = layout.widths.get(last).copied().unwrap_or_default();
        layout.last = Some(if left >= MIN_LAST_WIDTH.min(wanted) {
            Last::Beside(left)
        } else {
            Last::Below(width.saturating_sub(INDENT).max(INDENT))
        });
        layout
    }

    /// What all columns but the last take, the gaps behind them included.
    fn taken(&self) -> usize {
        self.shown
            .iter()
            .map(|index| self.widths[*index] + GAP)
            .sum()
    }

    fn row(&self, row: &[Cell]) -> String {
        let mut line = String::new();
        // Spaces are written once something comes behind them.
        let mut spaces = 0;
        for index in &self.shown {
            let cell = row.get(*index).cloned().unwrap_or_default();
            let padding = self.widths[*index].saturating_sub(cell.width());
            if self.columns[*index].is_number {
                spaces += padding;
            }
            push(&mut line, &mut spaces, &cell.paint(&cell.text));
            spaces += GAP;
            if !self.columns[*index].is_number {
                spaces += padding;
            }
        }
        let Some(cell) = row.get(self.columns.len().saturating_sub(1)) else {
            return line + "\n";
        };
        if self.columns.last().is_some_and(|column| column.is_number) {
            let width = self.widths.last().copied().unwrap_or_default();
            spaces += width.saturating_sub(cell.width());
        }
        match self.last {
            None => push(&mut line, &mut spaces, &cell.paint(&cell.text)),
            Some(Last::Beside(width)) => {
                let text = cell.paint(&cut(&cell.text, width));
                push(&mut line, &mut spaces, &text);
            }
            // Its title tells nothing there, and "nothing" needs no line.
            Some(Last::Below(_)) if cell.text == NOTHING || is_title(cell, self.columns) => {}
            Some(Last::Below(width)) => {
                let indent = " ".repeat(INDENT);
                let text = cell.paint(&cut(&cell.text, width));
                line.push_str(&format!("\n{indent}{text}"));
            }
        }
        line + "\n"
    }
}

/// What stands in a cell for which there is nothing to say.
pub(super) const NOTHING: &str = "-";

fn is_title(cell: &Cell, columns: &[Column]) -> bool {
    cell.style == Some(Style::Heading)
        && columns
            .last()
            .is_some_and(|column| column.title == cell.text)
}

fn push(line: &mut String, spaces: &mut usize, text: &str) {
    if text.is_empty() {
        return;
    }
    line.extend(std::iter::repeat_n(' ', *spaces));
    *spaces = 0;
    line.push_str(text);
}

/// As much of a text as that many columns hold; an ellipsis, which counts, says that it is cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += c.width().unwrap_or_default();
        if taken > width {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(columns: &[Column], rows: &[Vec<Cell>], width: Option<usize>) -> String {
        super::super::style::plain(&table(columns, rows, width))
    }

    fn cells(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| Cell::from(*text)).collect()
    }

    const TWO: [Column; 2] = [Column::text("x"), Column::text("y")];

    #[test]
    fn columns_line_up() {
        let rows = [cells(&["a", "bb"]), cells(&["ccc", ""])];
        assert_eq!(plain(&TWO, &rows, None), "x    y\na    bb\nccc\n");
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let columns = [Column::number("n"), Column::text("y")];
        let rows = [cells(&["7", "a"]), cells(&["123", "b"])];
        assert_eq!(plain(&columns, &rows, None), "  n  y\n  7  a\n123  b\n");
    }

    #[test]
    fn wide_characters_line_up_too() {
        let rows = [cells(&["呼叫", "a"]), cells(&["📞x", "b"])];
        assert_eq!(plain(&TWO, &rows, None), "x     y\n呼叫  a\n📞x   b\n");
    }

    #[test]
    fn a_cell_of_any_length_moves_its_own_row_only() {
        let long = "z".repeat(1000);
        let rows = [cells(&[&long, "b"]), cells(&["a", "b"])];
        let pad = |text: &str| format!("{text:<62}");
        let expected = format!("{}y\n{long}  b\n{}b\n", pad("x"), pad("a"));
        assert_eq!(plain(&TWO, &rows, None), expected);
    }

    #[test]
    fn a_pipe_gets_everything_and_a_terminal_what_fits() {
        let text = "server 500: the API failed and says nothing more about it";
        let rows = [cells(&["session_1", text])];
        assert!(plain(&TWO, &rows, None).contains(text));
        assert_eq!(
            plain(&TWO, &rows, Some(40)),
            "x          y\nsession_1  server 500: the API failed a…\n"
        );
    }

    #[test]
    fn where_little_is_left_the_last_column_goes_below() {
        let rows = [
            cells(&["session_20251029_1", "server 500: the API failed"]),
            cells(&["session_20251029_2", "-"]),
        ];
        assert_eq!(
            plain(&TWO, &rows, Some(30)),
            "x\nsession_20251029_1\n    server 500: the API failed\nsession_20251029_2\n"
        );
    }

    #[test]
    fn what_can_be_done_without_goes_before_an_id_is_cut() {
        let columns = [
            Column::text("id"),
            Column::text("s"),
            Column::number("n").dispensable(),
            Column::text("why"),
        ];
        let rows = [cells(&["session_20251029", "due", "12345", "because"])];
        assert_eq!(
            plain(&columns, &rows, Some(22)),
            "id                s\nsession_20251029  due\n    because\n"
        );
        assert_eq!(
            plain(&columns, &rows, Some(10)),
            "id                s\nsession_20251029  due\n    becau…\n"
        );
    }

    #[test]
    fn a_text_is_cut_between_characters_at_any_width() {
        let text = "a 呼叫 📞 Zoë";
        for width in 1..20 {
            let shown = cut(text, width);
            assert!(shown.width() <= width, "{width}: {shown}");
            assert_eq!(shown == text, text.width() <= width, "{width}: {shown}");
        }
    }
}
