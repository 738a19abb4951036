//! What varies between Kind clusters.

use std::path::PathBuf;

use super::{ClusterName, NodeMemory};

/// What is asked of a Kind cluster beyond what `kind-config/cluster.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSettings {
    /// The cluster's name (`KIND_CLUSTER`).
    pub name: ClusterName,
    /// Another node image than the one in the configuration.
    pub node_image: Option<String>,
    /// What each node may use (`KIND_MEMORY_GB`); without it, all that the engine has.
    pub memory: Option<NodeMemory>,
    /// The port of this host under which the registry is reached (`REGISTRY_HOST_PORT`); none with `ENABLE_REGISTRY_PORT=0`.
    pub registry_port: Option<u16>,
    /// How many nodes there are beside the control plane.
    pub workers: usize,
    /// The folder of this host that every node mounts as its `certs.d`.
    pub certs_d: Option<PathBuf>,
}

impl KindSettings {
    /// Upstream's defaults for a cluster of this name: registry on port 5001, one node, no limit.
    #[must_use]
    pub fn new(name: ClusterName) -> Self {
        Self {
            name,
            node_image: None,
            memory: None,
            registry_port: Some(5001),
            workers: 0,
            certs_d: None,
        }
    }
}
