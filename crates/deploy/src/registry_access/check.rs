//! What credentials can do at a repository: those of this computer, or those that a ServiceAccount's pipelines get.

use credentials::cluster::LinkedSecrets;
use credentials::tekton::Explanation;
use credentials::{FindError, Search};
use oci::access::{AccessReport, Rights};
use oci::{Client, ImageReference};
use serde::Serialize;

use super::Registries;
use super::credential::sendable;

/// What a pipeline needs where it pushes: it reads there too, to see what is there already.
pub(super) const WANTED: Rights = Rights::PULL_AND_PUSH;

/// What credentials are tried at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A repository, or a part of a registry, which is asked about like one: whether they can pull and push there.
    Repository(ImageReference),
    /// A whole registry, by its host: whether it takes the login. Rights belong to repositories.
    Registry(String),
}

impl Subject {
    /// The host.
    #[must_use]
    pub fn registry(&self) -> &str {
        match self {
            Self::Repository(repository) => repository.registry(),
            Self::Registry(host) => host,
        }
    }

    /// As credentials are looked up.
    fn name(&self) -> String {
        match self {
            Self::Repository(repository) => repository.name(),
            Self::Registry(host) => host.clone(),
        }
    }

    async fn ask(&self, client: &Client, wanted: Rights) -> Result<AccessReport, oci::Error> {
        match self {
            Self::Repository(repository) => Ok(client.check_access(repository, wanted).await),
            Self::Registry(host) => client.check_login(host).await,
        }
    }
}

/// What was found out about one repository, or one registry.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What the credential can do, step by step.
    #[serde(flatten)]
    pub report: AccessReport,
    /// Where the credential comes from, or why there is none.
    pub credential_from: String,
    /// What else would answer for the repository, and why it is not used.
    pub not_used: Vec<String>,
    /// Why some tools of a pipeline may not find the credential.
    pub concerns: Vec<String>,
    /// How to get credentials, where none are known and the registry wants some.
    pub advice: Option<String>,
}

/// Credentials could not be looked up, or no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A file, entry or helper is damaged.
    #[error(transparent)]
    Find(#[from] FindError),
    /// TLS cannot be prepared.
    #[error(transparent)]
    Client(#[from] oci::Error),
}

/// Checks with what this computer knows. Where that is nothing, without a login.
///
/// # Errors
/// [`CheckError`]. That the registry refuses is no error but the answer.
pub async fn on_this_computer(
    registries: &Registries,
    search: &Search,
    subject: &Subject,
) -> Result<Check, CheckError> {
    let (credential, credential_from) = match search.find(&subject.name()).await {
        Ok(found) => (Some(sendable(found.credential)), found.origin.to_string()),
        Err(FindError::NotFound(nothing)) => (None, nothing.to_string()),
        Err(error) => return Err(error.into()),
    };
    let is_known = credential.is_some();
    let client = registries.client(subject.registry(), Ok(credential))?;
    let report = subject.ask(&client, WANTED).await?;
    Ok(Check {
        advice: advice(registries, subject, is_known, &report),
        report,
        credential_from,
        not_used: Vec::new(),
        concerns: Vec::new(),
    })
}

/// Checks with exactly what Tekton gives to steps that run as a ServiceAccount: all linked Secrets, merged by its rules.
///
/// # Errors
/// [`CheckError`]. That the registry refuses is no error but the answer.
pub async fn as_service_account(
    registries: &Registries,
    linked: &LinkedSecrets,
    subject: &Subject,
) -> Result<Check, CheckError> {
    with_linked(registries, linked, subject, WANTED).await
}

/// As [`as_service_account`], asking for what is wanted.
pub(super) async fn with_linked(
    registries: &Registries,
    linked: &LinkedSecrets,
    subject: &Subject,
    wanted: Rights,
) -> Result<Check, CheckError> {
    let explained = linked.explain(&subject.name());
    let (credential, credential_from) = match &explained {
        // Steps are not logged in then, and so is the check.
        Err(error) => (Ok(None), error.to_string()),
        Ok(explanation) => {
            let credential = match &explanation.credential {
                Ok(found) => Ok(found.clone().map(sendable)),
                Err(problem) => Err(problem.to_string()),
            };
            (credential, origin(explanation))
        }
    };
    let is_known = matches!(&credential, Ok(Some(_)));
    let client = registries.client(subject.registry(), credential)?;
    let report = subject.ask(&client, wanted).await?;
    let missing = linked.missing().iter();
    let missing = missing.map(|name| format!("Secret `{name}`: it is linked and does not exist"));
    let explanation = explained.as_ref().ok();
    let lost = explanation.into_iter().flat_map(not_used);
    Ok(Check {
        advice: advice(registries, subject, is_known, &report),
        report,
        credential_from,
        not_used: lost.chain(missing).collect(),
        concerns: explanation.map_or_else(Vec::new, |explanation| {
            explanation
                .concerns
                .iter()
                .map(ToString::to_string)
                .collect()
        }),
    })
}

fn advice(
    registries: &Registries,
    subject: &Subject,
    is_known: bool,
    report: &AccessReport,
) -> Option<String> {
    let wants_login = report.verdict == oci::access::Verdict::Refused && !is_known;
    wants_login.then(|| registries.advice(subject.registry(), &subject.name()))
}

fn origin(explanation: &Explanation) -> String {
    match &explanation.winner {
        Some(claim) => format!("entry `{}` of Secret `{}`", claim.key, claim.secret),
        None => "no linked Secret has an entry for it".to_owned(),
    }
}

/// What loses, and why, one line each.
pub(super) fn not_used(explanation: &Explanation) -> Vec<String> {
    use credentials::tekton::LossReason;
    let lines = explanation.lost.iter().map(|lost| {
        let reason = match &lost.reason {
            LossReason::Overwritten { by } => {
                format!("Secret `{by}` comes later with the same key")
            }
            LossReason::TypeCountsLess { by } => {
                format!("Secret `{by}` has the same key, and its type counts more")
            }
            LossReason::LessSpecific => "another key is more specific".to_owned(),
        };
        format!(
            "entry `{}` of Secret `{}`: {reason}",
            lost.claim.key, lost.claim.secret
        )
    });
    lines.collect()
}
