//! The steps that apply what lies in `fixtures/`.

use async_trait::async_trait;
use futures::future::try_join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::DynamicObject;
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, ResourceExt};

use super::{Connection, DeployContext};
use crate::plan::{Outcome, Progress, Step, StepError};
use crate::{apply, fixtures};

/// Defines the resources; those of Tekton only where Tekton does not define them itself.
pub(super) struct CustomResourceDefinitions {
    pub(super) tekton: bool,
}
/// How the names of Tekton's definitions end.
const TEKTON_GROUP: &str = ".tekton.dev";

pub(super) struct ControllerConfiguration;
pub(super) struct Pipelines;
pub(super) struct Tenants;

#[async_trait]
impl Step<DeployContext> for CustomResourceDefinitions {
    fn name(&self) -> &'static str {
        "custom-resource-definitions"
    }

    fn title(&self) -> &'static str {
        "define the Konflux and Tekton resources"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let connection = context.connection()?;
        let definitions =
            fixtures::objects("crds").map_err(StepError::because("read fixtures/crds"))?;
        let definitions: Vec<DynamicObject> = definitions
            .into_iter()
            .filter(|definition| self.tekton || !definition.name_any().ends_with(TEKTON_GROUP))
            .collect();
        let names: Vec<String> = definitions.iter().map(ResourceExt::name_any).collect();
        let outcome = apply_objects(connection, "crds", definitions).await?;
        progress.waiting("the definitions to be established");
        let api: Api<CustomResourceDefinition> = Api::all(connection.client.clone());
        let established = names.iter().map(|name| {
            let api = api.clone();
            async move { await_condition(api, name, conditions::is_crd_established()).await }
        });
        try_join_all(established).await.map_err(StepError::because(
            "wait for the custom resource definitions",
        ))?;
        Ok(outcome)
    }
}

#[async_trait]
impl Step<DeployContext> for ControllerConfiguration {
    fn name(&self) -> &'static str {
        "controller-configuration"
    }

    fn title(&self) -> &'static str {
        "apply the roles and configuration that the Konflux controllers read"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        apply_folder(context.connection()?, "stand-ins").await
    }
}

#[async_trait]
impl Step<DeployContext> for Pipelines {
    fn name(&self) -> &'static str {
        "pipelines"
    }

    fn title(&self) -> &'static str {
        "apply the build and release pipelines"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        apply_folder(context.connection()?, "pipelines").await
    }
}

#[async_trait]
impl Step<DeployContext> for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn title(&self) -> &'static str {
        "create the tenants user-ns1, user-ns2, managed-ns1 and managed-ns2"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        apply_folder(context.connection()?, "tenants").await
    }
}

async fn apply_folder(connection: &Connection, folder: &str) -> Result<Outcome, StepError> {
    let objects =
        fixtures::objects(folder).map_err(StepError::because(format!("read fixtures/{folder}")))?;
    apply_objects(connection, folder, objects).await
}

async fn apply_objects(
    connection: &Connection,
    folder: &str,
    objects: Vec<DynamicObject>,
) -> Result<Outcome, StepError> {
    let count = objects.len();
    let changed = apply::all(&connection.client, objects).await;
    match changed.map_err(StepError::because(format!("apply fixtures/{folder}")))? {
        0 => Ok(Outcome::Unchanged),
        changed => Ok(Outcome::Changed(format!(
            "applied {changed} of {count} objects"
        ))),
    }
}
