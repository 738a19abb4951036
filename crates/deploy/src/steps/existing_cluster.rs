//! The cluster of a kubeconfig context.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cluster::state::{KubernetesEndpoint, RegistryEndpoint};
use cluster::{ClusterKind, connect};
use kube::Client;
use kube::config::{Kubeconfig, KubeconfigError};

use super::forwarding::registry_endpoint;
use super::{Connection, DeployContext};
use crate::plan::{Outcome, Progress, Step, StepError};
use crate::settings::Settings;

/// How often an API server that does not answer is asked again; whoever is not there tells no events.
const INTERVAL: Duration = Duration::from_millis(500);
/// How often at most.
const ATTEMPTS: u32 = 120;

/// The cluster of a kubeconfig context to deploy on.
#[derive(Debug)]
pub struct ExistingPlace {
    /// The merged kubeconfig of this user.
    pub kubeconfig: Kubeconfig,
    /// The context in it.
    pub context: String,
    /// Where this machine reaches the cluster's own internal registry, and its authority; with it none is deployed.
    pub registry: Option<RegistryPlace>,
    /// Another image of the registry that is deployed than the pinned one (`REGISTRY_IMAGE`).
    pub registry_image: Option<String>,
    /// The port of this host to which the registry that is deployed is forwarded.
    pub registry_port: u16,
    /// Who runs PipelineRuns.
    pub tekton: Tekton,
}

/// An internal registry that somebody else runs.
#[derive(Debug, Clone)]
pub struct RegistryPlace {
    /// `HOST:PORT` from this machine (`REGISTRY_ENDPOINT`).
    pub endpoint: String,
    /// The certificate of its authority, PEM (the file of `REGISTRY_CA`).
    pub ca: String,
}

/// Who runs PipelineRuns (`TEKTON`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tekton {
    /// Tekton Pipelines: what the cluster has, else it is installed.
    Install,
    /// The stand-ins' models of it, as processes of this host.
    Models,
}

/// What is asked of an existing cluster cannot be had from this machine.
#[derive(Debug, thiserror::Error)]
pub enum ExistingPlaceError {
    /// There is no kubeconfig that can be used.
    #[error(
        "cannot use the kubeconfig (KUBECONFIG, else ~/.kube/config): {0}; `kubectl config get-contexts` says whether kubectl can"
    )]
    Kubeconfig(#[from] KubeconfigError),
    /// It does not say which cluster is meant.
    #[error("the kubeconfig has no current context; choose one with --context")]
    NoContext,
    /// The certificate of the registry's authority.
    #[error("cannot read REGISTRY_CA {path}: {source}")]
    RegistryCa {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ExistingPlace {
    /// Reads this user's kubeconfig and the settings. Without a context it is the current one.
    ///
    /// # Errors
    ///
    /// [`ExistingPlaceError`].
    pub fn new(settings: &Settings, context: Option<&str>) -> Result<Self, ExistingPlaceError> {
        let kubeconfig = Kubeconfig::read()?;
        let context = context.or(kubeconfig.current_context.as_deref());
        let context = context.ok_or(ExistingPlaceError::NoContext)?.to_owned();
        let registry = match (settings.registry_endpoint(), settings.registry_ca()) {
            (Some(endpoint), Some(path)) => {
                let ca = fs::read_to_string(path).map_err(|source| {
                    let path = path.to_owned();
                    ExistingPlaceError::RegistryCa { path, source }
                })?;
                let endpoint = endpoint.to_owned();
                Some(RegistryPlace { endpoint, ca })
            }
            _ => None,
        };
        Ok(Self {
            kubeconfig,
            context,
            registry,
            registry_image: settings.registry_image().map(str::to_owned),
            registry_port: settings.registry_host_port(),
            tekton: match settings.tekton_is_modelled() {
                true => Tekton::Models,
                false => Tekton::Install,
            },
        })
    }
}

pub(super) struct ExistingCluster(pub(super) Arc<ExistingPlace>);

#[async_trait]
impl Step<DeployContext> for ExistingCluster {
    fn name(&self) -> &'static str {
        "existing-cluster"
    }

    fn title(&self) -> &'static str {
        "connect to the cluster of the kubeconfig context"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let place = &self.0;
        let mut changed = false;
        if let Some(registry) = &place.registry {
            changed |= context.ensure_ca(&registry.ca)?;
        }
        let (kubeconfig, server) = only(&place.kubeconfig, &place.context)?;
        let text = serde_saphyr::to_string(&kubeconfig).map_err(|error| {
            StepError::new(
                format!("write the kubeconfig of context {}", place.context),
                error,
            )
        })?;
        changed |= context.ensure_kubeconfig(&text)?;
        let kubernetes = KubernetesEndpoint {
            server,
            context: place.context.clone(),
            kubeconfig: context.directory.kubeconfig(),
        };
        let registry = RegistryEndpoint {
            in_cluster_host: konflux_api::INTERNAL_REGISTRY_HOST.to_owned(),
            host_endpoint: match &place.registry {
                Some(registry) => registry.endpoint.clone(),
                None => {
                    let port = Some(place.registry_port).filter(|port| *port != 0);
                    registry_endpoint(port, context)?
                }
            },
            auth_file: None,
        };
        let mut record = context.record(ClusterKind::Existing, kubernetes, registry);
        let client = connect::kubernetes(&record)
            .await
            .map_err(StepError::because("connect to the cluster"))?;
        progress.waiting(format!("the API server of context {}", place.context));
        let version = client.apiserver_version().await.map_err(|error| {
            StepError::because(format!("reach the cluster of context {}", place.context))(error)
                .mended_by(
                    "see whether `kubectl --context` reaches it, or choose another with --context",
                )
        })?;
        record
            .versions
            .insert("kubernetes".to_owned(), version.git_version);
        context.connect(Connection { record, client })?;
        Ok(match changed {
            true => Outcome::Changed(format!("pinned context {}", place.context)),
            false => Outcome::Unchanged,
        })
    }
}

