//! The document that `kind` makes a cluster from.
//!
//! [`render`] makes it from the static one in `kind-config/cluster.yaml`; [`ClusterConfiguration`] reads one.

mod error;
mod read;
mod render;
#[cfg(test)]
mod tests;

pub use error::ConfigurationError;
pub use read::{ClusterConfiguration, Mount, Node, PortMapping};
pub use render::{render, render_from};

/// `kind-config/cluster.yaml`, as it was when this program was built.
pub const STATIC: &str = include_str!("../../../../../kind-config/cluster.yaml");
