//! Applications: what is built and released together.

use konflux_api::konflux::{
    ComponentSource, GitSource, PipelineParameter, PipelineSource, ReleasePipeline,
};
use konflux_api::{PIPELINES_NAMESPACE, konflux, labels, source_repository::SourceRepository};
use kube::ResourceExt;
use oci::ImageReference;
use serde_json::json;

use super::{Component, PeerRegistry, Tenant};
use crate::images::Destination;
use crate::{Failure, Source, Verdict};

/// The ServiceAccount of the fixtures' managed namespaces that releases run as.
const RELEASE_SERVICE_ACCOUNT: &str = "release-pipeline";
/// The release pipeline of the fixtures.
const RELEASE_PIPELINE: &str = "push-to-external-registry";
/// The user in whose name the tenant releases.
const AUTHOR: &str = "user1";

/// An application of a tenant.
#[derive(Debug)]
pub struct Application<'a> {
    tenant: &'a Tenant,
    name: String,
}

impl<'a> Application<'a> {
    pub(super) fn new(tenant: &'a Tenant, name: &str) -> Self {
        Self {
            tenant,
            name: name.to_owned(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a component and the repository that its source is kept in. Its images go to
    /// `<namespace>/<name>` of the deployment's registry.
    ///
    /// # Errors
    ///
    /// The source cannot be kept, or the API server refuses it.
    pub async fn component(&self, name: &str, source: &Source) -> Result<Component<'a>, Failure> {
        let namespace = self.tenant.namespace();
        let repository = self.tenant.repository(&format!("{namespace}/{name}"))?;
        let registry = self.tenant.deployment().registry.clone();
        self.component_at(name, source, repository, registry).await
    }

    /// Makes a component as [`Application::component`] does, whose images go to `<namespace>/<name>` of an external registry.
    ///
    /// # Errors
    ///
    /// As [`Application::component`].
    pub async fn component_in_peer(
        &self,
        name: &str,
        source: &Source,
        peer: &PeerRegistry<'_>,
    ) -> Result<Component<'a>, Failure> {
        let repository = peer.repository(&format!("{}/{name}", self.tenant.namespace()))?;
        let registry = peer.client().clone();
        self.component_at(name, source, repository, registry).await
    }

    async fn component_at(
        &self,
        name: &str,
        source: &Source,
        repository: ImageReference,
        registry: oci::Client,
    ) -> Result<Component<'a>, Failure> {
        let namespace = self.tenant.namespace();
        self.tenant
            .create_in(namespace, source.config_map(namespace, name)?)
            .await?;
        let url = SourceRepository {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
        .url();
        let spec = konflux::ComponentSpec {
            component_name: name.to_owned(),
            application: self.name.clone(),
            container_image: Some(repository.name()),
            source: Some(ComponentSource {
                git: Some(GitSource {
                    url,
                    revision: Some("main".to_owned()),
                    context: Some("./".to_owned()),
                    dockerfile_url: Some("Dockerfile".to_owned()),
                }),
            }),
            ..Default::default()
        };
        self.tenant
            .create_in(namespace, konflux::Component::new(name, spec))
            .await?;
        Ok(Component::new(self.tenant, name, repository, registry))
    }

    /// Wants every successful build to be released to the managed namespace.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn release_plan(&self, name: &str) -> Verdict {
        let spec = konflux::ReleasePlanSpec {
            application: Some(self.name.clone()),
            target: Some(self.tenant.managed_namespace().to_owned()),
            ..Default::default()
        };
        let mut plan = konflux::ReleasePlan::new(name, spec);
        // Where Konflux has its webhooks, they write the author themselves.
        for (label, value) in [
            (labels::AUTO_RELEASE, "true"),
            (labels::STANDING_ATTRIBUTION, "true"),
            (labels::AUTHOR, AUTHOR),
        ] {
            plan.labels_mut().insert(label.to_owned(), value.to_owned());
        }
        self.tenant.create_in(self.tenant.namespace(), plan).await?;
        Ok(())
    }

    /// Lets the managed namespace admit releases of the application, and copy a component's image to a destination.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn admission(
        &self,
        name: &str,
        component: &Component<'_>,
        destination: &Destination,
    ) -> Verdict {
        let pipeline = release_pipeline(None);
        self.admit(name, component, destination, pipeline).await
    }

    /// The same as [`Application::admission`], and has the tasks of releases keep trusted artifacts in this repository.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn admission_with_storage(
        &self,
        name: &str,
        component: &Component<'_>,
        destination: &Destination,
        storage: &ImageReference,
    ) -> Verdict {
        let pipeline = release_pipeline(Some(storage));
        self.admit(name, component, destination, pipeline).await
    }

    async fn admit(
        &self,
        name: &str,
        component: &Component<'_>,
        destination: &Destination,
        pipeline: ReleasePipeline,
    ) -> Verdict {
        let repository =
            json!({"url": destination.repository().name(), "tags": destination.tags()});
        let mapping =
            json!({"components": [{"name": component.name(), "repositories": [repository]}]});
        let spec = konflux::ReleasePlanAdmissionSpec {
            applications: vec![self.name.clone()],
            origin: self.tenant.namespace().to_owned(),
            data: Some(json!({"mapping": mapping})),
            pipeline: Some(pipeline),
            ..Default::default()
        };
        let mut admission = konflux::ReleasePlanAdmission::new(name, spec);
        admission
            .labels_mut()
            .insert(labels::BLOCK_RELEASES.to_owned(), "false".to_owned());
        self.tenant
            .create_in(self.tenant.managed_namespace(), admission)
            .await?;
        Ok(())
    }
}

/// The fixtures' release pipeline, as an admission refers to it.
fn release_pipeline(storage: Option<&ImageReference>) -> ReleasePipeline {
    let parameter = |(name, value): (&str, &str)| PipelineParameter {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let parameters = [
        ("kind", "pipeline"),
        ("namespace", PIPELINES_NAMESPACE),
        ("name", RELEASE_PIPELINE),
    ];
    ReleasePipeline {
        pipeline_ref: PipelineSource {
            resolver: "cluster".to_owned(),
            params: parameters.map(parameter).into(),
            oci_storage: storage.map(ToString::to_string),
            ..Default::default()
        },
        service_account_name: Some(RELEASE_SERVICE_ACCOUNT.to_owned()),
        ..Default::default()
    }
}
