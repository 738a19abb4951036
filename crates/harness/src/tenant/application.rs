//! Applications: what is built and released together.

use konflux_api::konflux::{ComponentSource, GitSource};
use konflux_api::{konflux, labels, source_repository::SourceRepository};
use kube::ResourceExt;
use oci::ImageReference;

use super::{Admission, Component, ExternalRegistry, Tenant};
use crate::images::Destination;
use crate::{Failure, Source, Verdict};

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
    /// `<namespace>/<name>` of the tenant's registry.
    ///
    /// # Errors
    ///
    /// The source cannot be kept, or the API server refuses it.
    pub async fn component(&self, name: &str, source: &Source) -> Result<Component<'a>, Failure> {
        let namespace = self.tenant.namespace();
        let repository = self.tenant.repository(&format!("{namespace}/{name}"))?;
        let registry = self.tenant.registry().clone();
        self.component_at(name, source, repository, registry).await
    }

    /// Makes a component as [`Application::component`] does, whose images go to an external registry.
    ///
    /// # Errors
    ///
    /// As [`Application::component`].
    pub async fn component_in(
        &self,
        external: &ExternalRegistry<'_>,
        name: &str,
        source: &Source,
    ) -> Result<Component<'a>, Failure> {
        let repository = external.repository(self.tenant.namespace(), name)?;
        let registry = external.client().clone();
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
        self.admits(name, Admission::of(component, destination))
            .await
    }

    /// Lets the managed namespace admit releases of the application.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn admits(&self, name: &str, admission: Admission) -> Verdict {
        let (application, origin) = (self.name.clone(), self.tenant.namespace().to_owned());
        let admission = admission.into_object(name, application, origin);
        self.tenant
            .create_in(self.tenant.managed_namespace(), admission)
            .await?;
        Ok(())
    }
}
