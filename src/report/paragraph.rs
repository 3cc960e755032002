//! Texts in lines of a terminal's width, moved in below their title.

use unicode_width::UnicodeWidthStr;

use super::style::Style;
use super::view::View;

/// How far lines of an entry are moved in, and how wide its title is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) indent: usize,
    pub(super) title: usize,
}

impl Shape {
    /// A title, and behind it a text, whose further lines begin where it does.
    pub(super) fn entry(self, title: &str, text: &str, view: &View) -> String {
        let padding = self.title.saturating_sub(title.width());
        let head = format!(
            "{}{}{}",
            " ".repeat(self.indent),
            Style::Dim.paint(title),
            " ".repeat(padding),
        );
        wrapped(head, text, self.indent + self.title, view)
    }

    /// A text alone.
    pub(super) fn text(self, text: &str, view: &View) -> String {
        wrapped(" ".repeat(self.indent), text, self.indent, view)
    }
}

/// The text behind `head`, in as many lines as it takes. Only spaces are broken at: what has none,
/// such as a path or an id, stays in one piece, to be copied.
fn wrapped(head: String, text: &str, indent: usize, view: &View) -> String {
    let Some(width) = view.width else {
        return format!("{head}{text}\n");
    };
    let mut lines = head;
    let mut taken = indent;
    let mut is_start = true;
    for word in text.split(' ') {
        let width_of_word = visible_width(word);
        if !is_start && taken + 1 + width_of_word > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            taken = indent;
            is_start = true;
        }
        if !is_start {
            lines.push(' ');
            taken += 1;
        }
        lines.push_str(word);
        taken += width_of_word;
        is_start = false;
    }
    lines.push('\n');
    lines
}

fn visible_width(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(str::width).sum()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::report::plain;

    const SHAPE: Shape = Shape {
        indent: 2,
        title: 6,
    };

    fn entry(text: &str, width: Option<usize>) -> String {
        let view = View {
            width,
            ..View::plain(DateTime::UNIX_EPOCH)
        };
        plain(&SHAPE.entry("why", text, &view))
    }

    #[test]
    fn a_terminal_gets_lines_and_a_pipe_one() {
        let text = "server 500: the API failed";
        assert_eq!(entry(text, None), format!("  why   {text}\n"));
        assert_eq!(
            entry(text, Some(24)),
            "  why   server 500: the\n        API failed\n"
        );
        assert_eq!(entry("呼叫 呼叫", Some(16)), "  why   呼叫\n        呼叫\n");
    }

    #[test]
    fn what_has_no_space_stays_in_one_piece() {
        assert_eq!(
            entry("in /srv/agent/call_metadata now", Some(20)),
            "  why   in\n        /srv/agent/call_metadata\n        now\n"
        );
    }

    #[test]
    fn styles_take_no_room() {
        let view = View {
            width: Some(18),
            ..View::plain(DateTime::UNIX_EPOCH)
        };
        let text = format!("{} and b", Style::Bad.paint("a"));
        assert_eq!(SHAPE.entry("", &text, &view).lines().count(), 1);
    }
}
