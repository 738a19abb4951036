//! What is asked of a Kind cluster, as the settings say it.

use cluster::host::{Environment, Wishes};
use cluster::kind::configuration::{self, ClusterConfiguration, ConfigurationError};
use cluster::kind::{ClusterName, InvalidClusterName, KindSettings};
use cluster::{Flavour, StateRoot};

use crate::host_images;
use crate::settings::Settings;
use crate::sources::CatalogError;

/// A Kind cluster to deploy on.
#[derive(Debug)]
pub struct KindPlace {
    /// Variables and platform of this process; `CONTAINER_TOOL` is in it as `kind` reads it.
    pub environment: Environment,
    /// Where state lives: the network's record and the image cache's certificate are shared by all deployments.
    pub root: StateRoot,
    /// The cluster's name (`KIND_CLUSTER`).
    pub name: ClusterName,
    /// Another node image than the pinned one (`KIND_NODE_IMAGE`).
    pub node_image: Option<String>,
    /// Another image of the registry than the pinned one (`REGISTRY_IMAGE`).
    pub registry_image: Option<String>,
    /// What each node may use, in GiB (`KIND_MEMORY_GB`).
    pub memory_gib: u32,
    /// The port of this host under which the registry is reached; none with `ENABLE_REGISTRY_PORT=0`.
    pub registry_port: Option<u16>,
    /// Whether there is an image cache (`ENABLE_IMAGE_CACHE`).
    pub image_cache: bool,
    /// Whether nothing may be fetched (`--offline`).
    pub offline: bool,
    /// Whether a cluster that differs from what is asked is deleted and made anew (`--recreate`).
    pub recreate: bool,
}

/// It cannot be said what the cluster would need of its host.
#[derive(Debug, thiserror::Error)]
pub enum WishesError {
    /// The settings do not fit the Kind configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The list of images cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl KindPlace {
    /// What the cluster needs of its host: ports, memory, and the images that would really be used.
    ///
    /// # Errors
    ///
    /// [`WishesError`].
    pub fn wishes(&self, flavour: Flavour) -> Result<Wishes, WishesError> {
        let document = configuration::render(&KindSettings {
            node_image: self.node_image.clone(),
            registry_port: self.registry_port,
            ..KindSettings::new(self.name.clone())
        })?;
        let configuration = ClusterConfiguration::read(&document)?;
        let state = self.root.path().to_owned();
        let mut wishes = host_images::wishes(flavour, state, &configuration)?;
        wishes.memory_gib = self.memory_gib.into();
        // A chosen image is judged instead of the pinned one.
        wishes.node_image = self.node_image.clone().or(wishes.node_image);
        if let Some(image) = &self.registry_image {
            wishes.images = vec![image.clone()];
        }
        Ok(wishes)
    }

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// `KIND_CLUSTER` cannot name a Kind cluster.
    pub fn new(
        settings: &Settings,
        environment: Environment,
        root: StateRoot,
    ) -> Result<Self, InvalidClusterName> {
        let environment = match settings.container_tool() {
            Some(tool) => environment.with("KIND_EXPERIMENTAL_PROVIDER", tool),
            None => environment,
        };
        Ok(Self {
            environment,
            root,
            name: settings.kind_cluster().parse()?,
            node_image: settings.kind_node_image().map(str::to_owned),
            registry_image: settings.registry_image().map(str::to_owned),
            memory_gib: settings.kind_memory_gib(),
            registry_port: settings
                .registry_port_is_mapped()
                .then(|| settings.registry_host_port()),
            image_cache: settings.image_cache(),
            offline: false,
            recreate: false,
        })
    }
}
