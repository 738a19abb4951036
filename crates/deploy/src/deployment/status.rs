//! `status`: is the deployment there, and is it well?

use cluster::embedded::{Daemon, DaemonError};
use cluster::stand_ins_process::StandInsProcess;
use cluster::state::RecordError;
use cluster::{ClusterKind, DeploymentName, DeploymentRecord, StateRoot, connect};
use serde::Serialize;

use crate::plan::chain;
use crate::steps::registry;

/// What is known of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Its record.
    pub record: DeploymentRecord,
    /// Its parts, each with its health.
    pub parts: Vec<(String, Health)>,
    /// What is lost when.
    pub lifetime: String,
}

/// The health of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "health", content = "why")]
pub enum Health {
    /// It works.
    Well,
    /// It does not, for this reason.
    Unwell(String),
    /// It could not be told, for this reason. Never counts as well.
    Unknown(String),
}

/// Nothing can be said of a deployment.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// There is none.
    #[error("there is no deployment called {0}; `{deploy}` makes one", deploy = .0.command("deploy-local"))]
    None(DeploymentName),
    /// One was begun and never got as far as a cluster.
    #[error(
        "deployment {0} was begun and has no cluster yet; `{deploy}` completes it, `{destroy}` removes it",
        deploy = .0.command("deploy-local"),
        destroy = .0.command("destroy")
    )]
    Begun(DeploymentName),
    /// Its record cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its process cannot be judged.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
}

impl Status {
    /// Is every part well, and the deployment complete?
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.record.complete && self.parts.iter().all(|(_, health)| *health == Health::Well)
    }
}

/// Looks at a deployment without changing it.
///
/// # Errors
///
/// [`StatusError`].
pub async fn status(root: &StateRoot, name: &DeploymentName) -> Result<Status, StatusError> {
    let directory = root.deployment(name);
    let Some(record) = directory.read_record()? else {
        let error = if directory.path().exists() {
            StatusError::Begun
        } else {
            StatusError::None
        };
        return Err(error(name.clone()));
    };
    let (runs, again, log) = match record.cluster {
        ClusterKind::Embedded => (
            Daemon::of(&directory).find()?.is_some(),
            "on its data",
            directory.embedded_log(),
        ),
        ClusterKind::Kind | ClusterKind::Existing => (
            StandInsProcess::of(&directory).find()?.is_some(),
            "again",
            directory.stand_ins_log(),
        ),
    };
    let process = match runs {
        true => Health::Well,
        false => Health::Unwell(format!(
            "it does not run; `{}` starts it {again}; its log is {}",
            name.command("deploy-local"),
            log.display()
        )),
    };
    let api_server = match connect::kubernetes(&record).await {
        Err(error) => Health::Unknown(chain(&error)),
        Ok(client) => match client.apiserver_version().await {
            Ok(_) => Health::Well,
            Err(error) => Health::Unwell(chain(&error)),
        },
    };
    let registry = registry_health(&record).await;
    let parts = vec![
        ("process".to_owned(), process),
        ("api-server".to_owned(), api_server),
        ("registry".to_owned(), registry),
    ];
    let destroy = name.command("destroy");
    let lifetime = match record.cluster {
        ClusterKind::Embedded => format!(
            "images and resources survive a restart of the embedded cluster; `{destroy}` deletes them all"
        ),
        ClusterKind::Kind => format!(
            "images are kept in a volume of the Kind cluster: they survive restarts of the registry, the node and this machine, and are lost with the cluster; `{destroy}` deletes it"
        ),
        ClusterKind::Existing => format!(
            "images are kept in a volume of the cluster, where this deployment runs the registry; `{destroy}` deletes it and the tenants, and leaves the cluster"
        ),
    };
    Ok(Status {
        record,
        parts,
        lifetime,
    })
}

/// Well is a registry that gives back what `deploy-local` pushed, with the digest that it had.
async fn registry_health(record: &DeploymentRecord) -> Health {
    match registry::client(record) {
        Err(error) => Health::Unknown(chain(&error)),
        Ok(client) => match client.manifest(&registry::proof_reference()).await {
            Ok(_) => Health::Well,
            Err(error) => Health::Unwell(chain(&error)),
        },
    }
}
