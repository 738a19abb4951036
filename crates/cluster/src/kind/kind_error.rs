//! Why `kind` did not do what was asked.

use std::io;
use std::path::{Path, PathBuf};

use super::{ClusterName, EngineError, Leftovers};
use crate::program::ProgramError;

/// Something about a Kind cluster could not be done.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// A run of `kind` failed.
    #[error("cannot {attempted}: {source}")]
    Program {
        /// What was attempted, as a fragment.
        attempted: String,
        /// How it failed.
        source: ProgramError,
    },
    /// The cluster was not made.
    #[error("cannot create Kind cluster {cluster}: {source}\n{leftovers}")]
    Create {
        /// The cluster.
        cluster: ClusterName,
        /// How it failed.
        source: ProgramError,
        /// What there is of it.
        leftovers: Box<Leftovers>,
    },
    /// A cluster of this name is there.
    #[error(
        "cannot create Kind cluster {0}: there is one of this name, and it was not touched; use it, choose another name (KIND_CLUSTER), or remove it with `kind delete cluster --name {0}`"
    )]
    Exists(ClusterName),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A cluster has the name of one that was begun, and is another one.
    #[error(
        "cannot discard the unfinished Kind cluster {cluster}: its node {node} does not mount this deployment's {certs_d}, so it may be somebody else's, and it was not touched; choose another name (KIND_CLUSTER), or remove it with `kind delete cluster --name {cluster}`"
    )]
    NotOurs {
        /// The cluster.
        cluster: ClusterName,
        /// The node that tells.
        node: String,
        /// The folder that each of our nodes mounts.
        certs_d: PathBuf,
    },
    /// A file of ours cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl KindError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(super) fn program(attempted: impl Into<String>) -> impl FnOnce(ProgramError) -> Self {
        let attempted = attempted.into();
        move |source| Self::Program { attempted, source }
    }
}
