//! TLS settings for [`serve`](crate::serve()).

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why a certificate and key cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate chain is not PEM, or has no certificate.
    #[error(
        "the certificate chain cannot be read: {0}; give PEM blocks of type CERTIFICATE, the server's own first"
    )]
    Certificate(String),
    /// The private key is not PEM.
    #[error(
        "the private key cannot be read: {0}; give one PEM block of type PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    PrivateKey(String),
    /// The two do not fit together, or are of a kind that cannot be used.
    #[error("the certificate and the private key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Settings that offer HTTP/2 and HTTP/1.1 with this certificate chain and key, both as PEM text.
///
/// # Errors
/// [`TlsError`], which says what is wrong with which of the two, and never contains the key.
pub fn server_config(
    certificate_chain_pem: &str,
    private_key_pem: &str,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificate_chain_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate(
            "it has no CERTIFICATE block".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(private_key_pem.as_bytes())
        .map_err(|error| TlsError::PrivateKey(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
