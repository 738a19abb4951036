//! The TaskRun of a task.

use std::collections::BTreeMap;

use konflux_api::{
    annotations, labels,
    tekton::{
        EmbeddedTask, ParamValue, PipelineRun, PipelineTask, PipelineTaskMetadata, TaskRun,
        TaskRunSpec, TaskSpec,
    },
};
use kube::{Resource, ResourceExt, api::ObjectMeta};

use super::{
    bindings,
    deadline::Limits,
    schedule::States,
    variables::{propagate, with_results},
};
use crate::tekton::{Failure, Variables, duration, names::child_name};

/// What a TaskRun is made from, besides its task.
pub(crate) struct Template<'a> {
    pub(crate) run: &'a PipelineRun,
    pub(crate) params: &'a BTreeMap<String, ParamValue>,
    pub(crate) variables: &'a Variables,
    pub(crate) states: &'a States<'a>,
    pub(crate) limits: Limits,
}

/// The name of a task's TaskRun.
pub(crate) fn name(run: &PipelineRun, task: &PipelineTask) -> String {
    child_name(&run.name_any(), &format!("-{}", task.name))
}

impl Template<'_> {
    /// The TaskRun of a task that can start.
    pub(crate) fn task_run(&self, task: &PipelineTask, is_final: bool) -> Result<TaskRun, Failure> {
        let variables = with_results(self.variables.clone(), self.states, task, is_final);
        let params = variables.params(&task.params).map_err(|error| {
            Failure::new(
                "PipelineValidationFailed",
                format!("task {:?}: {error}", task.name),
            )
        })?;
        let spec = TaskRunSpec {
            task_ref: task.task_ref.clone(),
            task_spec: task
                .task_spec
                .as_ref()
                .map(|task| self.embedded(task))
                .transpose()?,
            params,
            workspaces: bindings::of_task(self.run, task)?,
            service_account_name: Some(self.service_account(task)),
            timeout: Some(
                task.timeout
                    .clone()
                    .unwrap_or_else(|| self.timeout(is_final)),
            ),
            retries: task.retries,
            ..TaskRunSpec::default()
        };
        let metadata = ObjectMeta {
            name: Some(name(self.run, task)),
            namespace: self.run.namespace(),
            labels: Some(self.labels(task, is_final)),
            annotations: Some(self.annotations(task)),
            owner_references: self.run.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        };
        Ok(TaskRun {
            metadata,
            spec,
            status: None,
        })
    }

    fn embedded(&self, task: &EmbeddedTask) -> Result<TaskSpec, Failure> {
        propagate(&task.spec, self.params, self.states)
    }

    fn service_account(&self, task: &PipelineTask) -> String {
        let specs = &self.run.spec.task_run_specs;
        let own = specs
            .iter()
            .find(|spec| spec.pipeline_task_name == task.name);
        let own = own.and_then(|spec| spec.service_account_name.clone());
        let common = || {
            self.run
                .spec
                .task_run_template
                .as_ref()?
                .service_account_name
                .clone()
        };
        own.or_else(common)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "default".to_owned())
    }

    /// The limit of a task that sets none: what its part of the run may take.
    fn timeout(&self, is_final: bool) -> String {
        let part = if is_final {
            self.limits.finally
        } else {
            self.limits.tasks
        };
        part.or(self.limits.pipeline)
            .map_or_else(|| "0".to_owned(), duration::display)
    }

    fn labels(&self, task: &PipelineTask, is_final: bool) -> BTreeMap<String, String> {
        let mut own = self.run.labels().clone();
        own.extend(
            metadata_of(task)
                .map(|metadata| metadata.labels.clone())
                .unwrap_or_default(),
        );
        let mut set = |key: &str, value: String| own.insert(key.to_owned(), value);
        set(labels::TEKTON_PIPELINE_RUN, self.run.name_any());
        set(
            labels::TEKTON_PIPELINE_RUN_UID,
            self.run.uid().unwrap_or_default(),
        );
        set(labels::TEKTON_PIPELINE_TASK, task.name.clone());
        set(
            labels::TEKTON_MEMBER_OF,
            if is_final { "finally" } else { "tasks" }.to_owned(),
        );
        set(labels::MANAGED_BY, "tekton-pipelines".to_owned());
        set(labels::TEKTON_PIPELINE, pipeline_name(self.run));
        if let Some(name) = task
            .task_ref
            .as_ref()
            .and_then(|reference| reference.name.clone())
        {
            set(labels::TEKTON_TASK, name);
        }
        own
    }

    fn annotations(&self, task: &PipelineTask) -> BTreeMap<String, String> {
        let handed_on = self.run.annotations().iter().filter(|(key, _)| {
            !key.starts_with(annotations::CHAINS_PREFIX)
                && key.as_str() != "kubectl.kubernetes.io/last-applied-configuration"
        });
        let handed_on = handed_on.map(|(key, value)| (key.clone(), value.clone()));
        let own = metadata_of(task)
            .map(|metadata| metadata.annotations.clone())
            .unwrap_or_default();
        handed_on.chain(own).collect()
    }
}

/// The label that Tekton gives a run and its TaskRuns: the Pipeline's name, or the run's own.
pub(crate) fn pipeline_name(run: &PipelineRun) -> String {
    let reference = run.spec.pipeline_ref.as_ref();
    let by_name = reference.and_then(|reference| reference.name.clone());
    let by_resolver = || {
        reference?
            .params
            .iter()
            .find(|param| param.name == "name")?
            .value
            .as_str()
            .map(str::to_owned)
    };
    by_name
        .or_else(by_resolver)
        .unwrap_or_else(|| run.name_any())
}

fn metadata_of(task: &PipelineTask) -> Option<&PipelineTaskMetadata> {
    task.task_spec.as_ref()?.metadata.as_ref()
}
