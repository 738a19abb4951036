//! The settings of release-service.

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tekton::Timeouts;

/// The settings of release-service.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "appstudio.redhat.com",
    version = "v1alpha1",
    kind = "ReleaseServiceConfig",
    namespaced,
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseServiceConfigSpec {
    /// Whether pipelines may come from the `cluster` resolver.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub debug: bool,
    /// Limits of release PipelineRuns that set none of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_timeouts: Option<Timeouts>,
    /// Pipelines whose workspace is an emptyDir: patterns `{url, revision, pathInRepo}`.
    #[serde(
        default,
        rename = "EmptyDirOverrides",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub empty_dir_overrides: Vec<Value>,
    /// Pipelines that are tried again, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retryable_pipelines: Vec<Value>,
}
