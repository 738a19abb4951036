//! The registry commands in a story: the code of `cargo xtask registry`, without its parsing and printing.

use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use deploy::registry_access::check::{Check, Subject, as_service_account, on_this_computer};
use deploy::registry_access::{
    Grant, LinkAs, NamespaceName, Place, Recipient, Registries, ResourceName, Search, Written,
    builds, linked_secrets, releases,
};
use harness::tenant::{Component, Tenant};
use harness::{Failure, RegistryAccess, Verdict};
use oci::ImageReference;

use crate::computer::Computer;

/// The Secret that the commands write, unless told another name.
pub(crate) const SECRET: &str = "regcred";

/// A person at a computer, who gives the pipelines of a tenant what they need.
pub(crate) struct Commands<'a> {
    tenant: &'a Tenant,
    search: Search,
    registries: Registries,
    said: Mutex<String>,
}

/// What a command came to.
pub(crate) struct Attempt {
    command: String,
    outcome: Result<Written, String>,
}

/// A command that refused.
pub(crate) struct Refused {
    command: String,
    said: String,
}

impl<'a> Commands<'a> {
    /// At a computer with these logins.
    pub(crate) fn at(tenant: &'a Tenant, computer: &Computer) -> Result<Self, Failure> {
        let search = Search::new(None, computer.environment());
        Self::of(tenant, search, tenant.registry_access())
    }

    /// With a file that is named (`--auth-file`).
    pub(crate) fn with_auth_file(
        tenant: &'a Tenant,
        computer: &Computer,
        file: &Path,
    ) -> Result<Self, Failure> {
        let search = Search::new(Some(file), computer.environment());
        Self::of(tenant, search, tenant.registry_access())
    }

    /// Where the logins of an external registry are kept.
    pub(crate) fn for_external(
        tenant: &'a Tenant,
        registry: &RegistryAccess,
    ) -> Result<Self, Failure> {
        let search = Search::new(None, registry.logins());
        Self::of(tenant, search, Some(registry))
    }

    fn of(
        tenant: &'a Tenant,
        search: Search,
        external: Option<&RegistryAccess>,
    ) -> Result<Self, Failure> {
        let file = tempfile::NamedTempFile::new().map_err(wrong)?;
        let authority = external.and_then(RegistryAccess::authority);
        let ca_file = authority.map(|pem| std::fs::write(&file, pem).map(|()| file.path()));
        let ca_file = ca_file.transpose().map_err(wrong)?;
        let registries = Registries::new(Some(&tenant.deployment().record), ca_file);
        let mut registries = registries.map_err(wrong)?;
        if let Some(external) = external {
            registries = registries.reached_at(external.endpoints().clone());
        }
        Ok(Self {
            tenant,
            search,
            registries,
            said: Mutex::default(),
        })
    }

    /// `registry push-secret --namespace NAMESPACE --component COMPONENT --wait`.
    pub(crate) async fn push_secret(&self, component: &Component<'_>) -> Result<Attempt, Failure> {
        let name: ResourceName = component.name().parse().map_err(wrong)?;
        let command = format!("push-secret --component {name}");
        let namespace: NamespaceName = self.tenant.namespace().parse().map_err(wrong)?;
        let client = &self.tenant.deployment().kubernetes;
        let place: Option<&Place> = None;
        let build = builds::build_of(client, &self.registries, &namespace, &name, place).await;
        match build {
            Ok(build) => Ok(self.give(command, namespace, vec![build.recipient]).await),
            Err(error) => Ok(self.ended(command, Err(chain(&error)))),
        }
    }

    /// `registry release-secret --namespace MANAGED --wait`.
    pub(crate) async fn release_secret(&self) -> Result<Attempt, Failure> {
        self.give_to_releases("release-secret".to_owned(), None)
            .await
    }

    /// `registry release-secret --namespace MANAGED --wait --oci-storage STORAGE`.
    pub(crate) async fn release_secret_storing_at(
        &self,
        storage: &ImageReference,
    ) -> Result<Attempt, Failure> {
        let command = format!("release-secret --oci-storage {storage}");
        self.give_to_releases(command, Some(storage)).await
    }

    async fn give_to_releases(
        &self,
        command: String,
        storage: Option<&ImageReference>,
    ) -> Result<Attempt, Failure> {
        let namespace: NamespaceName = self.tenant.managed_namespace().parse().map_err(wrong)?;
        let client = &self.tenant.deployment().kubernetes;
        let releases = releases::releases_of(client, &namespace, None, storage).await;
        let releases = match releases {
            Ok(releases) => releases,
            Err(error) => return Ok(self.ended(command, Err(chain(&error)))),
        };
        let attempt = self.give(command, namespace.clone(), releases.recipients);
        let attempt = attempt.await;
        if let (Ok(_), Some(storage)) = (&attempt.outcome, releases.storage) {
            let change = storage.set(client, &namespace).await.map_err(wrong)?;
            self.say(&change);
        }
        Ok(attempt)
    }

