//! The embedded cluster: an API server, a registry and the stand-ins in one background process on loopback.
//!
//! [`certificates`] and [`kubeconfig`] are made by the command, [`daemon`] starts, watches and stops the process,
//! [`serve`] is the body of that process.

pub mod certificates;
pub mod daemon;
pub mod kubeconfig;
pub mod running;
pub mod serve;

pub use certificates::Certificates;
pub use daemon::{Daemon, DaemonError};
pub use running::{Ports, Running};

/// The registry's host name inside the cluster and its shorter forms; its certificate carries all of them.
pub const REGISTRY_NAMES: [&str; 3] = [
    "registry-service.kind-registry",
    "registry-service.kind-registry.svc",
    konflux_api::INTERNAL_REGISTRY_HOST,
];
