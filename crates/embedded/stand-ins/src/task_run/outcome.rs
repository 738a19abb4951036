//! How one try of a TaskRun ended.

use konflux_api::tekton::{StepState, TaskRunResult};

use crate::tekton::Failure;

/// The end of one try.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Whether every step did what it should.
    pub(crate) succeeded: bool,
    /// Tekton's word for the end.
    pub(crate) reason: String,
    /// A sentence for people.
    pub(crate) message: String,
    /// The pod of the steps, when it came to that.
    pub(crate) pod_name: Option<String>,
    /// How each step ended.
    pub(crate) steps: Vec<StepState>,
    /// What the steps reported.
    pub(crate) results: Vec<TaskRunResult>,
}

/// The reason of a TaskRun that a user or a PipelineRun cancelled.
pub(crate) const CANCELLED: &str = "TaskRunCancelled";
/// The reason of a TaskRun that reached its limit.
pub(crate) const TIMED_OUT: &str = "TaskRunTimeout";

impl Outcome {
    /// The end of a run whose steps all succeeded.
    pub(crate) fn success() -> Self {
        Self {
            succeeded: true,
            reason: "Succeeded".to_owned(),
            message: "All Steps have completed executing".to_owned(),
            ..Self::default()
        }
    }

    /// The end of a run that failed.
    pub(crate) fn failure(reason: &str, message: String) -> Self {
        Self {
            reason: reason.to_owned(),
            message,
            ..Self::default()
        }
    }

    /// The end of a run whose process died with an earlier process of this program.
    pub(crate) fn interrupted() -> Self {
        Self::failure(
            "Failed",
            "interrupted: the process that ran the steps ended before they did; start the run again".to_owned(),
        )
    }

    /// Whether another try may end differently: not after a cancellation.
    pub(crate) fn may_be_retried(&self) -> bool {
        !self.succeeded && self.reason != CANCELLED
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::failure(failure.reason, failure.message)
    }
}
