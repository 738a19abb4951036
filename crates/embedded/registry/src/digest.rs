//! Content digests: the only names that content has.
//!
//! Grammar and algorithms: OCI image specification, `descriptor.md`, section "Digests". The two registered
//! algorithms, `sha256` and `sha512`, are supported; any other is refused, because it could not be verified.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A digest algorithm that this registry can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the algorithm of nearly all content.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every supported algorithm.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The name in front of the colon of a digest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits follow the colon.
    pub const fn encoded_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl FromStr for Algorithm {
    type Err = ParseDigestError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| ParseDigestError::UnsupportedAlgorithm(shorten(name)))
    }
}

/// Why a text is not a digest that this registry accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDigestError {
    /// No `algorithm:encoded` form at all.
    #[error("{0:?} is not a digest, write <algorithm>:<hex>, for example sha256:e3b0c442…")]
    Malformed(String),
    /// A well-formed digest of an algorithm that cannot be verified here.
    #[error("digest algorithm {0:?} is not supported, use sha256 or sha512")]
    UnsupportedAlgorithm(String),
    /// The encoded part has the wrong length or other characters than `0-9a-f`.
    #[error(
        "the encoded part of a {algorithm} digest is {expected} lower-case hexadecimal digits, got {found:?}"
    )]
    Encoding {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// How many digits it needs.
        expected: usize,
        /// What was found, shortened.
        found: String,
    },
}

/// A verified-syntax digest such as `sha256:e3b0…`; says nothing about whether such content exists.
///
/// Cheap to clone. Orders by its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Arc<str>);

impl Digest {
    /// The algorithm in front of the colon.
    pub fn algorithm(&self) -> Algorithm {
        if self.0.starts_with("sha512:") {
            Algorithm::Sha512
        } else {
            Algorithm::Sha256
        }
    }

    /// The hexadecimal digits after the colon.
    pub fn encoded(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, encoded)| encoded)
    }

    /// The whole text, `algorithm:encoded`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(8 + hash.len() * 2);
        text.push_str(algorithm.name());
        text.push(':');
        for byte in hash {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Self(text.into())
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || ParseDigestError::Malformed(shorten(text));
        let (algorithm, encoded) = text.split_once(':').ok_or_else(malformed)?;
        let algorithm_character = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+._-".contains(&byte)
        };
        if algorithm.is_empty() || encoded.is_empty() || !algorithm.bytes().all(algorithm_character)
        {
            return Err(malformed());
        }
        let algorithm: Algorithm = algorithm.parse()?;
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if encoded.len() != algorithm.encoded_length() || !encoded.bytes().all(digit) {
            return Err(ParseDigestError::Encoding {
                algorithm: algorithm.name(),
                expected: algorithm.encoded_length(),
                found: shorten(encoded),
            });
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Digest {
    type Error = ParseDigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0.as_ref().to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Keeps foreign text in messages to a readable length.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 80;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    text.chars()
        .take(LIMIT)
        .chain(std::iter::once('…'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_both_algorithms_keep_their_text() {
        for algorithm in Algorithm::ALL {
            let text = format!(
                "{}:{}",
                algorithm.name(),
                "0a".repeat(algorithm.encoded_length() / 2)
            );
            let digest: Digest = text.parse().unwrap();
            assert_eq!((digest.algorithm(), digest.to_string()), (algorithm, text));
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        let malformed = |text: &str| ParseDigestError::Malformed(text.to_owned());
        assert_eq!("latest".parse::<Digest>(), Err(malformed("latest")));
        assert_eq!(
            "../../etc:passwd".parse::<Digest>(),
            Err(malformed("../../etc:passwd"))
        );
        assert_eq!(
            "md5:d41d8cd98f00b204e9800998ecf8427e".parse::<Digest>(),
            Err(ParseDigestError::UnsupportedAlgorithm("md5".to_owned()))
        );
        for encoded in ["", "abc", &"A".repeat(64), &"../".repeat(22)[..64]] {
            assert!(
                format!("sha256:{encoded}").parse::<Digest>().is_err(),
                "{encoded:?}"
            );
        }
    }
}
