//! What stands in the guide for moving over: its scripts and files are what the tests run.

use std::path::Path;

const GUIDE: &str = include_str!("../../docs/migrating.md");

/// The root in the guide.
const ROOT: &str = "/srv/agent";

/// The one code block of that kind which holds a text, for another root.
#[track_caller]
pub(crate) fn block(kind: &str, holding: &str, root: &Path) -> String {
    let fence = format!("```{kind}\n");
    // Blocks within a list are indented by its three spaces.
    let lines = GUIDE
        .lines()
        .map(|line| line.strip_prefix("   ").unwrap_or(line));
    let text: Vec<&str> = lines.collect();
    let text = text.join("\n");
    let blocks: Vec<&str> = text
        .split(&*fence)
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .filter(|block| block.contains(holding))
        .collect();
    assert_eq!(blocks.len(), 1, "blocks of {kind} with {holding}");
    blocks[0].replace(ROOT, root.to_str().unwrap())
}
