//! The public way in.

use super::walk::Walk;
use super::{AccessReport, Rights};
use crate::{Client, Error, ImageReference};

impl Client {
    /// Finds out what the credential for `repository` can do there, and leaves nothing behind.
    ///
    /// Pull is shown by asking for the manifest of the reference's tag, else of `latest`, as a pull does; that it is not there, or that the
    /// repository does not exist yet, is no failure. Listing tags is another right at some registries: tags are listed only to
    /// find out whether the repository exists, and a refusal there means nothing. Push is shown by starting an upload and
    /// cancelling it. Every check logs in anew; tokens that this client remembers are not used. Steps are tried again as [`Retry`]
    /// says, and only where that can help.
    ///
    /// [`Retry`]: crate::Retry
    pub async fn check_access(&self, repository: &ImageReference, wanted: Rights) -> AccessReport {
        let client = self.without_known_authorizations();
        let mut walk = Walk::new(&client, repository, wanted);
        let obstacle = walk.run().await.err();
        walk.into_report(obstacle)
    }

    /// Finds out whether a registry takes the credential, as `docker login` does: rights belong to repositories, and none is asked about.
    /// In the report [`repository`](AccessReport::repository) is the registry, and what is wanted and proven is nothing.
    ///
    /// # Errors
    /// `registry` is no host.
    pub async fn check_login(&self, registry: &str) -> Result<AccessReport, Error> {
        let client = self.without_known_authorizations();
        let mut walk = Walk::of_login(&client, registry)?;
        let obstacle = walk.run().await.err();
        Ok(walk.into_report(obstacle))
    }
}
