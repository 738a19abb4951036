//! The files that a Kind cluster needs on this host, and the mark of one that is being made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ClusterName, KindError};
use crate::state::{DeploymentDirectory, read_if_present, write_atomically};

/// `data/kind` in a deployment's folder.
///
/// ```text
/// cluster.yaml    the document that the cluster was made from
/// creating.json   only while `kind create` runs, and after it did not end well
/// certs.d/        mounted into every node
/// pki/            the registry's certificate, mode 0600
/// ```
#[derive(Debug, Clone)]
pub struct WorkFolder {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Creating {
    cluster: String,
}

impl WorkFolder {
    /// That of a deployment, whether it exists or not.
    #[must_use]
    pub fn of(deployment: &DeploymentDirectory) -> Self {
        Self::at(deployment.data().join("kind"))
    }

    /// A folder by its path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The document that the cluster was made from.
    #[must_use]
    pub fn document(&self) -> PathBuf {
        self.path.join("cluster.yaml")
    }

    /// The folder that every node mounts.
    #[must_use]
    pub fn certs_d(&self) -> PathBuf {
        self.path.join("certs.d")
    }

    /// The registry's certificate.
    #[must_use]
    pub fn pki(&self) -> PathBuf {
        self.path.join("pki")
    }

    fn mark(&self) -> PathBuf {
        self.path.join("creating.json")
    }

    /// The cluster whose creation by this deployment was begun and did not end well: whatever there is of it is a part, made by us,
    /// that holds nothing of anybody's.
    ///
    /// # Errors
    ///
    /// [`KindError::File`].
    pub fn unfinished(&self) -> Result<Option<ClusterName>, KindError> {
        let path = self.mark();
        let content = read_if_present(&path).map_err(KindError::file(&path))?;
        let Some(content) = content else {
            return Ok(None);
        };
        let cluster = serde_json::from_slice::<Creating>(&content)
            .map_err(|error| error.to_string())
            .and_then(|mark| {
                mark.cluster
                    .parse()
                    .map_err(|error: super::InvalidClusterName| error.to_string())
            });
        cluster.map(Some).map_err(|problem| {
            KindError::file(&path)(io::Error::new(io::ErrorKind::InvalidData, problem))
        })
    }

    pub(super) fn begin(&self, name: &ClusterName, document: &str) -> Result<(), KindError> {
        let write = |path: &Path, content: &[u8]| {
            write_atomically(path, content).map_err(KindError::file(path))
        };
        fs::create_dir_all(&self.path).map_err(KindError::file(&self.path))?;
        write(&self.document(), document.as_bytes())?;
        let mark = Creating {
            cluster: name.to_string(),
        };
        let mark = serde_json::to_vec(&mark).expect("a name is always JSON");
        write(&self.mark(), &mark)
    }

    /// The creation ended well, or nothing is left of it.
    pub(super) fn end(&self) -> Result<(), KindError> {
        remove(fs::remove_file(self.mark()), &self.mark())
    }

    /// Removes the folder.
    ///
    /// # Errors
    ///
    /// [`KindError::File`].
    pub fn remove(&self) -> Result<(), KindError> {
        remove(fs::remove_dir_all(&self.path), &self.path)
    }
}

fn remove(outcome: io::Result<()>, path: &Path) -> Result<(), KindError> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KindError::file(path)(error)),
        _ => Ok(()),
    }
}
