//! Image references (OCI distribution specification, "Pulling manifests"; distribution/reference for the host).

mod error;
mod syntax;

pub use error::ReferenceError;
pub(crate) use syntax::check_registry;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// `HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`; cheap to clone.
///
/// The host is always written out: there is no default registry, no `library/` and no `:latest` that a reader would have to
/// know about. `docker.io/library/busybox:1.37` names what other tools call `busybox:1.37`.
///
/// ```
/// let image: oci::ImageReference = "quay.io/team/application:v1".parse()?;
/// assert_eq!((image.registry(), image.repository(), image.tag()), ("quay.io", "team/application", Some("v1")));
/// # Ok::<(), oci::ReferenceError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference(Arc<Parts>);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Parts {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// Host of the registry, with its port if one is written.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.0.registry
    }

    /// Name of the repository within the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.0.repository
    }

    /// The tag, if one is written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.0.tag.as_deref()
    }

    /// The digest, if one is written.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.0.digest.as_ref()
    }

    /// `HOST/REPOSITORY`, without tag and digest.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.0.registry, self.0.repository)
    }

    /// The repository alone.
    #[must_use]
    pub fn without_tag_and_digest(&self) -> Self {
        Self(Arc::new(Parts {
            tag: None,
            digest: None,
            ..Parts::clone(&self.0)
        }))
    }

    /// The same tag, whatever it names.
    #[must_use]
    pub fn without_digest(&self) -> Self {
        Self(Arc::new(Parts {
            digest: None,
            ..Parts::clone(&self.0)
        }))
    }

    /// The manifest `digest` of the same repository; a tag is dropped.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self(Arc::new(Parts {
            tag: None,
            digest: Some(digest),
            ..Parts::clone(&self.0)
        }))
    }

    /// The tag `tag` of the same repository; a digest is dropped.
    ///
    /// # Errors
    /// `tag` is not a tag.
    pub fn with_tag(&self, tag: &str) -> Result<Self, ReferenceError> {
        syntax::check_tag(tag)?;
        Ok(Self(Arc::new(Parts {
            tag: Some(tag.to_owned()),
            digest: None,
            ..Parts::clone(&self.0)
        })))
    }
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        let (registry, rest) = syntax::split_host(rest)?;
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        syntax::check_registry(registry)?;
        syntax::check_repository(registry, repository)?;
        if let Some(tag) = tag {
            syntax::check_tag(tag)?;
        }
        Ok(Self(Arc::new(Parts {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })))
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.0.registry, self.0.repository)?;
        if let Some(tag) = &self.0.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.0.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl TryFrom<String> for ImageReference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ImageReference> for String {
    fn from(reference: ImageReference) -> Self {
        reference.to_string()
    }
}
