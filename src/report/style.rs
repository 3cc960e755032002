//! The few styles of texts for people.
//!
//! A text carries its styles as ANSI sequences from where it is made. Whether they reach the reader
//! is decided where it is printed: they are taken out again for a pipe, a file, or a person who wants
//! none. What comes from a document or the API is made [`printable`](super::printable) first, so that
//! no sequence of theirs is among them.

use anstyle::AnsiColor;

/// What a piece of text is to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The title of a column or a paragraph.
    Heading,
    /// What the eye should find: an id, a command to type.
    Strong,
    /// Delivered, nothing to do.
    Good,
    /// Not delivered yet.
    Warning,
    /// Needs a person.
    Bad,
    /// Of little interest.
    Dim,
}

impl Style {
    fn ansi(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        let color = |color: AnsiColor| plain.fg_color(Some(color.into()));
        match self {
            Self::Heading => plain.bold().underline(),
            Self::Strong => plain.bold(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Dim => plain.dimmed(),
        }
    }

    /// The text in this style.
    pub fn paint(self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let style = self.ansi();
        format!("{style}{text}{style:#}")
    }
}

/// A text without its styles.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Style; 6] = [
        Style::Heading,
        Style::Strong,
        Style::Good,
        Style::Warning,
        Style::Bad,
        Style::Dim,
    ];

    #[test]
    fn a_style_begins_and_ends_with_its_text() {
        for style in ALL {
            let text = style.paint("Zoë");
            assert!(text.starts_with("\u{1b}["), "{text:?}");
            assert!(text.ends_with("\u{1b}[0m"), "{text:?}");
            assert_eq!(plain(&text), "Zoë");
            assert_eq!(style.paint(""), "");
        }
    }

    #[test]
    fn no_two_styles_look_alike() {
        let painted: std::collections::BTreeSet<String> =
            ALL.iter().map(|style| style.paint("x")).collect();
        assert_eq!(painted.len(), ALL.len());
    }
}
