//! Push secrets: robot accounts as Tekton's steps get them, by Secrets that are linked to ServiceAccounts.

use std::fmt::Display;

use cluster::registry_access::RepositoryRight;
use credentials::DockerConfig;
use credentials::cluster::{LinkAs, apply_push_secret, link_secret, service_account_secrets};
use k8s_openapi::api::core::v1::ServiceAccount;
use konflux_api::{labels, names};

use super::{Component, PeerRegistry, Robot, Tenant};
use crate::wait::{Condition, Wait};
use crate::{Failure, Verdict};

/// The Secret of tenants with working credentials.
const WORKING: &str = "registry-login";
/// The ServiceAccount of the fixtures' managed namespaces that releases run as.
const RELEASE_SERVICE_ACCOUNT: &str = "release-pipeline";

/// A Secret of type `kubernetes.io/dockerconfigjson` that a story makes.
#[derive(Debug)]
pub struct PushSecret {
    name: String,
    config: DockerConfig,
}

impl PushSecret {
    /// A Secret of this name, without any entry.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            config: DockerConfig::new(),
        }
    }

    /// Adds a robot's login for a registry, or for what is below a prefix in it.
    #[must_use]
    pub fn with(mut self, registry: &str, robot: &Robot<'_>) -> Self {
        self.config.insert(registry, robot.entry());
        self
    }

    /// Adds the login of an external registry.
    #[must_use]
    pub fn with_peer(mut self, peer: &PeerRegistry<'_>) -> Self {
        self.config.insert(peer.host(), peer.entry());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Tenant {
    /// The host of the deployment's registry in image references.
    #[must_use]
    pub fn registry_host(&self) -> &str {
        &self.deployment.record.registry.in_cluster_host
    }

    /// Makes a Secret and links it, after those that are linked, to the ServiceAccount that builds a component.
    ///
    /// # Errors
    ///
    /// The API server refuses it, or the ServiceAccount does not come.
    pub async fn push_secret_for(&self, component: &Component<'_>, secret: &PushSecret) -> Verdict {
        let account = names::build_pipeline_service_account(component.name());
        self.apply(&self.namespace, secret, &[]).await?;
        self.link(&self.namespace, &account, &secret.name).await
    }

    /// Links a Secret of the tenant's, after those that are linked, to the ServiceAccount that builds a component.
    ///
    /// # Errors
    ///
    /// As [`Tenant::push_secret_for`].
    pub async fn also_link(&self, component: &Component<'_>, secret: &PushSecret) -> Verdict {
        let account = names::build_pipeline_service_account(component.name());
        self.link(&self.namespace, &account, &secret.name).await
    }

    /// Makes a Secret in the managed namespace and links it to the ServiceAccount that releases run as.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn release_secret(&self, secret: &PushSecret) -> Verdict {
        let namespace = &self.managed_namespace;
        self.apply(namespace, secret, &[]).await?;
        self.link(namespace, RELEASE_SERVICE_ACCOUNT, &secret.name)
            .await
    }

    /// The account that Tekton will log in with when it builds a component, by its rules for the Secrets that are linked now.
    ///
    /// # Errors
    ///
    /// A Secret cannot be read, or Tekton could not use it.
    pub async fn predicted_login(
        &self,
        component: &Component<'_>,
    ) -> Result<Option<String>, Failure> {
        let name = names::build_pipeline_service_account(component.name());
        let unusable =
            |error: &dyn Display| Failure::Scenario(format!("no login can be predicted: {error}"));
        let client = &self.deployment.kubernetes;
        let linked = service_account_secrets(client, &self.namespace, &name).await;
        let linked = linked.map_err(|error| unusable(&error))?;
        let config = linked.docker_config().map_err(|error| unusable(&error))?;
        let repository = component.repository().name();
        let login = config.map(|config| config.lookup(&repository)).transpose();
        let login = login.map_err(|error| unusable(&error))?.flatten();
        let login = login.map(|login| login.username);
        self.journal.note(format!(
            "predicted: Tekton logs in to {repository} as {}",
            login.as_deref().unwrap_or("nobody")
        ));
        Ok(login)
    }

    /// Lets every component of the tenant be built and released: what an administrator does once for a tenant.
    pub(super) async fn give_credentials(&self) -> Verdict {
        let (own, managed) = (&self.namespace, &self.managed_namespace);
        let builder = self.robot("builder", &[RepositoryRight::push(own)])?;
        let rights = [RepositoryRight::pull(own), RepositoryRight::push(managed)];
        let releaser = self.robot("releaser", &rights)?;
        let host = self.registry_host();
        let secret = PushSecret::named(WORKING).with(host, &builder);
        // build-service links a Secret with this label to the account of every component that comes.
        self.apply(own, &secret, &[labels::COMMON_SECRET]).await?;
        self.release_secret(&PushSecret::named(WORKING).with(host, &releaser))
            .await
    }

    async fn apply(&self, namespace: &str, secret: &PushSecret, labels: &[&str]) -> Verdict {
        let (client, name) = (&self.deployment.kubernetes, &secret.name);
        let labels = labels
            .iter()
            .map(|label| ((*label).to_owned(), "true".to_owned()));
        let labels = labels.collect();
        apply_push_secret(client, namespace, name, &secret.config, &labels)
            .await
            .map_err(|error| refused("make a push secret", &error))?;
        self.journal.note(format!("made Secret {namespace}/{name}"));
        Ok(())
    }

    async fn link(&self, namespace: &str, account: &str, secret: &str) -> Verdict {
        let accounts = self.api::<ServiceAccount>(namespace);
        let exists = Condition {
            words: "it exists",
            holds: &|account: Option<&ServiceAccount>| account.is_some(),
        };
        self.waits(namespace)
            .object(Wait::ServiceAccountMade, &accounts, account, exists)
            .await?;
        let client = &self.deployment.kubernetes;
        link_secret(client, namespace, account, secret, LinkAs::SECRETS)
            .await
            .map_err(|error| refused("link a push secret", &error))?;
        self.journal.note(format!(
            "linked Secret {secret} to ServiceAccount {namespace}/{account}"
        ));
        Ok(())
    }
}

fn refused(action: &str, error: &dyn Display) -> Failure {
    Failure::Kubernetes {
        action: action.to_owned(),
        answer: error.to_string(),
    }
}
