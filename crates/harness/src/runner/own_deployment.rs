//! The deployment of a run that names none.

use std::path::PathBuf;

use async_trait::async_trait;
use cluster::{DeploymentDirectory, DeploymentRecord};

/// A deployment as it is recorded.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its record.
    pub record: DeploymentRecord,
    /// Its folder.
    pub directory: DeploymentDirectory,
}

/// Makes the deployment for a run that names none.
#[async_trait]
pub trait OwnDeployment: Send + Sync {
    /// Deploys. Called once at most.
    ///
    /// # Errors
    ///
    /// A sentence that says why not.
    async fn deploy(&self) -> Result<Target, String>;

    /// Destroys whatever `deploy` made, complete or not; nothing to destroy is no error.
    ///
    /// # Errors
    ///
    /// A sentence that says what is left.
    async fn destroy(&self) -> Result<(), String>;

    /// Where evidence of this run goes when no report folder was asked for: it must outlive the deployment.
    fn evidence(&self) -> PathBuf;
}
