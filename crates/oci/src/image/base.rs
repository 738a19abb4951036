//! The image that another one is built on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Settings;
use super::base_paths::directories;
use crate::media_type::{
    Compression, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, is_image_config, layer_compression,
};
use crate::{
    Client, ContentError, Descriptor, Digest, Error, ImageManifest, ImageReference, Layout,
    Manifest, ManifestContent, Platform,
};

const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;

/// An image of one platform whose layers are in a layout.
#[derive(Debug, Clone)]
pub struct BaseImage {
    pub(super) platform: Platform,
    pub(super) settings: Settings,
    pub(super) layers: Vec<Descriptor>,
    pub(super) diff_ids: Vec<Digest>,
    pub(super) history: Vec<Value>,
    directories: BTreeSet<String>,
}

impl BaseImage {
    /// Paths of its directories, and of symbolic links, which as a rule lead to directories; relative to the root.
    #[must_use]
    pub fn directories(&self) -> &BTreeSet<String> {
        &self.directories
    }
}

impl Client {
    /// Pulls an image of one platform into `layout`. Layers are streamed and checked; Docker's media types become OCI's.
    ///
    /// # Errors
    /// [`Error::Assembly`] for layers compressed with Zstandard, [`ContentError::PlatformMissing`], other [`ContentError`]s when the image lies or has layers that no image has, and what a
    /// request can end with.
    pub async fn pull_base(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        layout: &Layout,
    ) -> Result<BaseImage, Error> {
        let root = self.manifest(reference).await?;
        let manifest = self.manifest_for(reference, root, platform).await?;
        let image = match &manifest.content {
            ManifestContent::Image(image) if is_image_config(&image.config.media_type) => image,
            _ => {
                return Err(ContentError::WrongMediaType {
                    object: reference.to_string(),
                    expected: "an image".to_owned(),
                    found: manifest.media_type,
                }
                .into());
            }
        };
        let mut base = self.base_of(reference, platform, image).await?;
        for layer in &image.layers {
            let path = layout.blob_path(&layer.digest);
            if let Some(directory) = path.parent() {
                std::fs::create_dir_all(directory)
                    .map_err(|error| Error::file("create", directory, &error))?;
            }
            self.blob_to_file(reference, layer, &path).await?;
        }
        base.directories = directories(layout, &base.layers)?;
        Ok(base)
    }

    async fn manifest_for(
        &self,
        reference: &ImageReference,
        root: Manifest,
        platform: &Platform,
    ) -> Result<Manifest, Error> {
        let ManifestContent::Index(index) = &root.content else {
            return Ok(root);
        };
        let offered = |child: &&Descriptor| {
            child
                .platform
                .as_ref()
                .is_some_and(|offered| platform.accepts(offered))
        };
        let Some(child) = index.manifests.iter().find(offered) else {
            return Err(ContentError::PlatformMissing {
                reference: reference.clone(),
                platform: platform.clone(),
                available: index
                    .manifests
                    .iter()
                    .filter_map(|child| child.platform.clone())
                    .collect(),
            }
            .into());
        };
        self.child_manifest(reference, &root.digest, child).await
    }

    async fn base_of(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        image: &ImageManifest,
    ) -> Result<BaseImage, Error> {
        let bytes = self
            .blob_bytes(reference, &image.config, LARGEST_CONFIG)
            .await?;
        let malformed = |detail: String| ContentError::Malformed {
            object: format!("configuration {} of {reference}", image.config.digest),
            detail,
        };
        let mut config: Value =
            serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        let found: Platform =
            serde_json::from_value(config.clone()).map_err(|error| malformed(error.to_string()))?;
        if !platform.accepts(&found) {
            return Err(ContentError::PlatformMissing {
                reference: reference.clone(),
                platform: platform.clone(),
                available: vec![found],
            }
            .into());
        }
        let diff_ids = config
            .pointer_mut("/rootfs/diff_ids")
            .map(Value::take)
            .unwrap_or_default();
        let diff_ids: Vec<Digest> =
            serde_json::from_value(diff_ids).map_err(|error| malformed(error.to_string()))?;
        if diff_ids.len() != image.layers.len() {
            return Err(malformed("it does not describe the manifest's layers".to_owned()).into());
        }
        Ok(BaseImage {
            platform: found,
            settings: Settings::from_json(config["config"].take()),
            layers: image
                .layers
                .iter()
                .map(oci_layer)
                .collect::<Result<_, ContentError>>()?,
            diff_ids,
            directories: BTreeSet::new(),
            history: match config["history"].take() {
                Value::Array(history) => history,
                _ => Vec::new(),
            },
        })
    }
}

/// The same layer under OCI's media type.
fn oci_layer(layer: &Descriptor) -> Result<Descriptor, ContentError> {
    let media_type = match layer_compression(&layer.media_type) {
        Some(Compression::None) => OCI_LAYER,
        Some(Compression::Gzip) => OCI_LAYER_GZIP,
        Some(Compression::Zstandard) => OCI_LAYER_ZSTD,
        None => {
            return Err(ContentError::WrongMediaType {
                object: format!("layer {}", layer.digest),
                expected: "an image layer".to_owned(),
                found: layer.media_type.clone(),
            });
        }
    };
    Ok(Descriptor {
        media_type: media_type.to_owned(),
        ..layer.clone()
    })
}
