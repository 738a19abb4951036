//! The resources that the controllers work on must be defined before anybody can watch them.

use std::{collections::BTreeSet, pin::pin};

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use konflux_api::{
    konflux::{
        Application, Component, Release, ReleasePlan, ReleasePlanAdmission, ReleaseServiceConfig,
        Snapshot,
    },
    tekton::{Pipeline, PipelineRun, Task, TaskRun},
    trust_manager::Bundle,
};
use kube::{
    Api, Client, CustomResourceExt, ResourceExt,
    runtime::{WatchStreamExt, conditions::is_crd_established, wait::Condition, watcher},
};

/// Waits until every definition is established. An API server that cannot be reached is waited for, too.
pub(crate) async fn established(client: &Client) {
    let mut missing = needed();
    let definitions = Api::<CustomResourceDefinition>::all(client.clone());
    let watch = watcher(definitions, watcher::Config::default()).default_backoff();
    let mut watch = pin!(watch.applied_objects());
    tracing::info!("waiting for the resources to be defined");
    while let Some(event) = watch.next().await {
        match event {
            Ok(definition) => {
                if is_crd_established().matches_object(Some(&definition)) {
                    missing.remove(definition.name_any().as_str());
                }
                if missing.is_empty() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "watching definitions; trying again"),
        }
    }
}

/// The names of the definitions.
fn needed() -> BTreeSet<&'static str> {
    BTreeSet::from([
        Application::crd_name(),
        Bundle::crd_name(),
        Component::crd_name(),
        Pipeline::crd_name(),
        PipelineRun::crd_name(),
        Release::crd_name(),
        ReleasePlan::crd_name(),
        ReleasePlanAdmission::crd_name(),
        ReleaseServiceConfig::crd_name(),
        Snapshot::crd_name(),
        Task::crd_name(),
        TaskRun::crd_name(),
    ])
}
