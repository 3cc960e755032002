//! Plain tables: columns as wide as their widest cell, two spaces apart.

/// The widest that a column gets, in characters. A longer cell moves the rest of its own row only.
const MAX_WIDTH: usize = 60;

/// Sets rows under a header. The last column is not padded.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (column, cell) in widths.iter_mut().zip(row) {
            *column = (*column).max(width(cell).min(MAX_WIDTH));
        }
    }
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let padding = width.saturating_sub(self::width(cell)) + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["a".to_owned(), "bb".to_owned()],
            vec!["ccc".to_owned(), String::new()],
        ];
        assert_eq!(table(&["x", "y"], &rows), "x    y\na    bb\nccc\n");
    }

    #[test]
    fn a_cell_of_any_length_moves_its_own_row_only() {
        let long = "z".repeat(1000);
        let rows = [
            vec![long.clone(), "b".to_owned()],
            vec!["a".to_owned(), "b".to_owned()],
        ];
        let pad = |text: &str| format!("{text:<62}");
        let expected = format!("{}y\n{long}  b\n{}b\n", pad("x"), pad("a"));
        assert_eq!(table(&["x", "y"], &rows), expected);
    }
}
