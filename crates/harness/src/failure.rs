//! Why a scenario failed.

use crate::images::Lie;
use crate::wait::Expired;

/// How a scenario ended.
pub type Verdict = Result<(), Failure>;

/// Why a scenario failed, in words for the person who must find the cause.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An image is not what it was said to be.
    #[error(transparent)]
    Lie(Box<Lie>),
    /// Something did not happen in time.
    #[error(transparent)]
    Expired(Box<Expired>),
    /// Something else happened than the scenario expects.
    #[error("{object}: expected {expected}, but {seen}")]
    Unexpected {
        /// What was looked at, `Kind namespace/name`.
        object: String,
        /// What the scenario expects of it.
        expected: String,
        /// What it is, as a clause.
        seen: String,
    },
    /// The Kubernetes API refused or did not answer.
    #[error("cannot {action}: {answer}")]
    Kubernetes {
        /// What was attempted, on which object.
        action: String,
        /// What the API server said.
        answer: String,
    },
    /// The registry refused or did not answer.
    #[error("cannot {action}: {source}")]
    Registry {
        /// What was attempted, on which image.
        action: String,
        /// What the registry said.
        source: Box<oci::Error>,
    },
    /// The scenario cannot be carried out as it is written.
    #[error("the scenario is wrong: {0}")]
    Scenario(String),
    /// The scenario, or the harness, panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// Somebody interrupted the run.
    #[error("interrupted")]
    Interrupted,
    /// The scenario passed, and what it made could not be removed.
    #[error("the scenario passed, and cleaning up after it failed: {0}")]
    Cleanup(String),
}

impl Failure {
    /// Makes a refusal of the Kubernetes API tell what was attempted.
    pub(crate) fn kubernetes(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let action = action.into();
        |error| Self::Kubernetes {
            action,
            answer: kubernetes_words(&error),
        }
    }

    /// Makes a refusal of a registry tell what was attempted.
    pub fn registry(action: impl Into<String>) -> impl FnOnce(oci::Error) -> Self {
        let action = action.into();
        |source| Self::Registry {
            action,
            source: Box::new(source),
        }
    }
}

/// An error of the Kubernetes client as one line: of an answer its message and reason only.
pub(crate) fn kubernetes_words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => {
            format!("{} ({} {})", status.message, status.code, status.reason)
        }
        other => other.to_string(),
    }
}

impl From<Lie> for Failure {
    fn from(lie: Lie) -> Self {
        Self::Lie(Box::new(lie))
    }
}

impl From<Expired> for Failure {
    fn from(expired: Expired) -> Self {
        Self::Expired(Box::new(expired))
    }
}
