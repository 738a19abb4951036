//! Images on their way into a registry: from a layout, or from a repository.

mod attachments;
mod tree;

use std::path::Path;

use crate::{Client, Digest, Error, ImageReference, Layout};
use tree::Origin;

impl Client {
    /// Pushes the one image of the layout in `directory` to `destination`'s tag, else by its digest alone.
    ///
    /// Every blob is checked against its descriptor before it is sent; what the registry already has is not sent again. The tag is
    /// set last, so that it never names an incomplete image.
    ///
    /// # Errors
    /// The layout is damaged, or what a request can end with.
    pub async fn push_layout(
        &self,
        directory: impl AsRef<Path>,
        destination: &ImageReference,
    ) -> Result<Digest, Error> {
        let layout = Layout::open(directory.as_ref())?;
        let image = layout.manifest(&layout.image()?)?;
        let origin = Origin::Layout(&layout);
        self.transfer(&origin, &image, destination).await?;
        self.push_manifest(&destination.without_digest(), &image)
            .await?;
        Ok(image.digest)
    }

    /// Copies what `source` names, byte for byte, to `destination`'s tag, else by its digest alone: all platforms, everything that
    /// refers to them (referrers API or fallback tag, recursively), and cosign's tags `sha256-<hex>.sig`, `.att` and `.sbom`.
    ///
    /// Blobs are mounted within a registry and streamed between registries. What the destination has is not copied again: when its
    /// tag already names the digest, the image is left alone; referrers and cosign's tags are still brought up to date.
    ///
    /// # Errors
    /// The source lies or misses something (a [`ContentError`](crate::ContentError)), or what a request can end with. The
    /// destination's tag is set after the image is complete.
    pub async fn copy(
        &self,
        source: &ImageReference,
        destination: &ImageReference,
    ) -> Result<Digest, Error> {
        let image = self.manifest(source).await?;
        let origin = Origin::Repository(source);
        let target = match destination.tag() {
            Some(_) => destination.without_digest(),
            None => destination.with_digest(image.digest.clone()),
        };
        if self.resolve(&target).await?.as_ref() != Some(&image.digest) {
            self.transfer(&origin, &image, destination).await?;
            self.push_manifest(&target, &image).await?;
        }
        self.copy_attachments(source, &image, destination).await?;
        Ok(image.digest)
    }
}
