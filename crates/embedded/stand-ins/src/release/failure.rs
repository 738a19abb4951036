//! Why a phase failed, as release-service records it.

use konflux_api::{
    konflux::ReleasePlanAdmission,
    labels,
    tekton::{PipelineRun, RunCondition, TaskRun, succeeded},
};
use kube::ResourceExt;

use super::phase::Phase;
use crate::{api, error::ReconcileError};

/// release-service's word for a failure that no other word fits. `OOMKill` is not modelled: nothing limits the memory of a
/// step, so it counts as this.
const ERROR: &str = "Error";
const TASK_RUN_TIMEOUT: &str = "TaskRunTimeout";
const PIPELINE_RUN_TIMEOUT: &str = "PipelineRunTimeout";

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The PipelineRun ended badly, or was deleted.
    PipelineRun,
    /// It could not be made.
    PipelineRunCreation,
    /// The RoleBinding that it needs could not be made.
    RoleBindingCreation,
}

/// The failure of a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) place: Place,
    /// A sentence for the phase's condition.
    pub(crate) message: String,
    /// `Error`, `TaskRunTimeout` or `PipelineRunTimeout`.
    pub(crate) reason: &'static str,
    /// The task of the pipeline that failed, where one did.
    pub(crate) last_task: Option<String>,
}

impl Failure {
    /// A failure that is no timeout.
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            reason: ERROR,
            last_task: None,
        }
    }

    /// The failure of a PipelineRun that ended with the status `False`.
    pub(crate) fn of_run(run: &PipelineRun, task_runs: &[TaskRun]) -> Self {
        let status = run.status.as_ref();
        let condition = status.and_then(|status| succeeded(&status.conditions));
        let message = condition.and_then(|condition| condition.message.clone());
        let failed_task = first_failed(run, task_runs);
        let task_condition = failed_task.and_then(outcome);
        Self {
            reason: if has_reason(condition, PIPELINE_RUN_TIMEOUT) {
                PIPELINE_RUN_TIMEOUT
            } else if has_reason(task_condition, TASK_RUN_TIMEOUT) {
                TASK_RUN_TIMEOUT
            } else {
                ERROR
            },
            last_task: failed_task
                .and_then(|task_run| task_run.labels().get(labels::TEKTON_PIPELINE_TASK).cloned()),
            ..Self::new(Place::PipelineRun, message.unwrap_or_default())
        }
    }

    /// Says so where release-service would have tried the managed pipeline again.
    pub(crate) fn without_retry(mut self, admission: Option<&ReleasePlanAdmission>) -> Self {
        let retry = admission
            .and_then(|admission| admission.status.as_ref()?.retry_info.as_ref())
            .filter(|retry| retry.enabled);
        let retries = retry.and_then(|retry| retry.max_retries).unwrap_or(0);
        if self.reason != ERROR && retries > 0 {
            self.message.push_str(&format!(
                " (not tried again: status.retryInfo of the ReleasePlanAdmission allows {retries} retries, which \
                 konflux-local's model of release-service does not make)"
            ));
        }
        self
    }

    /// release-service's sentence for the condition `Released`.
    pub(crate) fn of_release(&self, phase: Phase) -> String {
        let what = match self.place {
            Place::PipelineRun => "pipelineRun",
            Place::PipelineRunCreation => "pipelineRun creation",
            Place::RoleBindingCreation => "pipeline RoleBinding creation",
        };
        format!("Release processing failed on {} {what}", phase.name())
    }
}

/// What a refused creation means: a failure when the API server would refuse it again, else an error to retry after.
pub(crate) fn of_creation(place: Place, error: kube::Error) -> Result<Failure, ReconcileError> {
    if api::is_permanent(&error) {
        Ok(Failure::new(place, error.to_string()))
    } else {
        Err(error.into())
    }
}

fn outcome(task_run: &TaskRun) -> Option<&RunCondition> {
    succeeded(&task_run.status.as_ref()?.conditions)
}

