//! The table of waits: everything a scenario waits for, and how long it may take.

use std::time::Duration;

use cluster::ClusterKind;

/// Something that a scenario waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A fresh namespace has what Konflux gives each tenant.
    TenantReady,
    /// An authority was added to the cluster's Bundle; a namespace gets it.
    AuthorityTrusted,
    /// A component was made; the ServiceAccount that builds it appears.
    ServiceAccountMade,
    /// A build was requested; its PipelineRun appears.
    BuildStarted,
    /// A build's PipelineRun ends.
    BuildEnded,
    /// A single step ends.
    StepEnded,
    /// A successful build's Snapshot is made.
    SnapshotMade,
    /// A Snapshot's automatic Release is made.
    ReleaseMade,
    /// A Release is processed.
    ReleaseEnded,
    /// A deleted namespace is gone.
    NamespaceGone,
}

struct Row {
    wait: Wait,
    words: &'static str,
    /// Seconds on the embedded cluster, where steps are processes of this host and nothing is pulled.
    embedded: u64,
    /// Seconds on a cluster that pulls images and schedules pods.
    real: u64,
}

const fn row(wait: Wait, words: &'static str, embedded: u64, real: u64) -> Row {
    Row {
        wait,
        words,
        embedded,
        real,
    }
}

/// A limit tells a stuck system from a slow one; it is no bar for speed. The embedded limits leave room for a loaded
/// machine of two cores.
const TABLE: [Row; 10] = [
    row(Wait::TenantReady, "a fresh tenant to be ready", 20, 120),
    row(
        Wait::AuthorityTrusted,
        "an added authority to be trusted",
        20,
        120,
    ),
    row(
        Wait::ServiceAccountMade,
        "the component's ServiceAccount",
        20,
        120,
    ),
    row(Wait::BuildStarted, "a requested build to start", 20, 120),
    row(Wait::BuildEnded, "the build to end", 60, 1800),
    row(Wait::StepEnded, "the step to end", 30, 600),
    row(Wait::SnapshotMade, "the build's Snapshot", 20, 600),
    row(
        Wait::ReleaseMade,
        "the Snapshot's automatic Release",
        20,
        300,
    ),
    row(Wait::ReleaseEnded, "the release to end", 60, 1800),
    row(
        Wait::NamespaceGone,
        "the deleted namespace to be gone",
        30,
        300,
    ),
];

impl Wait {
    fn row(self) -> &'static Row {
        TABLE
            .iter()
            .find(|row| row.wait == self)
            .expect("a test checks that every wait has a row")
    }

    /// What is waited for, to follow "waiting for".
    #[must_use]
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// The longest time it may take.
    #[must_use]
    pub fn limit(self, cluster: ClusterKind) -> Duration {
        let row = self.row();
        Duration::from_secs(match cluster {
            ClusterKind::Embedded => row.embedded,
            ClusterKind::Kind | ClusterKind::Existing => row.real,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_stand_in_the_order_of_the_waits_so_that_every_wait_has_one() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.wait as usize, index);
        }
        assert_eq!(Wait::NamespaceGone as usize + 1, TABLE.len());
    }

    #[test]
    fn a_real_cluster_is_given_more_time() {
        for row in &TABLE {
            assert!(row.wait.limit(ClusterKind::Kind) > row.wait.limit(ClusterKind::Embedded));
        }
    }
}
