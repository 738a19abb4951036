//! Addresses and names that several parts of a deployment must agree on.

/// The registry of a deployment as pods and controllers name it; answers on 443, because Konflux's controllers cut an
/// image reference at its first colon.
pub const INTERNAL_REGISTRY_HOST: &str = "registry-service.kind-registry.svc.cluster.local";

/// The repository of the image that contains `probe`, the only program that our own pipelines run.
pub const PROBE_IMAGE: &str =
    "registry-service.kind-registry.svc.cluster.local/konflux-local/probe";

/// The field manager under which this project writes to a Kubernetes API.
pub const FIELD_MANAGER: &str = "konflux-local";

/// The namespace that holds our build and release pipelines.
pub const PIPELINES_NAMESPACE: &str = "konflux-pipelines";

/// The host of source URLs that name a ConfigMap instead of a git repository
/// (see [`crate::source_repository`]).
pub const SOURCE_HOST: &str = "git.konflux-local.dev";
