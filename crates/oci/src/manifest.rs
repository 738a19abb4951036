//! Manifests: the bytes, and what they say.
//!
//! Why not `oci_spec`'s types: they keep annotations and labels in hash maps, so that what they write differs from run to run, and
//! their digests include algorithms that nothing here could check.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::digest::Algorithm;
use crate::media_type::{DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST};
use crate::{ContentError, Digest, Platform};

/// A manifest or index exactly as it is stored, with what it says.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The bytes; the digest is over these and no other form of the same JSON.
    pub bytes: Bytes,
    /// The media type that the bytes declare, or that came with them.
    pub media_type: String,
    /// The digest of `bytes`.
    pub digest: Digest,
    /// What the bytes say.
    pub content: ManifestContent,
}

/// The two kinds of manifest.
#[derive(Debug, Clone)]
pub enum ManifestContent {
    /// A list of manifests, usually one for each platform.
    Index(Index),
    /// One image or artifact.
    Image(ImageManifest),
}

/// An image index (OCI) or manifest list (Docker).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The manifests.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free metadata.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

/// An image manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is, when it is not an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, base first.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free metadata.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

/// What one document says about another: media type, digest and size in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Size of the content in bytes.
    pub size: u64,
    /// Platform that the content is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What kind of artifact the content is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Free metadata.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// Describes `content`.
    #[must_use]
    pub fn of(media_type: &str, content: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(content), content.len() as u64)
    }

    /// A descriptor without anything optional.
    #[must_use]
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// `object` names it in errors; `declared` is the media type that came with it, if any; `algorithm` is the one of the digest
    /// to compute.
    ///
    /// # Errors
    /// The bytes are no manifest, or the media type inside them is another one than `declared`.
    pub fn parse(
        object: &str,
        bytes: Bytes,
        declared: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Self, ContentError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            media_type: Option<String>,
        }
        let head: Head = read(object, &bytes)?;
        let media_type = match (head.media_type, declared) {
            (Some(inside), Some(declared)) if inside != declared => {
                return Err(ContentError::WrongMediaType {
                    object: object.to_owned(),
                    expected: declared.to_owned(),
                    found: inside,
                });
            }
            (Some(inside), _) => inside,
            (None, Some(declared)) => declared.to_owned(),
            (None, None) => {
                return Err(malformed(
                    object,
                    "neither the manifest nor the registry gives its media type",
                ));
            }
        };
        let (content, version) = match media_type.as_str() {
            OCI_INDEX | DOCKER_MANIFEST_LIST => {
                let index: Index = read(object, &bytes)?;
                let version = index.schema_version;
                (ManifestContent::Index(index), version)
            }
            OCI_MANIFEST | DOCKER_MANIFEST => {
                let image: ImageManifest = read(object, &bytes)?;
                let version = image.schema_version;
                (ManifestContent::Image(image), version)
            }
            _ => {
                return Err(ContentError::WrongMediaType {
                    object: object.to_owned(),
                    expected: "an OCI or Docker (schema 2) manifest or index".to_owned(),
                    found: media_type,
                });
            }
        };
        if version != 2 {
            return Err(malformed(
                object,
                &format!("its schemaVersion is {version}, not 2"),
            ));
        }
        let digest = Digest::of(algorithm, &bytes);
        Ok(Self {
            bytes,
            media_type,
            digest,
            content,
        })
    }

    /// The descriptor of this manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(
            &self.media_type,
            self.digest.clone(),
            self.bytes.len() as u64,
        )
    }

    /// The manifest that this one is about (signatures, attestations, reports).
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            ManifestContent::Index(index) => index.subject.as_ref(),
            ManifestContent::Image(image) => image.subject.as_ref(),
        }
    }

    /// The descriptor under which a referrers list names this manifest (distribution specification, "Listing Referrers").
    pub(crate) fn referrer_descriptor(&self) -> Descriptor {
        let (artifact_type, annotations) = match &self.content {
            ManifestContent::Index(index) => (None, index.annotations.clone()),
            ManifestContent::Image(image) => (
                Some(
                    image
                        .artifact_type
                        .clone()
                        .unwrap_or_else(|| image.config.media_type.clone()),
                ),
                image.annotations.clone(),
            ),
        };
        Descriptor {
            artifact_type,
            annotations,
            ..self.descriptor()
        }
    }
}

fn read<'a, T: Deserialize<'a>>(object: &str, bytes: &'a [u8]) -> Result<T, ContentError> {
    serde_json::from_slice(bytes).map_err(|error| malformed(object, &error.to_string()))
}

fn malformed(object: &str, detail: &str) -> ContentError {
    ContentError::Malformed {
        object: object.to_owned(),
        detail: detail.to_owned(),
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
