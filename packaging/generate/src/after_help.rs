//! What stands at the end of a help text, taken apart: paragraphs, examples, exit codes.
//!
//! The form is that of all of them: paragraphs, and sections that a line with a colon begins, with
//! their entries indented. An entry is an example with an indented line or more about it, or an
//! exit code with its meaning.

use std::io;

/// What stands at the end of a help text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AfterHelp {
    /// Paragraphs outside of any section.
    pub(crate) paragraphs: Vec<String>,
    /// Command lines and what they do.
    pub(crate) examples: Vec<(String, String)>,
    /// Exit codes and what they mean.
    pub(crate) exit_codes: Vec<(String, String)>,
}

impl AfterHelp {
    /// Takes a text apart.
    ///
    /// # Errors
    /// When a line is none of what is known.
    pub(crate) fn parse(text: &str) -> io::Result<Self> {
        let mut parsed = Self::default();
        for block in text.split("\n\n") {
            match block.split_once('\n') {
                Some(("Examples:", entries)) => parsed.read_examples(entries)?,
                Some(("Exit codes:", entries)) => parsed.read_exit_codes(entries)?,
                _ if block.starts_with(' ') || block.lines().any(|line| line.ends_with(':')) => {
                    return Err(unknown(block));
                }
                _ => parsed.paragraphs.push(block.trim().to_owned()),
            }
        }
        Ok(parsed)
    }

    fn read_examples(&mut self, entries: &str) -> io::Result<()> {
        for line in entries.lines() {
            let indent = line.len() - line.trim_start().len();
            match (indent, self.examples.last_mut()) {
                (2, _) => self.examples.push((line.trim().to_owned(), String::new())),
                (6, Some((_, about))) => {
                    if !about.is_empty() {
                        about.push(' ');
                    }
                    about.push_str(line.trim());
                }
                _ => return Err(unknown(line)),
            }
        }
        Ok(())
    }

    fn read_exit_codes(&mut self, entries: &str) -> io::Result<()> {
        for line in entries.lines() {
            let (code, meaning) = line.trim().split_once("  ").ok_or_else(|| unknown(line))?;
            self.exit_codes
                .push((code.to_owned(), meaning.trim().to_owned()));
        }
        Ok(())
    }
}

fn unknown(text: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a help text has a form that is not known here: {text:?}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_examples_and_exit_codes_are_told_apart() {
        let text = "Of stdin.\nMore of it.\n\nExamples:\n  a | b\n      does this\n      and that\n  c\n      \
                    does\n\nDurations.\n\nExit codes:\n    0  well\n  128+N  a signal";
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(
            AfterHelp::parse(text).unwrap(),
            AfterHelp {
                paragraphs: vec!["Of stdin.\nMore of it.".to_owned(), "Durations.".to_owned()],
                examples: vec![pair("a | b", "does this and that"), pair("c", "does")],
                exit_codes: vec![pair("0", "well"), pair("128+N", "a signal")],
            }
        );
    }

    #[test]
    fn what_has_another_form_is_refused() {
        for text in [
            "Notes:\n  a",
            "Examples:\n   three",
            "Examples:\n      about nothing",
            "Exit codes:\n  0",
            "  indented",
        ] {
            let error = AfterHelp::parse(text).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
        }
    }
}
