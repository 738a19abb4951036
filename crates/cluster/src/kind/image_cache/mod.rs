//! The image cache: pull-through registries in the engine, shared by all clusters and kept across them.
//!
//! Each upstream registry has a container with a named volume, both labelled. Nodes reach it on the network `kind` by its name, over
//! TLS that they verify; it is a mirror in their [`certs_d`](super::certs_d), so that without it they pull from upstream.
//!
//! [`ImageCache::ensure`] works before there is a cluster and gives the mirrors for `certs_d`, [`ImageCache::attach`] connects
//! the containers to the network that `kind` has made.

mod container;
mod ensure;
mod error;
mod hold;
mod look;
mod remove;
mod upstream;

use std::path::PathBuf;

use bollard::Docker;

use crate::state::StateRoot;

pub use error::ImageCacheError;
pub use hold::Version;
pub use look::{CacheState, CacheStatus};
pub use remove::RemovedCache;
pub use upstream::{UPSTREAMS, Upstream};

/// The registry that the caches run.
///
/// The digest is the one that NVIDIA/NemoClaw pins for this tag (`REGISTRY_IMAGE` in its local registry for Docker); several other public
/// repositories name the same.
pub const IMAGE: &str = "docker.io/library/registry:2@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373";

/// The label of containers and volumes of the cache; its value is the upstream host.
const LABEL: &str = "konflux-local.image-cache";

/// The image cache of an engine.
#[derive(Debug, Clone)]
pub struct ImageCache<'a> {
    engine: &'a Docker,
    folder: PathBuf,
    image: String,
    offline: bool,
}

impl<'a> ImageCache<'a> {
    /// The cache whose certificate is kept in this user's state.
    #[must_use]
    pub fn of(engine: &'a Docker, root: &StateRoot) -> Self {
        Self::at(engine, root.path().join("image-cache"))
    }

    /// A cache by the folder of its certificate.
    #[must_use]
    pub fn at(engine: &'a Docker, folder: impl Into<PathBuf>) -> Self {
        Self {
            engine,
            folder: folder.into(),
            image: IMAGE.to_owned(),
            offline: false,
        }
    }

    /// Runs another image than [`IMAGE`]: one that is configured like it.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = image.into();
        self
    }

    /// Uses only what is there (`--offline`): the registry's image is not pulled, and the caches serve what they hold without
    /// asking upstream. A pull-through registry cannot do the latter: it asks its upstream when it starts, and ends when
    /// that does not answer (distribution, `getAuthURLs` in registry/proxy/proxyauth.go).
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.offline = true;
        self
    }
}
