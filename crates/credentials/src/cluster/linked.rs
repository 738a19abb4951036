//! The Secrets that are linked to a ServiceAccount, as Tekton reads them.

use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::Client;
use kube::api::Api;

use super::link::get;
use super::{KubernetesError, LinkError};
use crate::DockerConfig;
use crate::tekton::{self, Explanation, MergeError};

/// The Secrets of a ServiceAccount's `secrets`, in its order.
#[derive(Clone)]
pub struct LinkedSecrets {
    /// Every name that is linked, in the order of the ServiceAccount, each once.
    names: Vec<String>,
    secrets: Vec<Secret>,
    missing: Vec<String>,
}

impl LinkedSecrets {
    /// The Secrets that exist, each once.
    #[must_use]
    pub fn existing(&self) -> &[Secret] {
        &self.secrets
    }

    /// Names that are linked without being there; Tekton passes them over with an event.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Whether a Secret of this name is linked, be it there or not.
    #[must_use]
    pub fn links(&self, name: &str) -> bool {
        self.names.iter().any(|linked| linked == name)
    }

    /// These links with `secret` among them: in place of the one of its name, or after all others, as
    /// [`link_secret`](super::link_secret) would do it.
    #[must_use]
    pub fn with(&self, secret: &Secret) -> Self {
        let name = secret.metadata.name.clone().unwrap_or_default();
        let mut with = self.clone();
        if !with.links(&name) {
            with.names.push(name.clone());
        }
        with.missing.retain(|missing| *missing != name);
        let is_named = |secret: &Secret, name: &String| secret.metadata.name.as_ref() == Some(name);
        with.secrets.retain(|existing| !is_named(existing, &name));
        with.secrets.push(secret.clone());
        let place = |secret: &Secret| with.names.iter().position(|name| is_named(secret, name));
        with.secrets.sort_by_key(place);
        with
    }

    /// The docker config that the steps get, see [`tekton::docker_config`].
    ///
    /// # Errors
    /// One Secret cannot be used, and the steps get nothing.
    pub fn docker_config(&self) -> Result<Option<DockerConfig>, MergeError> {
        tekton::docker_config(&self.secrets)
    }

    /// Which Secret's entry answers for a repository, see [`tekton::explain`].
    ///
    /// # Errors
    /// One Secret cannot be used, and the steps get nothing.
    pub fn explain(&self, repository: &str) -> Result<Explanation, MergeError> {
        tekton::explain(&self.secrets, repository)
    }
}

impl fmt::Debug for LinkedSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.secrets.iter().map(|secret| &secret.metadata.name);
        formatter
            .debug_struct("LinkedSecrets")
            .field("existing", &names.collect::<Vec<_>>())
            .field("missing", &self.missing)
            .finish()
    }
}

/// Reads the Secrets that Tekton would give to steps that run as `service_account`.
///
/// # Errors
/// There is no such ServiceAccount, or something cannot be read. "Could not be read" is never taken for "does not exist".
pub async fn service_account_secrets(
    client: &Client,
    namespace: &str,
    service_account: &str,
) -> Result<LinkedSecrets, LinkError> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let account = get(&accounts, namespace, service_account).await?;
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut seen = BTreeSet::new();
    let links = account.secrets.into_iter().flatten();
    let names = links.filter_map(|link| link.name);
    let names: Vec<String> = names.filter(|name| seen.insert(name.clone())).collect();
    let (mut secrets, mut missing) = (Vec::new(), Vec::new());
    for name in &names {
        let secret = api.get_opt(name).await.map_err(|error| {
            KubernetesError::new(format!("read Secret {namespace}/{name}"), error)
        })?;
        match secret {
            Some(secret) => secrets.push(secret),
            None => missing.push(name.clone()),
        }
    }
    Ok(LinkedSecrets {
        names,
        secrets,
        missing,
    })
}
