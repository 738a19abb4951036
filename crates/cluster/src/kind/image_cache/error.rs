//! Why the cache is not as it should be.

use super::super::EngineError;
use super::super::network::NetworkError;
use crate::certificate_authority::CertificateError;

/// The image cache cannot be made, looked at or removed.
#[derive(Debug, thiserror::Error)]
pub enum ImageCacheError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Its certificate cannot be made or used.
    #[error("the image cache has no certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The registry's image is not there.
    #[error(
        "the image cache needs the image {image}, which the engine does not have and may not pull (--offline): pull it while there is a network, or switch the cache off (ENABLE_IMAGE_CACHE=0)"
    )]
    ImageMissing {
        /// The image.
        image: String,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The certificate's folder cannot be removed.
    #[error("cannot remove {path}: {source}")]
    File {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is left after everything was removed.
    #[error("the image cache was removed, and this is left: {}", .0.join(", "))]
    Left(Vec<String>),
}
