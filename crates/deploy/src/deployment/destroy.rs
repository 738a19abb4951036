//! `destroy`: leaves nothing.

use std::fs;
use std::io;
use std::path::PathBuf;

use cluster::embedded::{Daemon, DaemonError};
use cluster::state::{LockError, LockHolder};
use cluster::{DeploymentName, StateRoot};

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Destroyed {
    /// The process that was ended.
    pub process: Option<u32>,
    /// The folder that was removed.
    pub folder: Option<PathBuf>,
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
    /// A file or folder stays.
    #[error("cannot remove {path}: {source}; remove it by hand")]
    Remains {
        /// What stays.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Ends the process and removes every file of a deployment, complete or not. What is not there is no error.
///
/// # Errors
///
/// [`DestroyError`] names what is left.
pub async fn destroy(
    root: &StateRoot,
    name: &DeploymentName,
    waiting: impl Fn(&LockHolder),
) -> Result<Destroyed, DestroyError> {
    if !root.path().exists() {
        return Ok(Destroyed::default());
    }
    let directory = root.deployment(name);
    let lock = super::lock(&directory, "destroy", waiting).await?;
    let process = Daemon::of(&directory).stop().await?;
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
    Ok(Destroyed { process, folder })
}
