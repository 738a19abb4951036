//! ServiceAccounts of managed namespaces, beside the fixtures' own.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Tenant;
use crate::Verdict;

/// What the fixtures let a ServiceAccount do that releases run as.
const RELEASE_ROLE: &str = "release-pipeline-resource-role";

impl Tenant {
    /// Makes a ServiceAccount in the managed namespace that releases can run as, with the rights of the fixtures' own.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn release_service_account(&self, name: &str) -> Verdict {
        let namespace = &self.managed_namespace;
        let account = ServiceAccount {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..Default::default()
            },
            ..Default::default()
        };
        self.create_in(namespace, account).await?;
        let binding = RoleBinding {
            metadata: ObjectMeta {
                name: Some(format!("{name}-resource-role-binding")),
                ..Default::default()
            },
            role_ref: RoleRef {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "ClusterRole".to_owned(),
                name: RELEASE_ROLE.to_owned(),
            },
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: name.to_owned(),
                namespace: Some(namespace.clone()),
                ..Default::default()
            }]),
        };
        self.create_in(namespace, binding).await?;
        Ok(())
    }
}
