//! Starting, finding and stopping the background process of an embedded cluster.

use std::path::Path;

use super::running::{EmbeddedCluster, Ports, Running};
use crate::background::Background;
use crate::registry_access::RegistryAuth;
use crate::state::DeploymentDirectory;

pub use crate::background::{DaemonError, Ensured};

/// The background process of one deployment.
#[derive(Debug)]
pub struct Daemon<'a>(Background<'a, EmbeddedCluster>);

impl<'a> Daemon<'a> {
    /// The process of this deployment, whether it runs or not.
    #[must_use]
    pub fn of(deployment: &'a DeploymentDirectory) -> Self {
        Self(Background::of(deployment))
    }

    /// The process, if it runs and listens.
    ///
    /// # Errors
    ///
    /// [`DaemonError::State`].
    pub fn find(&self) -> Result<Option<Running>, DaemonError> {
        self.0.find()
    }

    /// What the last process, running or not, told about itself: a new one takes the same ports.
    ///
    /// # Errors
    ///
    /// [`DaemonError::State`].
    pub fn last(&self) -> Result<Option<Running>, DaemonError> {
        self.0.last()
    }

    /// Makes sure that the process runs: starts `program` with the hidden subcommand if it does not.
    ///
    /// # Errors
    ///
    /// [`DaemonError`]; [`DaemonError::NotReady`] carries the end of the log.
    pub async fn ensure(
        &self,
        program: &Path,
        ports: Ports,
        registry_auth: RegistryAuth,
    ) -> Result<(Running, Ensured), DaemonError> {
        let arguments = [
            ports.api_server.to_string(),
            ports.registry.to_string(),
            registry_auth.to_string(),
        ];
        let arguments = arguments.map(Into::into);
        self.0.ensure(program, arguments).await
    }

    /// Ends the process. Gives back the process that was ended, `None` when none ran.
    ///
    /// # Errors
    ///
    /// [`DaemonError::NotStopped`] when it survives SIGKILL, [`DaemonError::State`].
    pub async fn stop(&self) -> Result<Option<u32>, DaemonError> {
        self.0.stop().await
    }
}
