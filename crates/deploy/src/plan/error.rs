//! A plan that could not run: a defect of this program, found by its tests.

/// Why a plan is refused.
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
    /// Nobody has said how long the step may take and what running it again does.
    #[error("step {0} has no row in the table of rules (plan/rule.rs)")]
    NoRule(&'static str),
}
