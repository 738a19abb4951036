//! Tekton Pipelines, from its pinned release.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::{DeployContext, cluster_evidence};
use crate::apply;
use crate::plan::{Evidence, Outcome, Progress, Step, StepError, wait};
use crate::sources::{Catalog, SourceStore, Telling, patch};

/// What `fixtures/sources.toml` calls the release.
pub(crate) const RELEASE: &str = "tekton-pipelines";
const NAMESPACE: &str = "tekton-pipelines";
/// How often the webhook is asked: nothing tells when a Service leads to its pod.
const INTERVAL: Duration = Duration::from_millis(250);
const CONTROLLER: &str = "tekton-pipelines-controller";

/// Installs it, unless the cluster has it from somebody else.
pub(super) struct TektonPipelines(pub(super) SourceStore);

#[async_trait]
impl Step<DeployContext> for TektonPipelines {
    fn name(&self) -> &'static str {
        "tekton-pipelines"
    }

    fn title(&self) -> &'static str {
        "install Tekton Pipelines from its pinned release, unless the cluster has it"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let client = &context.connection()?.client;
        let controller: Api<Deployment> = Api::all(client.clone());
        let selector = ListParams::default().fields(&format!("metadata.name={CONTROLLER}"));
        let found = controller.list(&selector).await;
        let found = found.map_err(StepError::because("look for Tekton's controller"))?;
        if let Some(theirs) = found.items.iter().find(|found| !apply::is_ours(*found)) {
            let namespace = theirs.namespace().unwrap_or_default();
            wait_for_deployments(client, &namespace, progress).await?;
            wait_for_webhook(client, &namespace, progress).await?;
            return Ok(Outcome::Unchanged);
        }
        let objects = self.objects(progress).await?;
        let count = objects.len();
        let changed = apply_release(client, objects, progress).await?;
        wait_for_deployments(client, NAMESPACE, progress).await?;
        wait_for_webhook(client, NAMESPACE, progress).await?;
        Ok(match changed {
            0 => Outcome::Unchanged,
            changed => Outcome::Changed(format!("applied {changed} of {count} objects")),
        })
    }

    async fn evidence(
        &self,
        context: &DeployContext,
        _failure: &StepError,
        into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        cluster_evidence::collect(context, &[NAMESPACE, "tekton-pipelines-resolvers"], into).await
    }
}

impl TektonPipelines {
    async fn objects(&self, progress: &Progress) -> Result<Vec<DynamicObject>, StepError> {
        let attempted = "get the release of Tekton Pipelines";
        let catalog = Catalog::of_this_project().map_err(StepError::because(attempted))?;
        let file = catalog
            .file(RELEASE)
            .map_err(StepError::because(attempted))?;
        let tell = |telling: Telling<'_>| match telling {
            Telling::Fetching(address) => progress.waiting(address),
            Telling::Retrying(because) => progress.retrying(because),
        };
        let fetched = self.0.get_telling(file, &tell).await;
        let fetched = fetched.map_err(StepError::because(attempted))?;
        if fetched.recorded {
            progress.waiting(format!(
                "nothing; the digest {} of {RELEASE} is recorded for every later run",
                fetched.digest
            ));
        }
        let documents =
            patch::documents(RELEASE, &fetched.content).map_err(StepError::because(attempted))?;
        patch::objects(RELEASE, documents).map_err(StepError::because(attempted))
    }
}

/// Definitions first: the rest holds objects of their kinds.
async fn apply_release(
    client: &Client,
    objects: Vec<DynamicObject>,
    progress: &Progress,
) -> Result<usize, StepError> {
    let is_definition = |object: &DynamicObject| {
        object
            .types
            .as_ref()
            .is_some_and(|types| types.kind == "CustomResourceDefinition")
    };
    let (definitions, others): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_definition);
    let names: Vec<String> = definitions.iter().map(ResourceExt::name_any).collect();
    let attempted = "apply the release of Tekton Pipelines";
    let mut changed = apply::all(client, definitions)
        .await
        .map_err(StepError::because(attempted))?;
    progress.waiting("Tekton's definitions to be established");
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let established = names
        .iter()
        .map(|name| await_condition(api.clone(), name, conditions::is_crd_established()));
    try_join_all(established)
        .await
        .map_err(StepError::because("wait for Tekton's definitions"))?;
    changed += apply::all(client, others)
        .await
        .map_err(StepError::because(attempted))?;
    Ok(changed)
}

/// Tries a Pipeline out, without storing it, until Tekton's webhook has put in its defaults. A webhook registers itself once it runs, and its Service
/// leads to it a moment later: until then objects are refused, or stored without their defaults and unchecked.
async fn wait_for_webhook(
    client: &Client,
    namespace: &str,
    progress: &Progress,
) -> Result<(), StepError> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("tekton.dev", "v1", "Pipeline"));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let tried: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "tekton.dev/v1",
        "kind": "Pipeline",
        "metadata": {"name": "konflux-local-tries-the-webhook"},
        "spec": {"tasks": [{"name": "task", "taskRef": {"name": "task"}}]},
    }))
    .expect("a literal Pipeline is an object");
    let without_storing = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    progress.waiting("Tekton's webhook to answer");
    let mut told = String::new();
    loop {
        let seen = match api.create(&without_storing, &tried).await {
            Ok(answer) if is_defaulted(&answer) => return Ok(()),
            Ok(_) => "it is not registered yet".to_owned(),
            // Refused for its content, it would be refused for ever.
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
                return Err(StepError::new("try out Tekton's webhook", status.message));
            }
            Err(error) => crate::plan::chain(&error),
        };
        if seen != told {
            progress.retrying(seen.clone());
            told = seen;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Tekton's webhook says what kind of task a reference means.
fn is_defaulted(pipeline: &DynamicObject) -> bool {
    pipeline.data["spec"]["tasks"][0]["taskRef"]["kind"] == "Task"
}

/// Its webhook among them: without it, no PipelineRun can be created.
async fn wait_for_deployments(
    client: &Client,
    namespace: &str,
    progress: &Progress,
) -> Result<(), StepError> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let listed = api.list_metadata(&ListParams::default()).await;
    let listed = listed.map_err(StepError::because(format!(
        "list Deployments in {namespace}"
    )))?;
    for deployment in listed {
        wait::for_deployment(api.clone(), &deployment.name_any(), progress).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_without_tektons_defaults_shows_that_its_webhook_is_not_asked() {
        let pipeline = |task: serde_json::Value| -> DynamicObject {
            serde_json::from_value(json!({
                "metadata": {"name": "tried"},
                "spec": {"tasks": [{"taskRef": task}]},
            }))
            .unwrap()
        };
        assert!(is_defaulted(&pipeline(
            json!({"name": "task", "kind": "Task"})
        )));
        assert!(!is_defaulted(&pipeline(json!({"name": "task"}))));
    }
}
