//! The one place where received bytes are turned into a digest that may be trusted.

use sha2::{Digest as _, Sha256, Sha512};

use crate::digest::{Algorithm, Digest};

/// Hashes content while it streams past.
pub(crate) enum ContentHasher {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl ContentHasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of everything that was passed to [`Self::update`].
    pub(crate) fn finish(self) -> VerifiedDigest {
        let algorithm = self.algorithm();
        VerifiedDigest(match self {
            Self::Sha256(hasher) => Digest::from_hash(algorithm, &hasher.finalize()),
            Self::Sha512(hasher) => Digest::from_hash(algorithm, &hasher.finalize()),
        })
    }
}

/// A digest that was computed here from the bytes it names, as opposed to one that a client claimed.
///
/// Stores take this type where they accept content, so that a forgotten verification does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedDigest(Digest);

impl VerifiedDigest {
    /// Hashes `bytes` with `algorithm`.
    ///
    /// ```
    /// use registry::{Algorithm, VerifiedDigest};
    /// let digest = VerifiedDigest::of(Algorithm::Sha256, b"");
    /// assert_eq!(digest.digest().encoded(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /// ```
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = ContentHasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The digest itself.
    pub fn digest(&self) -> &Digest {
        &self.0
    }
}
