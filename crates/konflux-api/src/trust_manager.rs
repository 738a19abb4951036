//! trust-manager's Bundle, `trust.cert-manager.io/v1alpha1`: whom the pipelines of a cluster trust.
//!
//! Konflux's own Bundle is called [`TRUSTED_CA`](crate::names::TRUSTED_CA) and fills the ConfigMap of that name in every namespace.
//! trust-manager puts back what anybody else writes there, so a further authority goes into the Bundle.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// Where certificate authorities come from and where they go.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "trust.cert-manager.io",
    version = "v1alpha1",
    kind = "Bundle",
    status = "BundleStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
pub struct BundleSpec {
    /// The sources, in the order in which they are put together.
    #[serde(default)]
    pub sources: Vec<BundleSource>,
    /// The ConfigMap, named like the Bundle, that is written in every namespace.
    #[serde(default)]
    pub target: BundleTarget,
}

/// One source. trust-manager's other sources (`configMap`, `secret`, `useDefaultCAs`) leave `in_line` empty here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleSource {
    /// PEM certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_line: Option<String>,
}

/// What is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleTarget {
    /// The ConfigMap's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<BundleKey>,
}

/// A key of a ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BundleKey {
    /// Its name.
    pub key: String,
}

/// Whether the targets are written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BundleStatus {
    /// `Synced`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
