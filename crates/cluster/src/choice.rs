//! Which cluster a deployment uses, and why.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::host::engine;

/// Where the Kubernetes API and the registry come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterKind {
    /// A Kind cluster in a container engine.
    Kind,
    /// The cluster of a kubeconfig context.
    Existing,
    /// The in-process cluster of this program.
    Embedded,
}

/// Who acts on Konflux resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flavour {
    /// The real Konflux operator and its controllers.
    Operator,
    /// Our small models of the Konflux controllers.
    StandIns,
}

/// What `--cluster` asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClusterChoice {
    /// Take the best cluster that this host can run.
    #[default]
    Auto,
    /// Exactly this one, never another.
    Named(ClusterKind),
}

/// A decided cluster, with the reason that is printed as the first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The cluster to use.
    pub cluster: ClusterKind,
    /// Why this one, as a lowercase fragment.
    pub reason: String,
}

/// A cluster was asked for by name that this version cannot provide.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChoiceError {
    /// The kind is part of the design, and not built yet.
    #[error(
        "--cluster {0} is not supported by this version; use --cluster embedded (or auto), which needs nothing but this program"
    )]
    NotSupported(ClusterKind),
}

/// Decides which cluster to use.
///
/// # Errors
///
/// A cluster asked for by name is never replaced by another: one that cannot be provided is an error.
pub fn choose(asked: ClusterChoice) -> Result<Choice, ChoiceError> {
    match asked {
        ClusterChoice::Named(ClusterKind::Embedded) => Ok(Choice {
            cluster: ClusterKind::Embedded,
            reason: "asked for by name".to_owned(),
        }),
        ClusterChoice::Named(other) => Err(ChoiceError::NotSupported(other)),
        ClusterChoice::Auto => Ok(Choice {
            cluster: ClusterKind::Embedded,
            reason: format!("{}; support for kind follows", engine::look().summary()),
        }),
    }
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Kind => "kind",
            Self::Existing => "existing",
            Self::Embedded => "embedded",
        })
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Operator => "operator",
            Self::StandIns => "stand-ins",
        })
    }
}

impl FromStr for ClusterChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "kind" => Ok(Self::Named(ClusterKind::Kind)),
            "existing" => Ok(Self::Named(ClusterKind::Existing)),
            "embedded" => Ok(Self::Named(ClusterKind::Embedded)),
            _ => Err("expected auto, kind, existing or embedded".to_owned()),
        }
    }
}

impl FromStr for Flavour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "operator" => Ok(Self::Operator),
            "stand-ins" => Ok(Self::StandIns),
            _ => Err("expected operator or stand-ins".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_asked_for_by_name_is_never_replaced_by_another() {
        let error = choose("kind".parse().unwrap()).unwrap_err();
        assert_eq!(error, ChoiceError::NotSupported(ClusterKind::Kind));
        assert!(error.to_string().contains("--cluster embedded"));
    }

    #[test]
    fn auto_says_what_it_saw_and_that_kind_follows() {
        let choice = choose(ClusterChoice::Auto).unwrap();
        assert_eq!(choice.cluster, ClusterKind::Embedded);
        assert!(
            choice.reason.ends_with("support for kind follows"),
            "{}",
            choice.reason
        );
    }
}
