//! The pod of a TaskRun: an object without containers, so that `kubectl logs` and `kubectl get pods` work as usual.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Container, ContainerState, ContainerStateRunning, ContainerStatus, Pod, PodSpec, PodStatus,
    },
    apimachinery::pkg::apis::meta::v1::Time,
};
use konflux_api::{
    labels,
    tekton::{StepState, TaskRun},
};
use kube::{Api, Resource, ResourceExt, api::ObjectMeta};

use super::plan_step::StepPlan;
use crate::{api, context::Context, tekton::names::child_name};

/// A scheduler that does not exist: no node must ever run this pod.
const NO_SCHEDULER: &str = "konflux-local.dev/host-process";

/// The name of the pod of a try.
pub(crate) fn name(task_run: &str, retry: usize) -> String {
    let suffix = if retry == 0 {
        "-pod".to_owned()
    } else {
        format!("-pod-retry{retry}")
    };
    child_name(task_run, &suffix)
}

/// Creates the pod object and marks it as running.
pub(crate) async fn create(
    context: &Context,
    task_run: &TaskRun,
    name: &str,
    steps: &[StepPlan],
    now: &Time,
) -> Result<(), kube::Error> {
    let pods = pods(context, task_run);
    let containers = steps.iter().map(|step| Container {
        name: step.container.clone(),
        image: Some(step.image.clone()),
        command: Some(vec!["probe".to_owned()]),
        args: Some(step.arguments.clone()),
        ..Container::default()
    });
    let pod = Pod {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: task_run.namespace(),
            labels: Some(pod_labels(task_run)),
            owner_references: task_run.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        spec: Some(PodSpec {
            containers: containers.collect(),
            restart_policy: Some("Never".to_owned()),
            scheduler_name: Some(NO_SCHEDULER.to_owned()),
            service_account_name: task_run.spec.service_account_name.clone(),
            ..PodSpec::default()
        }),
        status: None,
    };
    api::create_if_absent(&pods, &pod).await?;
    let running = || ContainerState {
        running: Some(ContainerStateRunning {
            started_at: Some(now.clone()),
        }),
        ..ContainerState::default()
    };
    let statuses = steps
        .iter()
        .map(|step| container_status(&step.container, &step.image, running()))
        .collect();
    write_status(&pods, name, "Running", statuses, Some(now)).await
}

/// Marks the pod as ended. A failure is logged only: the TaskRun's status says how it ended.
pub(crate) async fn finish(
    context: &Context,
    task_run: &TaskRun,
    name: &str,
    steps: &[StepPlan],
    states: &[StepState],
) {
    let ended = |step: &StepPlan| {
        let state = states.iter().find(|state| state.name == step.name);
        let terminated = state.and_then(|state| state.terminated.clone());
        container_status(
            &step.container,
            &step.image,
            ContainerState {
                terminated,
                ..ContainerState::default()
            },
        )
    };
    let failed = states
        .iter()
        .filter_map(|state| state.terminated.as_ref())
        .any(|state| state.exit_code != 0);
    let phase = if failed { "Failed" } else { "Succeeded" };
    let statuses = steps.iter().map(ended).collect();
    if let Err(error) = write_status(&pods(context, task_run), name, phase, statuses, None).await {
        tracing::warn!(pod = name, %error, "cannot mark a pod as ended");
    }
}

/// Marks the pod of an interrupted TaskRun as failed.
pub(crate) async fn abandon(context: &Context, task_run: &TaskRun, name: &str) {
    if let Err(error) =
        write_status(&pods(context, task_run), name, "Failed", Vec::new(), None).await
        && !api::is_not_found(&error)
    {
        tracing::warn!(pod = name, %error, "cannot mark a pod as failed");
    }
}

async fn write_status(
    pods: &Api<Pod>,
    name: &str,
    phase: &str,
    statuses: Vec<ContainerStatus>,
    started: Option<&Time>,
) -> Result<(), kube::Error> {
    let status = PodStatus {
        phase: Some(phase.to_owned()),
        container_statuses: (!statuses.is_empty()).then_some(statuses),
        start_time: started.cloned(),
        ..PodStatus::default()
    };
    let status = serde_json::to_value(&status).map_err(kube::Error::SerdeError)?;
    api::merge_status(pods, name, status).await.map(drop)
}

fn container_status(name: &str, image: &str, state: ContainerState) -> ContainerStatus {
    ContainerStatus {
        name: name.to_owned(),
        image: image.to_owned(),
        ready: state.running.is_some(),
        started: Some(state.running.is_some()),
        state: Some(state),
        ..ContainerStatus::default()
    }
}

fn pod_labels(task_run: &TaskRun) -> BTreeMap<String, String> {
    let mut pod_labels = task_run.labels().clone();
    pod_labels.insert(labels::TEKTON_TASK_RUN.to_owned(), task_run.name_any());
    pod_labels.insert(
        labels::TEKTON_TASK_RUN_UID.to_owned(),
        task_run.uid().unwrap_or_default(),
    );
    pod_labels.insert(labels::MANAGED_BY.to_owned(), "tekton-pipelines".to_owned());
    pod_labels
}

fn pods(context: &Context, task_run: &TaskRun) -> Api<Pod> {
    Api::namespaced(
        context.client.clone(),
        &task_run.namespace().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_has_a_pod_of_its_own() {
        assert_eq!(name("build", 0), "build-pod");
        assert_eq!(name("build", 2), "build-pod-retry2");
    }
}
