//! Removing what a scenario made.

use std::sync::{Mutex, PoisonError};

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use oci::ImageReference;

use crate::failure::kubernetes_words;
use crate::wait::{Condition, Wait, Waits};
use crate::{Deployment, Failure, Journal, RegistryAccess, trust};

/// Something that a scenario made.
#[derive(Debug, Clone)]
enum Made {
    /// A namespace with all that is in it.
    Namespace(String),
    /// The images of a repository.
    Images(ImageReference),
    /// The images of a repository outside of the deployment.
    ExternalImages(Box<RegistryAccess>, ImageReference),
    /// An account of the deployment's registry.
    Account(String),
    /// A certificate authority in the cluster's Bundle, PEM.
    Authority(String),
}

/// What has to be removed after a scenario, in the order in which it was made.
///
/// [`Cleanup::run`] is the ordinary way. If it is not reached, because the harness itself panics or returns early,
/// dropping the value removes everything: see its [`Drop`].
#[derive(Debug)]
pub(crate) struct Cleanup {
    deployment: Deployment,
    journal: Journal,
    keep: bool,
    made: Mutex<Vec<Made>>,
}

impl Cleanup {
    pub(crate) fn new(deployment: Deployment, journal: Journal, keep: bool) -> Self {
        Self {
            deployment,
            journal,
            keep,
            made: Mutex::default(),
        }
    }

    /// To be called before the namespace is made: one that was never made is no error when it is removed.
    pub(crate) fn namespace(&self, name: &str) {
        self.add(Made::Namespace(name.to_owned()));
    }

    /// To be called before anything is pushed to the repository.
    pub(crate) fn images(&self, repository: &ImageReference) {
        self.add(Made::Images(repository.without_tag_and_digest()));
    }

    /// To be called before anything is pushed to the repository of another registry.
    pub(crate) fn external_images(&self, access: &RegistryAccess, repository: &ImageReference) {
        let repository = repository.without_tag_and_digest();
        self.add(Made::ExternalImages(Box::new(access.clone()), repository));
    }

    /// To be called before the account is made.
    pub(crate) fn account(&self, name: &str) {
        self.add(Made::Account(name.to_owned()));
    }

    /// To be called before the authority is added to the Bundle.
    pub(crate) fn authority(&self, pem: &str) {
        self.add(Made::Authority(pem.to_owned()));
    }

    fn add(&self, made: Made) {
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(made);
    }

    fn take(&self) -> Vec<Made> {
        std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes everything in reverse order, and goes on where something cannot be removed.
    ///
    /// # Errors
    ///
    /// What remains, and why.
    pub(crate) async fn run(&self) -> Result<(), String> {
        let made = self.take();
        if self.keep {
            self.journal.note(format!(
                "kept: {}",
                made.iter().map(Made::words).collect::<Vec<_>>().join(", ")
            ));
            return Ok(());
        }
        let mut remains = Vec::new();
        for made in made.iter().rev() {
            let outcome = match made {
                Made::Namespace(name) => self.remove_namespace(name).await,
                Made::Images(repository) => {
                    let removed = remove_images(&self.deployment.registry, repository).await;
                    removed.map_err(|error| error.to_string())
                }
                Made::ExternalImages(access, repository) => {
                    self.remove_external_images(access, repository).await
                }
                Made::Account(name) => self.remove_account(name),
                Made::Authority(pem) => trust::remove(&self.deployment.kubernetes, pem)
                    .await
                    .map_err(|error| kubernetes_words(&error)),
            };
            match outcome {
                Ok(()) => self.journal.note(format!("removed {}", made.words())),
                Err(why) => remains.push(format!("{} remains: {why}", made.words())),
            }
        }
        if remains.is_empty() {
            Ok(())
        } else {
            Err(remains.join("; "))
        }
    }

    async fn remove_namespace(&self, name: &str) -> Result<(), String> {
        let api: Api<Namespace> = Api::all(self.deployment.kubernetes.clone());
        match api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(error) => return Err(kubernetes_words(&error)),
            Ok(_) => {}
        }
        let waits = Waits {
            deployment: &self.deployment,
            namespace: name,
        };
        let gone = Condition {
            words: "it does not exist",
            holds: &|namespace: Option<&Namespace>| namespace.is_none(),
        };
        waits
            .object(Wait::NamespaceGone, &api, name, gone)
            .await
            .map(drop)
            .map_err(|failure| failure.to_string())
    }

    fn remove_account(&self, name: &str) -> Result<(), String> {
        let Some(accounts) = self.deployment.registry_accounts() else {
            return Err("the deployment's accounts are out of reach".to_owned());
        };
        let removed = accounts.remove(name);
        removed.map(drop).map_err(|error| error.to_string())
    }

    /// Not every registry deletes, nor for every login: what stays there is told, and is no fault of the scenario.
    async fn remove_external_images(
        &self,
        access: &RegistryAccess,
        repository: &ImageReference,
    ) -> Result<(), String> {
        let words = |failure: Failure| failure.to_string();
        let login = access.login().await.map_err(words)?;
        let registry = access.client(login.as_ref()).map_err(words)?;
        if let Err(error) = remove_images(&registry, repository).await {
            self.journal.note(format!(
                "images remain in {repository}, remove them yourself: {error}"
            ));
        }
        Ok(())
    }
}

async fn remove_images(
    registry: &oci::Client,
    repository: &ImageReference,
) -> Result<(), oci::Error> {
    for tag in registry.tags(repository).await? {
        let tagged = repository.with_tag(&tag)?;
        let Some(digest) = registry.resolve(&tagged).await? else {
            continue;
        };
        // The manifest first: some registries delete no tags, and let each go with its manifest.
        for reference in [repository.with_digest(digest), tagged] {
            if registry.resolve(&reference).await?.is_some() {
                registry.delete(&reference).await?;
            }
        }
    }
    Ok(())
}

impl Drop for Cleanup {
    /// Removes what is left, on a thread and a runtime of its own and with clients of its own: a drop cannot wait, and the
    /// runtime that it happens on, with the connections that live there, may be the one that is being torn down. There is
    /// nobody to tell a failure to but the log.
    fn drop(&mut self) {
        let made = self.take();
        if made.is_empty() || self.keep {
            return;
        }
        let (deployment, journal) = (self.deployment.clone(), self.journal.clone());
        let remove = async move {
            let connected = Deployment::connect(deployment.record, deployment.directory).await;
            let rescue = Self::new(
                connected.map_err(|error| error.to_string())?,
                journal,
                false,
            );
            made.into_iter().for_each(|made| rescue.add(made));
            rescue.run().await
        };
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map_err(|error| error.to_string())?.block_on(remove)
        });
        match removing.join() {
            Ok(Ok(())) => {}
            Ok(Err(remains)) => tracing::error!("cleaning up after a scenario failed: {remains}"),
            Err(_panic) => tracing::error!("cleaning up after a scenario panicked"),
        }
    }
}

impl Made {
    fn words(&self) -> String {
        match self {
            Self::Namespace(name) => format!("namespace {name}"),
            Self::Images(repository) => format!("images of {repository}"),
            Self::ExternalImages(_, repository) => format!("images of {repository}"),
            Self::Account(name) => format!("registry account {name}"),
            Self::Authority(_) => "certificate authority in the Bundle of the cluster".to_owned(),
        }
    }
}
