//! Pipelines: tasks that depend on each other.

use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{
    Param, ParamSpec, ParamType, ParamValue, PipelineWorkspaceDeclaration, TaskRef, TaskSpec,
    WorkspacePipelineTaskBinding,
    unmodelled::{UnmodelledFields, modelled},
};

/// Tasks with their order, parameters, workspaces and results.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "tekton.dev",
    version = "v1",
    kind = "Pipeline",
    namespaced,
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct PipelineSpec {
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What the pipeline does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Declared parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<ParamSpec>,
    /// Declared workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<PipelineWorkspaceDeclaration>,
    /// The tasks; their order comes from `runAfter` and references to results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<PipelineTask>,
    /// Tasks that run when all others have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<PipelineTask>,
    /// What the pipeline reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<PipelineResult>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(PipelineSpec {
    params: "params",
    workspaces: "workspaces",
    tasks: "tasks",
    finally: "finally",
    results: "results"
});

/// One task of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineTask {
    /// The task's name in the pipeline.
    pub name: String,
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it does here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The Task, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_ref: Option<TaskRef>,
    /// The Task, in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_spec: Option<EmbeddedTask>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Its workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<WorkspacePipelineTaskBinding>,
    /// Tasks that must have ended before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run_after: Vec<String>,
    /// Conditions that must all hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<WhenExpression>,
    /// How often it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Its limit, as a Go duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(PipelineTask {
    task_ref: "taskRef",
    task_spec: "taskSpec",
    params: "params",
    workspaces: "workspaces",
    when: "when"
});

/// A task written in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddedTask {
    /// Labels and annotations for its TaskRuns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PipelineTaskMetadata>,
    /// The task.
    #[serde(flatten)]
    pub spec: TaskSpec,
}

impl super::Modelled for EmbeddedTask {
    fn collect_unmodelled(&self, path: &str, found: &mut Vec<String>) {
        self.spec.collect_unmodelled(path, found);
    }
}

/// Labels and annotations for TaskRuns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineTaskMetadata {
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A condition of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhenExpression {
    /// The text to look at.
    #[serde(default)]
    pub input: String,
    /// `in` or `notin`.
    #[serde(default)]
    pub operator: String,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(WhenExpression {});

/// A result of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineResult {
    /// The result.
    pub name: String,
    /// Its type; that of the value unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ParamType>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value, with references to results of tasks.
    pub value: ParamValue,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(PipelineResult {});
