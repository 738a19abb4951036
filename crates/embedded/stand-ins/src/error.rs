//! Why the stand-ins cannot run, and why one reconciliation failed.

use std::path::PathBuf;

/// Why the stand-ins could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory for steps cannot be prepared.
    #[error(
        "cannot prepare {path} for pipeline steps: {source}; make it a directory that this user can write to"
    )]
    WorkDirectory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no program to run steps with.
    #[error(
        "no command stands for the probe image; StepEnvironment::probe_command needs at least a program"
    )]
    NoProbeCommand,
    /// A controller ended although nobody asked it to.
    #[error("the {0} controller ended unexpectedly; its last log lines say why")]
    ControllerEnded(&'static str),
}

/// Why one reconciliation failed; it is tried again with back-off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    #[error("Kubernetes API: {0}")]
    Api(#[from] kube::Error),
    #[error("the object has no {0}, which the API server always sets")]
    Incomplete(&'static str),
    #[error("the name that the API server generated is taken")]
    NameTaken,
    #[error("cannot write {path}: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl ReconcileError {
    /// Whether somebody else changed the object first.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Api(kube::Error::Api(status)) if status.is_conflict())
    }
}
