//! Push secrets made by hand: for tenants whose stories are not about them, and for what the registry commands refuse to do.
//! Stories about the commands use the commands.

use std::fmt::Display;

use cluster::registry_access::RepositoryRight;
use credentials::DockerConfig;
use credentials::cluster::{LinkAs, apply_push_secret, link_secret, service_account_secrets};
use k8s_openapi::api::core::v1::ServiceAccount;
use konflux_api::labels;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{Component, RELEASE_SERVICE_ACCOUNT, Robot, Tenant};
use crate::images::Lie;
use crate::wait::{Condition, Wait};
use crate::{Failure, Verdict};

/// The Secret of tenants with working credentials.
const WORKING: &str = "registry-login";
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
        self.config.insert(registry, robot.login());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Tenant {
    /// Makes a Secret and links it, after those that are linked, to the ServiceAccount that builds a component.
    ///
    /// # Errors
    ///
    /// The API server refuses it, or the ServiceAccount does not come.
    pub async fn push_secret_for(&self, component: &Component<'_>, secret: &PushSecret) -> Verdict {
        let account = component.service_account();
        self.apply(&self.namespace, secret, &[]).await?;
        self.link(&self.namespace, &account, &secret.name).await
    }

    /// Links a Secret of the tenant's, after those that are linked, to the ServiceAccount that builds a component.
    ///
    /// # Errors
    ///
    /// As [`Tenant::push_secret_for`].
    pub async fn also_link(&self, component: &Component<'_>, secret: &PushSecret) -> Verdict {
        let account = component.service_account();
        self.link(&self.namespace, &account, &secret.name).await
    }

    /// Makes a Secret in the managed namespace and links it to a ServiceAccount that releases run as.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn release_secret(&self, account: &str, secret: &PushSecret) -> Verdict {
        let namespace = &self.managed_namespace;
        self.apply(namespace, secret, &[]).await?;
        self.link(namespace, account, &secret.name).await
    }

    /// Checks that a Secret is linked to the ServiceAccount that builds a component: one that only is there reaches no pipeline.
    ///
    /// # Errors
    ///
    /// [`Lie::NotLinked`].
    pub async fn has_linked(&self, component: &Component<'_>, secret: &str) -> Verdict {
        let account = component.service_account();
        let linked = self.linked(&account).await?;
        if linked.iter().any(|name| name == secret) {
            return Ok(());
        }
        Err(Lie::NotLinked {
            secret: format!("{}/{secret}", self.namespace),
            service_account: account,
            linked,
        }
        .into())
    }

    /// Takes a Secret from the ServiceAccount that builds a component; the Secret stays.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn unlink(&self, component: &Component<'_>, secret: &str) -> Verdict {
        let account = component.service_account();
        let kept = self.linked(&account).await?;
        let kept = kept.iter().filter(|name| *name != secret);
        let kept: Vec<_> = kept.map(|name| json!({"name": name})).collect();
        let patch = Patch::Merge(json!({"secrets": kept}));
        let action = format!("unlink Secret {secret} from ServiceAccount {account}");
        let accounts = self.api::<ServiceAccount>(&self.namespace);
        let patched = accounts
            .patch(&account, &PatchParams::default(), &patch)
            .await;
        patched.map_err(Failure::kubernetes(action))?;
        self.journal.note(format!(
            "unlinked Secret {secret} from ServiceAccount {account}"
        ));
        Ok(())
    }

    /// The Secrets that pipelines of a ServiceAccount of the tenant's get.
    async fn linked(&self, account: &str) -> Result<Vec<String>, Failure> {
        let accounts = self.api::<ServiceAccount>(&self.namespace);
        let found = accounts.get(account).await;
        let found = found.map_err(Failure::kubernetes(format!(
            "read ServiceAccount {account}"
        )))?;
        let linked = found.secrets.into_iter().flatten();
        Ok(linked.filter_map(|link| link.name).collect())
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
        let name = component.service_account();
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
        let secret = PushSecret::named(WORKING).with(host, &releaser);
        self.release_secret(RELEASE_SERVICE_ACCOUNT, &secret).await
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
