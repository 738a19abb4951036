//! How registries are reached and trusted from this computer.

use std::io;
use std::path::{Path, PathBuf};

use cluster::{DeploymentName, DeploymentRecord};
use oci::{Client, Credential, Endpoints, ImageReference};

use super::Place;

/// Makes clients of registries: a deployment's own through its recorded endpoint and certificate authority, all others as their names say.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    own: Option<Own>,
    /// PEM of the authority that the caller named.
    named_authority: Option<Vec<u8>>,
    /// Where registries other than the deployment's answer, if not at their names.
    endpoints: Endpoints,
}

/// The registry of a deployment.
#[derive(Clone, Debug)]
struct Own {
    deployment: DeploymentName,
    asks_for_login: bool,
    endpoints: Endpoints,
    in_cluster_host: String,
    /// Every name under which it is known, inside and outside.
    names: Vec<String>,
    outside: Vec<String>,
    authority: Vec<u8>,
}

/// What is known of registries cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistriesError {
    /// A certificate authority cannot be read.
    #[error("cannot read the certificate authority {}: {source}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a certificate authority.
    #[error("{} cannot be used as a certificate authority: {source}", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<oci::Error>,
    },
    /// The record's endpoint is no address.
    #[error(
        "the deployment's record has no usable registry endpoint: {0}; destroy the deployment and deploy again"
    )]
    Endpoints(#[from] oci::EndpointsError),
}

impl Registries {
    /// Reads the authorities: that of the deployment for its own registry, and `ca_file` for every one.
    ///
    /// # Errors
    /// [`RegistriesError`].
    pub fn new(
        record: Option<&DeploymentRecord>,
        ca_file: Option<&Path>,
    ) -> Result<Self, RegistriesError> {
        let named_authority = ca_file.map(authority).transpose()?;
        let own = record.map(Own::of).transpose()?;
        Ok(Self {
            own,
            named_authority,
            endpoints: Endpoints::new(),
        })
    }

    /// Reaches registries other than the deployment's at these addresses, where no DNS knows them under their names.
    #[must_use]
    pub fn reached_at(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Whether a host is the deployment's registry, by any of its names.
    #[must_use]
    pub fn is_own(&self, host: &str) -> bool {
        let own = self.own.as_ref();
        own.is_some_and(|own| own.names.iter().any(|name| name == host))
    }

    /// The place as pods know it, where this computer has another name for it: the outside address of the deployment's registry.
    #[must_use]
    pub fn in_cluster(&self, place: &Place) -> Option<Place> {
        let own = self.own.as_ref()?;
        let is_outside = own.outside.iter().any(|name| name == place.registry());
        is_outside.then(|| place.at(&own.in_cluster_host))
    }

    /// The shortest path to credentials for `name`, a repository or a whole registry, as text for a person.
    #[must_use]
    pub fn advice(&self, registry: &str, name: &str) -> String {
        let own = self.own.as_ref().filter(|_| self.is_own(registry));
        match own {
            Some(own) if own.asks_for_login => format!(
                "To get credentials for the registry of deployment {}:\n\
                 \x20 1. Run `{}`.\n\
                 \x20 2. Run this command again: it finds what the login wrote.\n",
                own.deployment,
                own.deployment.command("registry login")
            ),
            _ => credentials::advice(name),
        }
    }

    /// A client of a registry that sends this credential, or none.
    ///
    /// # Errors
    /// TLS cannot be prepared.
    pub fn client(
        &self,
        registry: &str,
        credential: Result<Option<Credential>, String>,
    ) -> Result<Client, oci::Error> {
        let mut builder = Client::builder();
        if let Some(own) = self.own.as_ref().filter(|_| self.is_own(registry)) {
            builder = builder
                .endpoints(own.endpoints.clone())
                .ca_certificate_pem(own.authority.clone());
        } else {
            builder = builder.endpoints(self.endpoints.clone());
        }
        if let Some(pem) = &self.named_authority {
            builder = builder.ca_certificate_pem(pem.clone());
        }
        builder
            .credentials(move |_: &ImageReference| credential.clone())
            .build()
    }
}

impl Own {
    fn of(record: &DeploymentRecord) -> Result<Self, RegistriesError> {
        let registry = &record.registry;
        let mut endpoints = Endpoints::new();
        for (host, address) in registry.addresses() {
            endpoints = endpoints.with(host, address)?;
        }
        let mut outside = vec![registry.host_endpoint.clone()];
        // Its certificate carries this name too.
        if let Some(port) = registry.host_endpoint.strip_prefix("localhost:") {
            outside.push(format!("127.0.0.1:{port}"));
        }
        let inside = registry.addresses().map(|(host, _)| host.to_owned());
        Ok(Self {
            deployment: record.name.clone(),
            asks_for_login: registry.auth_file.is_some(),
            endpoints,
            in_cluster_host: registry.in_cluster_host.clone(),
            names: inside.chain(outside.iter().cloned()).collect(),
            outside,
            authority: authority(&record.ca_file)?,
        })
    }
}

fn authority(path: &Path) -> Result<Vec<u8>, RegistriesError> {
    let pem = std::fs::read(path).map_err(|source| RegistriesError::Authority {
        path: path.to_owned(),
        source,
    })?;
    // Judged now, by name, and not in the middle of the work.
    let judged = Client::builder().ca_certificate_pem(pem.clone()).build();
    judged.map_err(|error| RegistriesError::NoAuthority {
        path: path.to_owned(),
        source: Box::new(error),
    })?;
    Ok(pem)
}
