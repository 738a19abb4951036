//! A certificate with its private key.

use std::fmt;

/// A certificate with its private key, both PEM.
#[derive(Clone)]
pub struct KeyPairPem {
    /// The certificate.
    pub certificate: String,
    /// Its private key. Never printed.
    pub key: String,
}

impl fmt::Debug for KeyPairPem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyPairPem")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}
