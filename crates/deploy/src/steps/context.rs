//! What the steps of one run share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use cluster::kind::certs_d::Mirror;
use cluster::registry_access::RegistryAuth;
use cluster::state::{
    KubernetesEndpoint, RegistryEndpoint, SCHEMA_VERSION, update, update_private,
};
use cluster::{ClusterKind, DeploymentDirectory, DeploymentName, DeploymentRecord, Flavour};

use crate::plan::StepError;

/// What the steps of one run share: what was asked, and what earlier steps found out.
#[derive(Debug)]
pub struct DeployContext {
    /// The deployment's name.
    pub name: DeploymentName,
    /// Its folder.
    pub directory: DeploymentDirectory,
    /// The program that offers the hidden subcommands: this one.
    pub program: PathBuf,
    /// How the registry finds out who somebody is.
    pub registry_auth: RegistryAuth,
    connection: OnceLock<Connection>,
    mirrors: OnceLock<Vec<Mirror>>,
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
        registry_auth: RegistryAuth,
    ) -> Self {
        Self {
            name,
            directory,
            program,
            registry_auth,
            connection: OnceLock::new(),
            mirrors: OnceLock::new(),
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

    /// What the last run recorded, where it did.
    pub(super) fn earlier(&self) -> Option<DeploymentRecord> {
        self.directory.read_record().ok().flatten()
    }

    /// The record of a deployment on this cluster; what an earlier run had done is kept.
    pub(super) fn record(
        &self,
        cluster: ClusterKind,
        kubernetes: KubernetesEndpoint,
        registry: RegistryEndpoint,
    ) -> DeploymentRecord {
        let earlier = self.earlier();
        let mut versions: BTreeMap<String, String> = earlier
            .as_ref()
            .map(|record| record.versions.clone())
            .unwrap_or_default();
        versions.insert(
            "konflux-local".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        );
        DeploymentRecord {
            schema_version: SCHEMA_VERSION,
            name: self.name.clone(),
            cluster,
            konflux: Flavour::StandIns,
            kubernetes,
            registry,
            ca_file: self.directory.ca_certificate(),
            versions,
            steps_done: earlier
                .as_ref()
                .map(|record| record.steps_done.clone())
                .unwrap_or_default(),
            complete: earlier.is_some_and(|record| record.complete),
        }
    }

    /// Writes the certificate of the authority that clients of the registry trust. Tells whether it was written.
    pub(super) fn ensure_ca(&self, certificate: &str) -> Result<bool, StepError> {
        let path = self.directory.ca_certificate();
        let updated = update(&path, certificate.as_bytes());
        updated.map_err(StepError::because(format!("write {}", path.display())))
    }

    /// Writes the deployment's kubeconfig, mode 0600. Tells whether it was written.
    pub(super) fn ensure_kubeconfig(&self, text: &str) -> Result<bool, StepError> {
        let path = self.directory.kubeconfig();
        let updated = update_private(&path, text.as_bytes());
        updated.map_err(StepError::because(format!("write {}", path.display())))
    }

    /// Writes the record before anything else is made, so that from here on the deployment can be found, and shares the cluster.
    pub(super) fn connect(&self, connection: Connection) -> Result<(), StepError> {
        self.directory
            .write_record(&connection.record)
            .map_err(StepError::because("record the deployment"))?;
        // Set by one step, once: a second value would be the same.
        let _first_value_stays = self.connection.set(connection);
        Ok(())
    }

    /// The mirrors of the image cache; none where there is no cache.
    pub(super) fn mirrors(&self) -> &[Mirror] {
        self.mirrors.get().map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn share_mirrors(&self, mirrors: Vec<Mirror>) {
        // Set by one step, once.
        let _first_value_stays = self.mirrors.set(mirrors);
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
