//! A registry, or a part of it, as a person writes it.

use std::fmt;
use std::str::FromStr;

use oci::{ImageReference, ReferenceError};

/// `HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    registry: String,
    /// Empty for the whole registry.
    prefix: String,
}

/// Why a text is not a [`Place`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaceError {
    /// Registries are always spoken to over TLS.
    #[error(
        "`{0}` begins with a scheme; leave it out and write the host first, for example quay.io/team"
    )]
    Scheme(String),
    /// A tag or digest names an image, not a place.
    #[error("`{0}` names an image; leave its tag and digest out")]
    Image(String),
    /// A registry where a repository is wanted.
    #[error("`{0}` is a registry; name a repository in it, for example {0}/team/app")]
    NoRepository(String),
    /// It is no host with a path.
    #[error("`{text}` is not a registry or a part of one: {source}")]
    Reference {
        /// As written.
        text: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
}

impl Place {
    /// The host, with its port if one is written.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether a repository is this place or lies below it.
    #[must_use]
    pub fn contains(&self, repository: &ImageReference) -> bool {
        repository.registry() == self.registry
            && (self.prefix.is_empty()
                || repository
                    .repository()
                    .strip_prefix(&self.prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// The repository `name` below this place.
    ///
    /// # Errors
    /// `name` cannot be part of a repository's name.
    pub fn repository(&self, name: &str) -> Result<ImageReference, ReferenceError> {
        format!("{self}/{name}").parse()
    }

    /// The place itself as a repository.
    ///
    /// # Errors
    /// [`PlaceError::NoRepository`].
    pub fn as_repository(&self) -> Result<ImageReference, PlaceError> {
        let parsed = self.to_string().parse();
        match self.prefix.is_empty() {
            true => Err(PlaceError::NoRepository(self.registry.clone())),
            false => parsed.map_err(|source| PlaceError::Reference {
                text: self.to_string(),
                source,
            }),
        }
    }

    /// The same prefix at another registry.
    #[must_use]
    pub fn at(&self, registry: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            prefix: self.prefix.clone(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.registry)?;
        match self.prefix.is_empty() {
            true => Ok(()),
            false => write!(formatter, "/{}", self.prefix),
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            return Err(PlaceError::Scheme(text.to_owned()));
        }
        let wrong = |source| PlaceError::Reference {
            text: text.to_owned(),
            source,
        };
        let plain = text.trim_end_matches('/');
        let Some((registry, prefix)) = plain.split_once('/') else {
            // A repository makes a reference of it, whose grammar judges the host.
            let judged = format!("{plain}/repository").parse::<ImageReference>();
            judged.map_err(|_| wrong(ReferenceError::InvalidRegistry(plain.to_owned())))?;
            return Ok(Self {
                registry: plain.to_owned(),
                prefix: String::new(),
            });
        };
        let reference: ImageReference = plain.parse().map_err(wrong)?;
        match reference.tag().is_none() && reference.digest().is_none() {
            true => Ok(Self {
                registry: registry.to_owned(),
                prefix: prefix.to_owned(),
            }),
            false => Err(PlaceError::Image(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn a_prefix_ends_between_path_segments() {
        let repository = |text: &str| text.parse::<ImageReference>().unwrap();
        for below in ["quay.io/team", "quay.io/team/app"] {
            assert!(
                place("quay.io/team").contains(&repository(below)),
                "{below}"
            );
        }
        for outside in ["quay.io/teams/app", "quay.io/te", "docker.io/team/app"] {
            assert!(
                !place("quay.io/team").contains(&repository(outside)),
                "{outside}"
            );
        }
        assert!(place("quay.io").contains(&repository("quay.io/any/thing")));
    }

    #[test]
    fn a_registry_alone_and_a_trailing_slash_are_understood() {
        assert_eq!(place("localhost:5001/").to_string(), "localhost:5001");
        assert_eq!(place("quay.io/team/").to_string(), "quay.io/team");
        let moved = place("localhost:5001/team").at("registry.example");
        assert_eq!(
            moved.repository("app").unwrap().name(),
            "registry.example/team/app"
        );
    }

    #[test]
    fn a_place_below_a_registry_is_a_repository() {
        let repository = place("quay.io/team/").as_repository().unwrap();
        assert_eq!(repository.name(), "quay.io/team");
        assert_eq!(
            place("localhost:5001").as_repository(),
            Err(PlaceError::NoRepository("localhost:5001".to_owned()))
        );
    }

    #[test]
    fn what_is_no_place_is_refused_with_its_reason() {
        let error = |text: &str| text.parse::<Place>().unwrap_err();
        assert!(matches!(
            error("https://quay.io/team"),
            PlaceError::Scheme(_)
        ));
        assert!(matches!(error("quay.io/team/app:v1"), PlaceError::Image(_)));
        for text in [
            "",
            "/",
            "team",
            "quay.io/Team",
            "quay.io//team",
            "quay io/x",
        ] {
            assert!(
                matches!(error(text), PlaceError::Reference { .. }),
                "{text:?}"
            );
        }
        assert!(
            error("team")
                .to_string()
                .contains("`team` is not a registry host")
        );
    }
}