    /// `registry check REPOSITORY`.
    pub(crate) async fn check(&self, repository: &ImageReference) -> Result<Check, Failure> {
        let check = on_this_computer(&self.registries, &self.search, &subject(repository)).await;
        self.checked(check.map_err(wrong)?)
    }

    /// `registry check REPOSITORY --namespace NAMESPACE --service-account ACCOUNT`.
    pub(crate) async fn check_account(
        &self,
        repository: &ImageReference,
        namespace: &str,
        account: &str,
    ) -> Result<Check, Failure> {
        let client = &self.tenant.deployment().kubernetes;
        let linked = linked_secrets(client, namespace, account).await;
        let linked = linked.map_err(wrong)?;
        self.say(&linked);
        let check = as_service_account(&self.registries, &linked, &subject(repository)).await;
        self.checked(check.map_err(wrong)?)
    }

    /// Everything that was there to be printed.
    pub(crate) fn said(&self) -> String {
        let said = self.said.lock();
        said.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn give(
        &self,
        command: String,
        namespace: NamespaceName,
        recipients: Vec<Recipient>,
    ) -> Attempt {
        let outcome = self.written(namespace, recipients).await;
        self.ended(command, outcome)
    }

    async fn written(
        &self,
        namespace: NamespaceName,
        recipients: Vec<Recipient>,
    ) -> Result<Written, String> {
        let grant = Grant {
            client: self.tenant.deployment().kubernetes.clone(),
            registries: &self.registries,
            search: &self.search,
            namespace,
            secret: SECRET.parse().expect("a lower-case word can name a Secret"),
            link_as: LinkAs::SECRETS,
            recipients,
            may_wait: true,
        };
        let prepared = grant.prepare().await.map_err(|error| {
            self.say(&error);
            chain(&error)
        })?;
        for checked in &prepared.checked {
            self.say(checked);
            self.say_to_people(&checked.report);
        }
        prepared.wait().await.map_err(|error| chain(&error))?;
        let outlook = prepared.outlook().await.map_err(|error| {
            self.say(&error);
            chain(&error)
        })?;
        self.say(&outlook.sources);
        outlook
            .affected
            .iter()
            .for_each(|line| self.say_to_people(line));
        let written = outlook.write().await.map_err(|error| chain(&error))?;
        match written.is_effective() {
            true => Ok(written),
            false => Err(format!("Tekton would use other credentials: {written:?}")),
        }
    }

    fn ended(&self, command: String, outcome: Result<Written, String>) -> Attempt {
        match &outcome {
            Ok(written) => self.say(written),
            Err(why) => self.say_to_people(why),
        }
        let words = match &outcome {
            Ok(written) if written.is_nothing() => "changed nothing",
            Ok(_) => "gave credentials",
            Err(_) => "refused",
        };
        let journal = self.tenant.journal();
        journal.note(format!("`registry {command}` {words}"));
        Attempt { command, outcome }
    }

    fn checked(&self, check: Check) -> Result<Check, Failure> {
        self.say(&check);
        self.say_to_people(&check.report);
        Ok(check)
    }

    fn say(&self, what: &impl Debug) {
        self.say_to_people(&format!("{what:?}"));
    }

    fn say_to_people(&self, what: &impl Display) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_str(&format!("{what}\n"));
    }
}

impl Attempt {
    /// The pipelines have what they need.
    pub(crate) fn succeeds(self) -> Result<Written, Failure> {
        self.outcome.map_err(|said| Failure::Unexpected {
            object: format!("`registry {}`", self.command),
            expected: "it to give credentials".to_owned(),
            seen: format!("it says:\n{said}"),
        })
    }

    /// It gives nothing to anybody.
    pub(crate) fn refuses(self) -> Result<Refused, Failure> {
        match self.outcome {
            Err(said) => Ok(Refused {
                command: self.command,
                said,
            }),
            Ok(written) => Err(Failure::Unexpected {
                object: format!("`registry {}`", self.command),
                expected: "it to refuse".to_owned(),
                seen: format!("it did: {written:?}"),
            }),
        }
    }
}

impl Refused {
    /// It says these words.
    pub(crate) fn explains(&self, words: &str) -> Verdict {
        if self.said.contains(words) {
            return Ok(());
        }
        Err(Failure::Unexpected {
            object: format!("`registry {}`", self.command),
            expected: format!("it to say {words:?}"),
            seen: format!("it says:\n{}", self.said),
        })
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    [vec![error.to_string()], causes].concat().join(": ")
}

fn subject(repository: &ImageReference) -> Subject {
    Subject::Repository(repository.clone())
}

fn wrong(error: impl Display) -> Failure {
    Failure::Scenario(error.to_string())
}
