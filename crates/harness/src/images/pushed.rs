//! An image that a build says it pushed.

use oci::{Digest, ImageReference, Platform, VerifiedImage};

use super::{Lie, compare, content};
use crate::{Failure, Journal, Source, Verdict};

/// An image that a build says it pushed, by the build's own results. Nothing about it is believed before it was checked.
#[derive(Debug, Clone)]
pub struct PushedImage {
    registry: oci::Client,
    tagged: ImageReference,
    digest: Digest,
    journal: Journal,
}

impl PushedImage {
    /// The image with the results `IMAGE_URL` and `IMAGE_DIGEST` of a build.
    #[must_use]
    pub fn new(registry: oci::Client, tagged: ImageReference, digest: Digest) -> Self {
        Self {
            registry,
            tagged,
            digest,
            journal: Journal::default(),
        }
    }

    /// Writes what was checked into this journal.
    #[must_use]
    pub fn noting_in(mut self, journal: &Journal) -> Self {
        self.journal = journal.clone();
        self
    }

    /// The digest that the build says it pushed.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The tag that the build says it pushed to.
    #[must_use]
    pub fn tagged(&self) -> &ImageReference {
        &self.tagged
    }

    /// The image as Snapshots name it.
    #[must_use]
    pub fn by_digest(&self) -> ImageReference {
        self.tagged.with_digest(self.digest.clone())
    }

    /// Checks that the registry has the image: the tag resolves to the digest, and every manifest, configuration and
    /// layer below it hashes to what names it.
    ///
    /// # Errors
    ///
    /// [`Lie::Pushed`], or the registry does not answer.
    pub async fn exists(&self) -> Result<VerifiedImage, Failure> {
        let reference: ImageReference = format!("{}@{}", self.tagged, self.digest)
            .parse()
            .map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))?;
        let verified = self.registry.verify(&reference).await;
        let verified = verified.map_err(|error| match error {
            oci::Error::Content(found) => Failure::from(Lie::Pushed { reference, found }),
            other => Failure::registry(format!("verify {reference}"))(other),
        })?;
        self.journal.note(format!(
            "checked: {} names {}, every byte of it is there",
            self.tagged, self.digest
        ));
        Ok(verified)
    }

    /// Checks that the registry has the image and that it is what the source describes: files byte for byte,
    /// environment, labels, entrypoint and the rest of its configuration.
    ///
    /// # Errors
    ///
    /// As [`PushedImage::exists`], and [`Lie::Content`] with every difference.
    pub async fn is_as_described_by(&self, source: &Source) -> Verdict {
        let verified = self.exists().await?;
        let image = match verified.platforms.as_slice() {
            [only] => only,
            _ => verified
                .platform(&Platform::linux_host())
                .map_err(|found| Lie::Pushed {
                    reference: self.by_digest(),
                    found,
                })?,
        };
        let files = content::files(&self.registry, &self.tagged, image).await?;
        let differences = compare::differences(&source.image(), image.config.as_ref(), &files);
        if differences.is_empty() {
            let (files, layers) = (files.len(), image.layers.len());
            self.journal.note(format!("checked: {files} files in {layers} layers and the configuration are those of the source"));
            return Ok(());
        }
        Err(Lie::Content {
            reference: self.by_digest(),
            differences,
        }
        .into())
    }

    /// Checks that another build pushed the very same image.
    ///
    /// # Errors
    ///
    /// [`Lie::NotReproducible`].
    pub fn is_the_same_as(&self, earlier: &Self) -> Verdict {
        if self.digest == earlier.digest {
            self.journal
                .note("checked: both builds gave the same digest");
            return Ok(());
        }
        Err(Lie::NotReproducible {
            first: earlier.digest.clone(),
            second: self.digest.clone(),
        }
        .into())
    }
}
