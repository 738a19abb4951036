//! What the image of a source must be.

use std::collections::{BTreeMap, BTreeSet};

/// What an image must hold and how it must start. Builders add labels and a `PATH` of their own; everything else must be
/// exactly as described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// Every regular file, path without leading `/` → content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// `Env`.
    pub environment: BTreeMap<String, String>,
    /// `Labels` that it must have among others.
    pub labels: BTreeMap<String, String>,
    /// `WorkingDir`.
    pub working_directory: Option<String>,
    /// `User`.
    pub user: Option<String>,
    /// `ExposedPorts`, as `8080/tcp`.
    pub exposed_ports: BTreeSet<String>,
    /// `Entrypoint`.
    pub entrypoint: Vec<String>,
    /// `Cmd`.
    pub command: Vec<String>,
}
