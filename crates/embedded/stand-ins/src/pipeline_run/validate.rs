//! What must hold before a PipelineRun starts.

use std::collections::BTreeSet;

use konflux_api::tekton::{Modelled, PipelineRun, PipelineSpec, PipelineTask};

use super::{deadline::Limits, graph};
use crate::tekton::Failure;

const INVALID: &str = "PipelineValidationFailed";

/// Refuses a run that cannot be executed as it is written.
pub(crate) fn validate(run: &PipelineRun, pipeline: &PipelineSpec) -> Result<(), Failure> {
    Failure::unless_modelled(INVALID, &run.spec.unmodelled_fields("spec"))?;
    Failure::unless_modelled(INVALID, &pipeline.unmodelled_fields("pipelineSpec"))?;
    Limits::of(run.spec.timeouts.as_ref())?;
    if pipeline.tasks.is_empty() {
        return Err(Failure::new(INVALID, "the pipeline has no tasks"));
    }
    unique_names(pipeline)?;
    for task in pipeline.tasks.iter().chain(&pipeline.finally) {
        validate_task(task, pipeline)?;
    }
    graph::order(&pipeline.tasks)?;
    if let Some(task) = pipeline
        .finally
        .iter()
        .find(|task| !task.run_after.is_empty())
    {
        return Err(Failure::new(
            INVALID,
            format!(
                "the final task {:?} has runAfter; final tasks have no order",
                task.name
            ),
        ));
    }
    bindings(run, pipeline)?;
    known_results(pipeline)?;
    let names: BTreeSet<&str> = task_names(pipeline).collect();
    for spec in &run.spec.task_run_specs {
        if !names.contains(spec.pipeline_task_name.as_str()) {
            let message = format!(
                "taskRunSpecs names the task {:?}, which the pipeline does not have",
                spec.pipeline_task_name
            );
            return Err(Failure::new("InvalidTaskRunSpecs", message));
        }
    }
    Ok(())
}

fn task_names(pipeline: &PipelineSpec) -> impl Iterator<Item = &str> {
    pipeline
        .tasks
        .iter()
        .chain(&pipeline.finally)
        .map(|task| task.name.as_str())
}

fn unique_names(pipeline: &PipelineSpec) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    match task_names(pipeline).find(|name| !seen.insert(*name)) {
        Some(name) => Err(Failure::new(
            INVALID,
            format!("two tasks of the pipeline are named {name:?}"),
        )),
        None => Ok(()),
    }
}

fn validate_task(task: &PipelineTask, pipeline: &PipelineSpec) -> Result<(), Failure> {
    let name = &task.name;
    if task.task_ref.is_some() == task.task_spec.is_some() {
        return Err(Failure::new(
            INVALID,
            format!("the task {name:?} needs either taskRef or taskSpec"),
        ));
    }
    for when in &task.when {
        if !["in", "notin"].contains(&when.operator.as_str()) {
            let message = format!(
                "a condition of the task {name:?} has the operator {:?}; \"in\" and \"notin\" exist",
                when.operator
            );
            return Err(Failure::new(INVALID, message));
        }
    }
    for binding in &task.workspaces {
        let wanted = binding.workspace.as_ref().unwrap_or(&binding.name);
        if pipeline
            .workspaces
            .iter()
            .all(|declared| declared.name != *wanted)
        {
            let message = format!(
                "the task {name:?} uses the workspace {wanted:?}, which the pipeline does not declare"
            );
            return Err(Failure::new(INVALID, message));
        }
    }
    Ok(())
}

fn bindings(run: &PipelineRun, pipeline: &PipelineSpec) -> Result<(), Failure> {
    for declared in pipeline
        .workspaces
        .iter()
        .filter(|declared| !declared.optional)
    {
        if run
            .spec
            .workspaces
            .iter()
            .all(|binding| binding.name != declared.name)
        {
            let message = format!(
                "pipeline requires workspace with name {:?} be provided by pipelinerun",
                declared.name
            );
            return Err(Failure::new("InvalidWorkspaceBindings", message));
        }
    }
    Ok(())
}

