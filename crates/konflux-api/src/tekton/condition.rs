//! The one condition of runs: `Succeeded`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

/// The type of the one condition of PipelineRuns and TaskRuns.
pub const SUCCEEDED: &str = "Succeeded";

/// A condition as Tekton writes it (knative `apis.Condition`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCondition {
    /// `Succeeded`.
    pub r#type: String,
    /// `True`, `False`, or `Unknown` while the run goes on.
    pub status: String,
    /// Empty for errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When `status` changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
    /// One word for the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The condition `Succeeded` of a run, when it has one.
pub fn succeeded(conditions: &[RunCondition]) -> Option<&RunCondition> {
    conditions
        .iter()
        .find(|condition| condition.r#type == SUCCEEDED)
}

impl RunCondition {
    /// Whether the run has ended, well or not.
    pub fn is_done(&self) -> bool {
        self.status != "Unknown"
    }

    /// Whether the run has ended well.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}
