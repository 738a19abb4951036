//! What pipelines of a ServiceAccount really use for a repository, once a Secret was linked.

use credentials::cluster::LinkedSecrets;
use oci::ImageReference;

use super::Grant;
use super::check::{Check, CheckError, Subject, as_service_account};

/// What Tekton gives to the steps of a ServiceAccount's pipelines for one repository.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The ServiceAccount.
    pub service_account: String,
    /// The repository.
    pub repository: ImageReference,
    /// Whether it is the Secret that was just linked.
    pub is_ours: bool,
    /// Whether that Secret's credential, or the one that beats it, works.
    pub check: Check,
}

impl Effective {
    /// Asked for with the credential that wins, so that a Secret that is linked and useless is found out now.
    pub(super) async fn of(
        grant: &Grant<'_>,
        service_account: &str,
        linked: &LinkedSecrets,
        repository: &ImageReference,
    ) -> Result<Self, CheckError> {
        let explained = linked.explain(&repository.name());
        let winner = explained.ok().and_then(|explanation| explanation.winner);
        let subject = Subject::Repository(repository.clone());
        Ok(Self {
            service_account: service_account.to_owned(),
            repository: repository.clone(),
            is_ours: winner.is_some_and(|winner| winner.secret == grant.secret.as_str()),
            check: as_service_account(grant.registries, linked, &subject).await?,
        })
    }

    /// Whether the pipelines can push there.
    #[must_use]
    pub fn works(&self) -> bool {
        self.check.report.is_granted()
    }
}
