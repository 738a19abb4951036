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
    let (mut secrets, mut missing, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let links = account.secrets.into_iter().flatten();
    for name in links.filter_map(|link| link.name) {
        if !seen.insert(name.clone()) {
            continue;
        }
        let secret = api.get_opt(&name).await.map_err(|error| {
            KubernetesError::new(format!("read Secret {namespace}/{name}"), error)
        })?;
        match secret {
            Some(secret) => secrets.push(secret),
            None => missing.push(name),
        }
    }
    Ok(LinkedSecrets { secrets, missing })
}
