//! What hangs on an image without being part of it: referrers, and the tags that cosign uses.

use std::collections::BTreeSet;

use super::tree::Origin;
use crate::client::fallback_tag;
use crate::{Client, ContentError, Digest, Error, ImageReference, Manifest, ManifestContent};

/// Ends of cosign's tags: signatures, attestations, bills of materials.
const COSIGN_SUFFIXES: [&str; 3] = [".sig", ".att", ".sbom"];

impl Client {
    /// Copies what hangs on `image`, on the manifests of an index, and on what hangs on them.
    pub(super) async fn copy_attachments(
        &self,
        source: &ImageReference,
        image: &Manifest,
        destination: &ImageReference,
    ) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        let mut subjects = vec![image.clone()];
        while let Some(subject) = subjects.pop() {
            if !seen.insert(subject.digest.clone()) {
                continue;
            }
            if let ManifestContent::Index(index) = &subject.content {
                for child in &index.manifests {
                    subjects.push(self.child_manifest(source, &subject.digest, child).await?);
                }
            }
            subjects.extend(
                self.copy_referrers(source, &subject.digest, destination)
                    .await?,
            );
            subjects.extend(
                self.copy_cosign_tags(source, &subject.digest, destination)
                    .await?,
            );
        }
        Ok(())
    }

    async fn copy_referrers(
        &self,
        source: &ImageReference,
        subject: &Digest,
        destination: &ImageReference,
    ) -> Result<Vec<Manifest>, Error> {
        let mut copied = Vec::new();
        for descriptor in self.referrers(source, subject).await? {
            let referrer = self.child_manifest(source, subject, &descriptor).await?;
            let target = destination.with_digest(referrer.digest.clone());
            self.copy_manifest(source, &referrer, &target).await?;
            copied.push(referrer);
        }
        Ok(copied)
    }

    async fn copy_cosign_tags(
        &self,
        source: &ImageReference,
        subject: &Digest,
        destination: &ImageReference,
    ) -> Result<Vec<Manifest>, Error> {
        let mut copied = Vec::new();
        for suffix in COSIGN_SUFFIXES {
            let tag = format!("{}{suffix}", fallback_tag(subject));
            let manifest = match self.manifest(&source.with_tag(&tag)?).await {
                Ok(manifest) => manifest,
                Err(Error::Content(ContentError::MissingManifest { .. })) => continue,
                Err(error) => return Err(error),
            };
            self.copy_manifest(source, &manifest, &destination.with_tag(&tag)?)
                .await?;
            copied.push(manifest);
        }
        Ok(copied)
    }

    /// Copies a manifest with everything it names, unless `target` is it already.
    async fn copy_manifest(
        &self,
        source: &ImageReference,
        manifest: &Manifest,
        target: &ImageReference,
    ) -> Result<(), Error> {
        if self.resolve(target).await?.as_ref() == Some(&manifest.digest) {
            return Ok(());
        }
        self.transfer(&Origin::Repository(source), manifest, target)
            .await?;
        self.push_manifest(target, manifest).await
    }
}
