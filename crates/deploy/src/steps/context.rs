//! What the steps of one run share.

use std::path::PathBuf;
use std::sync::OnceLock;

use cluster::embedded::Ports;
use cluster::registry_access::RegistryAuth;
use cluster::{DeploymentDirectory, DeploymentName, DeploymentRecord};

use crate::plan::StepError;

/// What the steps of one run share: what was asked, and what earlier steps found out.
#[derive(Debug)]
pub struct DeployContext {
    /// The deployment's name.
    pub name: DeploymentName,
    /// Its folder.
    pub directory: DeploymentDirectory,
    /// The program that starts the embedded cluster: this one.
    pub program: PathBuf,
    /// The ports to use when the embedded cluster has to be started.
    pub ports: Ports,
    /// How the registry finds out who somebody is.
    pub registry_auth: RegistryAuth,
    connection: OnceLock<Connection>,
}

/// A reachable cluster.
#[derive(Clone)]
pub struct Connection {
    /// The record as far as it is known.
    pub record: DeploymentRecord,
    /// A client of its Kubernetes API.
    pub client: kube::Client,
}

impl DeployContext {
    /// Begins a run.
    #[must_use]
    pub fn new(
        name: DeploymentName,
        directory: DeploymentDirectory,
        program: PathBuf,
        ports: Ports,
        registry_auth: RegistryAuth,
    ) -> Self {
        Self {
            name,
            directory,
            program,
            ports,
            registry_auth,
            connection: OnceLock::new(),
        }
    }

    /// The cluster, once the step that provides it is done.
    ///
    /// # Errors
    ///
    /// When that step is not a prerequisite of the caller: a defect of the plan.
    pub fn connection(&self) -> Result<&Connection, StepError> {
        self.connection.get().ok_or_else(|| {
            StepError::new(
                "use the cluster",
                "no step of this plan has connected to it yet",
            )
        })
    }

    /// The cluster, if any step connected to it.
    #[must_use]
    pub fn connected(&self) -> Option<&Connection> {
        self.connection.get()
    }

    pub(super) fn connect(&self, connection: Connection) {
        // Set by one step, once: a second value would be the same.
        let _first_value_stays = self.connection.set(connection);
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