fn known_results(pipeline: &PipelineSpec) -> Result<(), Failure> {
    let tasks: BTreeSet<&str> = pipeline
        .tasks
        .iter()
        .map(|task| task.name.as_str())
        .collect();
    for task in pipeline.tasks.iter().chain(&pipeline.finally) {
        for reference in graph::result_references(task) {
            if !tasks.contains(reference.task.as_str()) {
                let message = format!(
                    "the task {:?} refers to a result of {:?}, which is no task of the pipeline",
                    task.name, reference.task
                );
                return Err(Failure::new("InvalidTaskResultReference", message));
            }
        }
    }
    let all: BTreeSet<&str> = task_names(pipeline).collect();
    for result in &pipeline.results {
        for reference in graph::references_of_value(&result.value) {
            if !all.contains(reference.task.as_str()) && reference.task != "finally" {
                let message = format!(
                    "the result {} refers to {:?}, which is no task of the pipeline",
                    result.name, reference.task
                );
                return Err(Failure::new("InvalidPipelineResultReference", message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reason(run: Value, pipeline: Value) -> String {
        let run = json!({"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "r"}, "spec": run});
        let result = validate(
            &serde_json::from_value(run).unwrap(),
            &serde_json::from_value(pipeline).unwrap(),
        );
        result.map_or_else(|failure| format!("{failure}"), |()| "valid".to_owned())
    }

    fn with_task(task: Value) -> Value {
        json!({ "tasks": [task] })
    }

    #[test]
    fn a_pipeline_of_referenced_and_embedded_tasks_is_valid() {
        let pipeline = json!({
            "workspaces": [{"name": "w"}, {"name": "o", "optional": true}],
            "tasks": [{"name": "a", "taskRef": {"name": "t"}, "workspaces": [{"name": "x", "workspace": "w"}]}],
            "finally": [{"name": "b", "taskSpec": {"steps": []}, "params": [{"name": "p", "value": "$(tasks.a.results.r)"}]}],
            "results": [{"name": "r", "value": "$(tasks.a.results.r)"}],
        });
        assert_eq!(
            reason(
                json!({"workspaces": [{"name": "w", "emptyDir": {}}]}),
                pipeline
            ),
            "valid"
        );
    }

    #[test]
    fn unimplemented_fields_are_named_wherever_they_are() {
        let task = json!({"name": "a", "taskRef": {"name": "t"}, "matrix": {"params": []}});
        assert!(reason(json!({}), with_task(task)).contains("pipelineSpec.tasks[0].matrix"));
        let task = json!({"name": "a", "taskRef": {"name": "t"}});
        assert!(reason(json!({"managedBy": "x"}), with_task(task)).contains("spec.managedBy"));
    }

    #[test]
    fn each_mistake_has_the_reason_that_tekton_gives_it() {
        let task = || json!({"name": "a", "taskRef": {"name": "t"}});
        let cases = [
            (
                json!({}),
                json!({"workspaces": [{"name": "w"}], "tasks": [task()]}),
                "InvalidWorkspaceBindings",
            ),
            (
                json!({"taskRunSpecs": [{"pipelineTaskName": "x"}]}),
                with_task(task()),
                "InvalidTaskRunSpecs",
            ),
            (
                json!({"timeouts": {"pipeline": "soon"}}),
                with_task(task()),
                "PipelineValidationFailed",
            ),
            (
                json!({}),
                json!({"tasks": [task(), task()]}),
                "PipelineValidationFailed",
            ),
            (
                json!({}),
                json!({"tasks": [task()], "finally": [{"name": "b", "taskRef": {"name": "t"}, "runAfter": ["a"]}]}),
                "PipelineValidationFailed",
            ),
            (
                json!({}),
                with_task(json!({"name": "a"})),
                "PipelineValidationFailed",
            ),
            (
                json!({}),
                with_task(json!({"name": "a", "taskRef": {"name": "t"}, "runAfter": ["x"]})),
                "PipelineInvalidGraph",
            ),
            (
                json!({}),
                json!({"tasks": [task()], "results": [{"name": "r", "value": "$(tasks.x.results.r)"}]}),
                "InvalidPipelineResultReference",
            ),
            (
                json!({}),
                json!({"tasks": [task()], "finally": [{"name": "b", "taskRef": {"name": "t"}, "params": [{"name": "p", "value": "$(tasks.x.results.r)"}]}]}),
                "InvalidTaskResultReference",
            ),
        ];
        for (run, pipeline, expected) in cases {
            let found = reason(run, pipeline);
            assert!(
                found.starts_with(expected),
                "expected {expected}, found {found}"
            );
        }
    }
}
