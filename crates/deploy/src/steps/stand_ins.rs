//! The stand-in controllers are alive: they do their simplest work.

use async_trait::async_trait;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::ListParams;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt};

use super::DeployContext;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct StandIns;

#[async_trait]
impl Step<DeployContext> for StandIns {
    fn name(&self) -> &'static str {
        "stand-ins"
    }

    fn title(&self) -> &'static str {
        "wait until the stand-in controllers work: every tenant has its trust bundle"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let client = &context.connection()?.client;
        let tenants = ListParams::default().labels("konflux-ci.dev/type=tenant");
        let namespaces = Api::<Namespace>::all(client.clone()).list(&tenants).await;
        let namespaces = namespaces.map_err(StepError::because("list the tenants"))?;
        progress.waiting("ConfigMap trusted-ca in every tenant");
        let bundles = namespaces.iter().map(|namespace| {
            let api: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace.name_any());
            await_condition(api, "trusted-ca", |bundle: Option<&ConfigMap>| {
                bundle.is_some()
            })
        });
        let seen = try_join_all(bundles).await;
        seen.map_err(StepError::because("wait for the stand-ins' trust bundles"))?;
        Ok(Outcome::Unchanged)
    }
}
