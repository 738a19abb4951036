//! The verbs of a story, in the order in which a story uses them.

mod admission;
mod application;
mod build;
mod component;
mod external_registry;
mod failed_build;
mod failed_tasks;
mod home_registry;
mod push_secret;
mod release;
mod release_account;
mod robot;
mod snapshot;
mod step_login;
mod task_results;

pub use admission::{Admission, RELEASE_SERVICE_ACCOUNT};
pub use application::Application;
pub use build::{Build, StartedBuild};
pub use component::Component;
pub use external_registry::ExternalRegistry;
pub use failed_build::FailedBuild;
pub use failed_tasks::FailedTask;
pub use push_secret::PushSecret;
pub use release::{FailedRelease, Release, StartedRelease};
pub use robot::Robot;
pub use snapshot::Snapshot;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use futures::future::try_join_all;
use home_registry::HomePeer;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use konflux_api::{FIELD_MANAGER, konflux, names};
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind, NamespaceResourceScope};
use kube::{Api, Resource, ResourceExt};
use oci::ImageReference;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cleanup::Cleanup;
use crate::images::Destination;
use crate::runner::RegistrySetting;
use crate::wait::{Condition, Typed, Wait, Waits, kind_and_name};
use crate::{Deployment, Failure, Journal, Verdict, fixtures};

/// Whether a tenant can push to a registry that asks for a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Its builds and releases can, wherever the registry asks.
    Working,
    /// They cannot; they can be given some in a registry whose accounts this machine can make and revoke.
    None,
    /// They have none for any registry, and use a registry that is not the tenant's.
    Elsewhere,
}

/// A fresh tenant: a namespace of its own, and one that it releases to.
#[derive(Debug)]
pub struct Tenant {
    deployment: Deployment,
    journal: Journal,
    namespace: String,
    managed_namespace: String,
    cleanup: Cleanup,
    /// The external registry, if a person named one.
    external: Option<RegistrySetting>,
    /// Where images go instead of to the deployment's registry.
    home_peer: OnceLock<HomePeer>,
}

impl Tenant {
    /// Chooses the tenant's names; nothing is made yet.
    pub(crate) fn new(
        deployment: Deployment,
        journal: Journal,
        cleanup: Cleanup,
        external: Option<RegistrySetting>,
    ) -> Self {
        let namespace = format!("conformance-{}", random_suffix());
        let managed_namespace = format!("{namespace}-managed");
        Self {
            deployment,
            journal,
            namespace,
            managed_namespace,
            cleanup,
            external,
            home_peer: OnceLock::new(),
        }
    }

    /// Makes both namespaces as the fixtures' demo tenants are, and waits until Konflux has given them what each tenant
    /// gets.
    pub(crate) async fn create(&self, credentials: Credentials) -> Verdict {
        let both = [&self.namespace, &self.managed_namespace];
        let objects =
            fixtures::tenant(&self.namespace, &self.managed_namespace).map_err(|error| {
                Failure::Scenario(format!("the fixtures of tenants cannot be read: {error}"))
            })?;
        let (namespaces, others): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .partition(|object| object.namespace().is_none());
        both.iter()
            .for_each(|namespace| self.cleanup.namespace(namespace));
        try_join_all(namespaces.iter().map(|object| self.create_dynamic(object))).await?;
        try_join_all(others.iter().map(|object| self.create_dynamic(object))).await?;
        if credentials == Credentials::Working && self.deployment.registry_accounts().is_some() {
            self.give_credentials().await?;
        }
        try_join_all(
            both.iter()
                .map(|namespace| self.wait_until_ready(namespace)),
        )
        .await?;
        if credentials == Credentials::None {
            self.find_home_with_accounts().await?;
        }
        self.journal.note(format!(
            "made the tenant {} and its managed namespace",
            self.namespace
        ));
        Ok(())
    }

    /// The tenant's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The namespace that the tenant releases to.
    #[must_use]
    pub fn managed_namespace(&self) -> &str {
        &self.managed_namespace
    }

