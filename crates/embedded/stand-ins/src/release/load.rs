//! The objects that a Release depends on.

use konflux_api::{
    konflux::{
        EnterpriseContractPolicy, Release, ReleasePlan, ReleasePlanAdmission, ReleaseServiceConfig,
        Snapshot,
    },
    names,
};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde_json::Value;

use super::matching;

/// Everything that is known about a Release.
pub(crate) struct Loaded {
    /// The plan; `None` when it does not exist.
    pub(crate) plan: Option<ReleasePlan>,
    /// The snapshot; `None` when it does not exist.
    pub(crate) snapshot: Option<Snapshot>,
    /// The plan's admission, or why there is none.
    pub(crate) admission: Result<ReleasePlanAdmission, String>,
    /// The spec of the admission's policy with all its fields, also those that the typed one does not know; `None` when the
    /// admission names none or it does not exist.
    pub(crate) policy: Option<Value>,
    /// The settings of release-service; empty when there are none.
    pub(crate) config: ReleaseServiceConfig,
    /// Where the settings are, as `namespace/name`.
    pub(crate) config_reference: String,
}

/// Reads the objects that a Release names.
pub(crate) async fn load(client: &Client, release: &Release) -> Result<Loaded, kube::Error> {
    let namespace = release.namespace().unwrap_or_default();
    let plan = Api::<ReleasePlan>::namespaced(client.clone(), &namespace)
        .get_opt(&release.spec.release_plan)
        .await?;
    let snapshot = Api::<Snapshot>::namespaced(client.clone(), &namespace)
        .get_opt(&release.spec.snapshot)
        .await?;
    let admission = match &plan {
        Some(plan) => admission(client, plan).await?,
        None => Err(not_found("releaseplans", &release.spec.release_plan)),
    };
    let policy = match admission
        .as_ref()
        .ok()
        .and_then(|admission| Some((admission, admission.spec.policy.as_ref()?)))
    {
        Some((admission, policy)) => {
            let namespace = admission.namespace().unwrap_or_default();
            let resource = ApiResource::erase::<EnterpriseContractPolicy>(&());
            Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &resource)
                .get_opt(policy)
                .await?
                .map(|policy| policy.data["spec"].clone())
        }
        None => None,
    };
    let configs: Api<ReleaseServiceConfig> =
        Api::namespaced(client.clone(), names::RELEASE_SERVICE_NAMESPACE);
    let config = configs
        .get_opt(names::RELEASE_SERVICE_CONFIG)
        .await?
        .unwrap_or_default();
    let config_reference = format!(
        "{}/{}",
        names::RELEASE_SERVICE_NAMESPACE,
        names::RELEASE_SERVICE_CONFIG
    );
    Ok(Loaded {
        plan,
        snapshot,
        admission,
        policy,
        config,
        config_reference,
    })
}

async fn admission(
    client: &Client,
    plan: &ReleasePlan,
) -> Result<Result<ReleasePlanAdmission, String>, kube::Error> {
    let target = plan.spec.target.as_deref().unwrap_or_default();
    let in_target = if target.is_empty() {
        Vec::new()
    } else {
        Api::<ReleasePlanAdmission>::namespaced(client.clone(), target)
            .list(&ListParams::default())
            .await?
            .items
    };
    Ok(matching::admission(plan, &in_target).cloned())
}

/// The API server's sentence for an object that does not exist.
pub(crate) fn not_found(resource: &str, name: &str) -> String {
    format!("{resource}.appstudio.redhat.com {name:?} not found")
}
