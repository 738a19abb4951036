//! Where a TaskRun's task is.

use konflux_api::tekton::{Modelled, Task, TaskRun, TaskSpec};
use kube::{Api, ResourceExt};

use crate::{
    context::Context,
    error::ReconcileError,
    tekton::{Failure, resolver},
};

/// The task of a TaskRun: as it was when the run began, in place, or by reference.
pub(crate) async fn resolve(
    context: &Context,
    task_run: &TaskRun,
) -> Result<Result<TaskSpec, Failure>, ReconcileError> {
    const REASON: &str = "TaskRunResolutionFailed";
    if let Some(task) = task_run
        .status
        .as_ref()
        .and_then(|status| status.task_spec.clone())
    {
        return Ok(Ok(task));
    }
    let reference = match (&task_run.spec.task_spec, &task_run.spec.task_ref) {
        (Some(task), None) => return Ok(Ok(task.clone())),
        (None, Some(reference)) => reference,
        _ => {
            return Ok(Err(Failure::new(
                "TaskRunValidationFailed",
                "the run needs either taskSpec or taskRef",
            )));
        }
    };
    if let Err(failure) =
        Failure::unless_modelled(REASON, &reference.unmodelled_fields("spec.taskRef"))
    {
        return Ok(Err(failure));
    }
    if !matches!(reference.kind.as_deref(), None | Some("Task")) {
        let kind = reference.kind.as_deref().unwrap_or_default();
        return Ok(Err(Failure::new(
            REASON,
            format!("spec.taskRef.kind {kind:?} is not implemented; \"Task\" is"),
        )));
    }
    let namespace = task_run.namespace().unwrap_or_default();
    let location = match resolver::locate(
        "task",
        reference.name.as_deref(),
        reference.resolver.as_deref(),
        &reference.params,
        &namespace,
    ) {
        Ok(location) => location,
        Err(problem) => return Ok(Err(Failure::new(REASON, problem))),
    };
    let tasks: Api<Task> = Api::namespaced(context.client.clone(), &location.namespace);
    Ok(match tasks.get_opt(&location.name).await? {
        Some(task) => Ok(task.spec),
        None => Err(Failure::new(
            REASON,
            format!(
                "the Task {:?} does not exist in the namespace {:?}",
                location.name, location.namespace
            ),
        )),
    })
}
