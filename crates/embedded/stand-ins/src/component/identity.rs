//! The ServiceAccount that builds a Component, and what it may do.

use std::collections::BTreeSet;

use k8s_openapi::{
    api::{
        core::v1::{ObjectReference, Secret, ServiceAccount},
        rbac::v1::{RoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use konflux_api::{konflux::Component, labels, names};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ListParams, ObjectMeta},
};
use serde_json::json;

use crate::{api, error::ReconcileError};

/// How often an object that somebody else changed in the meantime is read again.
const CONFLICT_RETRIES: usize = 5;

/// Makes the ServiceAccount and its RoleBinding, or completes them. Common secrets are linked when the account is made and
/// never again.
pub(crate) async fn ensure(
    client: &Client,
    component: &Component,
    namespace: &str,
) -> Result<(), ReconcileError> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let name = names::build_pipeline_service_account(&component.name_any());
    let owner = component
        .owner_ref(&())
        .ok_or(ReconcileError::Incomplete("uid"))?;
    match accounts.get_opt(&name).await? {
        Some(account) => adopt(&accounts, &account, &owner).await?,
        None => {
            let account = ServiceAccount {
                metadata: ObjectMeta {
                    name: Some(name.clone()),
                    namespace: Some(namespace.to_owned()),
                    owner_references: Some(vec![owner]),
                    ..ObjectMeta::default()
                },
                secrets: Some(common_secrets(client, namespace).await?)
                    .filter(|secrets| !secrets.is_empty()),
                ..ServiceAccount::default()
            };
            api::create_if_absent(&accounts, &account).await?;
        }
    }
    bind(client, &accounts, namespace, &name).await
}

/// Adds the Component to the owners of an account that existed before it.
async fn adopt(
    accounts: &Api<ServiceAccount>,
    account: &ServiceAccount,
    owner: &OwnerReference,
) -> Result<(), kube::Error> {
    let owners = account.owner_references();
    if owners.iter().any(|existing| existing.uid == owner.uid) {
        return Ok(());
    }
    let owners: Vec<&OwnerReference> = owners.iter().chain([owner]).collect();
    let patch = json!({"metadata": {"ownerReferences": owners, "resourceVersion": account.resource_version()}});
    api::merge(accounts, &account.name_any(), &patch)
        .await
        .map(drop)
}

/// The secrets that every new build account gets, those with the newer label first.
async fn common_secrets(
    client: &Client,
    namespace: &str,
) -> Result<Vec<ObjectReference>, kube::Error> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut found: Vec<ObjectReference> = Vec::new();
    for label in [labels::COMMON_SECRET, labels::COMMON_SECRET_LEGACY] {
        for secret in secrets
            .list_metadata(&ListParams::default().labels(&format!("{label}=true")))
            .await?
        {
            let name = Some(secret.name_any());
            if found.iter().all(|reference| reference.name != name) {
                found.push(ObjectReference {
                    name,
                    ..ObjectReference::default()
                });
            }
        }
    }
    Ok(found)
}

/// Adds the account to the namespace's RoleBinding and drops accounts that no longer exist.
async fn bind(
    client: &Client,
    accounts: &Api<ServiceAccount>,
    namespace: &str,
    account: &str,
) -> Result<(), ReconcileError> {
    let bindings: Api<RoleBinding> = Api::namespaced(client.clone(), namespace);
    for _ in 0..CONFLICT_RETRIES {
        let Some(binding) = bindings.get_opt(names::BUILD_ROLE_BINDING).await? else {
            if api::create_if_absent(&bindings, &new_binding(namespace, account))
                .await?
                .is_some()
            {
                return Ok(());
            }
            continue;
        };
        let current = binding.subjects.clone().unwrap_or_default();
        if current.iter().any(|subject| subject.name == account) {
            return Ok(());
        }
        let existing: BTreeSet<String> = accounts
            .list_metadata(&ListParams::default())
            .await?
            .iter()
            .map(ResourceExt::name_any)
            .collect();
        let subjects = subjects(current, &existing, namespace, account);
        let patch = json!({"metadata": {"resourceVersion": binding.resource_version()}, "subjects": subjects});
        match api::merge(&bindings, names::BUILD_ROLE_BINDING, &patch).await {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The subjects with the account, without ServiceAccounts that no longer exist.
fn subjects(
    current: Vec<Subject>,
    existing: &BTreeSet<String>,
    namespace: &str,
    account: &str,
) -> Vec<Subject> {
    let is_alive =
        |subject: &Subject| subject.kind != "ServiceAccount" || existing.contains(&subject.name);
    current
        .into_iter()
        .filter(is_alive)
        .chain([subject(namespace, account)])
        .collect()
}

fn subject(namespace: &str, account: &str) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: account.to_owned(),
        namespace: Some(namespace.to_owned()),
        api_group: None,
    }
}

fn new_binding(namespace: &str, account: &str) -> RoleBinding {
    RoleBinding {
        metadata: ObjectMeta {
            name: Some(names::BUILD_ROLE_BINDING.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: names::BUILD_CLUSTER_ROLE.to_owned(),
        },
        subjects: Some(vec![subject(namespace, account)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_gone_leave_the_role_binding() {
        let current = vec![
            subject("ns", "build-pipeline-gone"),
            subject("ns", "build-pipeline-a"),
        ];
        let existing =
            BTreeSet::from(["build-pipeline-a".to_owned(), "build-pipeline-b".to_owned()]);
        let names: Vec<String> = subjects(current, &existing, "ns", "build-pipeline-b")
            .into_iter()
            .map(|subject| subject.name)
            .collect();
        assert_eq!(names, ["build-pipeline-a", "build-pipeline-b"]);
    }
}
