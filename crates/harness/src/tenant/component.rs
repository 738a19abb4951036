//! Components: what is built.

use std::collections::BTreeSet;

use konflux_api::tekton::PipelineRun;
use konflux_api::{annotations, konflux, labels, names};
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use oci::ImageReference;
use serde_json::json;

use super::{StartedBuild, Tenant};
use crate::images::Destination;
use crate::wait::Wait;
use crate::{Failure, Verdict};

/// What build-service is asked for: a build of what is on the branch now.
const TRIGGER_BUILD: &str = "trigger-pac-build";

/// A component of an application.
#[derive(Debug)]
pub struct Component<'a> {
    tenant: &'a Tenant,
    name: String,
    repository: ImageReference,
    /// A client of the registry that has the repository.
    registry: oci::Client,
}

impl<'a> Component<'a> {
    pub(super) fn new(
        tenant: &'a Tenant,
        name: &str,
        repository: ImageReference,
        registry: oci::Client,
    ) -> Self {
        Self {
            tenant,
            name: name.to_owned(),
            repository,
            registry,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ServiceAccount that builds it, once build-service has made it.
    #[must_use]
    pub fn service_account(&self) -> String {
        names::build_pipeline_service_account(&self.name)
    }

    /// The repository that its images go to.
    #[must_use]
    pub fn repository(&self) -> &ImageReference {
        &self.repository
    }

    /// Requests a build as a user does, by annotation, and waits for the PipelineRun of this request.
    ///
    /// # Errors
    ///
    /// The request is refused, or no PipelineRun appears in time; then what build-service says on the component is part
    /// of the failure.
    pub async fn build(&self) -> Result<StartedBuild<'a>, Failure> {
        let namespace = self.tenant.namespace();
        let selector = format!(
            "{}={},{}={}",
            labels::COMPONENT,
            self.name,
            labels::PIPELINE_TYPE,
            labels::PIPELINE_TYPE_BUILD
        );
        let runs = self.tenant.api::<PipelineRun>(namespace);
        let listing = format!("list the builds of component {}", self.name);
        let earlier = runs
            .list(&ListParams::default().labels(&selector))
            .await
            .map_err(Failure::kubernetes(listing))?;
        let earlier: BTreeSet<String> = earlier.iter().map(ResourceExt::name_any).collect();
        self.annotate(annotations::BUILD_REQUEST, TRIGGER_BUILD)
            .await?;
        self.tenant
            .journal()
            .note(format!("requested a build of component {}", self.name));
        let is_new = |run: &PipelineRun| !earlier.contains(&run.name_any());
        let waits = self.tenant.waits(namespace);
        match waits
            .any(
                Wait::BuildStarted,
                &runs,
                &selector,
                "it is none of the earlier builds",
                &is_new,
            )
            .await
        {
            Ok(run) => Ok(StartedBuild::new(
                self.tenant,
                &self.name,
                Destination::new(self.registry.clone(), self.repository.clone(), &[]),
                run.name_any(),
            )),
            Err(Failure::Expired(mut expired)) => {
                let answer = self.build_service_answer().await;
                expired
                    .last_seen
                    .get_or_insert_default()
                    .push(format!("build-service says: {answer}"));
                Err(Failure::Expired(expired))
            }
            Err(other) => Err(other),
        }
    }

    /// Checks that no image was pushed to the component's repository.
    ///
    /// # Errors
    ///
    /// [`crate::images::Lie::NotEmpty`], or the registry does not answer.
    pub async fn has_no_images(&self) -> Verdict {
        let registry = self.registry.clone();
        let images = Destination::new(registry, self.repository.clone(), &[]);
        images.noting_in(self.tenant.journal()).has_no_image().await
    }

    async fn annotate(&self, key: &str, value: &str) -> Verdict {
        let api = self
            .tenant
            .api::<konflux::Component>(self.tenant.namespace());
        let patch = Patch::Merge(json!({"metadata": {"annotations": {key: value}}}));
        let action = format!("annotate component {} with {key}={value}", self.name);
        api.patch(&self.name, &PatchParams::default(), &patch)
            .await
            .map_err(Failure::kubernetes(action))?;
        Ok(())
    }

    async fn build_service_answer(&self) -> String {
        let api = self
            .tenant
            .api::<konflux::Component>(self.tenant.namespace());
        match api.get(&self.name).await {
            Ok(component) => {
                let answer = component.annotations().get(annotations::BUILD_STATUS);
                answer.cloned().unwrap_or_else(|| "nothing".to_owned())
            }
            Err(error) => crate::failure::kubernetes_words(&error),
        }
    }
}
