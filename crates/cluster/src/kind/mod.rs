//! A Kind cluster whose registry works from its first second.
//!
//! What happens, in order; each part is usable without the others:
//!
//! 1. [`ServerCertificate::ensure_for_registry`](crate::certificate_authority::ServerCertificate::ensure_for_registry): the
//!    registry's certificate, before there is a cluster.
//! 2. [`certs_d`]: how the nodes' containerd reaches the registry and the [`image_cache`], as files to mount.
//! 3. [`configuration`]: the document for `kind`, from `kind-config/cluster.yaml` and [`KindSettings`].
//! 4. [`Kind`]: list, create, destroy, kubeconfig, load, by the `kind` program.
//! 5. [`inspect`], [`compare`], [`nodes`]: what a cluster is made of by the engine's API, how it differs from what is asked, what
//!    can be changed without losing anything.
//! 6. [`destroy`]: removes a cluster and proves that nothing is left.
//!
//! Nothing here deletes or recreates a cluster by itself.

mod cluster_name;
mod engine_error;
mod kind_error;
mod kind_program;
mod leftovers;
mod memory;
mod settings;
mod work_folder;

pub mod certs_d;
pub mod compare;
pub mod configuration;
pub mod destroy;
pub mod image_cache;
pub mod inspect;
pub mod network;
pub mod nodes;

#[cfg(test)]
mod tests;

pub use cluster_name::{ClusterName, InvalidClusterName};
pub use engine_error::EngineError;
pub use kind_error::KindError;
pub use kind_program::{Creation, Existence, Kind, PinnedContext};
pub use leftovers::Leftovers;
pub use memory::NodeMemory;
pub use settings::KindSettings;
pub use work_folder::WorkFolder;

/// The node port of the internal registry (upstream's `registry-service`), on every node.
pub const REGISTRY_NODE_PORT: u16 = 30001;
/// Where nodes have the folder that says how to reach registries.
pub const CERTS_D: &str = "/etc/containerd/certs.d";
