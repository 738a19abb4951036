//! Repository names, tags and manifest references, as strict as the distribution specification
//! (section "Pulling manifests").

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, ParseDigestError};

/// Longest repository name, in bytes: with it, file names stay below the 255 bytes of common file systems, and
/// it is the length that clients commonly allow for host and name together.
pub const LONGEST_REPOSITORY_NAME: usize = 255;

/// Longest tag, in bytes, as the specification says.
pub const LONGEST_TAG: usize = 128;

/// Why a text is not a repository name or tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNameError {
    /// Not a repository name.
    #[error(
        "{0:?} is not a repository name: components of a-z and 0-9, joined inside by one of . _ __ or dashes, separated by /"
    )]
    Repository(String),
    /// A repository name beyond [`LONGEST_REPOSITORY_NAME`].
    #[error("a repository name has at most {LONGEST_REPOSITORY_NAME} characters, this one has {0}")]
    RepositoryTooLong(usize),
    /// Not a tag.
    #[error(
        "{0:?} is not a tag: 1 to {LONGEST_TAG} of A-Z a-z 0-9 _ . - and neither . nor - in front"
    )]
    Tag(String),
}

/// The name of a repository, of one or many components: `app`, `team/app`, `team/group/app`.
///
/// Cannot contain `.` or `..` components, empty components, capitals or anything that means something to a file system.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(Arc<str>);

impl RepositoryName {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST_REPOSITORY_NAME {
            return Err(ParseNameError::RepositoryTooLong(text.len()));
        }
        if text.split('/').all(is_component) {
            Ok(Self(text.into()))
        } else {
            Err(ParseNameError::Repository(text.to_owned()))
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    alphanumeric(first)
        && alphanumeric(last)
        && text
            .split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__")
                    || separator.bytes().all(|byte| byte == b'-')
            })
}

/// A tag: a movable name of a manifest inside one repository. Orders as bytes do, which is the order of tag lists.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(Arc<str>);

impl Tag {
    /// The text of the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let bytes = text.as_bytes();
        let valid = bytes.len() <= LONGEST_TAG
            && bytes.first().is_some_and(|&first| word(first))
            && bytes
                .iter()
                .all(|&byte| word(byte) || byte == b'.' || byte == b'-');
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(ParseNameError::Tag(
                text.chars().take(LONGEST_TAG).collect(),
            ))
        }
    }
}

macro_rules! text_conversions {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = ParseNameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    };
}

text_conversions!(RepositoryName);
text_conversions!(Tag);

/// What a manifest request names: `<tag-or-digest>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A tag, resolved at the moment of the request.
    Tag(Tag),
    /// A digest.
    Digest(Digest),
}

/// Why a text is neither a tag nor a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseReferenceError {
    /// It has a colon, so it was meant as a digest.
    #[error(transparent)]
    Digest(#[from] ParseDigestError),
    /// It has no colon, so it was meant as a tag.
    #[error(transparent)]
    Tag(#[from] ParseNameError),
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(':') {
            Ok(Self::Digest(text.parse()?))
        } else {
            Ok(Self::Tag(text.parse()?))
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(formatter),
            Self::Digest(digest) => digest.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_and_many_components_are_accepted() {
        for name in [
            "a",
            "app",
            "team/app",
            "a/b/c/d",
            "a.b",
            "a_b",
            "a__b",
            "a---b",
            "0/1",
            "index.json",
            "oci-layout",
        ] {
            assert!(name.parse::<RepositoryName>().is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_a_file_system_could_misread_are_refused() {
        for name in [
            "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "A", "a..b", "a___b", "-a", "a-",
            "a._b", "a b", "a%2fb", "a\\b", "a\0b", "a+b", "ä", "a:b",
        ] {
            assert!(name.parse::<RepositoryName>().is_err(), "{name:?}");
        }
        assert!("a".repeat(255).parse::<RepositoryName>().is_ok());
        assert_eq!(
            "a".repeat(256).parse::<RepositoryName>(),
            Err(ParseNameError::RepositoryTooLong(256))
        );
    }

    #[test]
    fn tags_follow_the_grammar() {
        for tag in ["latest", "1.0", "_x", "A-b", &"t".repeat(128)] {
            assert!(tag.parse::<Tag>().is_ok(), "{tag}");
        }
        for tag in [
            "",
            ".",
            "..",
            "-a",
            ".a",
            "a/b",
            "a b",
            "a+b",
            &"t".repeat(129),
        ] {
            assert!(tag.parse::<Tag>().is_err(), "{tag:?}");
        }
    }
}
