//! The order of a pipeline's tasks.

use std::collections::{BTreeMap, BTreeSet};

use konflux_api::tekton::{ParamValue, PipelineTask};
use serde_json::Value;

use crate::tekton::{Failure, reference::references};

/// A reference to a result of another task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ResultReference {
    pub(crate) task: String,
    pub(crate) result: String,
}

/// The results that a task's parameters, conditions and embedded steps refer to.
pub(crate) fn result_references(task: &PipelineTask) -> BTreeSet<ResultReference> {
    let mut found = BTreeSet::new();
    for param in &task.params {
        collect_value(&param.value, &mut found);
    }
    for when in &task.when {
        collect_text(&when.input, &mut found);
        when.values
            .iter()
            .for_each(|value| collect_text(value, &mut found));
    }
    if let Some(embedded) = &task.task_spec {
        collect_json(
            &serde_json::to_value(&embedded.spec).unwrap_or_default(),
            &mut found,
        );
    }
    found
}

/// The results that a value refers to.
pub(crate) fn references_of_value(value: &ParamValue) -> BTreeSet<ResultReference> {
    let mut found = BTreeSet::new();
    collect_value(value, &mut found);
    found
}

fn collect_value(value: &ParamValue, found: &mut BTreeSet<ResultReference>) {
    match value {
        ParamValue::String(text) => collect_text(text, found),
        ParamValue::Array(texts) => texts.iter().for_each(|text| collect_text(text, found)),
        ParamValue::Object(entries) => entries.values().for_each(|text| collect_text(text, found)),
    }
}

fn collect_json(value: &Value, found: &mut BTreeSet<ResultReference>) {
    match value {
        Value::String(text) => collect_text(text, found),
        Value::Array(items) => items.iter().for_each(|item| collect_json(item, found)),
        Value::Object(entries) => entries
            .values()
            .for_each(|entry| collect_json(entry, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn collect_text(text: &str, found: &mut BTreeSet<ResultReference>) {
    for reference in references(text) {
        if let ["tasks", task, "results", result, ..] = reference.path.as_slice() {
            found.insert(ResultReference {
                task: (*task).to_owned(),
                result: (*result).to_owned(),
            });
        }
    }
}

/// The tasks that must have ended before each task.
pub(crate) fn parents(tasks: &[PipelineTask]) -> BTreeMap<&str, BTreeSet<String>> {
    let of = |task: &PipelineTask| {
        let by_result = result_references(task)
            .into_iter()
            .map(|reference| reference.task);
        task.run_after.iter().cloned().chain(by_result).collect()
    };
    tasks
        .iter()
        .map(|task| (task.name.as_str(), of(task)))
        .collect()
}

/// The tasks in an order in which every task comes after its parents.
pub(crate) fn order(tasks: &[PipelineTask]) -> Result<Vec<&PipelineTask>, Failure> {
    let parents = parents(tasks);
    let mut ordered: Vec<&PipelineTask> = Vec::with_capacity(tasks.len());
    let mut placed = BTreeSet::new();
    while ordered.len() < tasks.len() {
        let before = ordered.len();
        for task in tasks {
            let ready = parents[task.name.as_str()]
                .iter()
                .all(|parent| placed.contains(parent.as_str()));
            if ready && placed.insert(task.name.as_str()) {
                ordered.push(task);
            }
        }
        if ordered.len() == before {
            let left: Vec<&str> = tasks
                .iter()
                .map(|task| task.name.as_str())
                .filter(|name| !placed.contains(name))
                .collect();
            let message = format!(
                "the tasks {} wait for each other or for a task that does not exist",
                left.join(", ")
            );
            return Err(Failure::new("PipelineInvalidGraph", message));
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tasks(value: Value) -> Vec<PipelineTask> {
        serde_json::from_value(value).unwrap()
    }

    fn names(tasks: &[&PipelineTask]) -> Vec<String> {
        tasks.iter().map(|task| task.name.clone()).collect()
    }

    #[test]
    fn order_comes_from_run_after_and_from_results() {
        let tasks = tasks(json!([
            {"name": "push", "runAfter": ["build"]},
            {"name": "build", "params": [{"name": "commit", "value": "$(tasks.clone.results.commit)"}]},
            {"name": "scan", "when": [{"input": "$(tasks.push.results.url)", "operator": "in", "values": ["x"]}]},
            {"name": "sign", "taskSpec": {"steps": [{"args": ["$(tasks.scan.results.r)"]}]}},
            {"name": "clone"},
        ]));
        assert_eq!(
            names(&order(&tasks).unwrap()),
            ["clone", "build", "push", "scan", "sign"]
        );
    }

    #[test]
    fn a_circle_is_named() {
        let tasks = tasks(
            json!([{"name": "a", "runAfter": ["b"]}, {"name": "b", "runAfter": ["a"]}, {"name": "c"}]),
        );
        let failure = order(&tasks).unwrap_err();
        assert_eq!(failure.reason, "PipelineInvalidGraph");
        assert!(failure.message.contains("a, b wait"), "{failure}");
    }
}
