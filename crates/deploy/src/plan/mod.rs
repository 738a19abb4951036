//! Steps with real prerequisites, and the runner that runs independent ones at the same time.
//!
//! - [`Step`] is what a step must offer; [`Rule`] is how long it may take and what running it again does, from one table.
//! - [`run`] runs a [`Plan`] as its [`Conduct`] says and tells what happens as events; [`Finished`] is how it ended.
//! - [`Outline`] is the plan as text and JSON, for those who want to know before anything is done.
//! - [`wait`] waits for Kubernetes objects by watching them, and reports what was seen instead.

mod conduct;
mod error;
mod evidence;
mod finished;
mod outline;
mod progress;
mod rule;
mod runner;
mod step;
mod step_error;
pub mod wait;

pub use conduct::Conduct;
pub use error::PlanError;
pub use evidence::{Evidence, TELLING_LINES};
pub use finished::{CutShort, Finished, Interruption, StepFailure};
pub use outline::{Outline, OutlinedStep};
pub use progress::Progress;
pub use rule::{Again, Rule};
pub use runner::run;
pub use step::{Outcome, Step};
pub use step_error::StepError;
pub(crate) use step_error::chain;

use std::collections::BTreeSet;

/// A checked plan: names are unique, prerequisites exist and come before, every step has a rule.
pub struct Plan<C> {
    steps: Vec<Planned<C>>,
}

struct Planned<C> {
    step: Box<dyn Step<C>>,
    rule: Rule,
}

impl<C> Plan<C> {
    /// Checks the order: as every prerequisite comes before its step, there is no cycle.
    ///
    /// # Errors
    ///
    /// [`PlanError`].
    pub fn new(steps: Vec<Box<dyn Step<C>>>) -> Result<Self, PlanError> {
        let mut before = BTreeSet::new();
        let mut planned = Vec::with_capacity(steps.len());
        for step in steps {
            let name = step.name();
            if let Some(needs) = step.needs().iter().find(|needs| !before.contains(**needs)) {
                return Err(PlanError::NotBefore { step: name, needs });
            }
            if !before.insert(name) {
                return Err(PlanError::Twice(name));
            }
            let rule = step.rule().ok_or(PlanError::NoRule(name))?;
            planned.push(Planned { step, rule });
        }
        Ok(Self { steps: planned })
    }

    /// The steps in their order, each with its rule.
    pub fn steps(&self) -> impl Iterator<Item = (&dyn Step<C>, Rule)> {
        self.steps
            .iter()
            .map(|planned| (planned.step.as_ref(), planned.rule))
    }
}
