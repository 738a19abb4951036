//! From a recorded deployment to clients of it.

use std::net::IpAddr;
use std::path::PathBuf;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::embedded::REGISTRY_NAMES;
use crate::state::{DeploymentRecord, RegistryEndpoint};

/// A recorded deployment cannot be reached for a reason that lies on this host.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig is missing or damaged.
    #[error("cannot use the kubeconfig {path}: {source}")]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KubeconfigError,
    },
    /// No client can be made from it.
    #[error("cannot make a Kubernetes client: {0}")]
    Client(#[from] kube::Error),
}

/// A Kubernetes client of the deployment, pinned to its context; nothing is asked yet.
///
/// # Errors
///
/// [`ConnectError`].
pub async fn kubernetes(record: &DeploymentRecord) -> Result<kube::Client, ConnectError> {
    let path = record.kubernetes.kubeconfig.clone();
    let failed = |source| ConnectError::Kubeconfig {
        path: path.clone(),
        source,
    };
    let kubeconfig = Kubeconfig::read_from(&path).map_err(failed)?;
    let config = configuration(kubeconfig, &record.kubernetes.context)
        .await
        .map_err(failed)?;
    Ok(kube::Client::try_from(config)?)
}

/// How to reach the cluster of a context. The environment's proxy is not asked for loopback addresses, which it cannot reach.
///
/// # Errors
///
/// The kubeconfig cannot be used.
pub async fn configuration(
    kubeconfig: Kubeconfig,
    context: &str,
) -> Result<kube::Config, KubeconfigError> {
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..Default::default()
    };
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    let host = config.cluster_url.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        config.proxy_url = None;
    }
    Ok(config)
}

impl RegistryEndpoint {
    /// The endpoint on this host, for each name that the registry has inside the cluster.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        REGISTRY_NAMES
            .iter()
            .map(|&name| (name, self.host_endpoint.as_str()))
    }
}
