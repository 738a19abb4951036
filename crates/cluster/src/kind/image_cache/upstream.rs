//! The registries that are cached.

/// A registry that is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream {
    /// The host of image references.
    pub host: &'static str,
    /// The URL behind it.
    pub server: &'static str,
}

/// Where the images of Konflux, Tekton and Kubernetes come from.
pub const UPSTREAMS: [Upstream; 5] = [
    Upstream::named("quay.io", "https://quay.io"),
    // Docker Hub's references name one host and are answered by another.
    Upstream::named("docker.io", "https://registry-1.docker.io"),
    Upstream::named("ghcr.io", "https://ghcr.io"),
    Upstream::named("gcr.io", "https://gcr.io"),
    Upstream::named("registry.k8s.io", "https://registry.k8s.io"),
];

impl Upstream {
    const fn named(host: &'static str, server: &'static str) -> Self {
        Self { host, server }
    }

    /// The name of its cache's container, which is its host name on the network, and of its volume.
    #[must_use]
    pub fn cache_name(&self) -> String {
        format!("konflux-local-cache-{}", self.host.replace('.', "-"))
    }
}
