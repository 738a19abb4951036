//! What a running embedded cluster tells about itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::background::Role;
use crate::entry::EMBEDDED_CLUSTER;
use crate::registry_access::RegistryAuth;
use crate::state::DeploymentDirectory;

/// The ports of an embedded cluster on loopback. 0 asks for any free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ports {
    /// Of the Kubernetes API.
    pub api_server: u16,
    /// Of the registry.
    pub registry: u16,
}

/// A process of an embedded cluster: written by itself when it listens, true as long as it holds its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where it listens.
    pub ports: Ports,
    /// How its registry finds out who somebody is.
    #[serde(default)]
    pub registry_auth: RegistryAuth,
}

/// The role of the embedded cluster's process.
#[derive(Debug)]
pub(crate) struct EmbeddedCluster;

impl Role for EmbeddedCluster {
    type Words = Running;
    const NAME: &'static str = "the embedded cluster";
    const ENTRY: &'static str = EMBEDDED_CLUSTER;
    const FILES: (&'static str, &'static str) = ("embedded.lock", "running.json");

    fn log(deployment: &DeploymentDirectory) -> PathBuf {
        deployment.embedded_log()
    }

    fn pid(words: &Running) -> u32 {
        words.pid
    }
}
