//! One release of one snapshot by one plan.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to release. Immutable in Konflux.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "appstudio.redhat.com",
    version = "v1alpha1",
    kind = "Release",
    namespaced,
    status = "ReleaseStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSpec {
    /// The Snapshot to release; at most 63 characters.
    pub snapshot: String,
    /// The ReleasePlan to follow; at most 63 characters.
    pub release_plan: String,
    /// Free data for the pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// How long the Release is kept, in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_period_days: Option<u32>,
}

/// How the release went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseStatus {
    /// `Validated`, `…PipelineProcessed`, `Released`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the managed pipeline reported, as it reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<Value>,
    /// Who answers for the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Set by integration-service on the Releases that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<bool>,
    /// The managed namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When processing began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// When the Release may be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Time>,
    /// When validation ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<EventInfo>,
    /// The managed PipelineRuns, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_pipeline_attempts: Vec<PipelineAttempt>,
    /// The tenant pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_processing: Option<PipelineInfo>,
    /// The final pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_processing: Option<PipelineInfo>,
}

/// Who answers for a release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribution {
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Whether the author comes from the ReleasePlan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_authorization: Option<bool>,
}

/// The end of validation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventInfo {
    /// Whether the release failed after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed_post_validation: bool,
    /// When validation ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
}

/// A PipelineRun of a release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineInfo {
    /// `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_run: Option<String>,
    /// What it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_bindings: Option<RoleBindings>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
}

/// One try of the managed pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineAttempt {
    /// `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_run: Option<String>,
    /// What it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_bindings: Option<RoleBindings>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// `Progressing`, `Succeeded` or `Failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `Error`, `OOMKill`, `TaskRunTimeout` or `PipelineRunTimeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The task that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_task: Option<String>,
}

/// RoleBindings made for a PipelineRun, each as `namespace/name`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleBindings {
    /// In the tenant's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_role_binding: Option<String>,
    /// In the managed namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_role_binding: Option<String>,
    /// For Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_role_binding: Option<String>,
}
