//! Everything below a manifest: blobs, and the manifests of an index.

use futures::{StreamExt, TryStreamExt};

use crate::client::{BlobContent, BlobUpload};
use crate::{Client, Descriptor, Error, ImageReference, Layout, Manifest, ManifestContent};

/// Blobs that are on their way at the same time.
const PARALLEL_BLOBS: usize = 4;

/// Where an image comes from.
pub(super) enum Origin<'a> {
    Layout(&'a Layout),
    Repository(&'a ImageReference),
}

impl Client {
    /// Brings everything that `manifest` names to `destination`, not the manifest itself.
    pub(super) async fn transfer(
        &self,
        origin: &Origin<'_>,
        manifest: &Manifest,
        destination: &ImageReference,
    ) -> Result<(), Error> {
        match &manifest.content {
            ManifestContent::Image(image) => {
                let blobs = std::iter::once(&image.config).chain(&image.layers);
                // Collected first: rustc cannot see that a stream over this closure is `Send`.
                let transfers: Vec<_> = blobs
                    .map(|blob| self.transfer_blob(origin, blob, destination))
                    .collect();
                futures::stream::iter(transfers)
                    .buffer_unordered(PARALLEL_BLOBS)
                    .try_collect()
                    .await
            }
            ManifestContent::Index(index) => {
                for child in &index.manifests {
                    let child = self.origin_manifest(origin, manifest, child).await?;
                    // Recursion ends: a manifest cannot contain its own digest.
                    Box::pin(self.transfer(origin, &child, destination)).await?;
                    let target = destination.with_digest(child.digest.clone());
                    self.push_manifest(&target, &child).await?;
                }
                Ok(())
            }
        }
    }

    async fn origin_manifest(
        &self,
        origin: &Origin<'_>,
        index: &Manifest,
        child: &Descriptor,
    ) -> Result<Manifest, Error> {
        match origin {
            Origin::Layout(layout) => layout.manifest(child),
            Origin::Repository(source) => self.child_manifest(source, &index.digest, child).await,
        }
    }

    async fn transfer_blob(
        &self,
        origin: &Origin<'_>,
        descriptor: &Descriptor,
        destination: &ImageReference,
    ) -> Result<(), Error> {
        let content = match origin {
            Origin::Layout(layout) => BlobContent::File(layout.checked_blob(descriptor).await?),
            Origin::Repository(source) => BlobContent::Registry(self, source),
        };
        self.push_blob(
            destination,
            &BlobUpload {
                descriptor,
                content,
            },
        )
        .await
    }
}
