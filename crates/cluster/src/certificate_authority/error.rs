//! Why there are no certificates.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

/// The certificates cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Making(#[from] rcgen::Error),
    /// The clock lies outside the certificates' validity.
    #[error(
        "the clock says {now}, and this deployment's certificates are valid from {not_before} to {not_after}: set the clock, or destroy the deployment and deploy again"
    )]
    NotValidNow {
        /// The present, by the host's clock.
        now: Timestamp,
        /// Begin of validity.
        not_before: Timestamp,
        /// End of validity.
        not_after: Timestamp,
    },
}
