//! `check`: what was looked at, what was found, and what to do about it.
//!
//! A line is made from plain facts by the functions beside this file; nothing here looks at
//! anything itself. Warnings are what a run can do with and somebody should know; errors are what
//! keeps the next run from working.

mod directories;
mod lock;
mod network;

pub use directories::directories;
pub use lock::lock;
pub use network::{answered, connected, kept_away, routed};

use serde::Serialize;

use super::exit_code::ExitCode;
use super::style::Style;
use super::wording::{counted, json_line, printable};

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// It was not looked at.
    Skipped,
    /// The next run can do with it; somebody should know.
    Warning,
    /// The next run cannot do its work, or not all of it.
    Error,
}

impl CheckStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => Style::Good,
            Self::Skipped => Style::Dim,
            Self::Warning => Style::Warning,
            Self::Error => Style::Bad,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// The heading that it stands under.
    pub section: &'static str,
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub status: CheckStatus,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl CheckLine {
    fn new(section: &'static str, name: &str, status: CheckStatus, found: String) -> Self {
        Self {
            section,
            name: name.to_owned(),
            status,
            found: printable(&found),
            advice: None,
        }
    }

    /// A thing that is as it should be.
    pub fn ok(section: &'static str, name: &str, found: impl Into<String>) -> Self {
        Self::new(section, name, CheckStatus::Ok, found.into())
    }

    /// A thing that was not looked at.
    pub fn skipped(section: &'static str, name: &str, found: impl Into<String>) -> Self {
        Self::new(section, name, CheckStatus::Skipped, found.into())
    }

    /// A thing that somebody should know of.
    pub fn warning(section: &'static str, name: &str, found: impl Into<String>) -> Self {
        Self::new(section, name, CheckStatus::Warning, found.into())
    }

    /// A thing that keeps a run from its work.
    pub fn error(section: &'static str, name: &str, found: impl Into<String>) -> Self {
        Self::new(section, name, CheckStatus::Error, found.into())
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl AsRef<str>) -> Self {
        self.advice = Some(printable(advice.as_ref()));
        self
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// The lines, section by section.
    pub lines: Vec<CheckLine>,
}

#[derive(Serialize)]
struct Counts {
    ok: usize,
    warnings: usize,
    errors: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Object<'a> {
    version: u32,
    command: &'static str,
    checks: &'a [CheckLine],
    counts: Counts,
    exit_code: u8,
}

impl CheckReport {
    fn counts(&self) -> Counts {
        let of = |status| {
            let lines = self.lines.iter();
            lines.filter(|line| line.status == status).count()
        };
        Counts {
            ok: of(CheckStatus::Ok),
            warnings: of(CheckStatus::Warning),
            errors: of(CheckStatus::Error),
            skipped: of(CheckStatus::Skipped),
        }
    }

    /// 2 with an error, 3 with warnings alone, else 0.
    pub fn exit_code(&self) -> ExitCode {
        let counts = self.counts();
        if counts.errors > 0 {
            ExitCode::Usage
        } else if counts.warnings > 0 {
            ExitCode::Deferred
        } else {
            ExitCode::Ok
        }
    }

    /// For people: section by section, and a verdict. A quiet one has warnings and errors only, and
    /// nothing where there are none.
    pub fn text(&self, is_quiet: bool) -> String {
        let is_shown = |line: &&CheckLine| {
            !is_quiet || matches!(line.status, CheckStatus::Warning | CheckStatus::Error)
        };
        let lines: Vec<&CheckLine> = self.lines.iter().filter(is_shown).collect();
        let width = |text: &str| text.chars().count();
        let widest = lines.iter().map(|line| width(&line.name)).max();
        let widest = widest.unwrap_or_default();
        let mut text = String::new();
        let mut section = "";
        for line in &lines {
            if line.section != section {
                section = line.section;
                text.push_str(&Style::Heading.paint(section));
                text.push('\n');
            }
            let (status, name, found) = (line.status.as_str(), &line.name, &line.found);
            let status = line.status.style().paint(&format!("{status:<7}"));
            text.push_str(&format!("  {status}  {name:<widest$}  {found}\n"));
            if let Some(advice) = &line.advice {
                let advice = Style::Strong.paint(&format!("→ {advice}"));
                text.push_str(&format!("  {:<7}  {:<widest$}  {advice}\n", "", ""));
            }
        }
        if !lines.is_empty() {
            text.push_str(&self.verdict());
        }
        text
    }

    fn verdict(&self) -> String {
        let counts = self.counts();
        let many = |count: usize, noun| counted(count as u64, noun);
        let mut parts = Vec::new();
        if counts.errors > 0 {
            parts.push(many(counts.errors, "error"));
        }
        if counts.warnings > 0 {
            parts.push(many(counts.warnings, "warning"));
        }
        parts.push(format!("{} ok", counts.ok));
        if counts.skipped > 0 {
            parts.push(format!("{} skipped", counts.skipped));
        }
        let verdict = match (counts.errors, counts.warnings) {
            (0, 0) if counts.skipped > 0 => "nothing is wrong with what was looked at",
            (0, 0) => "the next run can work",
            (0, _) => "no error was found, but mind the warnings",
            _ => "the next run cannot do its work",
        };
        let style = match (counts.errors, counts.warnings) {
            (0, 0) => Style::Good,
            (0, _) => Style::Warning,
            _ => Style::Bad,
        };
        format!("{}: {}\n", parts.join(", "), style.paint(verdict))
    }

    /// For programs: one object.
    ///
    /// # Errors
    /// Never in practice: everything in it has a JSON form.
    pub fn json(&self) -> serde_json::Result<String> {
        json_line(&Object {
            version: 1,
            command: "check",
            checks: &self.lines,
            counts: self.counts(),
            exit_code: self.exit_code().code(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &[CheckStatus]) -> CheckReport {
        let lines = statuses.iter().map(|status| {
            let line = CheckLine::new("things", status.as_str(), *status, "so\u{1b}".to_owned());
            match status {
                CheckStatus::Ok | CheckStatus::Skipped => line,
                _ => line.advise("mend it"),
            }
        });
        CheckReport {
            lines: lines.collect(),
        }
    }

    fn plain(report: &CheckReport, is_quiet: bool) -> String {
        anstream::adapter::strip_str(&report.text(is_quiet)).to_string()
    }

    #[test]
    fn the_worst_line_decides_the_code_and_the_verdict() {
        use CheckStatus::{Error, Ok, Skipped, Warning};
        for (statuses, code, verdict) in [
            (&[Ok][..], 0, "1 ok: the next run can work\n"),
            (
                &[Ok, Skipped],
                0,
                "1 ok, 1 skipped: nothing is wrong with what was looked at\n",
            ),
            (
                &[Ok, Warning, Warning],
                3,
                "2 warnings, 1 ok: no error was found, but mind the warnings\n",
            ),
            (
                &[Error, Warning, Ok],
                2,
                "1 error, 1 warning, 1 ok: the next run cannot do its work\n",
            ),
        ] {
            let report = report(statuses);
            assert_eq!(report.exit_code().code(), code);
            let text = plain(&report, false);
            assert!(text.ends_with(verdict), "{text}");
        }
    }

    #[test]
    fn a_quiet_report_has_only_what_is_not_well() {
        use CheckStatus::{Error, Ok, Skipped};
        assert_eq!(plain(&report(&[Ok, Skipped]), true), "");
        assert_eq!(
            plain(&report(&[Ok, Error]), true),
            "things\n  error    error  so\u{fffd}\n                  → mend it\n\
             1 error, 1 ok: the next run cannot do its work\n"
        );
    }
}
