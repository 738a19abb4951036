//! What a deployment wishes of its host, and asking registries for the images that it needs.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use cluster::Flavour;
use cluster::host::{ImageLookup, Presence, Wishes};
use cluster::kind::configuration::ClusterConfiguration;
use oci::{Client, ImageReference, Retry};

use crate::sources::{Catalog, CatalogError};

/// What `fixtures/sources.toml` calls the image of Kind's nodes.
const NODE_IMAGE: &str = "kind-node";

/// The wishes of a deployment with this Kind configuration: its ports, its node image and every image of the catalog.
///
/// # Errors
///
/// The catalog cannot be read.
pub fn wishes(
    flavour: Flavour,
    state: PathBuf,
    configuration: &ClusterConfiguration,
) -> Result<Wishes, CatalogError> {
    let mut wishes = Wishes::new(flavour, state).for_configuration(configuration);
    for image in Catalog::of_this_project()?.images() {
        let reference = image.reference.to_string();
        if image.name == NODE_IMAGE {
            // The same image, by the full name that a registry's client needs.
            wishes.node_image = Some(reference);
        } else {
            wishes.images.push(reference);
        }
    }
    Ok(wishes)
}

/// Asks registries without a login, once: who judges a host does not wait for a better moment.
pub struct Registries {
    client: Client,
}

impl Registries {
    /// Makes the client; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// The client cannot be made.
    pub fn new() -> Result<Self, oci::Error> {
        let once = Retry {
            attempts: 1,
            ..Retry::default()
        };
        let client = Client::builder()
            .retry(once)
            .connect_timeout(Duration::from_secs(2))
            .build()?;
        Ok(Self { client })
    }
}

#[async_trait]
impl ImageLookup for Registries {
    async fn look_up(&self, image: &str) -> Presence {
        let reference: ImageReference = match image.parse() {
            Ok(reference) => reference,
            Err(error) => return Presence::Unknown(error.to_string()),
        };
        match self.client.resolve(&reference).await {
            Ok(Some(_)) => Presence::There,
            Ok(None) => Presence::Absent,
            Err(oci::Error::Transport { address, cause, .. }) => {
                // The chain begins with what was attempted; its last link is what happened.
                let happened = cause.rsplit(": ").next().unwrap_or(&cause);
                Presence::Unreachable(format!("{address}: {happened}"))
            }
            Err(oci::Error::Unauthorized { .. } | oci::Error::Forbidden { .. }) => {
                Presence::Unknown("its registry asks for a login".to_owned())
            }
            Err(error) => Presence::Unknown(error.to_string()),
        }
    }
}
