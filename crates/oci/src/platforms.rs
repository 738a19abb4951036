//! Which platforms an image is for.

use crate::media_type::is_image_config;
use crate::{Client, Error, ImageReference, ManifestContent, Platform};

/// Largest configuration that is read, in bytes.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;

impl Client {
    /// The platforms of an image: those that its index lists, else the one in its configuration; none for an artifact.
    ///
    /// Attestations, which indexes list as `unknown/unknown`, are left out.
    ///
    /// # Errors
    /// Those of [`manifest`](Client::manifest) and [`blob_bytes`](Client::blob_bytes).
    pub async fn platforms(&self, reference: &ImageReference) -> Result<Vec<Platform>, Error> {
        match self.manifest(reference).await?.content {
            ManifestContent::Index(index) => Ok(index
                .manifests
                .into_iter()
                .filter_map(|manifest| manifest.platform)
                .filter(|platform| platform.os != "unknown")
                .collect()),
            ManifestContent::Image(image) if is_image_config(&image.config.media_type) => {
                let config = self
                    .blob_bytes(reference, &image.config, LARGEST_CONFIG)
                    .await?;
                Ok(serde_json::from_slice(&config).into_iter().collect())
            }
            ManifestContent::Image(_) => Ok(Vec::new()),
        }
    }
}
