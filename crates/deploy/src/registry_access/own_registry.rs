//! The registry of a deployment, seen from this computer.

use cluster::{DeploymentName, DeploymentRecord};
use oci::access::{AccessReport, Rights};
use oci::{Client, ImageDescription, ImageReference, ReferenceError, Repositories};

use crate::steps::registry::{client, proof_reference};

/// A client of a deployment's registry that is logged in as the deployment itself.
pub struct OwnRegistry {
    client: Client,
    record: DeploymentRecord,
}

/// The registry of a deployment does not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum OwnRegistryError {
    /// No client can be made for it.
    #[error("cannot use the registry of deployment {deployment}: {source}")]
    Client {
        /// The deployment.
        deployment: DeploymentName,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The registry's answer, or that there was none.
    #[error("{source}; `{status}` tells whether the deployment is well", status = .deployment.command("status"))]
    Registry {
        /// The deployment.
        deployment: DeploymentName,
        /// What went wrong.
        source: Box<oci::Error>,
    },
    /// The deployment's login does not work.
    #[error("the deployment's own login was not shown to work:\n{0}")]
    Login(Box<AccessReport>),
    /// The registry does not list its repositories.
    #[error("the registry of deployment {deployment} does not list its repositories: {said}")]
    NoList {
        /// The deployment.
        deployment: DeploymentName,
        /// What it said.
        said: String,
    },
    /// There is no such repository.
    #[error("the registry of deployment {deployment} has no repository {repository}; `{list}` shows those that it has", list = .deployment.command("registry list"))]
    NoRepository {
        /// The deployment.
        deployment: DeploymentName,
        /// The repository.
        repository: String,
    },
    /// The name is none of an image.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// It is a URL.
    #[error("`{0}` begins with a scheme; leave it out, and the registry's host, too, if you like")]
    Scheme(String),
    /// The name has neither tag nor digest.
    #[error("`{0}` names a repository; add a tag or digest, for example {0}:latest")]
    NoImage(String),
    /// The name is of another registry.
    #[error(
        "{host} is not the registry of deployment {deployment}, which is {own}; `skopeo inspect` looks into any registry"
    )]
    OtherRegistry {
        /// The host that was named.
        host: String,
        /// The deployment.
        deployment: DeploymentName,
        /// Its registry.
        own: String,
    },
}

impl OwnRegistry {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`OwnRegistryError::Client`].
    pub fn of(record: &DeploymentRecord) -> Result<Self, OwnRegistryError> {
        let client = client(record).map_err(|error| OwnRegistryError::Client {
            deployment: record.name.clone(),
            source: error.into(),
        })?;
        Ok(Self {
            client,
            record: record.clone(),
        })
    }

    /// Makes sure that the deployment's login works.
    pub(super) async fn check(&self) -> Result<(), OwnRegistryError> {
        let proof = proof_reference();
        let report = self.client.check_access(&proof, Rights::PULL).await;
        match report.is_granted() {
            true => Ok(()),
            false => Err(OwnRegistryError::Login(Box::new(report))),
        }
    }

    /// A repository or image, with or without the registry's host in front; any of its names is understood.
    ///
    /// # Errors
    /// It is no name, or one of another registry.
    pub fn reference(&self, text: &str) -> Result<ImageReference, OwnRegistryError> {
        if text.contains("://") {
            return Err(OwnRegistryError::Scheme(text.to_owned()));
        }
        let registry = &self.record.registry;
        let host = text.split_once('/').map(|(host, _)| host);
        let host = host.filter(|host| *host == "localhost" || host.contains(['.', ':']));
        let rest = match host {
            None => text,
            Some(host) if self.is_own(host) => &text[host.len() + 1..],
            Some(host) => {
                return Err(OwnRegistryError::OtherRegistry {
                    host: host.to_owned(),
                    deployment: self.record.name.clone(),
                    own: format!(
                        "{} ({} outside)",
                        registry.in_cluster_host, registry.host_endpoint
                    ),
                });
            }
        };
        Ok(format!("{}/{rest}", registry.in_cluster_host).parse()?)
    }

    /// All repositories.
    ///
    /// # Errors
    /// The registry does not list them, or does not answer.
    pub async fn repositories(&self) -> Result<Vec<String>, OwnRegistryError> {
        let listed = self
            .client
            .repositories(&self.record.registry.in_cluster_host);
        match listed.await.map_err(|error| self.failed(error))? {
            Repositories::Listed { names } => Ok(names),
            Repositories::NotOffered { said, .. } => Err(OwnRegistryError::NoList {
                deployment: self.record.name.clone(),
                said,
            }),
        }
    }

    /// The tags of a repository.
    ///
    /// # Errors
    /// There is no such repository, or the registry does not answer.
    pub async fn tags(&self, repository: &ImageReference) -> Result<Vec<String>, OwnRegistryError> {
        let tags = self.client.tags(repository).await;
        let tags = tags.map_err(|error| self.failed(error))?;
        let name = repository.repository();
        // No tags: there may be images that are known by digest only, or no repository.
        if tags.is_empty() && !self.repositories().await?.iter().any(|known| known == name) {
            return Err(OwnRegistryError::NoRepository {
                deployment: self.record.name.clone(),
                repository: name.to_owned(),
            });
        }
        Ok(tags)
    }

    /// What an image is made of, and what is attached to it.
    ///
    /// # Errors
    /// The reference names no image, there is none, or the registry does not answer.
    pub async fn describe(
        &self,
        image: &ImageReference,
    ) -> Result<ImageDescription, OwnRegistryError> {
        if image.tag().is_none() && image.digest().is_none() {
            return Err(OwnRegistryError::NoImage(image.to_string()));
        }
        let described = self.client.describe(image).await;
        described.map_err(|error| self.failed(error))
    }

    fn is_own(&self, host: &str) -> bool {
        let registry = &self.record.registry;
        let port = registry.host_endpoint.strip_prefix("localhost:");
        host == registry.host_endpoint
            || port.is_some_and(|port| host.strip_prefix("127.0.0.1:") == Some(port))
            || registry.addresses().any(|(name, _)| name == host)
    }

    fn failed(&self, source: oci::Error) -> OwnRegistryError {
        OwnRegistryError::Registry {
            deployment: self.record.name.clone(),
            source: Box::new(source),
        }
    }
}
