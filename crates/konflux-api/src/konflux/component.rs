//! One source repository that becomes one image repository.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// What a user says about a component.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "appstudio.redhat.com",
    version = "v1alpha1",
    kind = "Component",
    namespaced,
    status = "ComponentStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ComponentSpec {
    /// The component's name; equal to `metadata.name` in practice.
    pub component_name: String,
    /// The Application that the component belongs to.
    pub application: String,
    /// Where the source code is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ComponentSource>,
    /// The repository that builds push to, as `host/path` without tag. Set by image-controller or by the user; a component
    /// without it is not built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_image: Option<String>,
    /// The Secret with the git credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Components whose image references are updated when this one was built.
    #[serde(
        default,
        rename = "build-nudges-ref",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub build_nudges_ref: Vec<String>,
}

/// The source of a component; git is the only kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentSource {
    /// A git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitSource>,
}

/// A git repository and the place in it; also part of a Snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitSource {
    /// The repository's URL.
    pub url: String,
    /// Branch, tag or commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The directory to build, relative to the root of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The Dockerfile, relative to the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile_url: Option<String>,
}

/// What is known about a component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Conditions; nothing here writes any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The image of the last build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_image: Option<String>,
    /// The image, by digest, that Snapshots of other components of the application contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_promoted_image: Option<String>,
    /// The commit of `lastPromotedImage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_built_commit: Option<String>,
}
