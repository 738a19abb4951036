//! An external registry in a story.

use oci::ImageReference;

use super::Tenant;
use crate::images::Destination;
use crate::peer::DockerRegistry;
use crate::{Failure, RegistryAccess, Verdict};

/// A registry outside of the deployment: the one that the settings name, or else a peer of another project, in a process of its
/// own that lives as long as the story.
#[derive(Debug)]
pub struct ExternalRegistry<'a> {
    tenant: &'a Tenant,
    access: RegistryAccess,
    client: oci::Client,
    /// `None` for one that the settings name.
    process: Option<DockerRegistry>,
}

impl Tenant {
    /// An external registry with TLS and a login. What an administrator does for one is done: its certificate authority goes into the
    /// cluster's Bundle, where the cluster's pipelines get it from, and the namespaces learn its address. Nobody is given credentials.
    /// The scenario needs [`Need::ExternalRegistry`](crate::Need::ExternalRegistry).
    ///
    /// # Errors
    ///
    /// It cannot be started or used, or the API server refuses one of these.
    pub async fn external_registry(&self) -> Result<ExternalRegistry<'_>, Failure> {
        let access = match &self.external {
            Some(setting) => {
                self.journal.note(format!(
                    "the external registry is {}, by the settings",
                    setting.place()
                ));
                let access = setting.access();
                access.map_err(|error| Failure::Scenario(error.to_string()))?
            }
            None => return self.peer_registry().await,
        };
        let client = self.introduce(&access).await?;
        Ok(ExternalRegistry {
            tenant: self,
            access,
            client,
            process: None,
        })
    }

    /// A peer as an external registry, whatever the settings name. The scenario needs
    /// [`Need::PeerRegistry`](crate::Need::PeerRegistry).
    ///
    /// # Errors
    ///
    /// As [`Tenant::external_registry`].
    pub async fn peer_registry(&self) -> Result<ExternalRegistry<'_>, Failure> {
        let process = self.start_peer().await?;
        let access = process.access().clone();
        let client = self.introduce(&access).await?;
        Ok(ExternalRegistry {
            tenant: self,
            access,
            client,
            process: Some(process),
        })
    }
}

impl ExternalRegistry<'_> {
    /// How it is reached, trusted and logged in to.
    #[must_use]
    pub fn access(&self) -> &RegistryAccess {
        &self.access
    }

    /// Its name in references, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.access.host()
    }

    /// A repository in it that images can be released to.
    ///
    /// # Errors
    ///
    /// `name` or a tag cannot be part of an image reference.
    pub fn destination(&self, name: &str, tags: &[&str]) -> Result<Destination, Failure> {
        let repository = self.repository(self.tenant.managed_namespace(), name)?;
        let destination = Destination::new(self.client.clone(), repository, tags);
        Ok(destination.noting_in(&self.tenant.journal))
    }

    /// The names of all of its repositories, also of those without an image.
    ///
    /// # Errors
    ///
    /// It does not tell.
    pub async fn repositories(&self) -> Result<Vec<String>, Failure> {
        let listing = format!("list the repositories of {}", self.host());
        let found = self.client.repositories(self.host()).await;
        match found.map_err(Failure::registry(&listing))? {
            oci::Repositories::Listed { names } => Ok(names),
            oci::Repositories::NotOffered { said, .. } => {
                Err(Failure::Scenario(format!("cannot {listing}: {said}")))
            }
        }
    }

    /// Checks that one of its repositories has no image any more.
    ///
    /// # Errors
    ///
    /// [`crate::images::Lie::NotEmpty`], or it does not answer.
    pub async fn has_no_tags(&self, name: &str) -> Verdict {
        let repository = format!("{}/{name}", self.host()).parse();
        let repository = repository
            .map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))?;
        let images = Destination::new(self.client.clone(), repository, &[]);
        images.noting_in(&self.tenant.journal).is_empty().await
    }

    /// `NAMESPACE-NAME` below its prefix: some registries know no folders below an account's. What is pushed there is removed after the
    /// story, where the registry lets.
    pub(super) fn repository(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<ImageReference, Failure> {
        let repository = self.access.repository(&format!("{namespace}-{name}"))?;
        // A peer's images go with it.
        if self.process.is_none() {
            self.tenant
                .cleanup
                .external_images(&self.access, &repository);
        }
        Ok(repository)
    }

    pub(super) fn client(&self) -> &oci::Client {
        &self.client
    }
}