/// The API server's version, asked until it answers: one that was just started needs a moment.
pub(super) async fn version(client: &Client, progress: &Progress) -> Result<String, StepError> {
    let mut attempt = 0;
    loop {
        match client.apiserver_version().await {
            Ok(version) => return Ok(version.git_version),
            Err(error) if attempt == ATTEMPTS => {
                return Err(StepError::because("reach the API server")(error));
            }
            Err(error) if attempt == 0 => progress.retrying(crate::plan::chain(&error)),
            Err(_) => {}
        }
        attempt += 1;
        tokio::time::sleep(INTERVAL).await;
    }
}

/// A kubeconfig with this one context, so that nothing of the user's other clusters is kept; and the API server's address.
fn only(kubeconfig: &Kubeconfig, name: &str) -> Result<(Kubeconfig, String), StepError> {
    let attempted = format!("use context {name}");
    let known = || {
        let names = kubeconfig.contexts.iter().map(|context| &context.name);
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    let context = kubeconfig
        .contexts
        .iter()
        .find(|context| context.name == name)
        .ok_or_else(|| {
            let seen = format!("the kubeconfig does not have it; it has: {}", known());
            StepError::new(&attempted, seen).mended_by("choose one of them with --context")
        })?;
    let inner = context.context.as_ref();
    let inner = inner.ok_or_else(|| StepError::new(&attempted, "it is empty"))?;
    let clusters: Vec<_> = kubeconfig
        .clusters
        .iter()
        .filter(|cluster| cluster.name == inner.cluster)
        .cloned()
        .collect();
    let users = kubeconfig
        .auth_infos
        .iter()
        .filter(|user| Some(&user.name) == inner.user.as_ref());
    let server = clusters
        .first()
        .and_then(|cluster| cluster.cluster.as_ref()?.server.clone())
        .ok_or_else(|| StepError::new(&attempted, "its cluster has no server"))?;
    let pinned = Kubeconfig {
        current_context: Some(name.to_owned()),
        contexts: vec![context.clone()],
        auth_infos: users.cloned().collect(),
        clusters,
        ..kubeconfig.clone()
    };
    Ok((pinned, server))
}
