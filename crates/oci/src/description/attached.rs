//! Finding what hangs on an image.

use std::collections::BTreeSet;

use super::attachment_kind::{
    DIGEST_TAG_SUFFIXES, IMAGE_TAG_SUFFIXES, kind_of, kind_of_artifact_type,
};
use super::describe::layers_of;
use super::{Attachment, AttachmentKind, FoundBy};
use crate::client::fallback_tag;
use crate::{
    Client, ContentError, Descriptor, Digest, Error, ImageManifest, ImageReference, Manifest,
    ManifestContent,
};

/// BuildKit lists attestations in the index, for this platform and with these annotations.
const UNKNOWN_PLATFORM: &str = "unknown";
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// Tags have at most this many characters (distribution specification, "Pulling manifests").
const LONGEST_TAG: usize = 128;

impl Client {
    /// What refers to `subject`, and what lies under its cosign tags; nothing twice.
    pub(super) async fn attached_to(
        &self,
        repository: &ImageReference,
        subject: &Digest,
    ) -> Result<Vec<Attachment>, Error> {
        let mut found = Vec::new();
        for descriptor in self.referrers(repository, subject).await? {
            let manifest = self.child_manifest(repository, subject, &descriptor).await;
            found.push(match manifest {
                Ok(manifest) => attachment(subject, &manifest, FoundBy::Referrers, None),
                Err(Error::Content(ContentError::MissingManifest { .. })) => {
                    missing(subject, descriptor)
                }
                Err(error) => return Err(error),
            });
        }
        let tags = DIGEST_TAG_SUFFIXES
            .map(|(suffix, kind)| (format!("{}{suffix}", fallback_tag(subject)), kind));
        found.extend(self.under_tags(repository, subject, &tags).await?);
        let mut seen = BTreeSet::new();
        found.retain(|attachment| seen.insert(attachment.digest.clone()));
        Ok(found)
    }

    /// What lies under the tags that are made of the image's tag.
    pub(super) async fn attached_to_tag(
        &self,
        reference: &ImageReference,
        image: &Digest,
    ) -> Result<Vec<Attachment>, Error> {
        let Some(tag) = reference.tag() else {
            return Ok(Vec::new());
        };
        let tags = IMAGE_TAG_SUFFIXES.map(|(suffix, kind)| (format!("{tag}{suffix}"), kind));
        self.under_tags(reference, image, &tags).await
    }

    async fn under_tags(
        &self,
        repository: &ImageReference,
        subject: &Digest,
        tags: &[(String, AttachmentKind)],
    ) -> Result<Vec<Attachment>, Error> {
        let mut found = Vec::new();
        for (tag, kind) in tags.iter().filter(|(tag, _)| tag.len() <= LONGEST_TAG) {
            let manifest = match self.manifest(&repository.with_tag(tag)?).await {
                Ok(manifest) => manifest,
                Err(Error::Content(ContentError::MissingManifest { .. })) => continue,
                Err(error) => return Err(error),
            };
            let found_by = FoundBy::Tag(tag.clone());
            found.push(attachment(subject, &manifest, found_by, Some(*kind)));
        }
        Ok(found)
    }
}

/// An attestation that an index lists as if it were a platform.
pub(super) fn listed_beside_platforms(
    listed: &Descriptor,
    manifest: &Manifest,
    image: &ImageManifest,
) -> Option<Attachment> {
    let platform = listed.platform.as_ref()?;
    let marked = listed.annotations.contains_key(REFERENCE_TYPE);
    if platform.os != UNKNOWN_PLATFORM && !marked {
        return None;
    }
    let subject = listed.annotations.get(REFERENCE_DIGEST);
    let subject = subject.and_then(|digest| digest.parse().ok());
    let subject = subject.unwrap_or_else(|| manifest.digest.clone());
    let kind = match kind_of(image) {
        AttachmentKind::Other if marked => AttachmentKind::Attestation,
        kind => kind,
    };
    Some(attachment(&subject, manifest, FoundBy::Index, Some(kind)))
}

/// The tag says what an attachment is; its manifest says more (the format of a bill of materials), or everything.
fn attachment(
    subject: &Digest,
    manifest: &Manifest,
    found_by: FoundBy,
    by_tag: Option<AttachmentKind>,
) -> Attachment {
    let (said, artifact_type, layers) = match &manifest.content {
        ManifestContent::Image(image) => (
            kind_of(image),
            image.artifact_type.clone(),
            layers_of(image),
        ),
        ManifestContent::Index(_) => (AttachmentKind::Other, None, Vec::new()),
    };
    let kind = match (by_tag, said) {
        (Some(AttachmentKind::Sbom { .. }), AttachmentKind::Sbom { format }) => {
            AttachmentKind::Sbom { format }
        }
        (Some(kind), _) if kind != AttachmentKind::Other => kind,
        (_, said) => said,
    };
    Attachment {
        subject: subject.clone(),
        kind,
        found_by,
        digest: manifest.digest.clone(),
        missing: false,
        media_type: manifest.media_type.clone(),
        artifact_type,
        layers,
    }
}

/// What is known of an attachment from the list alone.
fn missing(subject: &Digest, listed: Descriptor) -> Attachment {
    Attachment {
        subject: subject.clone(),
        kind: listed
            .artifact_type
            .as_deref()
            .map_or(AttachmentKind::Other, kind_of_artifact_type),
        found_by: FoundBy::Referrers,
        digest: listed.digest,
        missing: true,
        media_type: listed.media_type,
        artifact_type: listed.artifact_type,
        layers: Vec::new(),
    }
}