    /// The deployment under test.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The story as it happened; scenarios may add to it.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Makes an application.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn application(&self, name: &str) -> Result<Application<'_>, Failure> {
        let spec = konflux::ApplicationSpec {
            display_name: Some(name.to_owned()),
            ..Default::default()
        };
        self.create_in(&self.namespace, konflux::Application::new(name, spec))
            .await?;
        Ok(Application::new(self, name))
    }

    /// Names a repository, beside the tenant's own, that images can be released to.
    ///
    /// # Errors
    ///
    /// `name` or a tag cannot be part of an image reference.
    pub fn destination(&self, name: &str, tags: &[&str]) -> Result<Destination, Failure> {
        let repository = self.repository(&format!("{}/{name}", self.managed_namespace))?;
        let destination = Destination::new(self.registry().clone(), repository, tags);
        Ok(destination.noting_in(&self.journal))
    }

    /// Names a repository, beside the tenant's own, that the tasks of a release keep trusted artifacts in.
    ///
    /// # Errors
    ///
    /// `name` cannot be part of an image reference.
    pub fn artifact_storage(&self, name: &str) -> Result<ImageReference, Failure> {
        self.repository(&format!("{}/{name}", self.managed_namespace))
    }

    pub(crate) fn into_cleanup(self) -> Cleanup {
        self.cleanup
    }

    fn api<K: Typed + Resource<Scope = NamespaceResourceScope>>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.deployment.kubernetes.clone(), namespace)
    }

    fn waits<'a>(&'a self, namespace: &'a str) -> Waits<'a> {
        Waits {
            deployment: &self.deployment,
            namespace,
        }
    }

    async fn create_in<K>(&self, namespace: &str, mut object: K) -> Result<K, Failure>
    where
        K: Typed + Resource<Scope = NamespaceResourceScope> + Serialize + DeserializeOwned,
    {
        object.meta_mut().namespace = Some(namespace.to_owned());
        let object_words = kind_and_name(&object);
        let created = self
            .api::<K>(namespace)
            .create(&parameters(), &object)
            .await;
        let created = created.map_err(Failure::kubernetes(format!("create {object_words}")))?;
        self.journal.note(format!("created {object_words}"));
        Ok(created)
    }

    async fn create_dynamic(&self, object: &DynamicObject) -> Verdict {
        let nameless =
            || Failure::Scenario("a fixture of tenants does not say what it is".to_owned());
        let types = object.types.as_ref().ok_or_else(nameless)?;
        let kind = GroupVersionKind::try_from(types).map_err(|_| nameless())?;
        let resource = ApiResource::from_gvk(&kind);
        let client = self.deployment.kubernetes.clone();
        let api: Api<DynamicObject> = match object.namespace() {
            Some(namespace) => Api::namespaced_with(client, &namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        let action = format!("create {} {}", kind.kind, object.name_any());
        api.create(&parameters(), object)
            .await
            .map_err(Failure::kubernetes(action))?;
        Ok(())
    }

    /// Every tenant gets a default ServiceAccount from Kubernetes and a trust bundle from Konflux.
    async fn wait_until_ready(&self, namespace: &str) -> Verdict {
        let waits = self.waits(namespace);
        let (accounts, bundles) = (
            self.api::<ServiceAccount>(namespace),
            self.api::<ConfigMap>(namespace),
        );
        let account = Condition {
            words: "it exists",
            holds: &|account: Option<&ServiceAccount>| account.is_some(),
        };
        let bundle = Condition {
            words: "it exists",
            holds: &|bundle: Option<&ConfigMap>| bundle.is_some(),
        };
        tokio::try_join!(
            waits.object(Wait::TenantReady, &accounts, "default", account),
            waits.object(Wait::TenantReady, &bundles, names::TRUSTED_CA, bundle),
        )?;
        Ok(())
    }
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..Default::default()
    }
}

/// Six characters that no other tenant has, from the operating system's randomness by way of the standard library's hash
/// maps.
fn random_suffix() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = RandomState::new().build_hasher().finish();
    let mut suffix = String::new();
    for _ in 0..6 {
        suffix.push(char::from(ALPHABET[(random % 32) as usize]));
        random /= 32;
    }
    suffix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_differ_and_are_parts_of_names() {
        let suffixes: std::collections::BTreeSet<String> =
            (0..100).map(|_| random_suffix()).collect();
        assert_eq!(suffixes.len(), 100);
        assert!(
            suffixes
                .iter()
                .flat_map(|suffix| suffix.bytes())
                .all(|byte| byte.is_ascii_alphanumeric())
        );
    }
}
