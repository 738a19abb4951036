//! A tenant's wish: release this application there.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ReleasePipeline;

/// What a tenant wants to release, and where.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "appstudio.redhat.com",
    version = "v1alpha1",
    kind = "ReleasePlan",
    namespaced,
    status = "ReleasePlanStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePlanSpec {
    /// The Application; either this or `componentGroup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The ComponentGroup of the new component model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_group: Option<String>,
    /// The managed namespace that holds the matching ReleasePlanAdmission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Free data for the pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Collectors to run before the pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collectors: Option<Value>,
    /// A pipeline to run in the tenant's namespace first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_pipeline: Option<ReleasePipeline>,
    /// A pipeline to run in the tenant's namespace last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_pipeline: Option<ReleasePipeline>,
    /// How long Releases are kept, in days; 7 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_grace_period_days: Option<u32>,
}

/// What is known about a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePlanStatus {
    /// `Matched`: whether an admission was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The matched admission: `{name, active}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_plan_admission: Option<Value>,
}
