//! Why Tekton would write no docker config at all. No variant carries a secret value.

use crate::{ParseError, printable};

/// Tekton cannot turn the linked Secrets into a docker config.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// One Secret cannot be used.
    #[error(
        "Secret `{secret}`: {problem}; Tekton then gives the steps no registry credentials at all"
    )]
    Secret {
        /// Name of the Secret.
        secret: String,
        /// What is wrong with it.
        problem: SecretProblem,
    },
    /// Two annotations of basic-auth Secrets name the same registry.
    #[error(
        "multiple entries for url: {} (Secrets `{first}` and `{second}`); keep one `tekton.dev/docker-*` annotation for it",
        printable(url)
    )]
    DuplicateUrl {
        /// The registry that both name.
        url: String,
        /// The Secret that comes first.
        first: String,
        /// The Secret that comes second; may be the same one.
        second: String,
    },
}

/// What is wrong with one Secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretProblem {
    /// The key that its type prescribes is missing in `data`.
    #[error("its data has no `{0}`")]
    MissingKey(&'static str),
    /// The value is not a docker config.
    #[error("{0}")]
    NotDockerConfig(#[from] ParseError),
    /// The value is not text.
    #[error("its `{0}` is not UTF-8 text")]
    NotText(&'static str),
    /// A basic-auth Secret's name or annotated URL contains `=`, which Tekton's own command line cannot express.
    #[error("`{}` contains `=`, which Tekton cannot pass on", printable(.0))]
    EqualsSign(String),
}
