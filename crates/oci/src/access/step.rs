//! The steps of a check, in the order in which they are taken.

use std::fmt;

use serde::Serialize;

/// A step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The credential is looked up.
    Credential,
    /// The registry's name is resolved.
    Address,
    /// The address accepts a connection.
    Connection,
    /// The certificate is verified.
    Tls,
    /// A registry answers `GET /v2/`.
    Registry,
    /// The registry, or its token server, takes the credential.
    Login,
    /// The token says what it grants.
    Scopes,
    /// The repository is read.
    Pull,
    /// An upload to the repository is started.
    Push,
    /// The upload is cancelled, so that nothing is left behind.
    Cancel,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Credential => "credential",
            Self::Address => "address",
            Self::Connection => "connection",
            Self::Tls => "TLS",
            Self::Registry => "registry",
            Self::Login => "login",
            Self::Scopes => "scopes",
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Cancel => "cancel",
        })
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should, and the check could go on.
    Warning,
    /// The check ended here.
    Failed,
    /// There was nothing to do.
    Skipped,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessStep {
    /// Which one.
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
}
