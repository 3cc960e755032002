//! How much was matched, so that too much caution fails too.

use serde_json::Value;

/// Counts of one estate.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Documents that were made.
    pub(crate) adopted: usize,
    /// Leads that they name.
    pub(crate) leads: usize,
    /// Recordings that could be told to be a call's.
    matchable: usize,
    /// Those of them that were matched.
    matched: usize,
    /// Matches by their reasons.
    reasons: std::collections::BTreeMap<String, usize>,
}

impl Figures {
    /// Counts an undocumented transcript.
    pub(crate) fn count(&mut self, is_matchable: bool, line: &Value) {
        let is_matched = line["result"] == "adopted" && line["recording"]["name"].is_string();
        self.matchable += usize::from(is_matchable);
        self.matched += usize::from(is_matchable && is_matched);
        for file in ["recording", "lead"] {
            let reason = format!("{} {file}: {}", line["result"], line[file]["reason"]);
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Demands that most of what could be told was told, in each of the ways.
    #[track_caller]
    pub(crate) fn demand(&self, seed: u64) {
        for way in [
            "recording: \"egress id\"",
            "recording: \"file name\"",
            "recording: \"room name and time\"",
            "lead: \"path in the transcript\"",
            "lead: \"session id in the lead\"",
            "lead: \"file name\"",
            "lead: \"create_lead\"",
        ] {
            let count = self.reasons.get(&format!("\"adopted\" {way}"));
            assert!(count.is_some(), "seed {seed}: nothing by {way}: {self:#?}");
        }
        assert!(
            self.matchable > 100 && self.matched * 100 >= self.matchable * 65,
            "seed {seed}: too much caution: {self:#?}"
        );
    }
}
