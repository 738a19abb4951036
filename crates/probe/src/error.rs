//! Why a command failed. The text of each is the sentence that is printed.

use std::path::{Path, PathBuf};

use crate::context::ContextError;
use crate::dockerfile::DockerfileError;
use crate::kubernetes::KubernetesError;
use crate::mapping::MappingError;
use crate::source::SourceError;
use crate::trusted_artifact::TrustedArtifactError;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Registry(#[from] oci::Error),
    #[error(transparent)]
    Credentials(#[from] credentials::FileError),
    #[error(transparent)]
    Login(#[from] credentials::LookupError),
    #[error("{}: {error}", path.display())]
    Dockerfile {
        path: PathBuf,
        error: Box<DockerfileError>,
    },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    TrustedArtifact(#[from] TrustedArtifactError),
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    #[error("the mapping of {admission} cannot be applied to {snapshot}: {error}")]
    Mapping {
        admission: String,
        snapshot: String,
        error: Box<MappingError>,
    },
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is not what this command reads: {detail}", path.display())]
    Content { path: PathBuf, detail: String },
    #[error("the environment variable {name} is wrong: {detail}")]
    Environment { name: &'static str, detail: String },
    #[error("cannot start: {0}")]
    Start(std::io::Error),
}

impl Error {
    pub(crate) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// A step of a Dockerfile could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error(transparent)]
    Registry(#[from] oci::Error),
}
