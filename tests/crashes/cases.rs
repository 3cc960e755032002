//! Many cases of one test: one that fails does not hide the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many failures are told in full.
const TOLD: usize = 5;

/// Cases and what failed of them.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    pub(crate) done: usize,
    failures: Vec<String>,
}

impl Cases {
    /// Does one case.
    pub(crate) fn case(&mut self, act: impl FnOnce()) {
        self.done += 1;
        if let Err(payload) = catch_unwind(AssertUnwindSafe(act)) {
            let text = payload.downcast_ref::<String>().cloned().or_else(|| {
                payload
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
            });
            self.failures.push(text.unwrap_or_default());
        }
    }

    /// Demands that none has failed.
    #[track_caller]
    pub(crate) fn demand_all(self) {
        let told: Vec<&str> = self
            .failures
            .iter()
            .take(TOLD)
            .map(String::as_str)
            .collect();
        assert!(
            self.failures.is_empty(),
            "{} of {} cases failed:\n{}",
            self.failures.len(),
            self.done,
            told.join("\n---\n")
        );
    }
}
