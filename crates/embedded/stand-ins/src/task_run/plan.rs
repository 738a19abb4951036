//! From a TaskRun and its task to what has to be run; nothing is touched.

use std::time::Duration;

use konflux_api::tekton::{Modelled, TaskResult, TaskRun, TaskRunSpec, TaskSpec};
use kube::ResourceExt;

use super::{
    plan_step::{self, StepPlan},
    plan_volume::{self, Mount},
};
use crate::tekton::{Failure, Variables, duration, params};

/// Where steps see the files of their results.
pub(crate) const RESULTS_PATH: &str = "/tekton/results";
/// Roots of references that a task may use; one that is not defined is an error.
const VARIABLE_ROOTS: [&str; 8] = [
    "params",
    "results",
    "workspaces",
    "context",
    "tasks",
    "steps",
    "step",
    "credentials",
];

/// What has to be run.
#[derive(Clone, Debug)]
pub(crate) struct TaskPlan {
    /// The steps, in order.
    pub(crate) steps: Vec<StepPlan>,
    /// The workspaces, mounted in every step.
    pub(crate) workspaces: Vec<Mount>,
    /// The results to read afterwards.
    pub(crate) results: Vec<TaskResult>,
}

/// The limit of a TaskRun; `None` for no limit.
pub(crate) fn timeout(spec: &TaskRunSpec) -> Result<Option<Duration>, Failure> {
    duration::timeout(spec.timeout.as_deref(), Some(duration::DEFAULT_TIMEOUT))
        .map_err(|problem| invalid(format!("spec.timeout: {problem}")))
}

/// Plans one try of a TaskRun. `retry` counts the tries before it.
pub(crate) fn plan(task_run: &TaskRun, task: &TaskSpec, retry: usize) -> Result<TaskPlan, Failure> {
    const REASON: &str = "TaskRunValidationFailed";
    Failure::unless_modelled(REASON, &task_run.spec.unmodelled_fields("spec"))?;
    Failure::unless_modelled(REASON, &task.unmodelled_fields("taskSpec"))?;
    if task.steps.is_empty() {
        return Err(invalid("the task has no steps".to_owned()));
    }
    let values = params::resolve(
        &task.params,
        &task_run.spec.params,
        &format!("task of {}", task_run.name_any()),
    )?;
    let workspaces = plan_volume::workspaces(&task.workspaces, &task_run.spec.workspaces)?;
    let volumes = plan_volume::volumes(&task.volumes)?;

    let mut variables = Variables::new(VARIABLE_ROOTS);
    variables.set_params(&values);
    set_context(&mut variables, task_run, retry);
    for result in &task.results {
        variables.set(
            &["results", &result.name, "path"],
            format!("{RESULTS_PATH}/{}", result.name).as_str(),
        );
    }
    for declared in &task.workspaces {
        let mount = workspaces.iter().find(|mount| mount.name == declared.name);
        variables.set(
            &["workspaces", &declared.name, "path"],
            mount.map_or("", |mount| mount.path.as_str()),
        );
        variables.set(
            &["workspaces", &declared.name, "bound"],
            if mount.is_some() { "true" } else { "false" },
        );
        variables.set(
            &["workspaces", &declared.name, "claim"],
            mount.and_then(Mount::claim).unwrap_or(""),
        );
    }
    let steps = task.steps.iter().enumerate();
    let steps = steps
        .map(|(index, step)| {
            plan_step::plan(
                index,
                step,
                task.step_template.as_ref(),
                &volumes,
                &variables,
            )
        })
        .collect::<Result<_, _>>()?;
    Ok(TaskPlan {
        steps,
        workspaces,
        results: task.results.clone(),
    })
}

fn set_context(variables: &mut Variables, task_run: &TaskRun, retry: usize) {
    let task = task_run
        .spec
        .task_ref
        .as_ref()
        .and_then(|reference| reference.name.clone())
        .unwrap_or_default();
    variables.set(
        &["context", "taskRun", "name"],
        task_run.name_any().as_str(),
    );
    variables.set(
        &["context", "taskRun", "namespace"],
        task_run.namespace().unwrap_or_default().as_str(),
    );
    variables.set(
        &["context", "taskRun", "uid"],
        task_run.uid().unwrap_or_default().as_str(),
    );
    variables.set(&["context", "task", "name"], task.as_str());
    variables.set(
        &["context", "task", "retry-count"],
        retry.to_string().as_str(),
    );
}

/// A spec that cannot be run as it is.
pub(crate) fn invalid(message: String) -> Failure {
    Failure::new("TaskRunValidationFailed", message)
}

#[cfg(test)]
mod tests {
    use konflux_api::PROBE_IMAGE;
    use serde_json::{Value, json};

    use super::*;

