//! Sweeps: the first run of one fixed story, once for every operation in it, and the recording of a
//! call likewise. Each time another operation fails or is the last; then everything must still come
//! to a good end.

use crate::dealing::Dealing;
use crate::faults::{Death, ERRORS, Failing, Plan};
use crate::story::Story;

/// What happens at the operation that a sweep has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// It fails with each of the errors, once, and with all after it; then the recording's.
    Failing,
    /// The process is killed; then the power goes at the same place, with several outcomes.
    Dying,
    /// As before, and the run after it dies as well, at every one of its operations in turn.
    DyingTwice,
}

/// What came of a sweep.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    /// Operations in the story's first run.
    pub operations: u64,
    /// Stories told.
    pub stories: u64,
    /// What was not as it must be, each with its place.
    pub violations: Vec<String>,
}

/// How many ways a loss of power is tried to leave the disk in at one place.
const OUTCOMES: u64 = 3;

/// Goes through every `stride`-th operation of a story's first run.
pub fn sweep(seed: u64, sweep: Sweep, stride: u64) -> Swept {
    let mut swept = Swept {
        operations: begin(seed, 0).first(Plan::default()),
        ..Swept::default()
    };
    let start = seed % stride.max(1) + 1;
    let step = usize::try_from(stride.max(1)).unwrap_or(usize::MAX);
    for at in (start..=swept.operations).step_by(step) {
        match sweep {
            Sweep::Failing => swept.fail(seed, at),
            Sweep::Dying => swept.die(seed, at),
            Sweep::DyingTwice => swept.die_twice(seed, at, step),
        }
    }
    if sweep != Sweep::DyingTwice {
        swept.record(seed, sweep, step);
    }
    swept
}

/// A story that stands before its first run.
struct Begun(Story);

fn begin(seed: u64, outcome: u64) -> Begun {
    let mut story = Story::new(seed, false);
    story.produce(6);
    story.change_mood();
    // What is seen is the same up to the operation; what the loss of power leaves is not.
    story.world.get().outcome = outcome;
    story.dealing = Dealing::swept(seed);
    Begun(story)
}

impl Begun {
    /// Makes the first run; gives the number of its operations.
    fn first(mut self, plan: Plan) -> u64 {
        self.0.run(plan);
        self.0.operations
    }

    /// Records a call with a lead, undisturbed; gives the number of its operations.
    fn first_recording(mut self) -> u64 {
        let call = self.0.begin_call(true);
        self.0.record(call, &[Plan::default()])
    }

    /// Records a call under a plan and, if it is to be retried, once more undisturbed, and another one
    /// after it; then runs to the end.
    fn go_recording(mut self, plan: Plan, is_retried: bool) -> Vec<String> {
        let call = self.0.begin_call(true);
        let plans = [plan, Plan::default()];
        self.0
            .record(call, if is_retried { &plans } else { &plans[..1] });
        self.0.run(Plan::default());
        if !is_retried {
            self.0.record(call, &[Plan::default()]);
        }
        let other = self.0.begin_call(false);
        self.0.record(other, &[Plan::default()]);
        if self.0.told.violations.is_empty() {
            self.0.drain();
        }
        self.0.end().violations
    }

    /// Makes one run with each plan, then runs without faults to the end; gives what was wrong,
    /// and the operations of the last planned run.
    fn go(mut self, plans: &[Plan]) -> (Vec<String>, u64) {
        let seed = self.0.told.seed;
        for plan in plans {
            self.0.run(*plan);
            self.0.dealing.follow(seed);
        }
        let operations = self.0.operations;
        if self.0.told.violations.is_empty() {
            self.0.drain();
        }
        (self.0.end().violations, operations)
    }
}

impl Swept {
    fn tell(&mut self, seed: u64, outcome: u64, plans: &[Plan]) -> u64 {
        self.stories += 1;
        let (violations, operations) = begin(seed, outcome).go(plans);
        let place = |text: String| format!("seed {seed}, outcome {outcome}, {plans:?}: {text}");
        self.violations.extend(violations.into_iter().map(place));
        operations
    }

    fn fail(&mut self, seed: u64, at: u64) {
        for plan in failing(at) {
            self.tell(seed, 0, &[plan]);
        }
    }

    fn die(&mut self, seed: u64, at: u64) {
        self.tell(seed, 0, &[dying(at, Death::Kill)]);
        for outcome in 0..OUTCOMES {
            self.tell(seed, outcome, &[dying(at, Death::PowerLoss)]);
        }
    }

    /// Goes through the operations of the recording of a call, which is then tried again or not.
    fn record(&mut self, seed: u64, sweep: Sweep, step: usize) {
        let operations = begin(seed, 0).first_recording();
        self.operations += operations;
        for at in (1..=operations).step_by(step) {
            for is_retried in [true, false] {
                match sweep {
                    Sweep::Failing => {
                        for plan in failing(at) {
                            self.tell_recording(seed, 0, plan, is_retried);
                        }
                    }
                    _ => {
                        self.tell_recording(seed, 0, dying(at, Death::Kill), is_retried);
                        for outcome in 0..OUTCOMES {
                            let plan = dying(at, Death::PowerLoss);
                            self.tell_recording(seed, outcome, plan, is_retried);
                        }
                    }
                }
            }
        }
    }

    fn tell_recording(&mut self, seed: u64, outcome: u64, plan: Plan, is_retried: bool) {
        self.stories += 1;
        let violations = begin(seed, outcome).go_recording(plan, is_retried);
        let place = |text: String| {
            format!(
                "seed {seed}, outcome {outcome}, recording, {plan:?}, retried {is_retried}: {text}"
            )
        };
        self.violations.extend(violations.into_iter().map(place));
    }

    fn die_twice(&mut self, seed: u64, at: u64, step: usize) {
        for death in [Death::Kill, Death::PowerLoss] {
            let first = dying(at, death);
            let operations = self.tell(seed, at, &[first, Plan::default()]);
            for again in (1..=operations).step_by(step) {
                self.tell(seed, at, &[first, dying(again, death)]);
            }
        }
    }
}

/// Every way in which an operation fails.
fn failing(at: u64) -> impl Iterator<Item = Plan> {
    let ways = ERRORS
        .into_iter()
        .flat_map(|errno| [(errno, false), (errno, true)]);
    ways.map(move |(errno, for_ever)| Plan {
        failing: Some(Failing {
            at,
            errno,
            for_ever,
        }),
        ..Plan::default()
    })
}

fn dying(at: u64, death: Death) -> Plan {
    Plan {
        death: Some((at, death)),
        ..Plan::default()
    }
}
