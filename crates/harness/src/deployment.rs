//! The deployment under test.

use std::fs;
use std::path::PathBuf;

use cluster::registry_access::Accounts;
use cluster::{ClusterKind, DeploymentDirectory, DeploymentRecord};
use credentials::DockerConfig;
use oci::ImageReference;
use secrecy::SecretString;

use crate::evidence::KnownSecrets;

/// The clients of the deployment under test. Cheap to clone.
#[derive(Clone)]
pub struct Deployment {
    /// A client of its Kubernetes API.
    pub kubernetes: kube::Client,
    /// A client of its registry that goes by in-cluster references.
    pub registry: oci::Client,
    /// What `deploy-local` recorded.
    pub record: DeploymentRecord,
    /// Its folder.
    pub directory: DeploymentDirectory,
    /// The login to its registry in every form that it is written in, to keep it out of what is told.
    pub(crate) login_secrets: Vec<SecretString>,
    /// Every secret of this run so far, of all scenarios.
    pub secrets: KnownSecrets,
}

/// A deployment cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The Kubernetes client cannot be made.
    #[error(transparent)]
    Kubernetes(#[from] cluster::connect::ConnectError),
    /// The certificate authority cannot be read.
    #[error("cannot read the certificate authority {path}: {source}")]
    CertificateAuthority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The login to the registry cannot be read.
    #[error("the login to the registry that is recorded cannot be used: {0}")]
    Login(#[from] credentials::FileError),
    /// The registry's recorded address is not one.
    #[error("the recorded registry endpoint cannot be used: {0}")]
    Endpoint(#[from] oci::EndpointsError),
    /// The registry client cannot be made.
    #[error("cannot make a registry client: {0}")]
    Registry(#[from] oci::Error),
}

impl Deployment {
    /// Makes the clients of a recorded deployment; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub async fn connect(
        record: DeploymentRecord,
        directory: DeploymentDirectory,
    ) -> Result<Self, ConnectError> {
        let kubernetes = cluster::connect::kubernetes(&record).await?;
        let ca =
            fs::read(&record.ca_file).map_err(|source| ConnectError::CertificateAuthority {
                path: record.ca_file.clone(),
                source,
            })?;
        let endpoints = record
            .registry
            .addresses()
            .try_fold(oci::Endpoints::new(), |endpoints, (name, address)| {
                endpoints.with(name, address)
            })?;
        let mut login_secrets = Vec::new();
        let mut registry = oci::Client::builder()
            .endpoints(endpoints)
            .ca_certificate_pem(ca);
        if let Some(path) = &record.registry.auth_file {
            let config = DockerConfig::from_file(path)?;
            for (_, entry) in config.entries() {
                login_secrets.extend(entry.auth.clone());
                let login = entry.credential().ok().flatten();
                login_secrets.extend(login.map(|login| login.password));
            }
            registry = registry.credentials(login(config));
        }
        let registry = registry.build()?;
        let secrets = KnownSecrets::default();
        login_secrets.iter().for_each(|secret| secrets.add(secret));
        Ok(Self {
            kubernetes,
            registry,
            record,
            directory,
            login_secrets,
            secrets,
        })
    }

    /// The accounts of its registry, if that asks for a login and this machine can make and revoke them.
    #[must_use]
    pub fn registry_accounts(&self) -> Option<Accounts> {
        administers_registry(&self.record).then(|| Accounts::of(&self.directory))
    }

    /// Where its Kubernetes API comes from: it decides how long things may take.
    #[must_use]
    pub fn cluster(&self) -> ClusterKind {
        self.record.cluster
    }
}

/// Whether the registry asks for a login, and its accounts lie on this machine.
pub(crate) fn administers_registry(record: &DeploymentRecord) -> bool {
    record.registry.auth_file.is_some() && record.cluster == ClusterKind::Embedded
}

/// The deployment's own login: the suite looks at repositories of every tenant.
fn login(
    config: DockerConfig,
) -> impl Fn(&ImageReference) -> Result<Option<oci::Credential>, String> + Send + Sync {
    move |repository| {
        let found = config.lookup(&repository.name());
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.map(|login| oci::Credential::Password {
            username: login.username,
            password: login.password,
        }))
    }
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Deployment")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
