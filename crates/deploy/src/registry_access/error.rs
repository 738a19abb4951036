//! Why credentials are not given. No variant carries a secret value.

use std::fmt;

use credentials::cluster::{LinkError, SecretChange, SecretError};
use credentials::{FindError, NotFound, PushConfigError};
use oci::access::{AccessReport, Obstacle};

use super::check::CheckError;
use super::{Linked, ObjectError, Overruled, TakenAway, UsedByOthers};

/// The credentials cannot be given. The cluster is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A ServiceAccount does not exist.
    #[error(transparent)]
    ServiceAccount(LinkError),
    /// The cluster cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A registry is not open to everybody, or could not be asked, and this computer has no login for it.
    #[error("{}", join(.0))]
    NoCredentials(Vec<NoCredentials>),
    /// What this computer has is damaged.
    #[error(transparent)]
    Find(#[from] FindError),
    /// What this computer has does not reach the steps of a pipeline.
    #[error(transparent)]
    NotForPipelines(#[from] PushConfigError),
    /// The Secret belongs to the deployment.
    #[error(
        "Secret {0} is the deployment's own, for its registry, and `deploy-local` writes it; use another name with --secret"
    )]
    OfTheDeployment(String),
    /// Others would lose a login.
    #[error("{0}")]
    UsedByOthers(UsedByOthers),
    /// The Secret cannot be written.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Pipelines would use other credentials.
    #[error(
        "{}\nunlink or mend the Secret that is named above, then run this again",
        join(.0)
    )]
    Overruled(Vec<Overruled>),
    /// Pipelines could not do any more what they can do now.
    #[error("{}", join(.0))]
    TakenAway(Vec<TakenAway>),
    /// It cannot be tried what credentials can do.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// TLS cannot be prepared.
    #[error(transparent)]
    Client(#[from] oci::Error),
    /// A registry refuses the credential, or cannot be asked.
    #[error("the credentials were not shown to work where they are needed:\n{}", join(.0))]
    Refused(Vec<AccessReport>),
}

/// A repository for which no credentials were found.
#[derive(Debug)]
pub struct NoCredentials {
    /// What was searched.
    pub nothing: NotFound,
    /// What the registry says to somebody without any, or why it cannot be asked.
    pub obstacle: Option<Obstacle>,
    /// How to get some.
    pub advice: String,
}

impl fmt::Display for NoCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.nothing)?;
        if let Some(obstacle) = &self.obstacle {
            write!(formatter, "\nwithout a login: {obstacle}")?;
        }
        write!(formatter, "\n{}", self.advice.trim_end())
    }
}

/// The credentials work and could not be given, or not to all.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The Secret was not written.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The Secret is there and not linked everywhere.
    #[error(
        "{source}; Secret `{secret}` {}, and {}; run the same command again to complete it",
        became(.change), linked(.links)
    )]
    Link {
        /// The Secret's name.
        secret: String,
        /// What became of it.
        change: SecretChange,
        /// What was linked before.
        links: Vec<Linked>,
        /// What went wrong.
        source: LinkError,
    },
    /// All was written; what Tekton makes of it cannot be told.
    #[error("everything was written, and what Tekton makes of it could not be told: {0}")]
    Effect(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn became(change: &SecretChange) -> &'static str {
    match change {
        SecretChange::Created => "was created",
        SecretChange::Updated(_) => "was changed",
        SecretChange::Unchanged => "was left as it is",
    }
}

fn linked(links: &[Linked]) -> String {
    let names: Vec<&str> = links
        .iter()
        .map(|link| link.service_account.as_str())
        .collect();
    match names.is_empty() {
        true => "linked to no ServiceAccount".to_owned(),
        false => format!("linked to {} only", names.join(", ")),
    }
}

fn join(items: &[impl fmt::Display]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join("\n")
}
