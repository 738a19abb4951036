//! The variables of a pipeline's tasks.

use std::collections::BTreeMap;

use konflux_api::tekton::{
    ParamSpec, ParamValue, PipelineRun, PipelineSpec, PipelineTask, TaskSpec,
};
use kube::ResourceExt;
use serde_json::Value;

use super::schedule::{State, States};
use crate::tekton::{Failure, Variables};

const ROOTS: [&str; 4] = ["params", "tasks", "context", "workspaces"];

/// What the parameters and conditions of tasks can refer to, besides results.
pub(crate) fn of_run(
    run: &PipelineRun,
    pipeline: &PipelineSpec,
    params: &BTreeMap<String, ParamValue>,
) -> Variables {
    let mut variables = Variables::new(ROOTS);
    variables.set_params(params);
    let name = run
        .spec
        .pipeline_ref
        .as_ref()
        .and_then(|reference| reference.name.clone())
        .unwrap_or_else(|| run.name_any());
    variables.set(&["context", "pipelineRun", "name"], run.name_any().as_str());
    variables.set(
        &["context", "pipelineRun", "namespace"],
        run.namespace().unwrap_or_default().as_str(),
    );
    variables.set(
        &["context", "pipelineRun", "uid"],
        run.uid().unwrap_or_default().as_str(),
    );
    variables.set(&["context", "pipeline", "name"], name.as_str());
    for declared in &pipeline.workspaces {
        let bound = run
            .spec
            .workspaces
            .iter()
            .any(|binding| binding.name == declared.name);
        variables.set(
            &["workspaces", &declared.name, "bound"],
            if bound { "true" } else { "false" },
        );
    }
    variables
}

/// The same with the results of the tasks that have ended, and for final tasks their status.
pub(crate) fn with_results(
    mut variables: Variables,
    states: &States<'_>,
    task: &PipelineTask,
    is_final: bool,
) -> Variables {
    variables.set(
        &["context", "pipelineTask", "retries"],
        task.retries.unwrap_or(0).to_string().as_str(),
    );
    for (name, state) in states {
        for result in state.results() {
            variables.set(
                &["tasks", name, "results", &result.name],
                result.value.clone(),
            );
        }
        if is_final {
            variables.set(&["tasks", name, "status"], state.status_word());
        }
    }
    if is_final {
        variables.set(&["tasks", "status"], aggregate_status(states));
    }
    variables
}

fn aggregate_status(states: &States<'_>) -> &'static str {
    let any = |wanted: fn(&State<'_>) -> bool| states.values().any(wanted);
    if any(|state| matches!(state, State::Failed(_) | State::Cancelled(_))) {
        "Failed"
    } else if any(|state| matches!(state, State::Skipped(_))) {
        "Completed"
    } else {
        "Succeeded"
    }
}

/// Replaces the pipeline's parameters and results in a task that is written in place. A parameter that the task declares
/// itself is the task's own; references that mean something only within the task stay.
pub(crate) fn propagate(
    task: &TaskSpec,
    params: &BTreeMap<String, ParamValue>,
    states: &States<'_>,
) -> Result<TaskSpec, Failure> {
    let mut variables = Variables::default();
    let own = |name: &str| task.params.iter().any(|spec: &ParamSpec| spec.name == name);
    let outer = params.iter().filter(|(name, _)| !own(name));
    variables.set_params(
        &outer
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    );
    for (name, state) in states {
        for result in state.results() {
            variables.set(
                &["tasks", name, "results", &result.name],
                result.value.clone(),
            );
        }
    }
    let invalid = |message: String| Failure::new("PipelineValidationFailed", message);
    let written = serde_json::to_value(task).map_err(|error| invalid(error.to_string()))?;
    let replaced = replace(&written, &variables).map_err(invalid)?;
    serde_json::from_value(replaced).map_err(|error| invalid(error.to_string()))
}

fn replace(value: &Value, variables: &Variables) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => {
            Value::String(variables.text(text).map_err(|error| error.to_string())?)
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts: Vec<String> = items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            variables
                .list(&texts)
                .map_err(|error| error.to_string())?
                .into()
        }
        Value::Array(items) => items
            .iter()
            .map(|item| replace(item, variables))
            .collect::<Result<_, _>>()?,
        Value::Object(entries) => entries
            .iter()
            .map(|(key, entry)| Ok((key.clone(), replace(entry, variables)?)))
            .collect::<Result<_, String>>()?,
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_embedded_task_sees_the_parameters_of_its_pipeline_but_its_own_first() {
        let task: TaskSpec = serde_json::from_value(json!({
            "params": [{"name": "own"}],
            "steps": [{"args": ["$(params.outer)", "$(params.list[*])", "$(params.own)", "$(results.r.path)"]}],
        }))
        .unwrap();
        let params = BTreeMap::from([
            ("outer".to_owned(), ParamValue::from("1")),
            ("own".to_owned(), ParamValue::from("2")),
            (
                "list".to_owned(),
                ParamValue::Array(vec!["a".to_owned(), "b".to_owned()]),
            ),
        ]);
        let propagated = propagate(&task, &params, &States::new()).unwrap();
        assert_eq!(
            propagated.steps[0].args,
            ["1", "a", "b", "$(params.own)", "$(results.r.path)"]
        );
    }
}
