//! What the registry must know of a manifest. Its bytes are stored as they came; this is only a view of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::media_type;

/// A content descriptor (OCI image specification, `descriptor.md`), as it stands in an index or a referrers list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Length of the content in bytes.
    pub size: u64,
    /// Type of an artifact, where the content is a manifest of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Why a manifest is refused before its references are looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// Not JSON, or a field of the wrong type.
    #[error("the manifest is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// `Content-Type` and `mediaType` disagree.
    #[error(
        "the Content-Type is {content_type} and the mediaType field says {field}; they must be the same"
    )]
    MediaTypesDiffer {
        /// The request's header, without parameters.
        content_type: String,
        /// The manifest's field.
        field: String,
    },
    /// Neither `Content-Type` nor `mediaType` is given.
    #[error(
        "the manifest's media type is unknown: set the Content-Type header or the mediaType field"
    )]
    NoMediaType,
    /// A manifest type that is not stored here.
    #[error("manifests of type {0} are not supported, push one of: {accepted}", accepted = media_type::ACCEPTED_MANIFESTS.join(", "))]
    UnsupportedMediaType(String),
    /// An image manifest without `config` or `layers`, or an index without `manifests`.
    #[error("a manifest of type {media_type} needs the field {field}")]
    FieldMissing {
        /// Type of the manifest.
        media_type: String,
        /// Name of the absent field.
        field: &'static str,
    },
    /// `schemaVersion` is not 2.
    #[error("schemaVersion must be 2, found {0:?}")]
    SchemaVersion(Option<u64>),
}

/// A reference from a manifest to content that must exist in the same repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentReference {
    /// Digest of what is referred to.
    pub(crate) digest: Digest,
    /// Its length in bytes, as the manifest claims.
    pub(crate) size: u64,
}

/// The parts of a manifest or index that the registry acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Media type: the `Content-Type` of every answer with this manifest.
    pub(crate) media_type: String,
    /// Config and layers that must have been pushed before.
    pub(crate) blobs: Vec<ContentReference>,
    /// Manifests that an index lists.
    pub(crate) manifests: Vec<ContentReference>,
    /// The manifest that this one refers to.
    pub(crate) subject: Option<Digest>,
    /// Artifact type as referrers lists show it: the field, else for an image manifest the config's media type.
    pub(crate) artifact_type: Option<String>,
    /// Annotations, as referrers lists show them.
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Reference>,
    layers: Option<Vec<Reference>>,
    manifests: Option<Vec<Reference>>,
    subject: Option<Reference>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    size: u64,
}

impl From<Reference> for ContentReference {
    fn from(reference: Reference) -> Self {
        Self {
            digest: reference.digest,
            size: reference.size,
        }
    }
}

impl Manifest {
    /// Reads a pushed manifest.
    ///
    /// # Errors
    /// [`ManifestError`] when the bytes are not a manifest of an accepted type; unknown fields are no error.
    pub(crate) fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, ManifestError> {
        let document: Document = serde_json::from_slice(bytes)?;
        let media_type = media_type(content_type, document.media_type)?;
        if document.schema_version != Some(2) {
            return Err(ManifestError::SchemaVersion(document.schema_version));
        }
        let missing = |field| ManifestError::FieldMissing {
            media_type: media_type.clone(),
            field,
        };
        let artifact_type = document.artifact_type.filter(|text| !text.is_empty());
        let subject = document.subject.map(|subject| subject.digest);
        let annotations = document.annotations;
        if media_type == media_type::OCI_IMAGE_INDEX
            || media_type == media_type::DOCKER_MANIFEST_LIST
        {
            let manifests = document.manifests.ok_or_else(|| missing("manifests"))?;
            let manifests = manifests.into_iter().map(ContentReference::from).collect();
            return Ok(Self {
                blobs: Vec::new(),
                manifests,
                subject,
                artifact_type,
                annotations,
                media_type,
            });
        }
        let config = document.config.ok_or_else(|| missing("config"))?;
        let layers = document.layers.ok_or_else(|| missing("layers"))?;
        let artifact_type = artifact_type
            .or_else(|| Some(config.media_type.clone()).filter(|text| !text.is_empty()));
        let blobs = std::iter::once(config)
            .chain(layers)
            .filter(|reference| !media_type::is_foreign_layer(&reference.media_type))
            .map(ContentReference::from)
            .collect();
        Ok(Self {
            blobs,
            manifests: Vec::new(),
            subject,
            artifact_type,
            annotations,
            media_type,
        })
    }
}

fn media_type(content_type: Option<&str>, field: Option<String>) -> Result<String, ManifestError> {
    let content_type = content_type
        .map(|value| {
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .filter(|value| !value.is_empty());
    let media_type = match (content_type, field) {
        (Some(content_type), Some(field)) if content_type != field => {
            return Err(ManifestError::MediaTypesDiffer {
                content_type,
                field,
            });
        }
        (Some(media_type), _) | (None, Some(media_type)) => media_type,
        (None, None) => return Err(ManifestError::NoMediaType),
    };
    if media_type::ACCEPTED_MANIFESTS.contains(&media_type.as_str()) {
        Ok(media_type)
    } else {
        Err(ManifestError::UnsupportedMediaType(media_type))
    }
}
