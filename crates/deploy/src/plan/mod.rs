//! Steps with real prerequisites, and the runner that runs independent ones at the same time.

mod runner;
mod step;

pub use runner::{Finished, run};
pub(crate) use step::chain;
pub use step::{Outcome, Progress, Step, StepError};

use std::collections::BTreeSet;

/// A checked plan: names are unique, prerequisites exist and come before.
pub struct Plan<C> {
    steps: Vec<Box<dyn Step<C>>>,
}

/// A plan that could not run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// Two steps have one name.
    #[error("two steps are called {0}")]
    Twice(&'static str),
    /// A prerequisite is unknown or comes after the step that needs it.
    #[error("step {step} needs {needs}, which does not come before it")]
    NotBefore {
        /// The step.
        step: &'static str,
        /// Its prerequisite.
        needs: &'static str,
    },
}

impl<C> Plan<C> {
    /// Checks the order: as every prerequisite comes before its step, there is no cycle.
    ///
    /// # Errors
    ///
    /// [`PlanError`].
    pub fn new(steps: Vec<Box<dyn Step<C>>>) -> Result<Self, PlanError> {
        let mut before = BTreeSet::new();
        for step in &steps {
            if let Some(needs) = step.needs().iter().find(|needs| !before.contains(**needs)) {
                return Err(PlanError::NotBefore {
                    step: step.name(),
                    needs,
                });
            }
            if !before.insert(step.name()) {
                return Err(PlanError::Twice(step.name()));
            }
        }
        Ok(Self { steps })
    }

    /// The steps in their order.
    pub fn steps(&self) -> impl Iterator<Item = &dyn Step<C>> {
        self.steps.iter().map(AsRef::as_ref)
    }
}
