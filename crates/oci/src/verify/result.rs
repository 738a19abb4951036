//! What was verified.

use serde_json::Value;

use crate::{ContentError, Digest, ImageReference, Platform};

/// An image of which every byte was fetched and checked.
#[derive(Debug, Clone)]
pub struct VerifiedImage {
    /// The reference that was asked for.
    pub reference: ImageReference,
    /// Digest of the manifest or index that it names.
    pub digest: Digest,
    /// Media type of the manifest or index that it names.
    pub media_type: String,
    /// The manifests: one, or those of the index in its order.
    pub platforms: Vec<VerifiedManifest>,
}

/// One manifest with its configuration and layers.
#[derive(Debug, Clone)]
pub struct VerifiedManifest {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Media type of the manifest.
    pub media_type: String,
    /// Platform, from the configuration; `None` for artifacts, which have none.
    pub platform: Option<Platform>,
    /// Digest of the configuration.
    pub config_digest: Digest,
    /// The image configuration; `None` for artifacts.
    pub config: Option<Value>,
    /// The layers, base first.
    pub layers: Vec<VerifiedLayer>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLayer {
    /// Digest of the blob.
    pub digest: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    /// Whether the uncompressed content was compared with the configuration. It is for gzip and plain tar.
    pub diff_id_checked: bool,
}

impl VerifiedImage {
    /// The manifest for a platform.
    ///
    /// # Errors
    /// [`ContentError::PlatformMissing`] with the platforms that there are.
    pub fn platform(&self, wanted: &Platform) -> Result<&VerifiedManifest, ContentError> {
        let offered = |manifest: &&VerifiedManifest| {
            let platform = manifest.platform.as_ref();
            platform.is_some_and(|offered| wanted.accepts(offered))
        };
        self.platforms
            .iter()
            .find(offered)
            .ok_or_else(|| ContentError::PlatformMissing {
                reference: self.reference.clone(),
                platform: wanted.clone(),
                available: self
                    .platforms
                    .iter()
                    .filter_map(|manifest| manifest.platform.clone())
                    .collect(),
            })
    }
}

impl VerifiedManifest {
    /// The value of an image label (`config.Labels`).
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.config
            .as_ref()?
            .get("config")?
            .get("Labels")?
            .get(name)?
            .as_str()
    }
}
