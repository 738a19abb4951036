//! A step at its place in a plan.

use std::path::Path;

use async_trait::async_trait;

use super::DeployContext;
use crate::plan::{Evidence, Outcome, Progress, Step, StepError};

/// A step with its prerequisites: the same step stands at another place in the plan of another cluster.
pub(super) struct Placed<S> {
    pub(super) step: S,
    pub(super) needs: &'static [&'static str],
}

/// Places a step after others.
pub(super) fn after<S: Step<DeployContext> + 'static>(
    needs: &'static [&'static str],
    step: S,
) -> Box<dyn Step<DeployContext>> {
    Box::new(Placed { step, needs })
}

#[async_trait]
impl<S: Step<DeployContext>> Step<DeployContext> for Placed<S> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    fn title(&self) -> &'static str {
        self.step.title()
    }

    fn needs(&self) -> &'static [&'static str] {
        self.needs
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        self.step.run(context, progress).await
    }

    async fn evidence(
        &self,
        context: &DeployContext,
        failure: &StepError,
        into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        self.step.evidence(context, failure, into).await
    }
}