/// The task that failed first: what failed after it, such as a final task, may be its consequence.
fn first_failed<'a>(run: &PipelineRun, task_runs: &'a [TaskRun]) -> Option<&'a TaskRun> {
    task_runs
        .iter()
        .filter(|task_run| {
            task_run.labels().get(labels::TEKTON_PIPELINE_RUN) == Some(&run.name_any())
                && outcome(task_run).is_some_and(|condition| condition.status == "False")
        })
        .min_by_key(|task_run| {
            let status = task_run.status.as_ref();
            status.and_then(|status| status.completion_time.as_ref().map(|time| time.0))
        })
}

fn has_reason(condition: Option<&RunCondition>, reason: &str) -> bool {
    condition.and_then(|condition| condition.reason.as_deref()) == Some(reason)
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use serde_json::json;

    use super::*;

    fn run(reason: &str) -> PipelineRun {
        serde_json::from_value(json!({
            "apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run"}, "spec": {},
            "status": {"conditions": [{"type": "Succeeded", "status": "False", "reason": reason, "message": "it failed"}]},
        }))
        .unwrap()
    }

    fn task_run(task: &str, reason: &str, completed: &str) -> TaskRun {
        serde_json::from_value(json!({
            "apiVersion": "tekton.dev/v1", "kind": "TaskRun",
            "metadata": {"name": task, "labels": {"tekton.dev/pipelineRun": "run", "tekton.dev/pipelineTask": task}},
            "spec": {},
            "status": {
                "completionTime": completed,
                "conditions": [{"type": "Succeeded", "status": "False", "reason": reason}],
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_task_that_took_too_long_is_told_apart_from_a_pipeline_that_did() {
        let late = task_run("push", "TaskRunTimeout", "2026-01-02T12:00:00Z");
        let failure = Failure::of_run(&run("Failed"), std::slice::from_ref(&late));
        assert_eq!(
            (failure.reason, failure.last_task.as_deref()),
            ("TaskRunTimeout", Some("push"))
        );
        let failure = Failure::of_run(&run("PipelineRunTimeout"), &[late]);
        assert_eq!(failure.reason, "PipelineRunTimeout");
        let broken = task_run("push", "Failed", "2026-01-02T12:00:00Z");
        let failure = Failure::of_run(&run("Failed"), &[broken]);
        assert_eq!(
            (failure.reason, failure.message.as_str()),
            ("Error", "it failed")
        );
    }

    #[test]
    fn the_task_that_failed_first_is_the_one_that_is_named() {
        let tasks = [
            task_run("clean-up", "Failed", "2026-01-02T12:05:00Z"),
            task_run("push", "TaskRunTimeout", "2026-01-02T12:00:00Z"),
        ];
        let failure = Failure::of_run(&run("Failed"), &tasks);
        assert_eq!(
            (failure.reason, failure.last_task.as_deref()),
            ("TaskRunTimeout", Some("push"))
        );
    }

    #[test]
    fn a_retry_that_is_not_made_is_told() {
        let admission = |enabled| -> ReleasePlanAdmission {
            serde_json::from_value(json!({
                "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlanAdmission", "metadata": {"name": "a"},
                "spec": {"origin": "tenant"}, "status": {"retryInfo": {"enabled": enabled, "maxRetries": 3}},
            }))
            .unwrap()
        };
        let message = |reason, enabled| {
            Failure::of_run(&run(reason), &[])
                .without_retry(Some(&admission(enabled)))
                .message
        };
        assert!(message("PipelineRunTimeout", true).contains("allows 3 retries"));
        // release-service repeats neither ordinary errors nor what nobody allowed it to.
        assert_eq!(message("Failed", true), "it failed");
        assert_eq!(message("PipelineRunTimeout", false), "it failed");
    }

    #[test]
    fn only_a_refusal_that_would_come_again_is_a_failure() {
        let error =
            |code| kube::Error::Api(Status::failure("no", "Because").with_code(code).boxed());
        let refused = of_creation(Place::RoleBindingCreation, error(403)).unwrap();
        assert_eq!(
            refused.of_release(Phase::Managed),
            "Release processing failed on managed pipeline RoleBinding creation"
        );
        for code in [409, 429, 500, 503, 504] {
            assert!(
                of_creation(Place::RoleBindingCreation, error(code)).is_err(),
                "{code}"
            );
        }
    }
}
