//! From archives to a manifest in a registry, as `oras push` makes it.

use std::collections::BTreeMap;

use oci::media_type::OCI_MANIFEST;
use oci::{Client, Descriptor, ImageManifest, ImageReference, Layout};

use super::TrustedArtifactError;
use crate::error::Error;

/// The configuration of artifacts that have none (image specification, "Guidance for an Empty Descriptor").
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// What `oras push` calls an artifact whose kind it is not told.
const ARTIFACT_TYPE: &str = "application/vnd.unknown.artifact.v1";
const TITLE: &str = "org.opencontainers.image.title";
const CREATED: &str = "org.opencontainers.image.created";
/// Quay deletes a manifest with this annotation after that time.
const EXPIRES_AFTER: &str = "quay.expires-after";

/// An archive and the name it is stored under.
#[derive(Debug)]
pub(crate) struct NamedArchive {
    pub(crate) name: String,
    /// A blob of the layout.
    pub(crate) archive: Descriptor,
}

/// Pushes all archives as the layers of one manifest to the tag of `store`; without one, the manifest has no name but its digest.
///
/// The manifest is made in `layout`, where the archives are.
pub(crate) async fn publish(
    client: &Client,
    layout: &Layout,
    store: &ImageReference,
    archives: &[NamedArchive],
    expires_after: Option<&str>,
) -> Result<(), Error> {
    let config = layout.write_blob(EMPTY, b"{}")?;
    let bytes = serde_json::to_vec(&manifest(config, archives, expires_after))
        .expect("a manifest of texts and numbers is JSON");
    let manifest = layout.write_blob(OCI_MANIFEST, &bytes)?;
    layout.set_image(&manifest)?;
    let pushed = client.push_layout(layout.directory(), store).await;
    pushed.map_err(|source| {
        let names: Vec<&str> = archives.iter().map(|named| named.name.as_str()).collect();
        TrustedArtifactError::NotStored {
            names: names.join(", "),
            store: store.clone(),
            source: Box::new(source),
        }
    })?;
    Ok(())
}

fn manifest(
    config: Descriptor,
    archives: &[NamedArchive],
    expires_after: Option<&str>,
) -> ImageManifest {
    let layers = archives.iter().map(|named| Descriptor {
        annotations: BTreeMap::from([(TITLE.to_owned(), named.name.clone())]),
        ..named.archive.clone()
    });
    let created = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let created = Some((CREATED, created.to_string()));
    let expires = expires_after.map(|time| (EXPIRES_AFTER, time.to_owned()));
    let annotations = created.into_iter().chain(expires);
    ImageManifest {
        schema_version: 2,
        media_type: Some(OCI_MANIFEST.to_owned()),
        artifact_type: Some(ARTIFACT_TYPE.to_owned()),
        config,
        layers: layers.collect(),
        subject: None,
        annotations: annotations
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}
