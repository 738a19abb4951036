//! Which cluster a command is about.

use std::fmt;
use std::io;

use cluster::connect::{self, ConnectError};
use cluster::state::RecordError;
use cluster::{ClusterKind, DeploymentName, DeploymentRecord, StateRoot};
use kube::config::{Kubeconfig, KubeconfigError};

/// A cluster, with the deployment that it belongs to if there is one.
#[derive(Clone)]
pub struct Target {
    /// A client of its API.
    pub client: kube::Client,
    /// The deployment.
    pub record: Option<DeploymentRecord>,
    description: String,
}

/// No cluster can be told, or none that can be talked to.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The deployment that was named is not there.
    #[error("there is no deployment called {0}; `{deploy}` makes one, and --context chooses a cluster of your kubeconfig", deploy = .0.command("deploy-local"))]
    NoDeployment(DeploymentName),
    /// A deployment was begun and has no cluster yet. Taking another cluster instead could change the wrong one.
    #[error(
        "deployment {0} was begun and has no cluster yet; `{deploy}` completes it, `{destroy}` removes it, and --context chooses a cluster of your kubeconfig",
        deploy = .0.command("deploy-local"),
        destroy = .0.command("destroy")
    )]
    Begun(DeploymentName),
    /// Its record cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Neither a deployment nor a kubeconfig.
    #[error(
        "no cluster is known: there is no deployment called {deployment}, and no kubeconfig with a current context ({seen}); \
         `{deploy}` makes a deployment, `kubectl config use-context` chooses a context, and KUBECONFIG names another file",
        deploy = .deployment.command("deploy-local")
    )]
    NoCluster {
        /// The deployment that was looked for.
        deployment: DeploymentName,
        /// What was seen instead of a kubeconfig.
        seen: String,
    },
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context `{context}`; it has {}", or_none(.known))]
    NoContext {
        /// The context.
        context: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The kubeconfig is damaged.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(#[source] KubeconfigError),
    /// No client can be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// The record of a deployment, if there is one.
///
/// # Errors
/// A record that cannot be read, or a deployment that was only begun, is never taken for an absent one.
pub fn recorded(
    root: &StateRoot,
    name: &DeploymentName,
) -> Result<Option<DeploymentRecord>, TargetError> {
    let directory = root.deployment(name);
    match directory.read_record()? {
        Some(record) => Ok(Some(record)),
        None if directory.path().exists() => Err(TargetError::Begun(name.clone())),
        None => Ok(None),
    }
}

impl Target {
    /// `context` of the kubeconfig if given; else the deployment `name`, which must exist when it is given; else the kubeconfig's current context.
    ///
    /// # Errors
    /// [`TargetError`]. Nothing is asked of the cluster yet.
    pub async fn find(
        root: &StateRoot,
        name: Option<&DeploymentName>,
        context: Option<&str>,
    ) -> Result<Self, TargetError> {
        if context.is_some() {
            return Self::of_kubeconfig(context, &DeploymentName::default()).await;
        }
        let default = DeploymentName::default();
        let deployment = name.unwrap_or(&default);
        match recorded(root, deployment)? {
            Some(record) => Self::of_deployment(record).await,
            None if name.is_some() => Err(TargetError::NoDeployment(deployment.clone())),
            None => Self::of_kubeconfig(None, deployment).await,
        }
    }

    async fn of_deployment(record: DeploymentRecord) -> Result<Self, TargetError> {
        let model = match record.cluster {
            ClusterKind::Embedded => {
                ", whose Kubernetes API and Konflux are models (docs/models.md)"
            }
            _ => "",
        };
        Ok(Self {
            client: connect::kubernetes(&record).await?,
            description: format!("deployment {} ({}{model})", record.name, record.cluster),
            record: Some(record),
        })
    }

    async fn of_kubeconfig(
        context: Option<&str>,
        deployment: &DeploymentName,
    ) -> Result<Self, TargetError> {
        let absent = |seen: String| TargetError::NoCluster {
            deployment: deployment.clone(),
            seen,
        };
        let kubeconfig = match Kubeconfig::read() {
            Ok(kubeconfig) => kubeconfig,
            Err(KubeconfigError::ReadConfig(error, path))
                if error.kind() == io::ErrorKind::NotFound =>
            {
                return Err(absent(format!("{} does not exist", path.display())));
            }
            Err(error @ KubeconfigError::FindPath) => return Err(absent(error.to_string())),
            Err(error) => return Err(TargetError::Kubeconfig(error)),
        };
        let current = kubeconfig.current_context.clone();
        let current = current.filter(|current| !current.is_empty());
        let chosen = context.map(str::to_owned).or(current);
        let chosen =
            chosen.ok_or_else(|| absent("the kubeconfig has no current context".to_owned()))?;
        let known = kubeconfig.contexts.iter().map(|known| known.name.clone());
        let known: Vec<String> = known.collect();
        if !known.contains(&chosen) {
            return Err(TargetError::NoContext {
                context: chosen,
                known,
            });
        }
        let config = cluster::connect::configuration(kubeconfig, &chosen)
            .await
            .map_err(TargetError::Kubeconfig)?;
        let description = format!(
            "context {chosen} of the kubeconfig ({})",
            config.cluster_url
        );
        let client = kube::Client::try_from(config).map_err(ConnectError::Client)?;
        Ok(Self {
            client,
            record: None,
            description,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.description)
    }
}

fn or_none(known: &[String]) -> String {
    match known.is_empty() {
        true => "none".to_owned(),
        false => known.join(", "),
    }
}