    fn plan_json(spec: Value, task: Value) -> Result<TaskPlan, Failure> {
        let task_run = json!({
            "apiVersion": "tekton.dev/v1", "kind": "TaskRun",
            "metadata": {"name": "run", "namespace": "user-ns1", "uid": "u"}, "spec": spec,
        });
        plan(
            &serde_json::from_value(task_run).unwrap(),
            &serde_json::from_value(task).unwrap(),
            1,
        )
    }

    fn probe_step(args: Value) -> Value {
        json!([{"name": "s", "image": PROBE_IMAGE, "command": ["probe"], "args": args}])
    }

    #[test]
    fn parameters_workspaces_results_and_context_reach_the_arguments() {
        let planned = plan_json(
            json!({
                "params": [{"name": "image", "value": "r/i:t"}, {"name": "labels", "value": ["a=1", "b=2"]}],
                "workspaces": [{"name": "source", "emptyDir": {}}],
            }),
            json!({
                "params": [{"name": "image"}, {"name": "labels", "type": "array"}],
                "workspaces": [{"name": "source"}, {"name": "extra", "optional": true}],
                "results": [{"name": "url"}],
                "steps": probe_step(json!([
                    "push", "$(params.labels[*])", "--image=$(params.image)", "$(workspaces.source.path)/x",
                    "$(workspaces.extra.bound)", "$(results.url.path)", "$(context.taskRun.name)",
                    "$(context.task.retry-count)",
                ])),
            }),
        );
        let expected = [
            "push",
            "a=1",
            "b=2",
            "--image=r/i:t",
            "/workspace/source/x",
            "false",
            "/tekton/results/url",
            "run",
            "1",
        ];
        assert_eq!(planned.unwrap().steps[0].arguments, expected);
    }

    #[test]
    fn the_template_fills_in_what_a_step_leaves_out() {
        let planned = plan_json(
            json!({}),
            json!({
                "stepTemplate": {"image": PROBE_IMAGE, "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]},
                "steps": [{"args": ["x"], "env": [{"name": "B", "value": "2"}]}],
            }),
        );
        let step = planned.unwrap().steps.remove(0);
        let environment: Vec<_> = step
            .env
            .iter()
            .map(|variable| (variable.name.as_str(), variable.value.as_deref()))
            .collect();
        assert_eq!(environment, [("A", Some("1")), ("B", Some("2"))]);
        assert_eq!(step.container, "step-unnamed-0");
    }

    #[test]
    fn fields_that_the_model_lacks_are_named() {
        let failure = plan_json(
            json!({"podTemplate": {}}),
            json!({"steps": probe_step(json!([]))}),
        )
        .unwrap_err();
        assert!(failure.message.contains("spec.podTemplate"), "{failure}");
        let failure = plan_json(
            json!({}),
            json!({"sidecars": [], "steps": probe_step(json!([]))}),
        )
        .unwrap_err();
        assert!(failure.message.contains("taskSpec.sidecars"), "{failure}");
        let step = json!([{"image": PROBE_IMAGE, "securityContext": {"runAsUser": 0}}]);
        let failure = plan_json(json!({}), json!({ "steps": step })).unwrap_err();
        assert!(
            failure
                .message
                .contains("taskSpec.steps[0].securityContext"),
            "{failure}"
        );
    }

    #[test]
    fn a_script_a_foreign_image_and_an_undefined_variable_fail_with_the_step() {
        let script = json!([{"name": "run", "image": PROBE_IMAGE, "script": "echo"}]);
        assert!(
            plan_json(json!({}), json!({ "steps": script }))
                .unwrap_err()
                .message
                .contains("\"run\"")
        );
        let image = json!([{"name": "run", "image": "quay.io/x"}]);
        assert_eq!(
            plan_json(json!({}), json!({ "steps": image }))
                .unwrap_err()
                .reason,
            "TaskRunImagePullFailed"
        );
        let variable = probe_step(json!(["$(params.missing)"]));
        assert!(
            plan_json(json!({}), json!({ "steps": variable }))
                .unwrap_err()
                .message
                .contains("$(params.missing)")
        );
    }

    #[test]
    fn a_workspace_must_be_bound_once_and_declared() {
        let task = json!({"workspaces": [{"name": "w"}], "steps": probe_step(json!([]))});
        let failure = plan_json(json!({}), task.clone()).unwrap_err();
        assert!(failure.message.contains("\"w\" is required"), "{failure}");
        let unknown =
            json!({"workspaces": [{"name": "w", "emptyDir": {}}, {"name": "x", "emptyDir": {}}]});
        assert!(
            plan_json(unknown, task.clone())
                .unwrap_err()
                .message
                .contains("\"x\"")
        );
        let foreign = json!({"workspaces": [{"name": "w", "projected": {"sources": []}}]});
        assert!(
            plan_json(foreign, task)
                .unwrap_err()
                .message
                .contains("spec.workspaces[0].projected")
        );
    }
}
