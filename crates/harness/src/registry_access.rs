//! Registries beside the deployment's own: how one is reached, trusted and logged in to.

use credentials::{Environment, FindError, Found, Search};
use oci::{Endpoints, ImageReference};

use crate::Failure;

/// How a registry that is not the deployment's own is reached, trusted and logged in to.
#[derive(Debug, Clone)]
pub struct RegistryAccess {
    pub(crate) host: String,
    /// What all of its repositories that may be used are below.
    pub(crate) prefix: Option<String>,
    pub(crate) endpoints: Endpoints,
    /// PEM.
    pub(crate) authority: Option<String>,
    pub(crate) logins: Environment,
}

impl RegistryAccess {
    /// Its name in references, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where connections to it go, if not to its name.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Who signed its certificate (PEM), if that is none of the well-known authorities.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Where its login is kept.
    #[must_use]
    pub fn logins(&self) -> &Environment {
        &self.logins
    }

    /// A repository in it.
    pub(crate) fn repository(&self, name: &str) -> Result<ImageReference, Failure> {
        let text = match &self.prefix {
            Some(prefix) => format!("{}/{prefix}/{name}", self.host),
            None => format!("{}/{name}", self.host),
        };
        let parsed = text.parse();
        parsed.map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))
    }

    /// Its login; `None` where there is none, and the registry must do without.
    pub(crate) async fn login(&self) -> Result<Option<Found>, Failure> {
        let place = self.repository("conformance")?;
        match Search::new(None, &self.logins).find(&place.name()).await {
            Ok(found) => Ok(Some(found)),
            Err(FindError::NotFound(_)) => Ok(None),
            Err(error) => Err(Failure::Scenario(error.to_string())),
        }
    }

    /// A client of it that logs in with this login.
    pub(crate) fn client(&self, login: Option<&Found>) -> Result<oci::Client, Failure> {
        let mut builder = oci::Client::builder().endpoints(self.endpoints.clone());
        if let Some(authority) = &self.authority {
            builder = builder.ca_certificate_pem(authority.clone());
        }
        let credential = login.map(|found| oci::Credential::Password {
            username: found.credential.username.clone(),
            password: found.credential.password.clone(),
        });
        builder
            .credentials(move |_: &ImageReference| Ok(credential.clone()))
            .build()
            .map_err(Failure::registry(format!("use {}", self.host)))
    }
}
