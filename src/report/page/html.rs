//! Markup that nothing foreign can become part of.

use super::super::wording::printable;

/// HTML in the making. Markup comes from the program's own text alone, which the compiler checks;
/// everything else goes through [`Html::text`].
#[derive(Debug, Default)]
pub(super) struct Html {
    text: String,
}

impl Html {
    /// Adds markup.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Adds a text, in an element or between the quotes of an attribute. What would steer a browser
    /// or hide text is replaced, and a text without end is cut.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in printable(text).chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                c => self.text.push(c),
            }
        }
        self
    }

    /// Adds a count, with commas between thousands.
    pub(super) fn count(&mut self, count: u64) -> &mut Self {
        self.text(&grouped(count))
    }

    /// Adds a number as a program reads it.
    pub(super) fn number(&mut self, number: impl std::fmt::Display) -> &mut Self {
        self.text(&number.to_string())
    }

    /// Adds an element with a text in it.
    pub(super) fn element(
        &mut self,
        open: &'static str,
        text: &str,
        close: &'static str,
    ) -> &mut Self {
        self.raw(open).text(text).raw(close)
    }

    /// The text so far.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A count as people write it: `12,345`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_stays_a_text() {
        let mut html = Html::default();
        html.raw("<b title=\"")
            .text("\"' onload=x")
            .raw("\">")
            .text("</b><script>a&b</script>\u{2028}\u{202e}\0")
            .raw("</b>");
        assert_eq!(
            html.finish(),
            "<b title=\"&quot;&#39; onload=x\">&lt;/b&gt;&lt;script&gt;a&amp;b&lt;/script&gt;\
             \u{fffd}\u{fffd}\u{fffd}</b>"
        );
    }

    #[test]
    fn counts_are_grouped() {
        for (count, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), expected);
        }
    }
}
