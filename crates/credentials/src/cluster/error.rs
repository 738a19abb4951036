//! What can go wrong in a cluster. No variant carries a secret value.

use std::fmt;
use std::time::Duration;

use crate::ParseError;

/// The API server refused, or could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("cannot {attempt}: {}", said(source))]
pub struct KubernetesError {
    /// What was attempted, on what.
    pub attempt: String,
    /// What was answered.
    pub source: Box<kube::Error>,
}

impl KubernetesError {
    pub(super) fn new(attempt: impl fmt::Display, source: kube::Error) -> Self {
        Self {
            attempt: attempt.to_string(),
            source: Box::new(source),
        }
    }
}

/// The server's own words; never the text around an answer that could not be read, which may be a Secret.
pub(super) fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        kube::Error::SerdeError(_) => "the API server's answer could not be read".to_owned(),
        other => other.to_string(),
    }
}

/// A push secret could not be written; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A Secret of this name is something else.
    #[error(
        "Secret {namespace}/{name} exists with type `{found}`, and a push secret needs `kubernetes.io/dockerconfigjson`; \
         it was not changed: choose another name, or delete it if nobody needs it"
    )]
    OtherType {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The type that it has.
        found: String,
    },
    /// A program writes this Secret and would undo the change.
    #[error(
        "Secret {namespace}/{name} is written by {owner}, which would undo the change or lose its own entries; \
         it was not changed: choose another name, and link both Secrets"
    )]
    ManagedElsewhere {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Who writes it: a field manager or an owner.
        owner: String,
    },
    /// Nobody can change this Secret.
    #[error(
        "Secret {namespace}/{name} is immutable; choose another name, or delete it and run this again"
    )]
    Immutable {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The Secret's content is not a docker config, so that nothing can be added to it.
    #[error(
        "Secret {namespace}/{name} holds no usable docker config ({problem}); \
         it was not changed: delete it and run this again, or choose another name"
    )]
    Damaged {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: ParseError,
    },
    /// Kubernetes would refuse a Secret of this size.
    #[error(
        "Secret {namespace}/{name} would hold {size} bytes, and Kubernetes allows 1048576; \
         it was not changed: remove entries that nobody needs, or use a second Secret"
    )]
    TooLarge {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// What all its values would have together, in bytes.
        size: usize,
    },
    /// Others changed the Secret all the time.
    #[error(
        "Secret {namespace}/{name} was changed by somebody else during each of {attempts} attempts; find out who writes it, then run this again"
    )]
    Contended {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// How often it was attempted.
        attempts: usize,
    },
    /// The API server refused.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

/// A Secret could not be linked, or the links could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such ServiceAccount.
    #[error(
        "ServiceAccount {namespace}/{name} does not exist; {}",
        who_creates(name)
    )]
    NoServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Others changed the ServiceAccount all the time.
    #[error(
        "ServiceAccount {namespace}/{name} was changed by somebody else during each of {attempts} attempts; run this again"
    )]
    Contended {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// How often it was attempted.
        attempts: usize,
    },
    /// The API server refused.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

/// A ServiceAccount did not appear.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The time is over.
    #[error(
        "ServiceAccount {namespace}/{name} did not appear within {limit:?}; {seen}; {}",
        who_creates(name)
    )]
    Expired {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// How long it was waited for.
        limit: Duration,
        /// What was last seen in its place.
        seen: String,
    },
    /// The API server refuses to be watched.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

/// Who makes a ServiceAccount of this name, for the person who misses it.
fn who_creates(service_account: &str) -> String {
    match service_account.strip_prefix("build-pipeline-") {
        Some(component) => format!(
            "build-service creates it when the Component `{component}` is onboarded: look at `kubectl get component {component}` and at the \
             log of build-service, or wait for it"
        ),
        None => format!(
            "whoever set up the namespace creates it, for a release together with the ReleasePlanAdmission that names it: \
             kubectl create serviceaccount {service_account}"
        ),
    }
}
