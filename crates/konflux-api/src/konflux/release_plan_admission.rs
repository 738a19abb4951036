//! A managed namespace's consent: releases of these applications run this pipeline.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ReleasePipeline;

/// Which releases are admitted, and what runs for them.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "appstudio.redhat.com",
    version = "v1alpha1",
    kind = "ReleasePlanAdmission",
    namespaced,
    status = "ReleasePlanAdmissionStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePlanAdmissionSpec {
    /// The admitted Applications; either these or `componentGroups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// The admitted ComponentGroups of the new component model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub component_groups: Vec<String>,
    /// The tenant's namespace that releases come from.
    pub origin: String,
    /// The environment to release to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Free data for the pipeline; `mapping` says where images go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Collectors to run before the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collectors: Option<Value>,
    /// The managed pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<ReleasePipeline>,
    /// The EnterpriseContractPolicy, in the same namespace, that images must satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What is known about an admission.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePlanAdmissionStatus {
    /// `Matched`: whether a plan was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The matched plans: `{name, active}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub release_plans: Vec<Value>,
    /// Whether failed managed pipelines are tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_info: Option<RetryInfo>,
}

/// Retries of a managed pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryInfo {
    /// Whether there are any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enabled: bool,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
}
