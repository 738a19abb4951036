//! An external registry: another project's, with TLS and a login of its own.
//!
//! Its name has no port, as names of registries in Konflux must not (Konflux's controllers cut a reference at its first colon); it
//! listens on a loopback port that needs no privilege. What is rewritten between the two, and nothing else, is the address that is
//! connected to: [`oci::Endpoints`] does it on this side, the ConfigMap `registry-endpoints` for the steps of pipelines.

mod certificates;
mod docker_registry;
mod search;

pub(crate) use docker_registry::{DockerRegistry, PROGRAM};
pub(crate) use search::is_installed;
