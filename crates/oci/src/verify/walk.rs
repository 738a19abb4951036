//! From the manifest that a reference names down to the layers.

use serde_json::Value;

use super::{VerifiedLayer, VerifiedManifest};
use crate::media_type::is_image_config;
use crate::{
    Client, ContentError, Descriptor, Digest, Error, ImageManifest, ImageReference, Manifest,
    ManifestContent, Platform,
};

/// Largest configuration that is read, in bytes.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;
/// Indexes may contain indexes; this deep at most.
const DEEPEST_INDEX: usize = 4;

impl Client {
    /// Verifies everything below `root`; the manifests in the order of the index.
    pub(super) async fn verify_tree(
        &self,
        repository: &ImageReference,
        root: Manifest,
    ) -> Result<Vec<VerifiedManifest>, Error> {
        let mut verified = Vec::new();
        // Depth first, in order: the next manifest is at the end.
        let mut waiting = vec![(root, None::<Platform>, 0_usize)];
        while let Some((manifest, platform, depth)) = waiting.pop() {
            let image = match &manifest.content {
                ManifestContent::Image(image) => image,
                ManifestContent::Index(_) if depth == DEEPEST_INDEX => {
                    return Err(malformed(&manifest.digest, "indexes are nested too deeply").into());
                }
                ManifestContent::Index(index) => {
                    for child in index.manifests.iter().rev() {
                        let found = self
                            .child_manifest(repository, &manifest.digest, child)
                            .await?;
                        waiting.push((found, child.platform.clone(), depth + 1));
                    }
                    continue;
                }
            };
            verified.push(
                self.verify_image(repository, &manifest, image, platform.as_ref())
                    .await?,
            );
        }
        Ok(verified)
    }

    /// The manifest that an index lists, checked against the index's descriptor.
    pub(crate) async fn child_manifest(
        &self,
        repository: &ImageReference,
        index: &Digest,
        child: &Descriptor,
    ) -> Result<Manifest, Error> {
        let reference = repository.with_digest(child.digest.clone());
        let manifest = self
            .manifest(&reference)
            .await
            .map_err(|error| match error {
                Error::Content(ContentError::MissingManifest { reference, .. }) => {
                    Error::Content(ContentError::MissingManifest {
                        reference,
                        needed_by: Some(index.clone()),
                    })
                }
                other => other,
            })?;
        let object = format!("manifest {reference}");
        let actual = manifest.bytes.len() as u64;
        if actual != child.size {
            return Err(ContentError::SizeMismatch {
                object,
                expected: child.size,
                actual,
            }
            .into());
        }
        if manifest.media_type != child.media_type {
            return Err(ContentError::WrongMediaType {
                object,
                expected: child.media_type.clone(),
                found: manifest.media_type,
            }
            .into());
        }
        Ok(manifest)
    }

    async fn verify_image(
        &self,
        repository: &ImageReference,
        manifest: &Manifest,
        image: &ImageManifest,
        listed: Option<&Platform>,
    ) -> Result<VerifiedManifest, Error> {
        let config_bytes = self
            .blob_bytes(repository, &image.config, LARGEST_CONFIG)
            .await?;
        let config = match is_image_config(&image.config.media_type) {
            true => Some(read_config(&image.config.digest, &config_bytes)?),
            false => None,
        };
        let platform = config.as_ref().and_then(platform_of);
        check_platform(&manifest.digest, listed, platform.as_ref())?;
        let diff_ids = match &config {
            Some(config) => Some(diff_ids(&image.config.digest, config, image.layers.len())?),
            None => None,
        };
        let mut layers = Vec::with_capacity(image.layers.len());
        for (index, layer) in image.layers.iter().enumerate() {
            let diff_id = diff_ids.as_ref().and_then(|diff_ids| diff_ids.get(index));
            let diff_id_checked = self.verify_layer(repository, layer, diff_id).await?;
            layers.push(VerifiedLayer {
                digest: layer.digest.clone(),
                size: layer.size,
                media_type: layer.media_type.clone(),
                diff_id_checked,
            });
        }
        Ok(VerifiedManifest {
            digest: manifest.digest.clone(),
            media_type: manifest.media_type.clone(),
            platform,
            config_digest: image.config.digest.clone(),
            config,
            layers,
        })
    }
}

fn read_config(digest: &Digest, bytes: &[u8]) -> Result<Value, ContentError> {
    serde_json::from_slice(bytes).map_err(|error| malformed(digest, &error.to_string()))
}

fn platform_of(config: &Value) -> Option<Platform> {
    serde_json::from_value(config.clone()).ok()
}

/// What the index says about a manifest must be what its configuration says. Attestations are listed as `unknown/unknown`.
fn check_platform(
    manifest: &Digest,
    listed: Option<&Platform>,
    found: Option<&Platform>,
) -> Result<(), ContentError> {
    match (listed, found) {
        (Some(listed), Some(found))
            if listed.os != "unknown"
                && (listed.os != found.os || listed.architecture != found.architecture) =>
        {
            Err(ContentError::WrongPlatform {
                object: format!("manifest {manifest}"),
                expected: Box::new(listed.clone()),
                found: Box::new(found.clone()),
            })
        }
        _ => Ok(()),
    }
}

fn diff_ids(
    config_digest: &Digest,
    config: &Value,
    layers: usize,
) -> Result<Vec<Digest>, ContentError> {
    let listed = config
        .pointer("/rootfs/diff_ids")
        .cloned()
        .unwrap_or_default();
    let diff_ids: Option<Vec<Digest>> = serde_json::from_value(listed)
        .map_err(|error| malformed(config_digest, &format!("rootfs.diff_ids: {error}")))?;
    let diff_ids = diff_ids.unwrap_or_default();
    match diff_ids.len() == layers {
        true => Ok(diff_ids),
        false => Err(malformed(
            config_digest,
            &format!(
                "it describes {} layers, the manifest has {layers}",
                diff_ids.len()
            ),
        )),
    }
}

fn malformed(digest: &Digest, detail: &str) -> ContentError {
    ContentError::Malformed {
        object: digest.to_string(),
        detail: detail.to_owned(),
    }
}
