//! From a reference to a description.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::attachment_kind::{AttachmentKind, is_trusted_artifact, kind_of};
use super::{ConfigDescription, ImageDescription, LayerDescription, ManifestDescription};
use crate::media_type::is_image_config;
use crate::{
    Client, ContentError, Descriptor, Error, ImageManifest, ImageReference, Manifest,
    ManifestContent, Platform,
};

/// Largest configuration that is read, in bytes.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;
/// The annotation with a file's name.
pub(super) const TITLE: &str = "org.opencontainers.image.title";

impl Client {
    /// Describes an image: manifests, layers, labels, and what is attached to it.
    ///
    /// Attachments are looked for on the index and on each of its manifests: by the referrers API or its fallback tag, under cosign's
    /// tags, and, for a reference with a tag, under the tags that Konflux's build pipeline derives from it (`TAG.git`,
    /// `TAG.prefetch`). What is attached to an attachment is not followed.
    ///
    /// # Errors
    /// Those of [`manifest`](Client::manifest), [`blob_bytes`](Client::blob_bytes) and [`referrers`](Client::referrers).
    pub async fn describe(&self, reference: &ImageReference) -> Result<ImageDescription, Error> {
        let root = self.manifest(reference).await?;
        let mut manifests = Vec::new();
        let mut attachments = self.attached_to_tag(reference, &root.digest).await?;
        match &root.content {
            ManifestContent::Image(image) => {
                manifests.push(
                    self.describe_manifest(reference, &root, image, None)
                        .await?,
                );
            }
            ManifestContent::Index(index) => {
                for child in &index.manifests {
                    let manifest = self.child_manifest(reference, &root.digest, child).await?;
                    let ManifestContent::Image(image) = &manifest.content else {
                        return Err(nested(&manifest).into());
                    };
                    match super::attached::listed_beside_platforms(child, &manifest, image) {
                        Some(attachment) => attachments.push(attachment),
                        None => manifests.push(
                            self.describe_manifest(reference, &manifest, image, Some(child))
                                .await?,
                        ),
                    }
                }
            }
        }
        attachments.extend(self.attached_to(reference, &root.digest).await?);
        for manifest in manifests
            .iter()
            .filter(|manifest| manifest.digest != root.digest)
        {
            attachments.extend(self.attached_to(reference, &manifest.digest).await?);
        }
        Ok(ImageDescription {
            reference: reference.clone(),
            size: root.bytes.len() as u64,
            annotations: annotations_of(&root.content),
            digest: root.digest,
            media_type: root.media_type,
            manifests,
            attachments,
        })
    }

    async fn describe_manifest(
        &self,
        repository: &ImageReference,
        manifest: &Manifest,
        image: &ImageManifest,
        listed: Option<&Descriptor>,
    ) -> Result<ManifestDescription, Error> {
        let config = match is_image_config(&image.config.media_type) {
            true => self.read_config(repository, &image.config).await?,
            false => Config::default(),
        };
        let content = std::iter::once(&image.config).chain(&image.layers);
        Ok(ManifestDescription {
            digest: manifest.digest.clone(),
            media_type: manifest.media_type.clone(),
            // Sizes are a stranger's claim; an absurd one is no reason to stop.
            content_size: content.fold(0, |sum, part| u64::saturating_add(sum, part.size)),
            artifact_type: image.artifact_type.clone(),
            kind: kind_of_artifact(repository, image),
            platform: listed
                .and_then(|listed| listed.platform.clone())
                .or(config.platform),
            config: ConfigDescription {
                digest: image.config.digest.clone(),
                media_type: image.config.media_type.clone(),
                created: config.created,
                labels: config.config.unwrap_or_default().labels.unwrap_or_default(),
            },
            layers: layers_of(image),
            annotations: image.annotations.clone(),
        })
    }

    async fn read_config(
        &self,
        repository: &ImageReference,
        descriptor: &Descriptor,
    ) -> Result<Config, Error> {
        let bytes = self
            .blob_bytes(repository, descriptor, LARGEST_CONFIG)
            .await?;
        let config = serde_json::from_slice(&bytes);
        config.map_err(|error| {
            ContentError::Malformed {
                object: format!("configuration {}", descriptor.digest),
                detail: error.to_string(),
            }
            .into()
        })
    }
}

/// The parts of an image configuration that a description repeats (OCI image specification, config.md).
#[derive(Default, Deserialize)]
struct Config {
    created: Option<String>,
    #[serde(flatten)]
    platform: Option<Platform>,
    config: Option<RunConfig>,
}

#[derive(Default, Deserialize)]
struct RunConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// What a manifest is that is no image to run; the tag it was asked for by helps to tell.
fn kind_of_artifact(reference: &ImageReference, image: &ImageManifest) -> Option<AttachmentKind> {
    if is_trusted_artifact(image, reference.tag()) {
        return Some(AttachmentKind::TrustedArtifact);
    }
    let is_artifact = image.artifact_type.is_some() || !is_image_config(&image.config.media_type);
    is_artifact.then(|| kind_of(image))
}

pub(super) fn layers_of(image: &ImageManifest) -> Vec<LayerDescription> {
    let layers = image.layers.iter().map(|layer| LayerDescription {
        digest: layer.digest.clone(),
        size: layer.size,
        media_type: layer.media_type.clone(),
        title: layer.annotations.get(TITLE).cloned(),
    });
    layers.collect()
}

fn annotations_of(content: &ManifestContent) -> BTreeMap<String, String> {
    match content {
        ManifestContent::Image(image) => image.annotations.clone(),
        ManifestContent::Index(index) => index.annotations.clone(),
    }
}

fn nested(manifest: &Manifest) -> ContentError {
    ContentError::WrongMediaType {
        object: format!("manifest {}", manifest.digest),
        expected: "an image manifest: an index within an index is not described".to_owned(),
        found: manifest.media_type.clone(),
    }
}
