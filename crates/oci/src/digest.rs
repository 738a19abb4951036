//! Content digests (OCI image specification, descriptor.md, section "Digests").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A hash algorithm that a digest may use. The specification registers more; a digest of another algorithm is refused,
/// because content that cannot be checked must not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, which every registry supports.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name in front of the colon.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// `sha256:<64 lower-case hex digits>` or `sha512:<128 lower-case hex digits>`.
///
/// ```
/// let digest = oci::Digest::sha256(b"hello");
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    algorithm: Algorithm,
    hex: Box<str>,
}

impl Digest {
    /// The digest of `content`.
    #[must_use]
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// The SHA-256 digest of `content`.
    #[must_use]
    pub fn sha256(content: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, content)
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The part after the colon.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, hex) = text
            .split_once(':')
            .ok_or_else(|| DigestError::NoColon(text.to_owned()))?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(DigestError::UnknownAlgorithm(text.to_owned())),
        };
        if hex.len() != algorithm.hex_length() {
            return Err(DigestError::WrongLength {
                text: text.to_owned(),
                expected: algorithm.hex_length(),
                found: hex.len(),
            });
        }
        if !hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(DigestError::NotHex(text.to_owned()));
        }
        Ok(Self {
            algorithm,
            hex: hex.into(),
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// Why a text is not a [`Digest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no colon between algorithm and hash.
    #[error("`{0}` is not a digest: it has no `:`; a digest looks like sha256:<64 hex digits>")]
    NoColon(String),
    /// The algorithm cannot be checked here.
    #[error("`{0}` is not a digest that can be checked: use sha256 or sha512")]
    UnknownAlgorithm(String),
    /// The hash has the wrong number of digits.
    #[error("`{text}` is not a digest: it has {found} digits where {expected} belong")]
    WrongLength {
        /// The text.
        text: String,
        /// Digits that the algorithm needs.
        expected: usize,
        /// Digits that are there.
        found: usize,
    },
    /// The hash has characters other than `0-9a-f`.
    #[error("`{0}` is not a digest: its hash must be lower-case hexadecimal")]
    NotHex(String),
}

/// Computes a digest piece by piece.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }

    /// Adds the next piece of the content.
    pub fn update(&mut self, content: &[u8]) {
        match &mut self.0 {
            State::Sha256(hasher) => hasher.update(content),
            State::Sha512(hasher) => hasher.update(content),
        }
    }

    /// The digest of everything that was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        let (algorithm, hash) = match self.0 {
            State::Sha256(hasher) => (Algorithm::Sha256, hasher.finalize().to_vec()),
            State::Sha512(hasher) => (Algorithm::Sha512, hasher.finalize().to_vec()),
        };
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Digest {
            algorithm,
            hex: hex.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_known_digests_of_nothing_are_computed() {
        assert_eq!(Digest::sha256(b"").to_string(), EMPTY);
        let long = Digest::of(Algorithm::Sha512, b"");
        assert!(long.to_string().starts_with(
            "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        ));
        assert_eq!(long.to_string().parse(), Ok(long));
    }

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(b"hel");
        hasher.update(b"lo");
        assert_eq!(hasher.finish(), Digest::sha256(b"hello"));
    }

    #[test]
    fn every_kind_of_wrong_text_is_told_apart() {
        let parse = |text: &str| text.parse::<Digest>();
        assert!(matches!(parse("abc"), Err(DigestError::NoColon(_))));
        assert!(matches!(
            parse(&EMPTY.replace("256", "384")),
            Err(DigestError::UnknownAlgorithm(_))
        ));
        assert!(matches!(
            parse("sha256:abc"),
            Err(DigestError::WrongLength {
                expected: 64,
                found: 3,
                ..
            })
        ));
        assert!(matches!(
            parse(&EMPTY.replace('e', "E")),
            Err(DigestError::NotHex(_))
        ));
    }
}
