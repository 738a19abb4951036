//! One unit of a deployment.

use std::path::Path;

use async_trait::async_trait;

use super::{Evidence, Progress, Rule, StepError};

/// One unit of a deployment: a name, prerequisites, an action and a readiness condition. Running it again on what it
/// made changes nothing and says so.
#[async_trait]
pub trait Step<C>: Send + Sync {
    /// The name in events, records and `needs`.
    fn name(&self) -> &'static str;
    /// What it does, for the plan.
    fn title(&self) -> &'static str;
    /// Steps that must be done before.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }
    /// How long it may take and what running it again does: its row in the table.
    fn rule(&self) -> Option<Rule> {
        Rule::of(self.name())
    }
    /// Acts, and waits until what it made is ready. When [`Progress::cancellation`] is cancelled, it has a moment to come
    /// to a good end; afterwards it is dropped where it waits.
    async fn run(&self, context: &C, progress: &Progress) -> Result<Outcome, StepError>;
    /// Collects what tells why it failed, into a folder that may not exist yet. Called once after a failure, before anything is
    /// cleaned up, within a limit. Whatever is written there must be free of secrets.
    ///
    /// # Errors
    ///
    /// The evidence could not be collected; the failure itself is reported all the same.
    async fn evidence(
        &self,
        _context: &C,
        _failure: &StepError,
        _into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        Ok(None)
    }
}

/// How a step ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as it should be.
    Unchanged,
    /// It changed something, said as a fragment.
    Changed(String),
}
