//! What a run of the program came to.

use std::process::Output;

use serde_json::Value;

/// What a run of the program came to.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

impl Outcome {
    /// What a finished process came to; the code of a killed one is the negative signal.
    pub fn of(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let killed_by = output.status.signal().unwrap_or(0);
        Self {
            code: output.status.code().unwrap_or(-killed_by),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Demands an exit code; shows everything when it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The JSON report on stdout.
    #[track_caller]
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("no JSON report ({error}): {}\n{}", self.stdout, self.stderr)
        })
    }

    /// A count of the report's sessions, such as `uploaded`.
    #[track_caller]
    pub fn sessions(&self, fate: &str) -> u64 {
        self.report()["sessions"][fate].as_u64().unwrap()
    }

    /// Demands counts of the report's sessions, that every other count is zero, and that the
    /// report conserves. `pending` is the sum unless it is given.
    #[track_caller]
    pub fn counts(self, expected: &[(&str, u64)]) -> Self {
        let report = self.report();
        let Value::Object(sessions) = &report["sessions"] else {
            panic!("no sessions in {report}")
        };
        let sum: u64 = expected
            .iter()
            .filter(|(name, _)| *name != "recovered")
            .map(|(_, count)| count)
            .sum();
        for (name, value) in sessions {
            let default = if name == "pending" { sum } else { 0 };
            let wanted = expected
                .iter()
                .find(|(fate, _)| fate == name)
                .map_or(default, |(_, count)| *count);
            match value {
                Value::Bool(conserved) => assert!(conserved, "{report}"),
                value => assert_eq!(
                    value.as_u64(),
                    Some(wanted),
                    "{name} in {report}\n{}",
                    self.stderr
                ),
            }
        }
        self
    }

    /// The report's `stopped_by`.
    #[track_caller]
    pub fn stopped_by(&self) -> Option<String> {
        self.report()["stopped_by"].as_str().map(str::to_owned)
    }

    /// The JSON objects on stdout, one a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
