//! Why there is no document.

use std::path::PathBuf;

/// A Kind configuration cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It is not YAML, or not of the shape of a Kind configuration.
    #[error("the Kind configuration cannot be read: {0}")]
    Malformed(String),
    /// It describes no cluster.
    #[error(
        "the Kind configuration has no control-plane node: it needs `kind: Cluster` and, under `nodes`, one with `role: control-plane`"
    )]
    NoControlPlane,
    /// A folder cannot be mounted into the nodes.
    #[error(
        "{path} cannot be mounted into the nodes: engines want an absolute path of UTF-8 text without `:`; set KONFLUX_LOCAL_STATE_DIR to such a folder"
    )]
    NotMountable {
        /// The folder.
        path: PathBuf,
    },
    /// Two mappings want the same port of this host.
    #[error(
        "port {port} of this host is asked for twice, for the registry (REGISTRY_HOST_PORT) and for node port {other}: choose another port for the registry"
    )]
    PortTwice {
        /// The host's port.
        port: u16,
        /// The other mapping's container port.
        other: u16,
    },
}
