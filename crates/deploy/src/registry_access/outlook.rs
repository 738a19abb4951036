//! What a Secret will change, for those who get it and for those who have it already: found out before it is written.

use std::fmt;

use credentials::cluster::{
    LinkError, LinkedSecrets, predict_push_secret, service_account_secrets,
};
use credentials::{Credential, DockerConfig, FindError, Found};
use k8s_openapi::api::core::v1::Secret;
use oci::ImageReference;
use oci::access::Rights;

use super::check::{Check, Subject, with_linked};
use super::cluster_objects::read;
use super::needs::Need;
use super::{Grant, PrepareError, Prepared, Recipient};

/// Credentials whose effect is known, and good for everybody. Nothing has been written.
pub struct Outlook<'a> {
    pub(super) grant: &'a Grant<'a>,
    pub(super) config: DockerConfig,
    /// What releases pull from, and whether their pipelines will be able to.
    pub sources: Vec<SourceAccess>,
    /// Who else will use the new credentials, one line for a person each.
    pub affected: Vec<String>,
}

/// A repository that a ServiceAccount's pipelines pull from.
#[derive(Clone, Debug)]
pub struct SourceAccess {
    /// The ServiceAccount.
    pub service_account: String,
    /// The repository.
    pub repository: ImageReference,
    /// Whether its pipelines will be able to pull. If not, they could not before.
    pub check: Check,
    /// Where the credential was found that was added for that, if one had to be.
    pub added: Option<String>,
}

/// Something that a ServiceAccount's pipelines can do at a repository now, and could not do any more.
#[derive(Clone, Debug)]
pub struct TakenAway {
    /// The ServiceAccount.
    pub service_account: String,
    /// Whether the Secret is meant for it.
    pub is_recipient: bool,
    /// What it uses now.
    pub before: Check,
    /// What it would use.
    pub after: Check,
}

/// A ServiceAccount whose pipelines would use other credentials than those that were found, and could not do what they must.
#[derive(Clone, Debug)]
pub struct Overruled {
    /// The ServiceAccount.
    pub service_account: String,
    /// What it would use.
    pub check: Check,
}

/// A ServiceAccount with its links, now and as they would be.
struct View {
    recipient: Recipient,
    now: LinkedSecrets,
    then: LinkedSecrets,
}

