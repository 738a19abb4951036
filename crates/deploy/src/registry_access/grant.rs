//! Credentials for pipelines: found on this computer, reduced to what is needed, and checked where they will be used.

use std::collections::BTreeSet;
use std::time::Duration;

use credentials::cluster::{LinkAs, LinkError, wait_for_service_account};
use credentials::{DockerConfig, FindError, Found, NotFound, Search};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use oci::ImageReference;
use oci::access::{AccessReport, Rights};

use super::check::WANTED;
use super::cluster_objects::read;
use super::credential::of_config;
use super::error::NoCredentials;
use super::{NamespaceName, PrepareError, Registries, ResourceName, WaitError};
use crate::steps::tenant_credentials;

/// How long a ServiceAccount is waited for. build-service makes one within seconds of a Component; a person may be slower.
pub const SERVICE_ACCOUNT_LIMIT: Duration = Duration::from_secs(600);

/// What is to be given to whom. Nothing has been done yet.
pub struct Grant<'a> {
    /// The cluster.
    pub client: Client,
    /// How registries are reached.
    pub registries: &'a Registries,
    /// Where credentials are looked for.
    pub search: &'a Search,
    /// Where the Secret and the ServiceAccounts are.
    pub namespace: NamespaceName,
    /// The Secret's name.
    pub secret: ResourceName,
    /// How it is linked.
    pub link_as: LinkAs,
    /// Who needs it.
    pub recipients: Vec<Recipient>,
    /// Whether a ServiceAccount may be missing now, and is waited for.
    pub may_wait: bool,
}

/// A ServiceAccount and what its pipelines push to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its name.
    pub service_account: String,
    /// The repositories.
    pub repositories: Vec<ImageReference>,
    /// What they only pull from: the images that a release copies.
    pub sources: Vec<ImageReference>,
}

/// Credentials that were found to work, and are not in the cluster yet.
pub struct Prepared<'a> {
    pub(super) grant: Grant<'a>,
    pub(super) config: DockerConfig,
    pub(super) found: Vec<Found>,
    /// What was checked, each repository once.
    pub checked: Vec<Checked>,
    /// ServiceAccounts that do not exist yet.
    pub missing: Vec<String>,
}

/// A repository at which the credential works.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The repository.
    pub repository: ImageReference,
    /// Where the credential was found; `None`: the registry wants none.
    pub origin: Option<String>,
    /// What was shown.
    pub report: AccessReport,
}

impl<'a> Grant<'a> {
    /// Finds the credentials and checks them. Changes nothing, in the cluster or elsewhere.
    ///
    /// There is no way around the check: a Secret that does not work makes a build fail minutes later, with a worse message.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare(self) -> Result<Prepared<'a>, PrepareError> {
        let missing = self.missing_service_accounts().await?;
        let repositories: BTreeSet<&ImageReference> = self
            .recipients
            .iter()
            .flat_map(|recipient| &recipient.repositories)
            .collect();
        let looked_up = repositories
            .into_iter()
            .map(|repository| self.find(repository));
        let looked_up: Vec<LookedUp> = try_join_all(looked_up).await?;
        let found = looked_up.iter().filter_map(|one| one.found.as_ref().ok());
        let found: Vec<Found> = found.cloned().collect();
        let config = DockerConfig::for_push(&found)?;
        if self.secret.as_str() == tenant_credentials::SECRET {
            return Err(PrepareError::OfTheDeployment(self.secret.to_string()));
        }
        let reports = looked_up
            .iter()
            .map(|one| self.check(&one.repository, &config, WANTED));
        let reports = try_join_all(reports).await?;
        let checked = self.judge(looked_up, reports)?;
        Ok(Prepared {
            grant: self,
            config,
            found,
            checked,
            missing,
        })
    }

    async fn missing_service_accounts(&self) -> Result<Vec<String>, PrepareError> {
        let mut missing = Vec::new();
        for Recipient {
            service_account, ..
        } in &self.recipients
        {
            let namespace = &self.namespace;
            let found = read::<ServiceAccount>(&self.client, namespace, service_account).await?;
            match found {
                Some(_) => {}
                None if self.may_wait => missing.push(service_account.clone()),
                None => {
                    return Err(PrepareError::ServiceAccount(LinkError::NoServiceAccount {
                        namespace: namespace.to_string(),
                        name: service_account.clone(),
                    }));
                }
            }
        }
        Ok(missing)
    }

    async fn find(&self, repository: &ImageReference) -> Result<LookedUp, PrepareError> {
        let found = match self.search.find(&repository.name()).await {
            Ok(found) => Ok(found),
            Err(FindError::NotFound(nothing)) => Err(nothing),
            Err(error) => return Err(error.into()),
        };
        Ok(LookedUp {
            repository: repository.clone(),
            found,
        })
    }

    /// With what will be in the Secret, which is less than what a file may have.
    pub(super) async fn check(
        &self,
        repository: &ImageReference,
        config: &DockerConfig,
        wanted: Rights,
    ) -> Result<AccessReport, PrepareError> {
        let credential = of_config(config, repository);
        let client = self.registries.client(repository.registry(), credential)?;
        Ok(client.check_access(repository, wanted).await)
    }

    /// All repositories must work; those that do not are told together.
    fn judge(
        &self,
        looked_up: Vec<LookedUp>,
        reports: Vec<AccessReport>,
    ) -> Result<Vec<Checked>, PrepareError> {
        let (mut checked, mut without, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (LookedUp { repository, found }, report) in looked_up.into_iter().zip(reports) {
            match (report.is_granted(), found) {
                (true, found) => checked.push(Checked {
                    repository,
                    origin: found.ok().map(|found| found.origin.to_string()),
                    report,
                }),
                (false, Err(nothing)) => without.push(NoCredentials {
                    advice: self
                        .registries
                        .advice(repository.registry(), &repository.name()),
                    nothing,
                    obstacle: report.obstacle,
                }),
                (false, Ok(_)) => refused.push(report),
            }
        }
        match (without.is_empty(), refused.is_empty()) {
            (true, true) => Ok(checked),
            (false, true) => Err(PrepareError::NoCredentials(without)),
            (_, false) => Err(PrepareError::Refused(refused)),
        }
    }
}

/// A repository and the credential for it, if this computer has one.
struct LookedUp {
    repository: ImageReference,
    found: Result<Found, NotFound>,
}

impl Prepared<'_> {
    /// Waits until every missing ServiceAccount exists, each for [`SERVICE_ACCOUNT_LIMIT`].
    ///
    /// # Errors
    /// One does not appear in time, or may not be watched.
    pub async fn wait(&self) -> Result<(), WaitError> {
        let (client, namespace) = (&self.grant.client, self.grant.namespace.as_str());
        for name in &self.missing {
            wait_for_service_account(client, namespace, name, SERVICE_ACCOUNT_LIMIT).await?;
        }
        Ok(())
    }
}
