//! The status of a TaskRun, and of its steps.

use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{ContainerStateRunning, ContainerStateTerminated},
    apimachinery::pkg::apis::meta::v1::Time,
};
use konflux_api::tekton::{RunCondition, StepState, TaskSpec};
use serde_json::{Value, json};

use super::{outcome::Outcome, plan_step::StepPlan, process::Exit};
use crate::tekton::condition::succeeded_condition;

/// The status while steps run.
pub(crate) fn running(
    previous: &[RunCondition],
    task: &TaskSpec,
    pod: &str,
    steps: &[StepPlan],
    now: &Time,
) -> Value {
    let steps: Vec<StepState> = steps.iter().map(|step| running_step(step, now)).collect();
    json!({
        "conditions": [succeeded_condition(previous, "Unknown", "Running", "Not all Steps in the Task have finished executing", now)],
        "startTime": now,
        "podName": pod,
        "steps": steps,
        "taskSpec": task,
    })
}

/// The status before another try; nothing of the last try stays outside `retriesStatus`.
pub(crate) fn to_be_retried(
    previous: &[RunCondition],
    message: &str,
    retries: &[Value],
    now: &Time,
) -> Value {
    json!({
        "conditions": [succeeded_condition(previous, "Unknown", "ToBeRetried", message, now)],
        "retriesStatus": retries,
        "startTime": null, "podName": null, "steps": null, "results": null,
    })
}

/// The status of a run that has ended. `start` is given for runs that never began.
pub(crate) fn finished(
    previous: &[RunCondition],
    outcome: &Outcome,
    start: Option<&Time>,
    now: &Time,
) -> Value {
    let status = if outcome.succeeded { "True" } else { "False" };
    let mut written = json!({
        "conditions": [succeeded_condition(previous, status, &outcome.reason, &outcome.message, now)],
        "completionTime": now,
        "steps": outcome.steps,
        "results": outcome.results,
    });
    if start.is_none() {
        written["startTime"] = json!(now);
    }
    written
}

fn running_step(step: &StepPlan, now: &Time) -> StepState {
    StepState {
        running: Some(ContainerStateRunning {
            started_at: Some(now.clone()),
        }),
        ..new_step(step)
    }
}

/// A step that has ended.
pub(crate) fn ended_step(step: &StepPlan, exit: Exit, started: Timestamp) -> StepState {
    let (code, reason, termination) = match exit {
        Exit::Code(0) => (0, "Completed", "Completed"),
        Exit::Code(code) if step.continue_on_error => (code, "Completed", "Continued"),
        Exit::Code(code) => (code, "Error", "Error"),
        Exit::TimedOut => (137, "Error", "TimeoutExceeded"),
        Exit::Cancelled => (137, "Error", "TaskRunCancelled"),
    };
    terminated(step, code, reason, termination, started)
}

/// A step that did not run because one before it failed.
pub(crate) fn skipped_step(step: &StepPlan) -> StepState {
    terminated(step, 1, "Error", "Skipped", Timestamp::now())
}

fn terminated(
    step: &StepPlan,
    code: i32,
    reason: &str,
    termination: &str,
    started: Timestamp,
) -> StepState {
    let state = ContainerStateTerminated {
        exit_code: code,
        reason: Some(reason.to_owned()),
        started_at: Some(Time(started)),
        finished_at: Some(Time(Timestamp::now())),
        ..ContainerStateTerminated::default()
    };
    StepState {
        terminated: Some(state),
        termination_reason: Some(termination.to_owned()),
        ..new_step(step)
    }
}

fn new_step(step: &StepPlan) -> StepState {
    StepState {
        name: step.name.clone(),
        container: Some(step.container.clone()),
        ..StepState::default()
    }
}
