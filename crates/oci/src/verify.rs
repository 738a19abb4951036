//! The proof that an image is what its name says: every byte fetched and hashed.

mod layer;
mod result;
mod walk;

pub use result::{VerifiedImage, VerifiedLayer, VerifiedManifest};

use crate::{Client, ContentError, Error, ImageReference};

impl Client {
    /// Fetches and checks everything that `reference` names: manifest or index, the manifests in an index, configurations and
    /// layers. Nothing is held in memory but manifests and configurations.
    ///
    /// Checked: digest and size of every object against the one that names it, the registry's digest header, media types against
    /// descriptor and header, the configuration's platform against the index, and the uncompressed layers against the
    /// configuration's `diff_ids` (not for Zstandard, see [`VerifiedLayer::diff_id_checked`]). When the reference has a tag and
    /// a digest, the tag must name that digest.
    ///
    /// # Errors
    /// A [`ContentError`] that tells which object is missing or lies, or what a request can end with.
    pub async fn verify(&self, reference: &ImageReference) -> Result<VerifiedImage, Error> {
        let root = match (reference.tag(), reference.digest()) {
            (Some(tag), Some(digest)) => {
                let tagged = reference.with_tag(tag)?;
                let manifest = self.manifest(&tagged).await?;
                // The tag's manifest is hashed anew when the reference uses another algorithm.
                let found = crate::Digest::of(digest.algorithm(), &manifest.bytes);
                if found != *digest {
                    return Err(ContentError::TagMoved {
                        reference: tagged,
                        expected: digest.clone(),
                        found,
                    }
                    .into());
                }
                self.manifest(&reference.with_digest(digest.clone()))
                    .await?
            }
            _ => self.manifest(reference).await?,
        };
        let digest = root.digest.clone();
        let media_type = root.media_type.clone();
        let platforms = self.verify_tree(reference, root).await?;
        Ok(VerifiedImage {
            reference: reference.clone(),
            digest,
            media_type,
            platforms,
        })
    }
}
