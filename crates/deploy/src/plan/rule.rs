//! The table of rules: how long each step may take, and what running it again does.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// What holds for a step, whoever runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How long it may take, its waits included. It tells a stuck step from a slow one; it is no bar for speed.
    pub limit: Duration,
    /// What running it again does.
    pub again: Again,
}

/// What running a step again on its own result does. Whatever it is, nothing is lost by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// Sets the fields it owns, by server-side apply; the fields of others stay.
    Applies,
    /// Keeps what is there and makes what is missing.
    Keeps,
    /// Looks, and changes nothing.
    Looks,
    /// Tries out whether it still works, and puts back what is gone.
    Proves,
}

impl Rule {
    /// A rule for a step that stands in no table: those of tests and benchmarks.
    #[must_use]
    pub const fn new(limit: Duration, again: Again) -> Self {
        Self { limit, again }
    }

    /// The row of a step, by its name.
    #[must_use]
    pub fn of(step: &str) -> Option<Self> {
        let row = TABLE.iter().find(|(name, ..)| *name == step)?;
        Some(Self::new(Duration::from_secs(row.1), row.2))
    }
}

impl fmt::Display for Again {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Applies => "sets what it owns and leaves the rest",
            Self::Keeps => "keeps what is there and makes what is missing",
            Self::Looks => "looks and changes nothing",
            Self::Proves => "tries it out and puts back what is gone",
        })
    }
}

/// Name, limit in seconds, what running it again does.
const TABLE: [(&str, u64, Again); 20] = [
    ("host", 10, Again::Looks),
    ("certificates", 30, Again::Keeps),
    ("embedded-cluster", 30, Again::Keeps),
    // Whatever `kind` does has limits of its own: a node image has 350 MB, and lines are slow.
    ("image-cache", 900, Again::Keeps),
    ("kind-cluster", 1500, Again::Keeps),
    ("existing-cluster", 60, Again::Keeps),
    // An image to pull, or a node port that the API server gives back after 12 minutes.
    ("registry", 900, Again::Applies),
    ("tekton-pipelines", 900, Again::Applies),
    ("probe-image", 300, Again::Keeps),
    ("image-runs", 180, Again::Proves),
    ("stand-ins-process", 60, Again::Keeps),
    ("registry-hosting", 30, Again::Applies),
    ("registry-accounts", 30, Again::Keeps),
    ("registry-proof", 60, Again::Proves),
    ("custom-resource-definitions", 60, Again::Applies),
    ("controller-configuration", 60, Again::Applies),
    ("pipelines", 60, Again::Applies),
    ("tenants", 60, Again::Applies),
    ("tenant-credentials", 60, Again::Applies),
    ("stand-ins", 60, Again::Looks),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_of_every_plan_has_a_row_and_every_row_a_step() {
        let rows: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        assert_eq!(rows.len(), TABLE.len(), "a step has two rows");
        let steps: BTreeSet<&str> = crate::steps::examples()
            .iter()
            .flat_map(|plan| plan.iter().map(|step| step.name()))
            .collect();
        assert_eq!(rows, steps);
    }

    #[test]
    fn a_step_that_nobody_wrote_a_rule_for_has_none() {
        assert_eq!(Rule::of("undreamt-of"), None);
    }
}
