//! What each setting says, in the type that its reader needs.

use std::path::Path;

use cluster::registry_access::RegistryAuth;
use secrecy::SecretString;

use super::Settings;

impl Settings {
    /// The port of the internal registry on localhost; 0 stands for any free one.
    #[must_use]
    pub fn registry_host_port(&self) -> u16 {
        self.text("REGISTRY_HOST_PORT")
            .and_then(|value| value.parse().ok())
            .expect("checked to be a port, and it has a default")
    }

    /// How the internal registry finds out who somebody is.
    #[must_use]
    pub fn registry_auth(&self) -> RegistryAuth {
        self.text("REGISTRY_AUTH")
            .and_then(|value| value.parse().ok())
            .expect("checked to be one of its words, and it has a default")
    }

    /// The name of the Kind cluster; not yet checked to be one.
    #[must_use]
    pub fn kind_cluster(&self) -> &str {
        self.text("KIND_CLUSTER").expect("it has a default")
    }

    /// What a Kind node may use, in GiB.
    #[must_use]
    pub fn kind_memory_gib(&self) -> u32 {
        self.text("KIND_MEMORY_GB")
            .and_then(|value| value.parse().ok())
            .expect("checked to be a number, and it has a default")
    }

    /// Is the registry of a Kind cluster mapped to a port of localhost by the node?
    #[must_use]
    pub fn registry_port_is_mapped(&self) -> bool {
        self.is_on("ENABLE_REGISTRY_PORT")
    }

    /// Is there an image cache in the engine?
    #[must_use]
    pub fn image_cache(&self) -> bool {
        self.is_on("ENABLE_IMAGE_CACHE")
    }

    /// The container engine to use, where somebody chose.
    #[must_use]
    pub fn container_tool(&self) -> Option<&str> {
        self.text("CONTAINER_TOOL")
    }

    /// Another image of the Kind nodes than the pinned one.
    #[must_use]
    pub fn kind_node_image(&self) -> Option<&str> {
        self.text("KIND_NODE_IMAGE")
    }

    /// Another image of the internal registry than the pinned one.
    #[must_use]
    pub fn registry_image(&self) -> Option<&str> {
        self.text("REGISTRY_IMAGE")
    }

    /// Where this machine reaches the internal registry of an existing cluster, where it has one of its own.
    #[must_use]
    pub fn registry_endpoint(&self) -> Option<&str> {
        self.text("REGISTRY_ENDPOINT")
    }

    /// The file with the certificate of that registry's authority.
    #[must_use]
    pub fn registry_ca(&self) -> Option<&Path> {
        self.text("REGISTRY_CA").map(Path::new)
    }

    /// Do the stand-ins' models of Tekton run PipelineRuns, as processes of this host?
    #[must_use]
    pub fn tekton_is_modelled(&self) -> bool {
        self.text("TEKTON") == Some("models")
    }

    /// The address of a mirror of what other projects release; it may hold a login.
    #[must_use]
    pub fn sources_mirror(&self) -> Option<&SecretString> {
        self.secret("SOURCES_MIRROR")
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.text(name), Some("1" | "true"))
    }
}
