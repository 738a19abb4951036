//! How a run of the suite ended, for people and programs.

mod files;
mod junit;
mod summary;

pub use files::{ReportError, write};

use std::path::PathBuf;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// How a run of the suite ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was tested: name, cluster and flavour of the deployment.
    pub deployment: String,
    /// The scenarios that were chosen, in their order.
    pub scenarios: Vec<Performed>,
    /// From the first scenario's start to the last one's end.
    #[serde(rename = "elapsedSeconds", serialize_with = "seconds")]
    pub elapsed: Duration,
}

/// One scenario.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Performed {
    /// Its name.
    pub name: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took, evidence and cleaning up included.
    #[serde(rename = "elapsedSeconds", serialize_with = "seconds")]
    pub elapsed: Duration,
    /// What it did and saw.
    pub story: String,
}

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "outcome",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// It is as the scenario says.
    Passed,
    /// It is not.
    Failed {
        /// The lie, or the reason.
        because: String,
        /// Where the evidence is, if any could be kept.
        evidence: Option<PathBuf>,
    },
    /// It was not tried.
    Skipped {
        /// The missing needs, by name.
        missing: String,
    },
}

impl Report {
    /// How many scenarios passed, failed, and were skipped.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for scenario in &self.scenarios {
            counts[match scenario.outcome {
                Outcome::Passed => 0,
                Outcome::Failed { .. } => 1,
                Outcome::Skipped { .. } => 2,
            }] += 1;
        }
        counts
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn report() -> Report {
        let performed = |name: &str, outcome, milliseconds| Performed {
            name: name.to_owned(),
            outcome,
            elapsed: Duration::from_millis(milliseconds),
            story: "   0.010 s  did something\n".to_owned(),
        };
        let failed = Outcome::Failed {
            because: "tag moved: registry/a:1 names sha256:b, expected sha256:a\nit was pushed by somebody".to_owned(),
            evidence: Some("/reports/a-rebuild".into()),
        };
        Report {
            deployment: "deployment konflux (embedded cluster, stand-ins)".to_owned(),
            scenarios: vec![
                performed("a build pushes its image", Outcome::Passed, 812),
                performed(
                    "a rebuild of the same source gives the same digest",
                    failed,
                    1240,
                ),
                performed(
                    "images are mirrored to Quay",
                    Outcome::Skipped {
                        missing: "quay, network".to_owned(),
                    },
                    0,
                ),
            ],
            elapsed: Duration::from_millis(1250),
        }
    }

    #[test]
    fn the_json_report_is_for_programs() {
        insta::assert_json_snapshot!(report(), @r#"
        {
          "deployment": "deployment konflux (embedded cluster, stand-ins)",
          "scenarios": [
            {
              "name": "a build pushes its image",
              "outcome": "passed",
              "elapsedSeconds": 0.812,
              "story": "   0.010 s  did something\n"
            },
            {
              "name": "a rebuild of the same source gives the same digest",
              "outcome": "failed",
              "because": "tag moved: registry/a:1 names sha256:b, expected sha256:a\nit was pushed by somebody",
              "evidence": "/reports/a-rebuild",
              "elapsedSeconds": 1.24,
              "story": "   0.010 s  did something\n"
            },
            {
              "name": "images are mirrored to Quay",
              "outcome": "skipped",
              "missing": "quay, network",
              "elapsedSeconds": 0.0,
              "story": "   0.010 s  did something\n"
            }
          ],
          "elapsedSeconds": 1.25
        }
        "#);
    }
}
