//! What is wrong with a Dockerfile, and on which line.

use crate::error::StepError;

/// A Dockerfile cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(crate) struct DockerfileError {
    /// From 1; 0 when the file as a whole is meant.
    pub(crate) line: usize,
    pub(crate) problem: Problem,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Syntax(String),
    #[error(
        "probe build does not carry out {0}; it knows FROM, COPY, ENV, LABEL, WORKDIR, USER, EXPOSE, ENTRYPOINT and CMD"
    )]
    Instruction(&'static str),
    #[error("probe build does not carry out {0}")]
    Feature(String),
    #[error("{0}")]
    Image(#[from] oci::ReferenceError),
    #[error("{0}")]
    Platform(#[from] oci::PlatformError),
    #[error("`{0}` is not NAME=VALUE")]
    NotAssignment(String),
    #[error("the {0} quote in `{1}` is not closed")]
    Quote(&'static str, String),
    #[error("`${0}` is not set by an ENV before it or by the base image")]
    UnknownVariable(String),
    #[error("`{0}` is not a port; write PORT, PORT/tcp, PORT/udp or PORT/sctp")]
    Port(String),
    #[error("{0}")]
    Step(#[from] StepError),
}

impl Problem {
    pub(crate) fn on(self, line: usize) -> DockerfileError {
        DockerfileError {
            line,
            problem: self,
        }
    }
}
