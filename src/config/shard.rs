//! Which shard a run takes: as the setting says, or by the number that a job array gives to each of
//! its processes.

use super::catalog::Setting;
use super::environment::Environment;
use super::error::ConfigError;
use super::settings::Settings;
use super::value::{Rate, quoted};
use crate::spool::Shard;

/// Set by Kubernetes in each pod of an Indexed Job.
const KUBERNETES_INDEX: &str = "JOB_COMPLETION_INDEX";
/// Set by Slurm in each task of a job array.
const SLURM_INDEX: &str = "SLURM_ARRAY_TASK_ID";
/// Set by Slurm beside it: arrays need not begin with 0.
const SLURM_FIRST: &str = "SLURM_ARRAY_TASK_MIN";

/// What the setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    Fixed(Shard),
    /// The one of the process's number in its job array.
    Auto {
        /// How many there are.
        count: u32,
    },
}

/// The variables that a job array has set, as far as they are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrayIndex {
    kubernetes: Option<String>,
    slurm: Option<String>,
    slurm_first: Option<String>,
}

/// Why it cannot be told which shard is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardProblem {
    /// There is no job array.
    #[error(
        "auto/{count} takes its number from {KUBERNETES_INDEX} or {SLURM_INDEX}, and neither is set; start it in an Indexed Job or a job array, or write the number, as in 0/{count}"
    )]
    NoArray {
        /// How many shards there are.
        count: u32,
    },
    /// The job array's number makes no sense.
    #[error("{variable} is {}, which is no number of a job array's; unset it, or write the shard's number instead of auto", quoted(.text))]
    Odd {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        text: String,
    },
    /// The job array has more members than there are shards.
    #[error(
        "{variable} makes this number {index}, and {count} shards are counted from 0; give the job array as many members as there are shards"
    )]
    Beyond {
        /// The variable.
        variable: &'static str,
        /// The number, from 0.
        index: u32,
        /// How many shards there are.
        count: u32,
    },
    /// Adoption needs the whole spool.
    #[error(
        "--adopt looks at the whole spool, not at a shard; run callspool adopt by itself before the shards, and these without --adopt"
    )]
    Adoption,
    /// Of the rate nothing would be left for a shard.
    #[error(
        "--rate allows fewer requests than there are shards, and is shared out among {count}; have fewer shards or a higher rate"
    )]
    Rate {
        /// How many shards there are.
        count: u32,
    },
}

impl ArrayIndex {
    /// What the environment says.
    pub(super) fn of(environment: &Environment) -> Self {
        let get = |name| {
            let text = environment.get(name)?;
            Some(text.to_string_lossy().into_owned())
        };
        Self {
            kubernetes: get(KUBERNETES_INDEX),
            slurm: get(SLURM_INDEX),
            slurm_first: get(SLURM_FIRST),
        }
    }

    fn shard(&self, count: u32) -> Result<Shard, ShardProblem> {
        let (variable, index) = match (&self.kubernetes, &self.slurm) {
            (Some(text), _) => (KUBERNETES_INDEX, number(KUBERNETES_INDEX, text)?),
            (None, Some(text)) => {
                let index = number(SLURM_INDEX, text)?;
                let first = self.slurm_first.as_ref();
                let first = first.map_or(Ok(0), |first| number(SLURM_FIRST, first))?;
                let index = index.checked_sub(first).ok_or_else(|| ShardProblem::Odd {
                    variable: SLURM_INDEX,
                    text: text.clone(),
                })?;
                (SLURM_INDEX, index)
            }
            (None, None) => return Err(ShardProblem::NoArray { count }),
        };
        Shard::new(index, count).ok_or(ShardProblem::Beyond {
            variable,
            index,
            count,
        })
    }
}

fn number(variable: &'static str, text: &str) -> Result<u32, ShardProblem> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_plain.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| ShardProblem::Odd {
        variable,
        text: text.to_owned(),
    })
}

impl Settings {
    /// The shard that a run takes; `None` for the whole spool.
    ///
    /// # Errors
    /// When it cannot be told, or does not go with `--adopt` or `--rate`.
    pub fn shard(&self) -> Result<Option<Shard>, ConfigError> {
        let wrong = |problem| ConfigError::Shard {
            problem,
            origin: self.source(Setting::Shard),
        };
        let shard = match self.shard {
            None => return Ok(None),
            Some(_) if self.adopt => return Err(wrong(ShardProblem::Adoption)),
            Some(ShardChoice::Fixed(shard)) => shard,
            Some(ShardChoice::Auto { count }) => self.array_index.shard(count).map_err(wrong)?,
        };
        let count = shard.count();
        match self.rate.as_ref().map(|rate| rate.share(shard)) {
            Some(None) => Err(wrong(ShardProblem::Rate { count })),
            _ => Ok(Some(shard)),
        }
    }

    /// The requests that a run of that shard may send at most.
    pub fn rate_of(&self, shard: Option<Shard>) -> Option<Rate> {
        match (&self.rate, shard) {
            (Some(rate), Some(shard)) => rate.share(shard),
            (rate, _) => rate.clone(),
        }
    }
}
