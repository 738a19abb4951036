//! Tekton Pipelines, from its pinned release.

use std::fmt::Debug;
use std::path::Path;

use async_trait::async_trait;
use futures::future::try_join_all;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use konflux_api::FIELD_MANAGER;
use kube::api::{DynamicObject, ListParams};
use kube::core::ClusterResourceScope;
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{DeployContext, cluster_evidence};
use crate::apply;
use crate::plan::{Evidence, Outcome, Progress, Step, StepError, wait};
use crate::sources::{Catalog, SourceStore, Telling, patch};

/// What `fixtures/sources.toml` calls the release.
pub(crate) const RELEASE: &str = "tekton-pipelines";
const NAMESPACE: &str = "tekton-pipelines";
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
        if let Some(theirs) = found.items.iter().find(|found| !is_ours(*found)) {
            let namespace = theirs.namespace().unwrap_or_default();
            wait_for_deployments(client, &namespace, progress).await?;
            return Ok(Outcome::Unchanged);
        }
        let objects = self.objects(progress).await?;
        let count = objects.len();
        let named = |kind: &str| -> Vec<String> {
            let of_kind = objects.iter().filter(|object| {
                object
                    .types
                    .as_ref()
                    .is_some_and(|types| types.kind == kind)
            });
            of_kind.map(ResourceExt::name_any).collect()
        };
        let (mutating, validating) = (
            named("MutatingWebhookConfiguration"),
            named("ValidatingWebhookConfiguration"),
        );
        let changed = apply_release(client, objects, progress).await?;
        wait_for_deployments(client, NAMESPACE, progress).await?;
        wait_for_webhooks::<MutatingWebhookConfiguration>(client, &mutating, progress).await?;
        wait_for_webhooks::<ValidatingWebhookConfiguration>(client, &validating, progress).await?;
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

fn is_ours(object: &impl ResourceExt) -> bool {
    object
        .managed_fields()
        .iter()
        .any(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
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

/// Tekton's webhook fills in its own registrations once it runs. Until then, objects are stored without their defaults and unchecked.
async fn wait_for_webhooks<K>(
    client: &Client,
    names: &[String],
    progress: &Progress,
) -> Result<(), StepError>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
        + Send
        + 'static,
{
    for name in names {
        let api: Api<K> = Api::all(client.clone());
        let registered =
            |configuration: Option<&K>| configuration.is_some_and(has_authorities::<K>);
        wait::for_object(api, name, "to be filled in", registered, progress).await?;
    }
    Ok(())
}

/// Does every webhook of a configuration say by which authority it is trusted?
fn has_authorities<K: Serialize>(configuration: &K) -> bool {
    let json = serde_json::to_value(configuration).unwrap_or_default();
    let webhooks = json["webhooks"].as_array().into_iter().flatten();
    webhooks.into_iter().all(|webhook| {
        let authority = webhook["clientConfig"]["caBundle"].as_str();
        authority.is_some_and(|authority| !authority.is_empty())
    })
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
        let available = |deployment: Option<&Deployment>| {
            deployment.is_some_and(|deployment| wait::is_true(deployment, "Available"))
        };
        wait::for_object(
            api.clone(),
            &deployment.name_any(),
            "to be available",
            available,
            progress,
        )
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_without_an_authority_is_not_registered_yet() {
        let with = |authority: &str| {
            json!({"webhooks": [
                {"name": "one", "clientConfig": {"caBundle": "QQ=="}},
                {"name": "other", "clientConfig": {"caBundle": authority}},
            ]})
        };
        assert!(has_authorities(&with("QQ==")));
        assert!(!has_authorities(&with("")));
        assert!(!has_authorities(
            &json!({"webhooks": [{"clientConfig": {}}]})
        ));
    }
}
