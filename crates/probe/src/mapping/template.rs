//! `{{ name }}` in tags.

use oci::ImageReference;

use super::MappingError;
use super::model::Component;

/// Digits of a short commit.
const SHORT: usize = 7;

/// What templates stand for.
pub(super) struct Values<'a> {
    pub(super) component: &'a Component,
    pub(super) source: &'a ImageReference,
    /// `metadata.creationTimestamp` of the Snapshot.
    pub(super) created: Option<&'a str>,
}

impl Values<'_> {
    /// Replaces all templates in `tag`.
    pub(super) fn expand(&self, tag: &str) -> Result<String, MappingError> {
        let mut result = String::new();
        let mut rest = tag;
        while let Some((before, after)) = rest.split_once("{{") {
            result.push_str(before);
            let (template, after) = after
                .split_once("}}")
                .ok_or_else(|| self.error(after.trim(), "is not closed with `}}`"))?;
            result.push_str(&self.value(template.trim())?);
            rest = after;
        }
        Ok(result + rest)
    }

    fn value(&self, template: &str) -> Result<String, MappingError> {
        match template {
            "git_sha" => self.commit(template).map(str::to_owned),
            "git_short_sha" => {
                let commit = self.commit(template)?;
                Ok(commit.get(..SHORT).unwrap_or(commit).to_owned())
            }
            "digest_sha" => match self.source.digest() {
                Some(digest) => Ok(digest.hex().to_owned()),
                None => Err(self.error(template, "needs an image with a digest")),
            },
            // The catalog takes the build date of the image. Our images have none, so that they are reproducible.
            "timestamp" => {
                let time = self
                    .created
                    .and_then(|created| created.parse::<jiff::Timestamp>().ok());
                let time = time.ok_or_else(|| {
                    self.error(template, "needs the Snapshot's creationTimestamp")
                })?;
                Ok(time.as_second().to_string())
            }
            _ => Err(self.error(
                template,
                "is not carried out; known are timestamp, git_sha, git_short_sha and digest_sha",
            )),
        }
    }

    fn commit(&self, template: &str) -> Result<&str, MappingError> {
        let revision = self.component.source.git.revision.as_deref();
        revision
            .filter(|revision| !revision.is_empty())
            .ok_or_else(|| self.error(template, "needs source.git.revision in the Snapshot"))
    }

    fn error(&self, template: &str, problem: &'static str) -> MappingError {
        MappingError::Template {
            component: self.component.name.clone(),
            template: template.to_owned(),
            problem,
        }
    }
}
