//! The internal registry as a pod, reached at one node port.

use std::path::Path;

use async_trait::async_trait;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::core::DynamicObject;
use serde_json::json;

use super::kind;
use super::{DeployContext, cluster_evidence, node_port};
use crate::fixtures;
use crate::plan::{Evidence, Outcome, Progress, Step, StepError, wait};
use crate::sources::Catalog;

/// Where it runs, as upstream calls it.
pub(crate) const NAMESPACE: &str = "kind-registry";
const DEPLOYMENT: &str = "registry";
const TLS: &str = "local-registry-tls";
/// What `fixtures/sources.toml` calls its image.
const IMAGE: &str = "zot";

/// Applies the registry and waits until it answers inside the cluster.
pub(super) struct RegistryPod {
    /// Another image than the pinned one.
    image: Option<String>,
}

#[async_trait]
impl Step<DeployContext> for RegistryPod {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn title(&self) -> &'static str {
        "run the internal registry in the cluster, with a volume of its own"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let client = &context.connection()?.client;
        let objects = self.objects(context)?;
        let count = objects.len();
        let changed = node_port::apply(client, objects, progress).await?;
        let api: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
        wait::for_deployment(api, DEPLOYMENT, progress).await?;
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
        cluster_evidence::collect(context, &[NAMESPACE], into).await
    }
}

impl RegistryPod {
    pub(super) fn new(image: &Option<String>) -> Self {
        Self {
            image: image.clone(),
        }
    }

    fn image(&self) -> Result<String, StepError> {
        if let Some(image) = &self.image {
            return Ok(image.clone());
        }
        let catalog = Catalog::of_this_project().map_err(StepError::because("read the sources"))?;
        let image = catalog.image(IMAGE);
        let image = image.map_err(StepError::because("find the registry's image"))?;
        Ok(image.to_string())
    }

    fn objects(&self, context: &DeployContext) -> Result<Vec<DynamicObject>, StepError> {
        let image = self.image()?;
        let objects = fixtures::objects("registry");
        let mut objects = objects.map_err(StepError::because("read fixtures/registry"))?;
        for object in &mut objects {
            set_image(object, &image);
        }
        let (certificate, _) = kind::ensure_certificate(context)?;
        // As `data`: what is given as `stringData` would be a change each time.
        let bytes = |text: String| ByteString(text.into_bytes());
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": TLS, "namespace": NAMESPACE},
            "type": "kubernetes.io/tls",
            "data": {
                "tls.crt": bytes(certificate.server.certificate),
                "tls.key": bytes(certificate.server.key),
            },
        });
        let secret = serde_json::from_value(secret).expect("a literal Secret is an object");
        objects.push(secret);
        Ok(objects)
    }
}

/// The one container that the fixture leaves without an image.
fn set_image(object: &mut DynamicObject, image: &str) {
    if let Some(container) = object
        .data
        .pointer_mut("/spec/template/spec/containers/0/image")
    {
        *container = image.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_runs_the_pinned_image_and_nothing_else_is_changed() {
        let mut objects = fixtures::objects("registry").unwrap();
        objects
            .iter_mut()
            .for_each(|object| set_image(object, "quay.io/example/zot:1"));
        let images: Vec<&str> = objects
            .iter()
            .filter_map(|object| {
                object
                    .data
                    .pointer("/spec/template/spec/containers/0/image")
            })
            .filter_map(|image| image.as_str())
            .collect();
        assert_eq!(images, ["quay.io/example/zot:1"]);
    }
}
