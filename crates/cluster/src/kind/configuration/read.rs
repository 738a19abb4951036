//! Reading a document: the fields that a running cluster can be compared with.

use serde::Deserialize;

use super::ConfigurationError;

/// A Kind cluster as its document describes it. Fields that cannot be seen from outside a node are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ClusterConfiguration {
    /// The cluster's name.
    pub name: String,
    /// Its nodes, the control plane among them.
    pub nodes: Vec<Node>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `control-plane` or `worker`.
    pub role: String,
    /// Its image, the default of `kind` where there is none.
    pub image: Option<String>,
    /// Ports of the host that lead to it.
    #[serde(default)]
    pub extra_port_mappings: Vec<PortMapping>,
    /// Folders of the host that it mounts.
    #[serde(default)]
    pub extra_mounts: Vec<Mount>,
    /// Changes to kubeadm's configuration, as YAML.
    #[serde(default)]
    pub kubeadm_config_patches: Vec<String>,
}

/// A port of the host that leads to a port of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// The node's port.
    pub container_port: u16,
    /// The host's port.
    pub host_port: u16,
    /// The host's address.
    #[serde(default)]
    pub listen_address: String,
}

/// A folder of the host that a node mounts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// The folder on the host.
    pub host_path: String,
    /// Where the node has it.
    pub container_path: String,
    /// Whether the node may not write.
    #[serde(default)]
    pub read_only: bool,
}

impl ClusterConfiguration {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn read(document: &str) -> Result<Self, ConfigurationError> {
        let read: Self = serde_saphyr::from_str(document)
            .map_err(|error| ConfigurationError::Malformed(error.to_string()))?;
        if read.nodes.iter().any(|node| node.role == "control-plane") {
            Ok(read)
        } else {
            Err(ConfigurationError::NoControlPlane)
        }
    }
}
