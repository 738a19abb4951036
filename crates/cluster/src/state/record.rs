//! `deployment.json`: what a deployment is, for every command that comes after.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::files::{read_if_present, write_atomically};
use super::root::{DeploymentDirectory, DeploymentName};
use crate::choice::{ClusterKind, Flavour};

/// The version of the record's shape that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// A deployment as recorded by `deploy-local`. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentRecord {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// The deployment's name.
    pub name: DeploymentName,
    /// Where its Kubernetes API and registry come from.
    pub cluster: ClusterKind,
    /// Who acts on Konflux resources.
    pub konflux: Flavour,
    /// How to reach the Kubernetes API.
    pub kubernetes: KubernetesEndpoint,
    /// How to reach the registry.
    pub registry: RegistryEndpoint,
    /// The certificate authority of both, PEM.
    pub ca_file: PathBuf,
    /// Versions of what was deployed, by name.
    pub versions: BTreeMap<String, String>,
    /// Names of the steps that are done, in the order in which they ended. A deployment is complete when all are.
    pub steps_done: Vec<String>,
    /// Whether every step of the plan was done when the last `deploy-local` ended.
    pub complete: bool,
}

/// The Kubernetes API of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesEndpoint {
    /// URL of the API server.
    pub server: String,
    /// Context in the kubeconfig.
    pub context: String,
    /// The kubeconfig file.
    pub kubeconfig: PathBuf,
}

/// The internal registry of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryEndpoint {
    /// The host part of image references in resources and results; it never carries a port.
    pub in_cluster_host: String,
    /// `host:port` under which this machine reaches the same registry over TLS.
    pub host_endpoint: String,
    /// An `auth.json` (mode 0600) with a login that may do everything, where the registry asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_file: Option<PathBuf>,
}

/// The record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The record's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what this program writes.
    #[error("{path} is not a deployment record: {source}; destroy the deployment and deploy again")]
    Damaged {
        /// The record's path.
        path: PathBuf,
        /// Where the reading stopped.
        source: serde_json::Error,
    },
    /// A newer program wrote it.
    #[error(
        "{path} has schema version {found}, and this program knows {SCHEMA_VERSION}; use the newer konflux-local that wrote it, or destroy the deployment and deploy again"
    )]
    Newer {
        /// The record's path.
        path: PathBuf,
        /// The version found.
        found: u32,
    },
}

impl DeploymentDirectory {
    /// Reads the record, `None` when there is no deployment.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: an unreadable record is never taken for an absent one.
    pub fn read_record(&self) -> Result<Option<DeploymentRecord>, RecordError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            schema_version: u32,
        }
        let path = self.record();
        let content = match read_if_present(&path) {
            Ok(None) => return Ok(None),
            Ok(Some(content)) => content,
            Err(source) => return Err(RecordError::File { path, source }),
        };
        let found = match serde_json::from_slice::<Version>(&content) {
            Ok(version) => version.schema_version,
            Err(source) => return Err(RecordError::Damaged { path, source }),
        };
        if found != SCHEMA_VERSION {
            return Err(RecordError::Newer { path, found });
        }
        serde_json::from_slice(&content)
            .map(Some)
            .map_err(|source| RecordError::Damaged { path, source })
    }

    /// Writes the record in one step.
    ///
    /// # Errors
    ///
    /// [`RecordError::File`].
    pub fn write_record(&self, record: &DeploymentRecord) -> Result<(), RecordError> {
        let path = self.record();
        let content = serde_json::to_vec_pretty(record).map_err(|source| RecordError::Damaged {
            path: path.clone(),
            source,
        })?;
        write_atomically(&path, &content).map_err(|source| RecordError::File { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::StateRoot;

    fn directory(content: &str) -> (tempfile::TempDir, DeploymentDirectory) {
        let folder = tempfile::tempdir().unwrap();
        let deployment = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        std::fs::create_dir(deployment.path()).unwrap();
        std::fs::write(deployment.record(), content).unwrap();
        (folder, deployment)
    }

    #[test]
    fn a_record_of_a_newer_program_is_refused_by_version() {
        let (_folder, deployment) = directory(r#"{"schemaVersion": 99, "unheardOf": true}"#);
        let error = deployment.read_record().unwrap_err();
        assert!(
            matches!(error, RecordError::Newer { found: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_damaged_record_is_not_taken_for_an_absent_one() {
        let (_folder, deployment) = directory("{\"schemaVersion\": 1");
        assert!(matches!(
            deployment.read_record(),
            Err(RecordError::Damaged { .. })
        ));
        std::fs::remove_file(deployment.record()).unwrap();
        assert!(deployment.read_record().unwrap().is_none());
        std::fs::create_dir(deployment.record()).unwrap();
        assert!(matches!(
            deployment.read_record(),
            Err(RecordError::File { .. })
        ));
    }
}
