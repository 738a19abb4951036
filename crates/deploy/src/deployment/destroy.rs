//! `destroy`: leaves nothing.

use std::fs;
use std::io;
use std::path::PathBuf;

use cluster::embedded::{Daemon, DaemonError};
use cluster::host::Environment;
use cluster::kind::WorkFolder;
use cluster::stand_ins_process::StandInsProcess;
use cluster::state::{LockError, LockHolder, RecordError};
use cluster::{ClusterKind, DeploymentDirectory, DeploymentName, DeploymentRecord, StateRoot};

use super::destroy_existing::{self, ExistingError};
use super::destroy_kind::{self, KindDestroyError};
use crate::registry_access::{LoggedOut, log_out};

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Destroyed {
    /// The process that was ended.
    pub process: Option<u32>,
    /// What was removed from a Kind or existing cluster, each as a fragment.
    pub removed: Vec<String>,
    /// The folder that was removed.
    pub folder: Option<PathBuf>,
    /// What became of the login to the deployment's registry in the files of other programs.
    pub logged_out: LoggedOut,
}

/// Something could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// The lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The background process does not end.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The record does not say what there is to remove.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The Kind cluster is not removed.
    #[error(transparent)]
    Kind(#[from] KindDestroyError),
    /// What was made in an existing cluster is not removed.
    #[error(transparent)]
    Existing(#[from] ExistingError),
    /// A file or folder stays.
    #[error("cannot remove {path}: {source}; remove it by hand")]
    Remains {
        /// What stays.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Ends the process, removes the cluster or what was made in it, and every file of a deployment, complete or not. What is not there
/// is no error.
///
/// # Errors
///
/// [`DestroyError`] names what is left; running it again continues.
pub async fn destroy(
    root: &StateRoot,
    name: &DeploymentName,
    environment: &Environment,
    waiting: impl Fn(&LockHolder),
) -> Result<Destroyed, DestroyError> {
    if !root.path().exists() {
        return Ok(Destroyed::default());
    }
    let directory = root.deployment(name);
    let lock = super::lock(&directory, "destroy", waiting).await?;
    let embedded = Daemon::of(&directory).stop().await?;
    // The stand-ins are stopped last: they have to let go of objects that wait for them.
    let removed = remove_cluster(root, &directory, environment).await?;
    let process = embedded.or(StandInsProcess::of(&directory).stop().await?);
    let logged_out = log_out(&directory);
    let path = directory.path().to_owned();
    let folder = match fs::remove_dir_all(&path) {
        Ok(()) => Some(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(DestroyError::Remains { path, source }),
    };
    lock.remove().map_err(|source| DestroyError::Remains {
        path: root.path().to_owned(),
        source,
    })?;
    // Other deployments may live here; an empty folder of ours has no use.
    let _not_empty = fs::remove_dir(root.path());
    Ok(Destroyed {
        process,
        removed,
        folder,
        logged_out,
    })
}

async fn remove_cluster(
    root: &StateRoot,
    directory: &DeploymentDirectory,
    environment: &Environment,
) -> Result<Vec<String>, DestroyError> {
    let record: Option<DeploymentRecord> = match directory.read_record() {
        Ok(record) => record,
        // A damaged or newer record of the embedded cluster has never kept it from being removed.
        Err(_) if !WorkFolder::of(directory).document().exists() => None,
        Err(error) => return Err(error.into()),
    };
    match record.as_ref().map(|record| record.cluster) {
        Some(ClusterKind::Existing) => {
            let record = record.expect("its cluster was just read");
            Ok(destroy_existing::destroy(&record).await?)
        }
        Some(ClusterKind::Embedded) => Ok(Vec::new()),
        // Also one whose creation was cut short before there was a record.
        Some(ClusterKind::Kind) | None => {
            Ok(destroy_kind::destroy(root, directory, environment, record.as_ref()).await?)
        }
    }
}
