//! What an image is made of, and what hangs on it, for a person or a program to read.
//!
//! A description repeats what the registry's documents say, each checked against its digest; layers are not fetched. Proof of the
//! content is [`verify`](crate::Client::verify)'s business, and proof of signatures that of the tools that know the keys.

mod attached;
mod attachment_kind;
mod describe;

pub use attachment_kind::{AttachmentKind, SbomFormat};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Digest, ImageReference, Platform};

/// An image or index, with everything attached to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageDescription {
    /// As asked for.
    pub reference: ImageReference,
    /// Digest of the manifest or index that the reference names.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes: of the document alone.
    pub size: u64,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The image's manifests: those that the index lists, or the one that the reference names.
    pub manifests: Vec<ManifestDescription>,
    /// What hangs on the index and on its manifests.
    pub attachments: Vec<Attachment>,
}

/// One manifest of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ManifestDescription {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Size of configuration and layers in bytes, as they are stored.
    pub content_size: u64,
    /// What kind of artifact it is, when it says so.
    pub artifact_type: Option<String>,
    /// What it is when it is no image to run: somebody asked for an attachment by its own name.
    #[serde(flatten)]
    pub kind: Option<AttachmentKind>,
    /// The platform: what the index says, else the configuration. None for artifacts.
    pub platform: Option<Platform>,
    /// The configuration.
    pub config: ConfigDescription,
    /// The layers, base first.
    pub layers: Vec<LayerDescription>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The configuration of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigDescription {
    /// Digest of the configuration.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// When the image was made, as the configuration writes it.
    pub created: Option<String>,
    /// The image's labels; none for artifacts.
    pub labels: BTreeMap<String, String>,
}

/// A layer, or a file of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerDescription {
    /// Digest of the bytes as they are stored.
    pub digest: Digest,
    /// Size in bytes, as stored.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    /// File name, which tools for artifacts note (annotation `org.opencontainers.image.title`).
    pub title: Option<String>,
}

/// Something that hangs on an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attachment {
    /// The manifest or index that it is about; the digest of the image for what is found by the image's tag.
    pub subject: Digest,
    /// What it is.
    #[serde(flatten)]
    pub kind: AttachmentKind,
    /// How it was found.
    pub found_by: FoundBy,
    /// Digest of its manifest.
    pub digest: Digest,
    /// The registry lists it and does not have it: something deleted it, and left the list.
    pub missing: bool,
    /// Media type of its manifest.
    pub media_type: String,
    /// What it says it is.
    pub artifact_type: Option<String>,
    /// Its content: one layer for each signature, attestation, document or archive.
    pub layers: Vec<LayerDescription>,
}

/// Where an attachment was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// The referrers API, or its fallback tag.
    Referrers,
    /// A tag: cosign's, made of the subject's digest, or one made of the image's tag.
    Tag(String),
    /// The index lists it beside the platforms, as BuildKit does.
    Index,
}