impl<'a> Prepared<'a> {
    /// Looks at what Tekton would make of the Secret. ServiceAccounts that do not exist yet are passed over: [`wait`](Self::wait) and ask again.
    ///
    /// Where pipelines of a release cannot pull their sources and this computer has a login that can, that is added.
    ///
    /// # Errors
    /// The Secret cannot be written, would be of no use, or would take from somebody what works now.
    pub async fn outlook(&'a self) -> Result<Outlook<'a>, PrepareError> {
        let grant = &self.grant;
        let name = grant.secret.as_str();
        let existing = read::<Secret>(&grant.client, &grant.namespace, name).await?;
        let links = self.recipient_links().await?;
        let mut config = self.config.clone();
        let views = self.views(&links, existing.as_ref(), &config)?;
        let added = self.logins_for_sources(&views).await?;
        if !added.is_empty() {
            config = DockerConfig::for_push(
                self.found
                    .iter()
                    .chain(added.iter().map(|(_, found)| found)),
            )?;
        }
        let views = self.views(&links, existing.as_ref(), &config)?;
        let origin = |repository: &ImageReference| {
            let found = added.iter().find(|(source, _)| source == repository);
            found.map(|(_, found)| found.origin.to_string())
        };
        let (mut overruled, mut taken, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for view in &views {
            for need in view.recipient.pushes() {
                overruled.extend(self.overruled(view, &need).await?);
            }
            for need in view.recipient.pulls() {
                let after = grant.effect(&view.then, &need).await?;
                let lost = grant.lost(&view.now, &need, &after).await?;
                match lost {
                    Some(before) => taken.push(TakenAway {
                        service_account: view.recipient.service_account.clone(),
                        is_recipient: true,
                        before,
                        after,
                    }),
                    None => sources.push(SourceAccess {
                        service_account: view.recipient.service_account.clone(),
                        added: origin(&need.repository),
                        repository: need.repository,
                        check: after,
                    }),
                }
            }
        }
        if !overruled.is_empty() {
            return Err(PrepareError::Overruled(overruled));
        }
        let (affected, lost) = match config.is_empty() {
            true => Default::default(),
            false => grant.neighbours(existing.as_ref(), &config).await?,
        };
        taken.extend(lost);
        match taken.is_empty() {
            true => Ok(Outlook {
                grant,
                config,
                sources,
                affected,
            }),
            false => Err(PrepareError::TakenAway(taken)),
        }
    }

    async fn recipient_links(&self) -> Result<Vec<(Recipient, LinkedSecrets)>, PrepareError> {
        let grant = &self.grant;
        let mut links = Vec::new();
        for recipient in &grant.recipients {
            let account = &recipient.service_account;
            let linked = service_account_secrets(&grant.client, grant.namespace.as_str(), account);
            match linked.await {
                Ok(linked) => links.push((recipient.clone(), linked)),
                Err(LinkError::NoServiceAccount { .. }) if grant.may_wait => {}
                Err(error) => return Err(PrepareError::ServiceAccount(error)),
            }
        }
        Ok(links)
    }

    fn views(
        &self,
        links: &[(Recipient, LinkedSecrets)],
        existing: Option<&Secret>,
        config: &DockerConfig,
    ) -> Result<Vec<View>, PrepareError> {
        let secret = self.grant.predicted(existing, config)?;
        let view = |(recipient, now): &(Recipient, LinkedSecrets)| View {
            recipient: recipient.clone(),
            then: match &secret {
                Some(secret) => now.with(secret),
                None => now.clone(),
            },
            now: now.clone(),
        };
        Ok(links.iter().map(view).collect())
    }

    /// The logins of this computer that can pull sources which the pipelines could not pull otherwise, each source once.
    async fn logins_for_sources(
        &self,
        views: &[View],
    ) -> Result<Vec<(ImageReference, Found)>, PrepareError> {
        let grant = &self.grant;
        let mut added: Vec<(ImageReference, Found)> = Vec::new();
        for view in views {
            for need in view.recipient.pulls() {
                let is_known = added.iter().any(|(source, _)| *source == need.repository);
                if is_known || grant.effect(&view.then, &need).await?.report.is_granted() {
                    continue;
                }
                let found = match grant.search.find(&need.repository.name()).await {
                    Ok(found) => found,
                    Err(FindError::NotFound(_)) => continue,
                    Err(error) => return Err(error.into()),
                };
                // A login without a password does not reach a pipeline, and is of no help here.
                let Ok(config) = DockerConfig::for_push([&found]) else {
                    continue;
                };
                let report = grant.check(&need.repository, &config, need.wanted).await?;
                if report.is_granted() {
                    added.push((need.repository, found));
                }
            }
        }
        Ok(added)
    }

    /// The credentials that were found were shown to work; others that would be used instead have to be tried.
    async fn overruled(&self, view: &View, need: &Need) -> Result<Option<Overruled>, PrepareError> {
        let name = need.repository.name();
        let own = self.config.lookup(&name).ok().flatten();
        if is_same(own.as_ref(), used(&view.then, &name).as_ref()) {
            return Ok(None);
        }
        let check = self.grant.effect(&view.then, need).await?;
        let overruled = Overruled {
            service_account: view.recipient.service_account.clone(),
            check,
        };
        Ok((!overruled.check.report.is_granted()).then_some(overruled))
    }
}

impl Grant<'_> {
    /// The Secret as it would be; `None`: there is nothing to write.
    pub(super) fn predicted(
        &self,
        existing: Option<&Secret>,
        config: &DockerConfig,
    ) -> Result<Option<Secret>, PrepareError> {
        if config.is_empty() {
            return Ok(None);
        }
        let (namespace, name) = (self.namespace.as_str(), self.secret.as_str());
        Ok(Some(predict_push_secret(
            existing, namespace, name, config,
        )?))
    }

    pub(super) async fn effect(
        &self,
        linked: &LinkedSecrets,
        need: &Need,
    ) -> Result<Check, PrepareError> {
        let subject = Subject::Repository(need.repository.clone());
        let check = with_linked(self.registries, linked, &subject, need.wanted);
        Ok(check.await?)
    }

    /// What could be done before and `after` cannot; `None`: nothing is lost.
    pub(super) async fn lost(
        &self,
        now: &LinkedSecrets,
        need: &Need,
        after: &Check,
    ) -> Result<Option<Check>, PrepareError> {
        if after.report.is_granted() {
            return Ok(None);
        }
        let before = self.effect(now, need).await?;
        Ok(before.report.is_granted().then_some(before))
    }
}

/// What steps log in with. Where Tekton gives nothing, or what it gives cannot be read, they are not logged in.
pub(super) fn used(linked: &LinkedSecrets, repository: &str) -> Option<Credential> {
    linked.explain(repository).ok()?.credential.ok().flatten()
}

pub(super) fn is_same(one: Option<&Credential>, other: Option<&Credential>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_same_as(other),
        _ => false,
    }
}

impl Outlook<'_> {
    /// Whether any registry wants a login. Where none does, no Secret is needed and none is written.
    #[must_use]
    pub fn needs_secret(&self) -> bool {
        !self.config.is_empty()
    }
}

impl fmt::Display for TakenAway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "ServiceAccount {} would lose what works now: {} at {} with {}; it would use {}, which cannot.\n{}",
            self.service_account,
            what(self.before.report.wanted),
            self.before.report.repository,
            self.before.credential_from,
            self.after.credential_from,
            self.after.report,
        )?;
        match self.is_recipient {
            true => Ok(()),
            false => formatter.write_str(
                "\nor give the new credentials a Secret of their own with --secret NAME",
            ),
        }
    }
}

fn what(rights: Rights) -> &'static str {
    match rights.push {
        true => "to push",
        false => "to pull",
    }
}

impl fmt::Display for Overruled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "pipelines of {} would use {}, which does not work:",
            self.service_account, self.check.credential_from
        )?;
        for line in &self.check.not_used {
            write!(formatter, "\n  not used: {line}")?;
        }
        write!(formatter, "\n{}", self.check.report)
    }
}
