//! A guide of the documentation whose scripts and files are what tests run.

/// A guide's text.
#[derive(Debug, Clone, Copy)]
pub struct Guide(pub &'static str);

impl Guide {
    /// The one code block of that kind which holds a text, with some of its words replaced: the
    /// guide's paths by the test's.
    #[track_caller]
    pub fn block(self, kind: &str, holding: &str, replaced: &[(&str, &str)]) -> String {
        let fence = format!("```{kind}\n");
        // Blocks within a list are indented by its three spaces.
        let lines = self
            .0
            .lines()
            .map(|line| line.strip_prefix("   ").unwrap_or(line));
        let text = lines.collect::<Vec<_>>().join("\n");
        let blocks: Vec<&str> = text
            .split(&*fence)
            .skip(1)
            .filter_map(|rest| rest.split("\n```").next())
            .filter(|block| block.contains(holding))
            .collect();
        assert_eq!(blocks.len(), 1, "blocks of {kind} with {holding}");
        replaced
            .iter()
            .fold(blocks[0].to_owned(), |text, (from, to)| {
                text.replace(from, to)
            })
    }
}
