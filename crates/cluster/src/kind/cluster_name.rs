//! The name of a Kind cluster.

use std::fmt;
use std::str::FromStr;

use crate::state::DeploymentName;

/// A name that `kind` accepts, short enough for the host names of its nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterName(String);

/// A name that no Kind cluster can have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` cannot name a Kind cluster (KIND_CLUSTER): use 1 to 50 characters of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit"
)]
pub struct InvalidClusterName(String);

impl ClusterName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The context that `kind` gives the cluster in a kubeconfig.
    #[must_use]
    pub fn context(&self) -> String {
        format!("kind-{}", self.0)
    }
}

impl FromStr for ClusterName {
    type Err = InvalidClusterName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        // kind v0.32.0: `validNameRE` in pkg/internal/apis/config/validate.go, `clusterNameMax` in
        // pkg/cluster/internal/create/create.go. An engine wants the first letter of a container's name alphanumeric.
        let valid = (1..=50).contains(&bytes.len())
            && bytes
                .iter()
                .all(|&byte| alphanumeric(byte) || byte == b'-' || byte == b'.')
            && alphanumeric(bytes[0])
            && alphanumeric(bytes[bytes.len() - 1]);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidClusterName(text.to_owned()))
        }
    }
}

impl From<&DeploymentName> for ClusterName {
    fn from(name: &DeploymentName) -> Self {
        // Every deployment's name is a name that kind accepts.
        Self(name.as_str().to_owned())
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kind_would_refuse_are_refused_before_it_runs() {
        for name in ["", "-a", "a-", ".a", "A", "a_b", "a b", &"a".repeat(51)] {
            assert!(name.parse::<ClusterName>().is_err(), "{name}");
        }
        let name: ClusterName = "konflux.2".parse().unwrap();
        assert_eq!(name.context(), "kind-konflux.2");
    }
}
