//! Repositories: where images are released to, or must not be.

use oci::{ImageReference, ManifestContent};

use super::{Lie, PushedImage};
use crate::{Failure, Journal, Verdict};

/// A repository with the tags that a release puts there.
#[derive(Debug, Clone)]
pub struct Destination {
    registry: oci::Client,
    repository: ImageReference,
    tags: Vec<String>,
    journal: Journal,
}

impl Destination {
    /// A repository that a release copies an image to, under these tags.
    #[must_use]
    pub fn new(registry: oci::Client, repository: ImageReference, tags: &[&str]) -> Self {
        Self {
            registry,
            repository,
            tags: tags.iter().map(ToString::to_string).collect(),
            journal: Journal::default(),
        }
    }

    /// Writes what was checked into this journal.
    #[must_use]
    pub fn noting_in(mut self, journal: &Journal) -> Self {
        self.journal = journal.clone();
        self
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &ImageReference {
        &self.repository
    }

    /// A client of its registry.
    pub(crate) fn registry(&self) -> &oci::Client {
        &self.registry
    }

    /// The tags that a release puts there.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Checks that every tag names the very manifest that was built, and that all of its blobs are there and hash to what
    /// names them.
    ///
    /// # Errors
    ///
    /// [`Lie::Released`], or the registry does not answer.
    pub async fn holds(&self, image: &PushedImage) -> Verdict {
        for tag in &self.tags {
            let reference: ImageReference =
                format!("{}:{tag}@{}", self.repository.name(), image.digest())
                    .parse()
                    .map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))?;
            self.registry
                .verify(&reference)
                .await
                .map_err(|error| match error {
                    oci::Error::Content(found) => Failure::from(Lie::Released { reference, found }),
                    other => Failure::registry(format!("verify {reference}"))(other),
                })?;
            let repository = &self.repository;
            self.journal.note(format!(
                "checked: {repository}:{tag} names {}, every byte of it is there",
                image.digest()
            ));
        }
        Ok(())
    }

    /// Checks that nothing was pushed there.
    ///
    /// # Errors
    ///
    /// [`Lie::NotEmpty`], or the registry does not answer: that it could not be asked is no proof.
    pub async fn is_empty(&self) -> Verdict {
        let listing = format!("list the tags of {}", self.repository);
        let tags = self
            .registry
            .tags(&self.repository)
            .await
            .map_err(Failure::registry(listing))?;
        self.expect_none(tags, "nothing was pushed")
    }

    /// Checks that no image was pushed there. What travels between the tasks of a build is stored beside the image, and is
    /// none: artifacts say in their manifests what they are.
    ///
    /// # Errors
    ///
    /// As [`Destination::is_empty`].
    pub async fn has_no_image(&self) -> Verdict {
        let listing = format!("list the tags of {}", self.repository);
        let tags = self.registry.tags(&self.repository).await;
        let mut images = Vec::new();
        for tag in tags.map_err(Failure::registry(listing))? {
            let tagged = self.repository.with_tag(&tag);
            let tagged = tagged.map_err(|error| Failure::Scenario(error.to_string()))?;
            let manifest = self.registry.manifest(&tagged).await;
            let manifest = manifest.map_err(Failure::registry(format!("read {tagged}")))?;
            let is_artifact = match &manifest.content {
                ManifestContent::Image(image) => image.artifact_type.is_some(),
                ManifestContent::Index(_) => false,
            };
            if !is_artifact {
                images.push(tag);
            }
        }
        self.expect_none(images, "no image was pushed")
    }

    fn expect_none(&self, tags: Vec<String>, checked: &str) -> Verdict {
        if tags.is_empty() {
            self.journal
                .note(format!("checked: {checked} to {}", self.repository));
            return Ok(());
        }
        Err(Lie::NotEmpty {
            repository: self.repository.clone(),
            tags,
        }
        .into())
    }
}
